"""Pinned passages, search results and hearing bundles as files: what is asked, and the bytes of the answer."""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import trace
from api.page_images import is_pdf, original, png
from api.requests import DayText, MessageLanguage, SearchBody, SearchRequest, day_or, today
from kb.domain.documents import Track
from kb.errors import InputRejected, NotFound
from kb.export import references
from kb.export.selection import MOST_IDS, Selection, choose, found_by, overtaken_note

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase, View

Format = Literal["docx", "md", "txt", "ris", "bibtex", "csl-json"]
BundleFormat = Literal["docx", "md", "txt"]
_KINDS = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "md": ("text/markdown; charset=utf-8", "md"),
    "txt": ("text/plain; charset=utf-8", "txt"),
    "ris": ("application/x-research-info-systems; charset=utf-8", "ris"),
    "bibtex": ("application/x-bibtex; charset=utf-8", "bib"),
    "csl-json": ("application/vnd.citationstyles.csl+json; charset=utf-8", "json"),
}
_MOST_PICTURES = 30
_PICTURE_WIDTH = 1_100  # pixels: legible in print at the width of a page
MEDIA_TYPES = tuple(kind.partition(";")[0] for kind, _ in _KINDS.values())
Id = Annotated[str, Field(min_length=1, max_length=400)]


class _Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: Annotated[
        list[Id],
        Field(min_length=1, max_length=MOST_IDS, description="Ids of passages or documents, in the order in which they shall stand"),
    ]
    as_of: Annotated[DayText | None, Field(description="The day at which authorities must still stand; today by default")] = None
    track: Annotated[Track | None, Field(description="The kind of case for which they must stand")] = None
    lang: MessageLanguage = None


class ExportBody(_Chosen):
    """Passages and documents as one file."""

    format: Annotated[Format, Field(description="Word, Markdown or text as the memo; RIS, BibTeX or CSL-JSON: a record a document")] = (
        "docx"
    )


class BundleBody(_Chosen):
    """Passages with what stands around them in the source, each on a page of its own, behind a table of contents."""

    format: BundleFormat = "docx"


class SearchExport(SearchRequest):
    """A search whose hits come as a file."""

    format: Format = "docx"


class SearchExportBody(SearchBody):
    """The JSON of POST /search/export."""

    format: Format = "docx"


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of an answer, its media type, and the name under which a browser keeps it: no words of a question are in it."""

    content: bytes
    media_type: str
    name: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Content-Disposition": f'attachment; filename="{self.name}"', "Cache-Control": "no-store"}


def export_ids(base: "KnowledgeBase", asked: ExportBody, language: str) -> File:
    """Raises: NotFound where none of the ids is held, and for reference formats where one is not; InvalidIdentifier."""
    view = base.view()
    chosen = _chosen(view, asked, language, around=False)
    return _file(view, chosen, asked.format, language, "passages", asked.track)


def export_search(base: "KnowledgeBase", asked: SearchExport | SearchExportBody, language: str) -> File:
    """The passages of a search. Raises: InvalidQuery, InvalidIdentifier."""
    query = asked.to_query(today(), contradictions=True)
    view = base.view()
    result = view.searcher.search(query)
    if told := asked.contradiction():
        result = replace(result, notices=(*result.notices, told))
    chosen = found_by(view, result, language=language, corpus=view.generation.manifest.content_sha256)
    return _file(view, chosen, asked.format, language, "results", asked.track[0] if len(asked.track) == 1 else None)


def bundle(base: "KnowledgeBase", asked: BundleBody, language: str) -> File:
    """Raises: NotFound where none of the ids is held; InvalidIdentifier."""
    view = base.view()
    chosen = _chosen(view, asked, language, around=True)
    _note_shown(chosen)
    pages = _pictures(base.settings.data_dir, chosen) if asked.format == "docx" else {}
    return _memo_file(chosen, asked.format, language, "bundle", pages)


def _pictures(data_dir: Path, chosen: Selection) -> dict[str, bytes]:
    """Pages of originals that are PDFs, drawn by a process of their own; each page once, at its first passage, the first `_MOST_PICTURES`.

    A page that cannot be drawn is left out: its text stands in the bundle all the same.
    """
    made: dict[str, bytes] = {}
    seen: set[tuple[str, int]] = set()
    for item in chosen.items:
        expression, page = item.expression, item.passage.page if item.passage else None
        if expression is None or page is None or expression.form != "official" or len(made) >= _MOST_PICTURES:
            continue
        path = original(data_dir, expression.source_sha256)
        if (expression.source_sha256, page) in seen or not is_pdf(path):
            continue
        seen.add((expression.source_sha256, page))
        with suppress(NotFound, InputRejected):
            made[item.id] = png(path, page, _PICTURE_WIDTH)
    return made


def _note_shown(chosen: Selection) -> None:
    """Tells the trace of the request which passages and texts leave."""
    for item in chosen.items:
        if item.passage is not None:
            trace.showed([*item.before, item.passage, *item.after], as_of=chosen.as_of)
        elif item.expression is not None:
            trace.showed_text(item.expression.key)


def _chosen(view: "View", asked: _Chosen, language: str, *, around: bool) -> Selection:
    as_of = day_or(asked.as_of, today())
    corpus = view.generation.manifest.content_sha256
    return choose(view, asked.ids, as_of, language=language, track=asked.track, around=around, corpus=corpus)


def _file(view: "View", chosen: Selection, format_: str, language: str, name: str, track: Track | None) -> File:
    _note_shown(chosen)
    if format_ in references.STYLES:
        return _references(view, chosen, format_, language, name, track)
    return _memo_file(chosen, format_, language, name)


def _memo_file(chosen: Selection, format_: str, language: str, name: str, pages: Mapping[str, bytes] | None = None) -> File:
    from kb.export.markdown import to_markdown
    from kb.export.passages import bundle_memo, passages_memo
    from kb.export.plain import to_text

    memo = bundle_memo(chosen, language, pages) if name == "bundle" else passages_memo(chosen, language)
    if format_ == "docx":
        from kb.export.word import to_word  # loads python-docx, which only this needs

        content = to_word(memo)
    else:
        content = (to_markdown(memo) if format_ == "md" else to_text(memo)).encode("utf-8", "replace")
    return _named(content, format_, name, chosen.as_of)


def _references(view: "View", chosen: Selection, style: str, language: str, name: str, track: Track | None) -> File:
    """One record a document, with every place chosen of it in the note, and what overtook it."""
    if chosen.missing:
        raise NotFound(f"not in this corpus: {', '.join(id_[:80] for id_ in chosen.missing[:5])}: leave them out, or export as docx or md")
    made = []
    for document_id in dict.fromkeys(item.document.id for item in chosen.items):
        own = [item for item in chosen.items if item.document.id == document_id]
        warning = overtaken_note(view.standing(document_id, chosen.as_of, track), language)
        cited = "; ".join(dict.fromkeys(item.citation[language] for item in own))
        made.append(references.item(own[0].document, None, view.courts, cited, warning=warning))
    return _named(references.render_all(made, style).encode("utf-8", "replace"), style, name, chosen.as_of)


def _named(content: bytes, format_: str, name: str, as_of: dt.date) -> File:
    kind, ending = _KINDS[format_]
    return File(content, kind, f"{name}-{as_of.isoformat()}.{ending}")
