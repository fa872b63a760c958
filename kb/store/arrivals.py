"""Since when this corpus holds a document or knows of a treatment: what alerts go by, since a ruling of years ago can arrive today.

Kept in the library itself (`meta`), so that it moves from generation to generation, and goes when the document goes.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.domain.documents import Treatment
from kb.store.library import Library, LibraryWriter

_DOCUMENT = "arrived:"
_TREATMENT = "arrived-treatment:"


@dataclass(frozen=True, slots=True)
class Arrivals:
    """ISO 8601 times in UTC, by document id and by `treatment_key`; what was there before times were kept is in neither."""

    documents: Mapping[str, str]
    treatments: Mapping[str, str]

    @classmethod
    def of(cls, library: Library) -> "Arrivals":
        return cls(library.metas(_DOCUMENT), library.metas(_TREATMENT))


def treatment_key(edge: Treatment) -> str:
    return f"{edge.of}|{edge.by}|{edge.type}"


def mark(writer: LibraryWriter, now: dt.datetime) -> None:
    """Notes `now` for what was not there before, and forgets what is gone."""
    time = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    _bring_up_to_date(writer, _DOCUMENT, (document.id for document in writer.documents()), time)
    _bring_up_to_date(writer, _TREATMENT, map(treatment_key, writer.treatments()), time)


def _bring_up_to_date(writer: LibraryWriter, prefix: str, held: Iterable[str], time: str) -> None:
    known, there = writer.metas(prefix).keys(), set(held)
    for name in sorted(there - known):
        writer.set_meta(f"{prefix}{name}", time)
    for name in sorted(known - there):
        writer.drop_meta(f"{prefix}{name}")
