"""What a reader takes along: passages and documents chosen by id or found by a search, each with its citation and standing.

An overtaken authority is never taken alone: what overtook it stands directly behind it, with a passage of its own where one is held.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from kb.domain.documents import Document, Expression, Passage, Track
from kb.domain.results import SearchResult, Standing, StandingValue
from kb.errors import InvalidIdentifier, NotFound
from kb.ports import Citer
from kb.retrieval.passages import public_id
from kb.store.library import Library

MOST_IDS = 200
_AROUND = 2  # passages before and behind, where the source has no pages
_WIDEST = 40  # passages of one page


class Source(Protocol):
    """The part of one open generation that a selection is made from; `kb.wiring.View` fulfils it."""

    @property
    def library(self) -> Library: ...

    def standing(self, document_id: str, as_of: dt.date, track: Track | None = None) -> Standing: ...

    @property
    def citation(self) -> Citer: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """One passage, or a document as a whole where `passage` is None. `id` is the one that a reader sees.

    `beside` names the overtaken document because of which this one is here. `before` and `after` are what stands around the passage:
    the rest of its page, or its neighbours where the source has no pages.
    """

    id: str
    document: Document
    passage: Passage | None
    citation: Mapping[str, str]
    plain: Mapping[str, str]  # the citation without its place
    standing: Standing
    beside: str | None = None
    before: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    expression: Expression | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """`items` in the order asked for; `missing` are ids that this corpus does not hold (any more): they are shown, never dropped."""

    items: tuple[Chosen, ...]
    as_of: dt.date
    missing: tuple[str, ...] = ()
    query: str | None = None
    notices: tuple[Mapping[str, str], ...] = ()
    corpus: str = ""  # SHA-256 of what is held


def choose(
    source: Source,
    ids: Iterable[str],
    as_of: dt.date,
    *,
    language: str,
    track: Track | None = None,
    around: bool = False,
    corpus: str = "",
) -> Selection:
    """The passages and documents with these ids, once each, in their order, with the successors of what was overtaken.

    Args:
        around: with the page, or the neighbours, of each passage.
    Raises: NotFound where none of the ids is held.
    """
    chosen: list[Chosen] = []
    missing: list[str] = []
    for id_ in dict.fromkeys(ids):
        try:
            one = _one(source, id_, as_of, language, track)
        except (NotFound, InvalidIdentifier):
            missing.append(id_)
            continue
        if one.id not in {other.id for other in chosen}:
            chosen.append(one)
    if not chosen:
        named = ", ".join(id_[:80] for id_ in missing[:5])
        raise NotFound(f"none of the ids is in this corpus: {named}. See /api/v1/documents for what is held")
    items = with_successors(source, chosen, as_of, language=language, track=track)
    if around:
        items = [_surrounded(source, item) for item in items]
    return Selection(tuple(items), as_of, tuple(missing), corpus=corpus)


def found_by(source: Source, result: SearchResult, *, language: str, corpus: str = "") -> Selection:
    """The hits of a search in their order, with the successors of what was overtaken and the search's own notices."""
    chosen = [
        Chosen(hit.passage.id, hit.document, hit.passage, hit.citation, source.citation(hit.document, None), hit.standing)
        for hit in result.hits
    ]
    official = set(source.library.documents_with_form("official"))
    shown = [
        replace(item, id=public_id(item.passage, language, official_held=item.document.id in official)) if item.passage else item
        for item in chosen
    ]
    items = with_successors(source, shown, result.as_of, language=language)
    notices = tuple(notice.message for notice in result.notices)
    return Selection(tuple(items), result.as_of, query=result.query, notices=notices, corpus=corpus)


def with_successors(source: Source, chosen: Sequence[Chosen], as_of: dt.date, *, language: str, track: Track | None = None) -> list[Chosen]:
    """`chosen`, with what overtook them behind the last passage of each overtaken document, unless it was chosen itself."""
    there = {item.document.id for item in chosen}
    made: list[Chosen] = []
    for place, item in enumerate(chosen):
        made.append(item)
        last = all(later.document.id != item.document.id for later in chosen[place + 1 :])
        if item.standing.value is not StandingValue.OVERTAKEN or not last:
            continue
        for successor in item.standing.successors:
            held = source.library.find_document(successor.document_id)
            if held is None or held.id in there:
                continue
            there.add(held.id)
            made.append(replace(_leading(source, held, as_of, language, track), beside=item.document.id))
    return made


def overtaken_note(standing: Standing, language: str) -> str:
    """The sentence that must stand with an overtaken authority, naming what overtook it; empty for every other one."""
    if standing.value is not StandingValue.OVERTAKEN:
        return ""
    sentence = standing.sentence[language]
    others = [s.citation[language] for s in standing.successors if s.citation[language] not in sentence]
    return f"{sentence} {'; '.join(others)}".strip()


def _one(source: Source, id_: str, as_of: dt.date, language: str, track: Track | None) -> Chosen:
    if "#" not in id_:
        document = source.library.document(id_)
        return _whole(source, document, as_of, track)
    passage = source.library.resolve_passage(id_, language=language)
    document = source.library.document(passage.document_id)
    return _of(source, document, passage, as_of, language, track)


def _of(source: Source, document: Document, passage: Passage, as_of: dt.date, language: str, track: Track | None) -> Chosen:
    texts = source.library.expressions(document.id, with_text=False)
    official = any(e.current and e.form == "official" for e in texts)
    shown = public_id(passage, language, official_held=official)
    standing = source.standing(document.id, as_of, track)
    return Chosen(shown, document, passage, source.citation(document, passage.pinpoint), source.citation(document, None), standing)


def _whole(source: Source, document: Document, as_of: dt.date, track: Track | None) -> Chosen:
    citation = source.citation(document, None)
    return Chosen(document.id, document, None, citation, citation, source.standing(document.id, as_of, track))


def _leading(source: Source, document: Document, as_of: dt.date, language: str, track: Track | None) -> Chosen:
    """The summary of a document in `language`, else the document as a whole."""
    try:
        passage = source.library.resolve_passage(f"{document.id}#holding", language=language)
    except NotFound:
        return _whole(source, document, as_of, track)
    return _of(source, document, passage, as_of, language, track)


def _surrounded(source: Source, item: Chosen) -> Chosen:
    if item.passage is None:
        return item
    key = item.passage.id.rpartition("#")[0]
    expression = next((e for e in source.library.expressions(item.document.id, with_text=False) if e.key == key), None)
    own = source.library.passages(key)
    at = next(i for i, other in enumerate(own) if other.id == item.passage.id)
    first, last = at, at
    if item.passage.page is not None:
        while first > 0 and own[first - 1].page == item.passage.page and at - first < _WIDEST:
            first -= 1
        while last + 1 < len(own) and own[last + 1].page == item.passage.page and last - at < _WIDEST:
            last += 1
    else:
        first, last = max(0, at - _AROUND), min(len(own) - 1, at + _AROUND)
    return replace(item, before=tuple(own[first:at]), after=tuple(own[at + 1 : last + 1]), expression=expression)
