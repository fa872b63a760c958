"""What leaves as a file: pinned passages, search results, hearing bundles. Pins and questions of POST are in the body alone."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError

from api import deps
from api.errors import BodyInvalid, safe_problems
from api.exports import MEDIA_TYPES, BundleBody, ExportBody, File, SearchExport, SearchExportBody, bundle, export_ids, export_search
from kb.errors import InvalidQuery

router = APIRouter(tags=["export"])
page_router = APIRouter(include_in_schema=False)

_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            kind: {"schema": {"type": "array", "items": {"type": "object"}} if kind.endswith("json") else {"type": "string"}}
            for kind in MEDIA_TYPES
        },
    }
}


def _answer(file: File) -> Response:
    return Response(file.content, media_type=file.media_type, headers=file.headers)


@router.post("/export", response_class=Response, responses=_FILE)
def export_chosen(request: Request, asked: ExportBody) -> Response:
    """Passages and documents, in the order given, as Word, Markdown, text, RIS, BibTeX or CSL-JSON.

    What overtook an overtaken authority stands behind it, asked for or not. The same ids at the same day give the same bytes.
    """
    held = deps.services(request)
    with held.searches.one():
        return _answer(export_ids(held.knowledge_base, asked, deps.message_language(request, asked.lang)))


@router.post("/bundle", response_class=Response, responses=_FILE)
def bundle_chosen(request: Request, asked: BundleBody) -> Response:
    """A bundle for the hearing: contents, then every passage with its page, its citation and whether it still stands."""
    held = deps.services(request)
    with held.searches.one():
        return _answer(bundle(held.knowledge_base, asked, deps.message_language(request, asked.lang)))


@router.get("/search/export", response_class=Response, responses=_FILE)
def export_found(request: Request, asked: Annotated[SearchExport, Query()]) -> Response:
    """The passages of a search as a file. Text with facts of a case belongs in POST."""
    return _found(request, asked)


@router.post("/search/export", response_class=Response, responses=_FILE)
def export_found_with_facts(request: Request, asked: SearchExportBody) -> Response:
    """The same, with the question in the body: it stays out of addresses and histories, and is not kept."""
    return _found(request, asked)


def _found(request: Request, asked: SearchExport | SearchExportBody) -> Response:
    held = deps.services(request)
    with held.searches.one():
        return _answer(export_search(held.knowledge_base, asked, deps.message_language(request, asked.lang)))


@page_router.post("/export")
async def export_form(request: Request) -> Response:
    """The form of a page: fields `id` (again and again), `format`, `as_of`, `track`, `lang`; with `bundle` the bundle."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise BodyInvalid("send the form of the page, or JSON to /api/v1/export")
    given: dict[str, Any] = {}
    for name, value in parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=500):
        if name == "id":
            given.setdefault("ids", []).append(value)
        else:
            given[name] = value
    as_bundle = bool(given.pop("bundle", ""))
    asked = _checked(BundleBody if as_bundle else ExportBody, given)
    made = await run_in_threadpool(_form_answer, request, asked)
    return _answer(made)


def _checked(model: type[BaseModel], given: dict[str, Any]) -> Any:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidQuery("; ".join(f"{p['field']}: {p['message']}" for p in safe_problems(error.errors()))) from None


def _form_answer(request: Request, asked: ExportBody | BundleBody) -> File:
    held = deps.services(request)
    language = asked.lang or deps.negotiated(request.headers.get("accept-language", ""), default="en")
    with held.searches.one():
        if isinstance(asked, BundleBody):
            return bundle(held.knowledge_base, asked, language)
        return export_ids(held.knowledge_base, asked, language)
