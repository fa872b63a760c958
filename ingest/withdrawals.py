"""What a publisher takes back: a text, or the identifier of one. The text goes everywhere; what we say ourselves stays.

Both are obligations of privacy (Rechtspraak open data, technical documentation 1.15: `deleted="doc"` and `deleted="ecli"`).
They are kept as facts of the library, so that a later corpus or a file found elsewhere does not bring the text back:

    withdrawn:<document id>   the day on which the publisher withdrew the text
    replaced:<old id>         the identifier that replaced it
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ingest.corpus import CorpusContent
from ingest.corpus import Entry as CorpusEntry
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Passage
from kb.domain.identifiers import PassageId, canonical_document_id
from kb.store.ledger import Entry
from kb.store.library import REPLACED, LibraryWriter, final_id

WITHDRAWN = "withdrawn:"
_FORGOTTEN = "forgotten-part:"  # and the SHA-256 of the file, and the document
NOTE = {"en": "text withdrawn by the publisher on {day}", "nl": "tekst door de uitgever ingetrokken op {day}"}
# what a register says of a document that lost its text; anything else in `extra` may be words of that text
_REGISTER = ("procedure", "rechtsgebied", "gewijzigd", "celex", "in force from")


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal as the publisher's feed states it.

    `doc`: the text is withdrawn, the identifier stays. `ecli`: the identifier is withdrawn too; `replaced_by` is the one that
    takes its place, None where the register names none. `on` is the day of the feed's entry.
    """

    document_id: str
    kind: Literal["doc", "ecli"]
    replaced_by: str | None
    on: dt.date


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of one withdrawal.

    `status`: `erased` where texts were held and are gone, `noted` where none was held, `unchanged` where all of it was known.
    `now` is the id under which the document is found afterwards, None where it is found no more. `removed` counts texts,
    and passages. `detail` is for people.
    """

    document_id: str
    kind: Literal["doc", "ecli"]
    status: Literal["erased", "noted", "unchanged"]
    now: str | None
    removed: Mapping[str, int] = field(default_factory=dict)
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The withdrawals of one run in a library, and the files (SHA-256) whose bytes held the texts that are gone."""

    done: list[Withdrawn]
    sources: frozenset[str]

    @property
    def changed(self) -> bool:
        return any(item.status != "unchanged" for item in self.done)


def apply(writer: LibraryWriter, withdrawals: Sequence[Withdrawal]) -> Applied:
    """Drops the texts, all versions of them, and records the withdrawals; the corpus must be brought in again afterwards."""
    done: list[Withdrawn] = []
    sources: set[str] = set()
    for withdrawal in withdrawals:
        item, gone = _apply_one(writer, withdrawal)
        done.append(item)
        sources |= gone
    return Applied(done, frozenset(sources))


def _apply_one(writer: LibraryWriter, withdrawal: Withdrawal) -> tuple[Withdrawn, set[str]]:
    old = canonical_document_id(withdrawal.document_id)
    replaced = replacements(writer)
    new = canonical_document_id(withdrawal.replaced_by) if withdrawal.kind == "ecli" and withdrawal.replaced_by else None
    detail = None
    if new is not None and (new == old or final_id(replaced, new) == old):
        detail = f"{new} is replaced by {old} itself: the text is gone, the identifiers are left as they are"
        new = None
    document = None if old in replaced else writer.find_document(old)
    own = {old, *([document.id] if document else [])}  # the register's identifier may be an alias of ours
    held = [e for i in sorted(own) for e in writer.expressions(i, with_text=False) if e.trust != "curated"]
    known = writer.meta(WITHDRAWN + old) is not None and (new is None or replaced.get(old) == new)
    if known and not held:
        return Withdrawn(old, withdrawal.kind, "unchanged", None, detail=detail), set()
    removed = {"texts": len(held), "passages": sum(len(writer.passages(e.key)) for e in held)} if held else {}
    for expression in held:
        writer.drop_expression(expression.key)
    for identifier in own:
        writer.set_meta(WITHDRAWN + identifier, withdrawal.on.isoformat())
    if new is not None:
        if document is not None and document.id == old:
            writer.drop_document(old)
        writer.put_former_id(old, new)
    elif document is not None and not document.catalogued:
        writer.put_document(noted(replace(document, extra=_register_only(document.extra)), withdrawal.on))
    status: Literal["erased", "noted"] = "erased" if held else "noted"
    return Withdrawn(old, withdrawal.kind, status, None, removed, detail), {e.source_sha256 for e in held}


def apply_again(writer: LibraryWriter, facts: Mapping[str, str]) -> Applied:
    """What was erased after the library that is in `writer` was made (a backup brought it back), erased again; `facts` are meta keys
    and values as `ingest.erasure.facts_in` gives them. One answer for each document."""
    replaced = {key.removeprefix(REPLACED): value for key, value in facts.items() if key.startswith(REPLACED)}
    days = {key.removeprefix(WITHDRAWN): value for key, value in facts.items() if key.startswith(WITHDRAWN)}
    asked = [
        Withdrawal(name, "ecli" if name in replaced else "doc", replaced.get(name), dt.date.fromisoformat(day))
        for name, day in days.items()
    ]
    applied = apply(writer, asked)
    done, sources = list(applied.done), set(applied.sources)
    for key in facts:
        if key.startswith(_FORGOTTEN):
            source, _, name = key.removeprefix(_FORGOTTEN).partition(":")
            held = [e for e in writer.expressions(name, with_text=False) if e.source_sha256 == source]
            for expression in held:
                writer.drop_expression(expression.key)
            document = writer.find_document(name)
            if document and not document.catalogued and not writer.expressions(name, with_text=False):
                writer.drop_document(name)
            if held:
                done.append(Withdrawn(name, "doc", "erased", None, {"texts": len(held)}))
                sources.add(source)
    for key, value in facts.items():
        writer.set_meta(key, value)
    return Applied(done, frozenset(sources))


