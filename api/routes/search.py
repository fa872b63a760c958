"""GET and POST /search."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api import deps, trace
from api.requests import SearchBody, SearchRequest, today
from api.schemas import SearchOut, search_out
from api.searching import newest_first

router = APIRouter(tags=["search"])


@router.get("/search", response_model_exclude_none=False)
def search(request: Request, response: Response, asked: Annotated[SearchRequest, Query()]) -> SearchOut:
    """Cited passages for a question, keywords or an identifier. Text with facts of a case belongs in POST."""
    return _answer(request, response, asked)


@router.post("/search")
def search_with_facts(request: Request, response: Response, asked: SearchBody) -> SearchOut:
    """The same search, with the question in the body: it stays out of addresses and histories, and is not kept."""
    return _answer(request, response, asked)


def _answer(request: Request, response: Response, asked: SearchRequest) -> SearchOut:
    held = deps.services(request)
    if asked.sort == "newest":  # dates put documents in order, not passages
        asked = asked.model_copy(update={"group": "document"})
    query = asked.to_query(today(), contradictions=True)
    with held.searches.one():
        search = held.knowledge_base.search
        result = newest_first(search, query) if asked.sort == "newest" else search(query)
    if told := asked.contradiction():
        result = replace(result, notices=(*result.notices, told))
    trace.showed((hit.passage for hit in result.hits), as_of=result.as_of)
    if not result.hits:
        trace.found_nothing()
    response.headers["Cache-Control"] = "no-store"
    language = deps.message_language(request, asked.lang)
    return search_out(result, language, grouped=asked.group == "document", explain=asked.explain)
