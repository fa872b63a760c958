"""What a connector is asked for and what it brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.sources.client import Answer, Client
from ingest.sources.wanted import Wanted
from kb.domain.documents import Document

__all__ = ["Found", "Source", "Wanted", "safe_name"]


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it came, under the name by which a parser knows its kind."""

    answer: Answer
    file_name: str


class Source(Protocol):
    """One publisher."""

    name: str

    def wanted(self, document: Document) -> Sequence[Wanted]:
        """The texts of a document that this publisher serves; none where it is another's."""
        ...

    def fetch(self, client: Client, wanted: Wanted) -> Found:
        """Raises: FetchProblem."""
        ...


def safe_name(text: str, suffix: str) -> str:
    """A file name that keeps what parsers look for in it."""
    return "".join(c if c.isalnum() or c in "-._" else "_" for c in text)[:150] + suffix
