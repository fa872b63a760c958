"""A memo as Markdown, for editors and for reading as it is: CommonMark with footnotes and tables."""

import re
from collections.abc import Iterable

from kb.export.content import Block, Bullets, Heading, Memo, Paragraph, Picture, Run, Sides, Table

# characters by which a text could become a heading, a link, a table cell, emphasis or HTML
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~^&])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(\s)")


def to_markdown(memo: Memo) -> str:
    """The memo as text, ending in a line break. Words of documents and cases are escaped: they stay words."""
    writer = _Writer()
    parts = [writer.block(block) for block in memo.blocks]
    if writer.notes:
        parts.append("\n".join(f"[^{number}]: {_escaped(note)}" for number, note in enumerate(writer.notes, 1)))
    return "\n\n".join(part for part in parts if part) + "\n"


class _Writer:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def block(self, block: Block) -> str:
        match block:
            case Heading():
                rule = "---\n\n" if block.new_page else ""
                mark = f'<a id="{block.anchor}"></a>\n\n' if block.anchor else ""
                return f"{rule}{mark}{'#' * block.level} {_escaped(block.text)}"
            case Paragraph():
                return self.paragraph(block)
            case Bullets():
                return "\n".join(f"- {self.runs(item)}" for item in block.items)
            case Table():
                return self.table(block)
            case Sides():
                return self.sides(block)
            case Picture():
                return ""

    def paragraph(self, block: Paragraph) -> str:
        text = self.runs(block.runs)
        return f"> {text}" if block.tone in ("notice", "stop", "quote") else text

    def runs(self, runs: Iterable[Run]) -> str:
        parts = []
        for run in runs:
            text = _escaped(run.text)
            mark = "**" if run.bold else "*" if run.italic else ""
            body = text.strip()
            if run.anchor:
                text = f"[{text}](#{run.anchor})"
            if mark and body:
                text = text.replace(body, f"{mark}{body}{mark}", 1)
            if run.footnote:
                self.notes.append(run.footnote)
                text += f"[^{len(self.notes)}]"
            parts.append(text)
        return _LINE_START.sub(r"\1\\\2\3", "".join(parts))

    def table(self, block: Table) -> str:
        width = len(block.widths)
        head = block.head or ("",) * width
        lines = [_row(_escaped(cell) for cell in head), _row(["---"] * width)]
        for row in block.rows:
            lines.append(_row("<br>".join(self.runs(paragraph.runs) for paragraph in cell) for cell in row))
        return "\n".join(lines)

    def sides(self, block: Sides) -> str:
        """One side after the other, in the same form: columns of long texts cannot be read in Markdown."""
        parts = []
        for column, head in enumerate(block.heads):
            lines = [f"**{_escaped(head)}**"]
            for row in block.rows:
                if cell := row[column]:
                    lines.append("- " + "\n  ".join(f"{self.runs(paragraph.runs)}  " for paragraph in cell).rstrip())
            parts.append(lines[0] + "\n\n" + "\n".join(lines[1:]))
        return "\n\n".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", text)
