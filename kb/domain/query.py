"""What is asked: one normalised question, its filters and its clock."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field, fields
from typing import Literal

from kb.domain.dates import LegalDate
from kb.domain.documents import Kind, TextStatus, Track, Voice
from kb.errors import InvalidQuery

MAX_CHARACTERS = 8_000
_KEEP_FORMAT = {"\u200c", "\u200d"}  # joiners that some scripts need


def normalise_query(text: str) -> str:
    """`text` as it is searched: NFC, no control or format characters, single blanks, at most 8,000 characters.

    Raises: InvalidQuery when nothing is left. Lone surrogates are dropped. Look-alikes are folded for identifiers only
    (`kb.domain.identifiers.fold_identifier`).
    """
    text = text.encode("utf-8", "ignore").decode("utf-8")
    kept = (
        c if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} or c in _KEEP_FORMAT else (" " if c.isspace() or c == "\x00" else "")
        for c in text
    )
    clean = re.sub(r"\s+", " ", unicodedata.normalize("NFC", "".join(kept))).strip()
    if not clean.strip(" \u200c\u200d"):
        raise InvalidQuery("the question is empty: type words, a question or an identifier such as ECLI:NL:RVS:2022:1864")
    return clean[:MAX_CHARACTERS].rstrip()


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must satisfy; an empty tuple or None does not filter. Dates bound the decision date, inclusive.

    `states` match the state whose protection is at issue.
    """

    kinds: tuple[Kind, ...] = ()
    courts: tuple[str, ...] = ()  # keys of corpus/courts, or words of the court's name
    states: tuple[str, ...] = ()  # ISO 3166 alpha-2
    languages: tuple[str, ...] = ()  # of the passage
    voices: tuple[Voice, ...] = ()
    tracks: tuple[Track, ...] = ()
    text_statuses: tuple[TextStatus, ...] = ()
    documents: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # documents left out: the ruling itself, when its paragraph is the question
    nationalities: tuple[str, ...] = ()
    decided_from: LegalDate | None = None
    decided_until: LegalDate | None = None
    dated_only: bool = False
    existing_on: LegalDate | None = None  # the as-of day: what was decided later did not exist; unknown dates stay in

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, f.name) for f in fields(self))

    def conditions(self) -> list["Condition"]:
        """The same as flat conditions that every engine knows. A partial date satisfies a bound when it may lie within
        (the searcher says so in a notice); an unknown date satisfies none."""
        any_of = (
            ("kind", self.kinds),
            ("court", self.courts),
            ("states", self.states),
            ("language", self.languages),
            ("voice", self.voices),
            ("track", self.tracks),
            ("text_status", self.text_statuses),
            ("document_id", self.documents),
            ("nationalities", self.nationalities),
        )
        found = [Condition(name, any_of=tuple(str(value) for value in values)) for name, values in any_of if values]
        if self.without:
            found.append(Condition("document_id", none_of=self.without))
        if self.decided_from:
            found.append(Condition("decided_last", at_least=self.decided_from.first))
        if self.decided_until:
            found.append(Condition("decided_first", at_most=self.decided_until.last))
        if self.decided_from or self.decided_until or self.dated_only:
            found.append(Condition("decided_first", at_least=1))  # an unknown date is stored as 0
        if self.existing_on:
            found.append(Condition("decided_first", at_most=self.existing_on.last))
        return found


@dataclass(frozen=True, slots=True)
class Condition:
    """`field` holds one of `any_of`, none of `none_of`, or an integer between the bounds, inclusive."""

    field: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `text` is normalised; `as_of` is the day whose law, policy and documents answer it.

    `limit` counts passages, or documents with `group_by="document"` (then up to three passages each).
    """

    text: str
    as_of: dt.date
    limit: int = 10
    offset: int = 0
    filters: Filters = field(default_factory=Filters)
    language: str | None = None  # of the question; None: detected
    group_by: Literal["passage", "document"] = "passage"
    explain: bool = False
