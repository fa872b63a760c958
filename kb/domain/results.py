"""What is answered: hits with everything a reader needs to trust or doubt them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kb.domain.documents import Document, Passage, Track, Treatment


class StandingValue(StrEnum):
    GOOD = "good"
    CAUTION = "caution"
    OVERTAKEN = "overtaken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Successor:
    """The later document that a reader must see beside an overtaken one."""

    document_id: str
    title: str
    date: str | None
    citation: Mapping[str, str]  # language -> citation
    sentence: Mapping[str, str]  # language -> what it did


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a document still stands at a date, for a track. Without a track asked for, the worst value and its track."""

    value: StandingValue
    track: Track | None
    as_of: dt.date
    sentence: Mapping[str, str]  # language -> the sentence that explains it
    successors: tuple[Successor, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage and its score in one ranking; higher is better."""

    passage_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One cited passage. `highlights` are offsets into `passage.text`; `explain` says how it was ranked."""

    rank: int
    score: float
    passage: Passage
    document: Document
    citation: Mapping[str, str]  # language -> ready citation
    standing: Standing
    treatment: tuple[Treatment, ...]
    highlights: tuple[tuple[int, int], ...] = ()
    explain: Mapping[str, float | int | str | None] = field(default_factory=dict)
    companion: bool = False  # shown because the authority beside it was overtaken by it


@dataclass(frozen=True, slots=True)
class Notice:
    code: str
    message: Mapping[str, str]  # language -> text
    document_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Searched:
    """What was looked through: to be shown with every answer, above all with an empty one."""

    documents: int
    passages: int
    languages: tuple[str, ...]
    earliest: str | None
    latest: str | None


@dataclass(frozen=True, slots=True)
class Group:
    document: Document
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    query: str
    language: str
    as_of: dt.date
    searched: Searched
    hits: tuple[Hit, ...]
    groups: tuple[Group, ...] = ()
    notices: tuple[Notice, ...] = ()
    total: int = 0  # hits before the limit, as far as ranked
    following: int | None = None  # offset of the next page; None on the last one
    regime: str = "unknown"


def rank(scored: Iterable[Scored]) -> list[Scored]:
    """Best first; ties broken by passage id, so that the same question has the same answer everywhere."""
    return sorted(scored, key=lambda item: (-item.score, item.passage_id))


def best_per_document(hits: Sequence[Hit], *, passages: int = 3) -> tuple[Group, ...]:
    """Hits grouped by document in the order of each document's best hit, at most `passages` each."""
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.document.id, []).append(hit)
    return tuple(Group(group[0].document, tuple(group[:passages])) for group in groups.values())
