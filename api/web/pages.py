"""Pages, server-rendered."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

router = APIRouter(include_in_schema=False)
static_router = APIRouter(include_in_schema=False)


def error_page(request: Request, code: str, status: int, detail: str, *, headers: Mapping[str, str]) -> Response:
    return HTMLResponse(code, status_code=status, headers=dict(headers))
