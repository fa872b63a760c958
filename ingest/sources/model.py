"""What a connector is asked for and what it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ingest.sources.client import Answer, Client
from kb.domain.documents import Document


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text of one document. `official_id` is what the builder keeps it under; None where the file itself must say."""

    document_id: str
    source: str
    part: str
    official_id: str | None
    hints: Mapping[str, str] = field(default_factory=dict)  # what the connector needs: a CELEX, an item id, a file's address


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
