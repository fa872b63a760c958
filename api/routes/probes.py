"""Whether the process lives, and whether it can answer."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api import deps

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """Whether questions can be answered, over which generation, and what is wrong where not (503)."""
    state = dict(deps.services(request).knowledge_base.ready())
    return JSONResponse(state, status_code=200 if state["ready"] else 503)
