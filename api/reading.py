"""What a reader asks of one document, the same for the JSON, the pages and the command line."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from api import trace
from api.schemas import (
    ContextOut,
    DocumentDetailOut,
    PassageDetailOut,
    document_fields,
    document_out,
    passage_out,
    standing_out,
    text_out,
    treatment_out,
)
from kb.domain.documents import Document, Expression, Passage, Track
from kb.errors import InvalidQuery, NotFound
from kb.export.selection import overtaken_note
from kb.retrieval.passages import preferred_digest_language, public_id

if TYPE_CHECKING:
    from kb.wiring import View

STYLES = {"nl": "nl", "oscola": "en"}
FILE_STYLES = ("ris", "bibtex", "csl-json")


def current_texts(view: "View", document: Document, language: str) -> list[Expression]:
    """The texts to choose from, without their words: the official one first, then the digest in `language`, then the others."""
    preferred = f"digest-{preferred_digest_language(language)}"
    held = [e for e in view.library.expressions(document.id, with_text=False) if e.current]
    return sorted(held, key=lambda e: (e.form != "official", e.form != preferred, e.form))


def choose_text(view: "View", document: Document, form: str | None, language: str) -> Expression:
    """The text asked for, else the official one, else the digest in `language`. Raises: NotFound, naming what is held."""
    texts = current_texts(view, document, language)
    if form is None and texts:
        return texts[0]
    for expression in texts:
        if expression.form == form:
            return expression
    held = ", ".join(e.form for e in texts) or "none"
    raise NotFound(f"{document.id} is not held as {form or 'a text'}: held are {held}")


def old_version(view: "View", document: Document, form: str, version: int) -> Expression:
    """One version of a text, also one that was replaced. Raises: NotFound."""
    for expression in view.library.expressions(document.id, with_text=False):
        if (expression.form, expression.version) == (form, version):
            return expression
    raise NotFound(f"{document.id} is not held in version {version} as {form}")


def public_ids(view: "View", document: Document, passages: Iterable[Passage], language: str) -> dict[str, str]:
    """Stored id to the id that a reader sees."""
    official = any(e.form == "official" for e in current_texts(view, document, language))
    return {passage.id: public_id(passage, language, official_held=official) for passage in passages}


def detail(view: "View", document_id: str, form: str | None, as_of: dt.date, track: Track | None, language: str) -> DocumentDetailOut:
    """One document with one text and everything known of its standing. Raises: NotFound."""
    document = view.library.document(document_id)
    texts = current_texts(view, document, language)
    chosen = choose_text(view, document, form, language) if texts or form else None
    if chosen:
        trace.showed_text(chosen.key)
    standing = view.standing(document.id, as_of, track)
    return DocumentDetailOut(
        **document_fields(document, language),
        citation=dict(view.citation(document, None)),
        standing=str(standing.value),
        standing_detail=standing_out(standing),
        treatment=[treatment_out(edge, language) for edge in view.standings.treatment_of(document.id, as_of=as_of)],
        texts=[text_out(expression) for expression in texts],
        text_form=chosen.form if chosen else None,
        text=view.library.expression(chosen.key).text if chosen else None,
    )


def cite_in(view: "View", id_: str, style: str, as_of: dt.date | None = None) -> str:
    """The citation of a document, or of a passage when the id has a `#`; in a file style a record that ends with a line break.

    With `as_of`, the record of an authority that was overtaken by then says so in its note, and by what.

    Raises: InvalidQuery for an unknown style, NotFound.
    """
    if style not in STYLES and style not in FILE_STYLES:
        raise InvalidQuery(f"no citation style {style[:40]!r}: known are {', '.join((*STYLES, *FILE_STYLES))}")
    passage = view.library.resolve_passage(id_) if "#" in id_ else None
    document = view.library.document(passage.document_id if passage else id_)
    pinpoint = passage.pinpoint if passage else None
    if passage:
        trace.showed([passage])
    if style in STYLES:
        return view.citation(document, pinpoint)[STYLES[style]]
    from kb.export import references

    warning = overtaken_note(view.standing(document.id, as_of), "en") if as_of else ""
    made = references.item(document, pinpoint, view.courts, view.citation(document, pinpoint)["nl"], warning=warning)
    return references.render(made, style)


def overtaken_line(view: "View", id_: str, as_of: dt.date, language: str) -> str:
    """The sentence that must not be missing beside a citation of this document or passage; empty while it was not overtaken.

    Raises: NotFound.
    """
    document = view.library.document(id_.partition("#")[0].partition("@")[0])
    return overtaken_note(view.standing(document.id, as_of), language)


def passage_detail(view: "View", id_: str, as_of: dt.date, track: Track | None, language: str, width: int) -> PassageDetailOut:
    """One passage with at most `width` passages before and after it. Raises: InvalidIdentifier, NotFound."""
    found = view.library.resolve_passage(id_, language=language)
    document = view.library.document(found.document_id)
    before, after = view.passage_context(found, width=width)
    trace.showed([*before, found, *after], as_of=as_of)
    ids = public_ids(view, document, [*before, found, *after], language)
    standing = view.standing(document.id, as_of, track)
    return PassageDetailOut(
        passage=passage_out(found, public_id=ids[found.id]),
        document=document_out(document, language),
        citation=dict(view.citation(document, found.pinpoint)),
        standing=str(standing.value),
        standing_detail=standing_out(standing),
        treatment=[treatment_out(edge, language) for edge in view.standings.treatment_of(document.id, as_of=as_of)],
        context=ContextOut(
            before=[passage_out(passage, public_id=ids[passage.id]) for passage in before],
            after=[passage_out(passage, public_id=ids[passage.id]) for passage in after],
        ),
    )


def page_metadata(view: "View", document: Document, address: str) -> dict[str, Any]:
    """What a page tells of its document to reference managers: `tags` for `meta`, `linked` as JSON-LD that is safe inside a script."""
    from kb.export import references

    made = references.item(document, None, view.courts, view.citation(document, None)["nl"])
    linked = json.dumps(references.to_json_ld(made, address=address), ensure_ascii=True, sort_keys=True)
    safe = linked.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return {"tags": references.meta_tags(made), "linked": safe}
