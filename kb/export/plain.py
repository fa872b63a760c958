"""A memo as plain text: what a terminal shows."""

import textwrap
from collections.abc import Iterable

from kb.export.content import Block, Bullets, Heading, Memo, Paragraph, Picture, Run, Sides, Table


def to_text(memo: Memo, *, width: int = 100) -> str:
    """The memo as text, ending in a line break, no line longer than `width` where a word does not force it."""
    writer = _Writer(width)
    parts = [writer.block(block) for block in memo.blocks]
    notes = [writer.wrapped(f"[{number}] {note}", "", "    ") for number, note in enumerate(writer.notes, 1)]
    return "\n\n".join([*(part for part in parts if part), "\n".join(notes)]).rstrip() + "\n"


class _Writer:
    def __init__(self, width: int) -> None:
        self.width = width
        self.notes: list[str] = []

    def block(self, block: Block) -> str:
        match block:
            case Heading():
                line = {1: "=", 2: "-"}.get(block.level, "")
                text = self.wrapped(block.text, "", "")
                return f"{text}\n{line * min(self.width, max(map(len, text.splitlines())))}" if line else text
            case Paragraph():
                return self.wrapped(self.runs(block.runs), "", "")
            case Bullets():
                return "\n".join(self.wrapped(self.runs(item), "- ", "  ") for item in block.items)
            case Table():
                return "\n".join(self.row(row) for row in block.rows)
            case Sides():
                return "\n".join(self.side(block, column) for column in (0, 1))
            case Picture():
                return ""

    def row(self, row: Iterable[tuple[Paragraph, ...]]) -> str:
        cells = [" / ".join(self.runs(paragraph.runs) for paragraph in cell) for cell in row]
        return self.wrapped("  |  ".join(cell for cell in cells if cell), "  ", "      ")

    def side(self, block: Sides, column: int) -> str:
        mark = "+-"[column]
        lines = [f"  {block.heads[column].upper()}"]
        for row in block.rows:
            for at, paragraph in enumerate(row[column]):
                lead = f"  {mark} " if at == 0 else "      "
                lines.append(self.wrapped(self.runs(paragraph.runs), lead, "      " if at else "    "))
        return "\n".join(lines)

    def runs(self, runs: Iterable[Run]) -> str:
        parts = []
        for run in runs:
            parts.append(run.text)
            if run.footnote:
                self.notes.append(run.footnote)
                parts.append(f" [{len(self.notes)}]")
        return "".join(parts)

    def wrapped(self, text: str, first: str, then: str) -> str:
        return textwrap.fill(text, self.width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False)