def located(done: Sequence[Withdrawn], writer: LibraryWriter) -> list[Withdrawn]:
    """The same, each with the id under which its document is found in the library as it is now."""
    return [replace(item, now=document.id if (document := writer.find_document(item.document_id)) else None) for item in done]


def _register_only(extra: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in extra.items() if key in _REGISTER or key.startswith("relation: ")}


def replacements(writer: LibraryWriter) -> dict[str, str]:
    """Withdrawn identifiers to those that replaced them, as the publishers stated it, one step each."""
    return writer.metas(REPLACED)


def withdrawn_on(writer: LibraryWriter, document_id: str) -> dt.date | None:
    """The day on which the publisher withdrew the text of a document; None where it did not."""
    day = writer.meta(WITHDRAWN + document_id)
    return dt.date.fromisoformat(day) if day else None


def published_again(document: Document, since: dt.date) -> bool:
    """Whether a text's own source says that it was changed or published after the day of its withdrawal."""
    stated = [document.extra.get(name, "")[:10] for name in ("gewijzigd", "gewijzigd_document")]
    days = [day for day in stated if len(day) == 10]
    days += [document.published_on.value] if isinstance(document.published_on, LegalDate) else []
    return any(day > since.isoformat() for day in days)


def noted(document: Document, day: dt.date) -> Document:
    """The document with the note that its publisher withdrew the text, among the remarks in both languages."""
    extra = dict(document.extra)
    extra["text_withdrawn"] = day.isoformat()
    for language, words in NOTE.items():
        note = words.format(day=day.isoformat())
        remarks = [line for line in extra.get(f"remarks_{language}", "").split("\n") if line and line != note]
        extra[f"remarks_{language}"] = "\n".join([*remarks, note])
    return replace(document, extra=extra)


def as_noted(document: Document, writer: LibraryWriter) -> Document:
    """The document with the note where its text is withdrawn, and without it where it is not, or not any more."""
    if day := withdrawn_on(writer, document.id):
        return noted(document, day)
    if "text_withdrawn" not in document.extra:
        return document
    extra = dict(document.extra)
    day_then = extra.pop("text_withdrawn")
    for language, words in NOTE.items():
        key = f"remarks_{language}"
        extra[key] = "\n".join(line for line in extra.get(key, "").split("\n") if line != words.format(day=day_then))
    return replace(document, extra={key: value for key, value in extra.items() if value})


def as_withdrawn(content: CorpusContent, writer: LibraryWriter) -> CorpusContent:
    """The corpus as it stands after the publishers' withdrawals: noted at the documents, and old identifiers replaced.

    Where the catalogue holds both the old and the new identifier, the new one's entry is the one that counts.
    """
    replaced = {old: final_id(replacements(writer), old) for old in replacements(writer)}
    own = {document.id for document, _, _ in content.documents}
    documents = []
    for entry in content.documents:
        document, aliases, texts = entry
        if (new := replaced.get(document.id)) is not None:
            if new in own:
                continue
            document, aliases, texts = _renamed(entry, new)
        documents.append((as_noted(document, writer), aliases, texts))
    edges = [replace(edge, of=replaced.get(edge.of, edge.of), by=replaced.get(edge.by, edge.by)) for edge in content.treatments]
    externals = _renamed_externals(content.externals, replaced)
    return replace(content, documents=documents, treatments=[e for e in edges if e.of != e.by], externals=externals)


def _renamed(entry: CorpusEntry, new: str) -> CorpusEntry:
    document, aliases, texts = entry
    old = document.id
    names = tuple(name for name in document.aliases if name != new)
    moved: list[tuple[Expression, list[Passage]]] = []
    for expression, passages in texts:
        own = [replace(p, document_id=new, id=str(replace(PassageId.parse(p.id), document=new))) for p in passages]
        moved.append((replace(expression, document_id=new), own))
    return replace(document, id=new, aliases=names), [*aliases, (old, "former-id")], moved


def _renamed_externals(externals: Mapping[str, Iterable[str]], replaced: Mapping[str, str]) -> dict[str, list[str]]:
    merged: dict[str, set[str]] = {}
    for identifier, by in externals.items():
        merged.setdefault(replaced.get(identifier, identifier), set()).update(replaced.get(other, other) for other in by)
    return {identifier: sorted(by) for identifier, by in sorted(merged.items())}


def refused(writer: LibraryWriter, name: str, document: Document, source_sha256: str) -> Entry | None:
    """The ledger line of a text that must not come back: forgotten here, withdrawn by its publisher, or under a withdrawn
    identifier. None where it may come in; a text published again after its withdrawal may, and the note goes."""
    kind = str(document.kind)
    if writer.meta(f"forgotten-part:{source_sha256}:{document.id}"):
        return Entry(name, document.id, kind, "skipped", "forgotten", detail="this text was erased with `dublin-kb forget`")
    replaced = replacements(writer)
    if document.id in replaced:
        new = final_id(replaced, document.id)
        detail = f"its publisher withdrew {document.id}: the decision is now {new}, take it from there"
        return Entry(name, document.id, kind, "skipped", "replaced", detail=detail)
    day = withdrawn_on(writer, document.id)
    if day is None or document.is_file:
        return None
    if published_again(document, day):
        writer.drop_meta(WITHDRAWN + document.id)
        return None
    detail = f"its publisher withdrew this text on {day.isoformat()}, and the file does not say that it was published again"
    return Entry(name, document.id, kind, "skipped", "withdrawn", detail=detail)
