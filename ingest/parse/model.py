"""What every parser returns: the text as it came, its passages with their places, and the metadata the source states."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint


@dataclass(frozen=True, slots=True)
class ParsedPassage:
    """One passage: `text[start:end]`, or the `spans` inside it where furniture stands between its words.

    `footnotes` are the ids of the footnotes called in it (`slug` of a passage with pinpoint kind `fn`).
    `is_body` is False for headings kept as passages, footers and other matter that is not the document's argument.
    """

    start: int
    end: int
    pinpoint: Pinpoint | None = None
    heading_path: tuple[str, ...] = ()
    voice: Voice = Voice.UNKNOWN
    spans: tuple[tuple[int, int], ...] = ()
    page: int | None = None
    printed_page: str | None = None
    language: str | None = None  # where it differs from the document's
    derived: bool = False  # pinpoint or voice found in running text, not in the structure
    footnotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceLink:
    """A citation that the source itself marks up (a CourtLink, an extref): offsets into the text, the target as given."""

    start: int
    end: int
    target: str  # an ECLI, a CELEX, an address
    pinpoint: Pinpoint | None = None


@dataclass(slots=True)
class Metadata:
    """What the source states of itself; None or empty where it does not. Dates as `YYYY[-MM[-DD]]`."""

    id: str | None = None  # an official identifier, never invented
    kind: Kind | None = None
    court: str | None = None
    title: str | None = None
    language: str | None = None
    date: str | None = None
    published_on: str | None = None
    facts_from: str | None = None
    facts_until: str | None = None
    case_numbers: list[str] = field(default_factory=list)
    official_url: str | None = None
    sitting: str | None = None
    subtype: str | None = None
    deciding_state: str | None = None
    aliases: list[str] = field(default_factory=list)
    relations: list[tuple[str, str]] = field(default_factory=list)  # (type, target id) stated by the source
    sources: list[str] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ParsedDocument:
    """One document. `text` is stored as it is and offsets count in it (code points); `passages` are in reading order and do not
    overlap, except that a footnote may lie between the spans of the passage around it. `furniture` are the spans that belong to
    no passage on purpose (letterheads, page numbers), so that what is lost can be counted."""

    text: str
    passages: list[ParsedPassage]
    metadata: Metadata
    parser: str  # name/version of the rules, e.g. `rechtspraak/1`
    furniture: list[tuple[int, int]] = field(default_factory=list)
    links: list[SourceLink] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Parser(Protocol):
    """One publisher's format. A file may hold several documents (a CSV, a JSON list).

    Raises: kb.errors.InputRejected with a ledger word (`not-well-formed`, `no-text`, `wrong-encoding`, `doctype-refused`, …)."""

    name: str
    version: str

    def accepts(self, head: bytes, file_name: str) -> bool:
        """Whether the first 4 KiB and the name look like this format."""
        ...

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]: ...


def coverage(document: ParsedDocument) -> float:
    """Share of the text's non-blank characters that lie in a passage, furniture left out of the count. 1.0 for an empty text."""
    covered = bytearray(len(document.text))
    for passage in document.passages:
        for start, end in passage.spans or ((passage.start, passage.end),):
            covered[start:end] = b"\x01" * (end - start)
    for start, end in document.furniture:
        covered[start:end] = b"\x02" * (end - start)
    body = [mark for mark, char in zip(covered, document.text, strict=True) if not char.isspace() and mark != 2]
    return sum(body) / len(body) if body else 1.0
