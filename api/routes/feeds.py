"""GET /feeds: alerts. There is no POST: a question with facts of a case has no address, and so no feed."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import deps
from api.conditional import ConditionalRoute
from api.deps import Language
from api.feeds import MEDIA_TYPE, FeedRequest, framework_feed, search_feed

router = APIRouter(prefix="/feeds", tags=["feeds"], route_class=ConditionalRoute)

_ATOM: dict[int | str, dict[str, Any]] = {
    200: {"description": "An Atom feed", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
}


@router.get("/search", response_class=Response, responses=_ATOM)
def search_alerts(request: Request, asked: Annotated[FeedRequest, Query()]) -> Response:
    """New documents and new treatment for a saved search. Its address is seen by whoever carries it: no facts of a case in it."""
    held = deps.services(request)
    language = deps.message_language(request, asked.lang)
    with held.searches.one():
        return _answer(search_feed(held.knowledge_base, asked, language, root=_root(request), address=str(request.url)))


@router.get("/frameworks/{framework_id}", response_class=Response, responses=_ATOM)
def framework_alerts(
    request: Request, framework_id: str, lang: Annotated[Language | None, Query(description="Language of titles and sentences")] = None
) -> Response:
    """New documents and new treatment for a legal test: what it names, and what cites that."""
    base = deps.services(request).knowledge_base
    language = deps.message_language(request, lang)
    return _answer(framework_feed(base, framework_id, language, root=_root(request), address=str(request.url)))


def _answer(feed: bytes) -> Response:
    return Response(feed, media_type=f"{MEDIA_TYPE}; charset=utf-8")


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")
