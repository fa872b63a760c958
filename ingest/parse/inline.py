"""The words of one paragraph of HTML or Formex: text, links and note calls, whatever indentation the file was given.

Files that were indented by a program carry line breaks round every inline element (`,\\n   <a>EU:C:2011:865</a>\\n  , paragraphs`)
which no reader ever saw. A line break at the edge of an inline element is therefore a blank only where prose has one: not before
`,` or `)`, not after `(` or an opening quotation mark, not beside a no-break space.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingest.parse.xml import local_name

_NO_BLANK_BEFORE: Final = frozenset(",.;:)]}’”!?»\u00a0\u2011\u202f%")
_NO_BLANK_AFTER: Final = frozenset("([{‘“‛«\u00a0\u2011\u202f")
_BLANK: Final = " \t\r\n\f\v"
_RUN = re.compile(r"[ \t\r\n\f\v]+")
# escaped twice by a program on the way (`Schaefer Kalk GmbH &amp;amp; Co. KG`): no court prints an entity
_TWICE: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&nbsp;", "\u00a0"), ("&amp;", "&"))


@dataclass(slots=True)
class Inline:
    """`marks` are (start, end, element) for the elements asked for, in offsets of `text`."""

    text: str = ""
    marks: list[tuple[int, int, etree._Element]] = field(default_factory=list)


class _Writer:
    def __init__(self) -> None:
        self.out: list[str] = []
        self.length = 0
        self.last = ""
        self.pending = ""
        self.edge = False
        self.glue = False  # beside a subscript or superscript

    def write(self, raw: str) -> None:
        if "&" in raw:
            for entity, character in _TWICE:
                raw = raw.replace(entity, character)
        core = raw.strip(_BLANK)
        if not core:
            self.pending += raw
            return
        lead = raw[: len(raw) - len(raw.lstrip(_BLANK))]
        blanks = self.pending + lead
        if self.out and blanks and not self._swallowed(blanks, core[0]):
            self._put(" ")
        self._put(_RUN.sub(" ", core))
        self.pending = raw[len(raw.rstrip(_BLANK)) :]
        self.edge = self.glue = False

    def _swallowed(self, blanks: str, following: str) -> bool:
        if not (self.edge and "\n" in blanks):
            return False
        return self.glue or following in _NO_BLANK_BEFORE or self.last in _NO_BLANK_AFTER

    def _put(self, text: str) -> None:
        self.out.append(text)
        self.length += len(text)
        self.last = text[-1]


def inline(
    element: etree._Element,
    *,
    skip: Callable[[etree._Element], bool] = lambda _: False,
    mark: Callable[[etree._Element], bool] = lambda _: False,
    raised: Collection[str] = (),
) -> Inline:
    """The words of `element` in one line.

    Args:
        skip: elements whose words are left out (their tail stays).
        mark: elements whose place is wanted.
        raised: class names of subscripts and superscripts (`sub`, `super`), which stand close to the word before.
    """
    writer = _Writer()
    found = Inline()

    def visit(node: etree._Element) -> None:
        if node.text:
            writer.write(node.text)
        for child in node:
            if not local_name(child):  # a comment, an entity
                if child.tail:
                    writer.write(child.tail)
                continue
            writer.edge = True
            if local_name(child) == "br":
                writer.pending += " "
            elif not skip(child):
                small = local_name(child) in ("sub", "sup") or bool(set((child.get("class") or "").split()) & set(raised))
                writer.glue = small
                wanted = mark(child)
                before = writer.length
                visit(child)
                if wanted and writer.length > before:
                    found.marks.append((before, writer.length, child))
                writer.edge = True
                writer.glue = False
            if child.tail:
                writer.write(child.tail)

    visit(element)
    found.text = "".join(writer.out)
    # a mark begins at its first letter, not at the blank before it
    found.marks = [(start + (found.text[start : start + 1] == " "), end, node) for start, end, node in found.marks]
    return found


def words_of(element: etree._Element) -> str:
    """All words below `element`, as they stand in the file."""
    return "".join(str(piece) for piece in element.itertext())
