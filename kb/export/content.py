"""What a memo holds, apart from its file type: blocks of text with footnotes in reading order, the same for Word and Markdown."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "quiet", "notice", "stop", "quote"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text. `footnote` is called behind it; `language` is that of a quoted passage; `anchor` is the heading that it leads
    to, `page_of` the heading whose page number stands here (where the file type has pages)."""

    text: str
    bold: bool = False
    italic: bool = False
    footnote: str | None = None
    language: str | None = None
    anchor: str | None = None
    page_of: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 for the title of the memo
    text: str
    anchor: str | None = None  # a name to lead to: letters, digits and _
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: tuple[Run, ...]
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[tuple[Run, ...], ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; a cell is a list of paragraphs. `widths` are shares of the page."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[Paragraph, ...], ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """Two columns of equal width: the passages for and against, row by row."""

    heads: tuple[str, str]
    rows: tuple[tuple[tuple[Paragraph, ...], tuple[Paragraph, ...]], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A page of a source, for file types that hold pictures; `words` say what it shows. Its text stands in the memo as well."""

    png: bytes
    words: str


Block = Heading | Paragraph | Bullets | Table | Sides | Picture


@dataclass(frozen=True, slots=True)
class Memo:
    """`made_on` is an ISO date, the only time in the file; `running` stands at the foot of every page."""

    title: str
    language: str
    made_on: str
    running: str
    page_words: tuple[str, str]  # `pagina`, `van`
    blocks: tuple[Block, ...]


def para(*parts: str | Run, tone: Tone = "plain") -> Paragraph:
    return Paragraph(runs(*parts), tone)


def runs(*parts: str | Run) -> tuple[Run, ...]:
    return tuple(part if isinstance(part, Run) else Run(part) for part in parts)


def clean(text: str) -> str:
    """One line of text as every file type can hold it: no control, direction or unpaired surrogate characters, blanks folded."""
    kept = (" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    return " ".join("".join(kept).split())


def excerpt(text: str, limit: int) -> str:
    """`text` on one line, cut after a sentence or a word where it is longer than `limit` characters; a cut is shown."""
    line = clean(text)
    if len(line) <= limit:
        return line
    head = line[:limit]
    stop = max(head.rfind(". "), head.rfind("; "))
    cut = head[: stop + 1] if stop > limit * 0.6 else head[: head.rfind(" ")] if " " in head else head
    return f"{cut} […]"


def footnotes(blocks: Sequence[Block]) -> list[str]:
    """Every footnote in the order in which it is called."""
    return [run.footnote for run in all_runs(blocks) if run.footnote]


def all_runs(blocks: Sequence[Block]) -> list[Run]:
    found: list[Run] = []
    for block in blocks:
        match block:
            case Heading():
                found.append(Run(block.text))
            case Picture():
                found.append(Run(block.words))
            case Paragraph():
                found += block.runs
            case Bullets():
                found += [run for item in block.items for run in item]
            case Table():
                found += [Run(word) for word in block.head]
                found += [run for row in block.rows for cell in row for paragraph in cell for run in paragraph.runs]
            case Sides():
                found += [Run(word) for word in block.heads]
                found += [run for row in block.rows for cell in row for paragraph in cell for run in paragraph.runs]
    return found
