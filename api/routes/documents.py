"""Documents, their passages and citations: reading by everyone, adding and erasing by editors."""

import datetime as dt
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api import deps, trace
from api.conditional import ConditionalRoute
from api.deps import Language
from api.reading import STYLES, choose_text, cite_in, detail, overtaken_line, passage_detail, public_ids
from api.requests import DayText, DocumentsRequest, day_or, today
from api.schemas import (
    CitationsOut,
    DocumentDetailOut,
    DocumentsOut,
    PassageDetailOut,
    PassagesOut,
    document_out,
    edge_out,
    passage_out,
    treatment_out,
)
from api.uploads import LedgerOut, add_upload, forget_document
from kb.domain.documents import Kind, Track
from kb.store.graph import edges_from, edges_to

router = APIRouter(tags=["documents"], route_class=ConditionalRoute)

_FILES = {
    "ris": ("application/x-research-info-systems", "ris"),
    "bibtex": ("application/x-bibtex", "bib"),
    "csl-json": ("application/vnd.citationstyles.csl+json", "json"),
}
_CITATION: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            "application/x-research-info-systems": {"schema": {"type": "string"}},
            "application/x-bibtex": {"schema": {"type": "string"}},
            "application/vnd.citationstyles.csl+json": {"schema": {"type": "array", "items": {"type": "object"}}},
        }
    }
}
_UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "PDF, Word, HTML, XML, text, Markdown or JSON"},
                    "kind": {"type": "string", "enum": [str(kind) for kind in Kind]},
                },
            }
        }
    },
}
Id = Annotated[str, Query(alias="id", min_length=1, max_length=400, description="Id or alias of a document")]
Form = Annotated[
    str | None, Query(pattern=r"^(official|digest-(nl|en)|tr-[a-z]{2})$", description="Which text; the official one by default")
]
Limit = Annotated[int, Query(ge=1, le=5000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
AsOf = Annotated[DayText | None, Query()]
Lang = Annotated[Language | None, Query(description="Language of notes, and of the digest where no official text is held")]


@router.get("/documents", response_model=DocumentsOut | DocumentDetailOut)
def documents(request: Request, asked: Annotated[DocumentsRequest, Query()]) -> DocumentsOut | DocumentDetailOut:
    """The documents of the corpus that satisfy the filters, newest first; those without a date come last.

    With `id`, that one document as `/documents/{id}` gives it.
    """
    language = deps.message_language(request, asked.lang)
    day_or(asked.as_of, today())  # a day that no calendar has is told, also where it is not used
    if asked.id is not None:
        return _document(request, asked.id, asked.form, asked.as_of, None, asked.lang)
    every = deps.view(request).library.documents()
    states, span = asked.states(), asked.span()
    found = [document for document in every if asked.matches(document, states, span)]
    found.sort(key=lambda d: d.id)
    found.sort(key=lambda d: d.date.first if d.date else 0, reverse=True)
    courts = Counter((document.court_key, document.court) for document in every)
    return DocumentsOut(
        total=len(found),
        limit=asked.limit,
        offset=asked.offset,
        documents=[document_out(document, language) for document in found[asked.offset : asked.offset + asked.limit]],
        courts=[
            {"key": key, "name": name, "documents": count}
            for (key, name), count in sorted(courts.items(), key=lambda item: (-item[1], item[0][1]))
        ],
    )


@router.post("/documents", status_code=201, dependencies=[Depends(deps.editor)], openapi_extra={"requestBody": _UPLOAD})
async def add(request: Request) -> LedgerOut:
    """Adds one document: `multipart/form-data` with a field `file`, and optionally `kind`. Needs a key with role editor."""
    return await add_upload(request)


@router.get("/documents/passages")
def passages_by_query(
    request: Request, document_id: Id, form: Form = None, lang: Lang = None, limit: Limit = 1000, offset: Offset = 0
) -> PassagesOut:
    """The same as `/documents/{document_id}/passages`, for ids that are awkward in a path."""
    return passages_of(request, document_id, form, lang, limit, offset)


@router.get("/documents/citations")
def citations_by_query(request: Request, document_id: Id, lang: Lang = None) -> CitationsOut:
    """The same as `/documents/{document_id}/citations`, for ids that are awkward in a path."""
    return citations_of(request, document_id, lang)


@router.get("/documents/{document_id:path}/passages")
def passages_of(
    request: Request,
    document_id: str,
    form: Form = None,
    lang: Lang = None,
    limit: Limit = 1000,
    offset: Offset = 0,
) -> PassagesOut:
    """The passages of one text of a document, in reading order."""
    language = deps.message_language(request, lang)
    held = deps.view(request)
    document = held.library.document(document_id)
    expression = choose_text(held, document, form, language)
    own = held.library.passages(expression.key)
    trace.showed_text(expression.key)
    ids = public_ids(held, document, own, language)
    return PassagesOut(
        document_id=document.id,
        form=expression.form,
        language=expression.language,
        text_status=str(expression.text_status),
        total=len(own),
        limit=limit,
        offset=offset,
        passages=[passage_out(passage, public_id=ids[passage.id]) for passage in own[offset : offset + limit]],
    )


@router.get("/documents/{document_id:path}/citations")
def citations_of(request: Request, document_id: str, lang: Lang = None) -> CitationsOut:
    """What a document cites, what cites it, and what later documents did to it."""
    language = deps.message_language(request, lang)
    held = deps.view(request)
    document = held.library.document(document_id)
    return CitationsOut(
        document_id=document.id,
        cites=[edge_out(edge) for edge in edges_from(held.library, document.id)],
        cited_by=[edge_out(edge) for edge in edges_to(held.library, document.id)],
        treatment=[treatment_out(edge, language) for edge in held.standings.treatment_of(document.id)],
        treats=[treatment_out(edge, language) for edge in held.standings.treatments_by(document.id)],
    )


@router.get("/documents/{document_id:path}")
def document(
    request: Request,
    document_id: str,
    form: Form = None,
    as_of: AsOf = None,
    track: Track | None = None,
    lang: Lang = None,
) -> DocumentDetailOut:
    """One document with its text, its standing and the texts that are held of it."""
    return _document(request, document_id, form, as_of, track, lang)


@router.delete("/documents/{document_id:path}", dependencies=[Depends(deps.editor)])
def erase(request: Request, document_id: str) -> dict[str, object]:
    """Erases a document everywhere, and tells what was removed. Needs a key with role editor."""
    return forget_document(deps.services(request), document_id)


@router.delete("/documents", dependencies=[Depends(deps.editor)])
def erase_by_query(request: Request, document_id: Id) -> dict[str, object]:
    """The same as `DELETE /documents/{document_id}`, for ids that are awkward in a path."""
    return forget_document(deps.services(request), document_id)


def _document(
    request: Request, id_: str, form: str | None, as_of: str | None, track: Track | None, lang: Language | None
) -> DocumentDetailOut:
    return detail(deps.view(request), id_, form, day_or(as_of, today()), track, deps.message_language(request, lang))


@router.get("/passages", tags=["passages"])
def passage_by_query(
    request: Request,
    id_: Id,
    as_of: AsOf = None,
    track: Track | None = None,
    lang: Lang = None,
    context: Annotated[int, Query(ge=0, le=20)] = 2,
) -> PassageDetailOut:
    """One passage by its id, `<document id>#<pinpoint>`, with `#` percent-encoded."""
    return _passage(request, id_, day_or(as_of, today()), track, lang, context)


@router.get("/passages/{id_:path}", tags=["passages"])
def passage(
    request: Request,
    id_: str,
    as_of: AsOf = None,
    track: Track | None = None,
    lang: Lang = None,
    context: Annotated[int, Query(ge=0, le=20)] = 2,
) -> PassageDetailOut:
    """One passage with the passages around it: `/passages/ECLI:EU:C:2019:219%23para-90`."""
    return _passage(request, id_, day_or(as_of, today()), track, lang, context)


def _passage(request: Request, id_: str, as_of: dt.date, track: Track | None, lang: Language | None, width: int) -> PassageDetailOut:
    return passage_detail(deps.view(request), id_, as_of, track, deps.message_language(request, lang), width)


@router.get("/export", tags=["export"], response_class=Response, responses=_CITATION)
def export_by_query(request: Request, id_: Id, style: str = "nl", as_of: AsOf = None) -> Response:
    """The same as `/export/{id}`, for ids that are awkward in a path."""
    return export(request, id_, style, as_of)


@router.get("/export/{id_:path}", tags=["export"], response_class=Response, responses=_CITATION)
def export(request: Request, id_: str, style: str = "nl", as_of: AsOf = None) -> Response:
    """A ready citation of a document or a passage. Styles: `nl` (Leidraad) and `oscola` as plain text; `ris`, `bibtex`, `csl-json` as
    reference managers import them. An authority that was overtaken at the as-of day says so, and by what: on a second line, or in the
    record's note."""
    view, day = deps.view(request), day_or(as_of, today())
    text = cite_in(view, id_, style, day).rstrip("\n") + "\n"
    if style in STYLES and (line := overtaken_line(view, id_, day, STYLES[style])):
        text += f"{line}\n"
    kind, ending = _FILES.get(style, ("text/plain", ""))
    headers = {"Content-Disposition": f'attachment; filename="reference.{ending}"'} if ending else {}
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)
