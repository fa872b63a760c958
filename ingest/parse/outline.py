"""From a publisher's blocks to one text with passages: what the court parsers share, so that offsets are made in one place."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ingest.parse.model import ParsedPassage, SourceLink
from kb.domain.documents import Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind

BREAK = "\n\n"  # between blocks: one block a line, a blank line between


class Role(Enum):
    """What a block is in its source. The parser of a format says it from the structure, never from the meaning of the words."""

    TITLE = "title"
    KEYWORDS = "keywords"
    HEADING = "heading"
    NUMBER = "number"  # opens a numbered paragraph
    TEXT = "text"
    ITEM = "item"  # a row of a list: belongs to what stands before it
    NOTE = "note"
    SIGNATURE = "signature"
    CONTENTS = "contents"  # a table of contents
    FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A citation that the source marks up, in offsets of its block's text. `point` is the cited paragraph, None for the document."""

    start: int
    end: int
    target: str
    point: str | None = None


@dataclass(slots=True)
class Block:
    """One line of the text. `level` of a heading counts from 1; `number` is the number as printed (`90`, `1.`)."""

    text: str
    role: Role = Role.TEXT
    level: int = 0
    number: str | None = None
    anchors: list[Anchor] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # footnote numbers called in it
    bold: str = ""  # its first words set in bold: the names of parties
    weak: bool = False  # a heading by its type face alone
    nested: bool = False  # inside a numbered paragraph's own row


@dataclass(slots=True)
class Draft:
    """A passage in the making, with what its voice is decided by."""

    start: int
    end: int
    texts: list[str]
    pinpoint: Pinpoint | None = None
    heading_path: tuple[str, ...] = ()
    part: str = "body"  # front, body, operative, note, annex, opinion: which part of the decision it stands in
    voice: Voice = Voice.UNKNOWN
    derived: bool = False
    calls: list[str] = field(default_factory=list)
    language: str | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)  # where furniture stands between its words

    @property
    def text(self) -> str:
        return BREAK.join(self.texts)


class TextBuilder:
    """The text as it is written, block by block; tells each block's offsets."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def add(self, text: str) -> tuple[int, int]:
        if self._parts:
            self._parts.append(BREAK)
            self._length += len(BREAK)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        return start, self._length

    @property
    def text(self) -> str:
        return "".join(self._parts)


class HeadingPath:
    """The headings above a place, by their level."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, str]] = []

    def enter(self, level: int, text: str) -> None:
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        self._stack.append((level, text))

    def clear(self) -> None:
        self._stack.clear()

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(text for _, text in self._stack)


def merged_links(anchors: Iterable[tuple[int, Anchor]], *, text: str) -> list[SourceLink]:
    """The citations of ONE citing paragraph: three anchors for one citation (case number, ECLI, each paragraph) become one link a
    cited paragraph, or one link for the document where no paragraph is cited.

    Args:
        anchors: (offset of the block in `text`, anchor), in reading order.
    Returns:
        Links in reading order; the first link of a citation reaches from its first anchor to the end of the first cited paragraph.
    """
    runs: list[tuple[str, int, list[tuple[int, int, str | None]]]] = []
    for base, anchor in anchors:
        start, end = base + anchor.start, base + anchor.end
        if runs and runs[-1][0] == anchor.target and not (anchor.point is None and any(point for *_, point in runs[-1][2])):
            runs[-1][2].append((start, end, anchor.point))
        else:
            runs.append((anchor.target, start, [(start, end, anchor.point)]))
    pointed = {target for target, _, parts in runs if any(point for *_, point in parts)}
    links: list[SourceLink] = []
    seen: set[tuple[str, str | None]] = set()
    for target, begin, parts in runs:
        points = [(start, end, point) for start, end, point in parts if point]
        if not points:
            if target not in pointed and (target, None) not in seen:
                seen.add((target, None))
                links.append(SourceLink(begin, parts[-1][1], target))
            continue
        first = True
        for start, end, point in points:
            if (target, point) in seen or point is None:
                continue
            seen.add((target, point))
            pinpoint = Pinpoint(PinpointKind.PARAGRAPH, point, text[start:end])
            links.append(SourceLink(begin if first else start, end, target, pinpoint))
            first = False
    return links


def passages_of(drafts: Sequence[Draft]) -> list[ParsedPassage]:
    return [
        ParsedPassage(
            draft.start,
            draft.end,
            pinpoint=draft.pinpoint,
            heading_path=draft.heading_path,
            voice=draft.voice,
            derived=draft.derived,
            spans=tuple(draft.spans) if len(draft.spans) > 1 else (),
            language=draft.language,
            footnotes=tuple(f"fn-{call}" for call in dict.fromkeys(draft.calls)),
        )
        for draft in drafts
    ]


_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


def squash(text: str) -> str:
    """`text` with runs of ordinary blanks made one. No-break spaces stay: they are the publisher's."""
    return _BLANKS.sub(" ", text).strip(" ")
