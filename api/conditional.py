"""Reading that need not be sent twice: a GET answers with an ETag of its body, and with 304 where the asker has that body already.

Only for documents, passages, legal tests and feeds. Answers to a question stay `no-store`: their address may hold words of a case.
"""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

# an answer may be kept by the asker alone, and is asked for again before it is shown again
CACHE_CONTROL = "private, no-cache"


class ConditionalRoute(APIRoute):
    """The route class of what may be kept: `APIRouter(route_class=ConditionalRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def conditional(request: Request) -> Response:
            return unchanged_or(request, await handle(request))

        return conditional


def unchanged_or(request: Request, response: Response) -> Response:
    """`response` with its ETag, or 304 without a body where `If-None-Match` names it. Writing and failing are left as they are."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    # weak: on its way the body may be compressed
    tag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL, "Vary": "Accept-Language"}
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _names(given: str, tag: str) -> bool:
    """Weak comparison, RFC 9110 section 13.1.2."""
    return given.strip() == "*" or tag.removeprefix("W/") in {part.strip().removeprefix("W/") for part in given.split(",")}
