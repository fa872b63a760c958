"""Judgments, orders and opinions of the Court of Justice of the European Union: the XHTML of EUR-Lex and CELLAR, and Formex 4.

What lawyers cite is the numbered paragraph (`paragraph 90`) and the point of the operative part. Rules, from the files:

- A row whose first cell holds `p.count` with an id `pointN` opens a paragraph. The number is the one PRINTED in the cell; the id
  only tells that it is a paragraph (in ECLI:EU:C:2017:29 the ids run two ahead of the numbers from 12 on).
- A cell that shares the class `count` without an id is a list, or quoted law; it opens a paragraph only when it holds a bare integer
  that continues the sequence, outside any other paragraph.
- Classes come bare, with `coj-`, or (texts straight from Curia) as `C01PointnumeroteAltN`; each document is read by its own.
- After the line that opens the operative part, `1.`, `2.` number its points, if they continue the sequence.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from lxml import etree

from ingest.parse.inline import inline, words_of
from ingest.parse.model import Metadata, ParsedDocument
from ingest.parse.outline import Anchor, Block, Draft, HeadingPath, Role, TextBuilder, merged_links, passages_of, squash
from ingest.parse.voice_doubt import with_doubt
from ingest.parse.xml import local_name, parse_html, parse_xml
from ingest.voice_eu import cjeu_voices
from kb.domain.documents import Kind
from kb.domain.identifiers import Ecli
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected, InvalidIdentifier

NAME: Final = "cjeu"
VERSION: Final = "3"
PATTERNS: Final = Path(__file__).resolve().parents[2] / "corpus" / "patterns"

_POINT_ID = re.compile(r"point(\d+)")
_INTEGER = re.compile(r"\d{1,4}")
_LABEL = re.compile(r"(\d{1,4})\.?")  # opinions print `1.`
_OPERATIVE_NUMBER = re.compile(r"(\d{1,2})\s?[.)]")
_INLINE_NUMBER = re.compile(r"(\d{1,4})\.?[ \u00a0]+(?=\S)")
_TARGET = re.compile(r"ECLI(?:%3A|:)EU(?:%3A|:)[CTF](?:%3A|:)\d{4}(?:%3A|:)\d+", re.I)
_ANCHOR_POINT = re.compile(r"#point(\d+)")
_FILE_ECLI = re.compile(r"ECLI[_:.]EU[_:.]([CTF])[_:.](\d{4})[_:.](\d{1,5})", re.I)
_TEXT_ECLI = re.compile(r"(?:ECLI:)?EU:([CTF]):(\d{4}):(\d{1,5})")
_CELEX = re.compile(r"(6\d{4}(?:CJ|CO|CC|CV|CP|CN|TJ|TO|TC|FJ|FO)\d{4})(?:_([A-Z]{2}))?")
_CASE = re.compile(
    r"(?<![A-Z])([CTF])[-\u2010\u2011\u2013]\s?(\d{1,4}/\d{2})"
    r"((?:[ \u00a0](?:PPU|P-R|P\(R\)|P|RENV|REC|R|DEP|SA|INTP|RX-II|RX)(?!\w))*)"
)
_OLD_CASE = re.compile(r"(?:Case|Cases|Zaak|Zaken|Affaire|Rechtssache|Sag)\s+(\d{1,3}/\d{2})\b")
_DATE = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|\.)?\s+([^\W\d_]{3,10})\s+(\d{4})\b")
_FORMATION = re.compile(r"\(([^()]{4,80})\)")
_NOTE_MARK = re.compile(r"^[\[(]?\s*(\*?\d{0,3}\*?|[ivx]{1,5})\s*[\])]?(?=\s)")
_ENUMERATED = (  # a heading's own enumeration, and the level it stands for
    (re.compile(r"[IVXL]{1,6}\."), 1),
    (re.compile(r"[A-Z]\."), 2),
    (re.compile(r"\d{1,2}\."), 3),
    (re.compile(r"\([a-z]\)"), 4),
    (re.compile(r"\(\d{1,2}\)"), 5),
    (re.compile(r"\([ivx]{1,4}\)"), 6),
)
_HEADING_MAX: Final = 260


# ---------------------------------------------------------------------------------------------- patterns


@dataclass(frozen=True, slots=True)
class Patterns:
    """corpus/patterns/cjeu.toml, lower-cased once."""

    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    courts: tuple[tuple[str, tuple[str, ...], dict[str, str]], ...]
    operative: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    versus: frozenset[str]
    bench: tuple[str, ...]
    body: frozenset[str]
    contents: frozenset[str]
    annex: tuple[str, ...]
    status: tuple[str, ...]
    reference: tuple[str, ...]
    months: dict[str, tuple[str, int]] = field(default_factory=dict)

    def opens_operative(self, text: str) -> bool:
        line = text.lower()
        return len(text) < 400 and any(line.startswith(starts) and any(word in line for word in holds) for starts, holds in self.operative)

    def kind_of(self, text: str) -> str | None:
        line = text.strip().lower()
        # a line in capitals may name the case before it; prose that speaks of an opinion is none
        return next((kind for kind, starts in self.kinds if any(line.startswith(start) or start.upper() in text for start in starts)), None)


def _low(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


@cache
def patterns() -> Patterns:
    with (PATTERNS / "cjeu.toml").open("rb") as file:
        data: dict[str, Any] = tomllib.load(file)
    months: dict[str, tuple[str, int]] = {}
    for language, names in data["months"].items():
        for index, name in enumerate(names, 1):
            months.setdefault(name, (language, index))
    return Patterns(
        kinds=tuple((entry["kind"], _low(entry["starts"])) for entry in data["kind"]),
        courts=tuple((entry["letter"], tuple(entry["words"]), dict(entry["name"])) for entry in data["court"]),
        operative=tuple((_low(entry["starts"]), _low(entry["holds"])) for entry in data["operative"]),
        versus=frozenset(data["versus"]["words"]),
        bench=tuple(data["bench"]["starts"]),
        body=frozenset(_low(data["body"]["headings"])),
        contents=frozenset(_low(data["contents"]["headings"])),
        annex=tuple(data["annex"]["headings"]),
        status=_low(data["status"]["starts"]),
        reference=_low(data["reference"]["words"]),
        months=months,
    )


# ---------------------------------------------------------------------------------------------- XHTML to blocks


def _classes(element: etree._Element) -> frozenset[str]:
    return frozenset(name.removeprefix("coj-") for name in (element.get("class") or "").split())


def _has(element: etree._Element, name: str) -> bool:
    return name in _classes(element)


def _is_note_call(element: etree._Element) -> bool:
    href = element.get("href") or ""
    return local_name(element) == "a" and (href.startswith(("#t-", "#_ftn", "#Footnote")) or "#t-ECR" in href)


def _is_link(element: etree._Element) -> bool:
    return local_name(element) == "a" and bool(_TARGET.search(element.get("href") or ""))


class _Xhtml:
    """Walks one document's tree and lists its blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.expected = 1  # the next paragraph number
        self.warnings: list[str] = []
        self.celex: str | None = None
        self.language: str | None = None

    # -- leaves

    def leaf(
        self, element: etree._Element, role: Role = Role.TEXT, *, level: int = 0, nested: bool = False, marker: str = ""
    ) -> Block | None:
        words = inline(element, mark=lambda e: _is_link(e) or _is_note_call(e), raised=("sub", "super"))
        shift = len(marker) + 1 if marker else 0
        text = f"{marker} {words.text}" if marker and words.text else marker or words.text
        if not text.strip("\u00a0 "):
            return None
        block = Block(text, role, level=level, nested=nested, bold=_leading_bold(element))
        for start, end, node in words.marks:
            href = node.get("href") or ""
            target = _TARGET.search(href)
            if target:
                visible = words.text[start:end]
                point = _ANCHOR_POINT.search(href)
                # the number that is printed is the one that is cited; the anchor only tells that it is one
                number = (visible if _INTEGER.fullmatch(visible) else point[1]) if point else None
                block.anchors.append(Anchor(start + shift, end + shift, unquote(target[0]).upper(), number))
            else:
                block.calls.append(words.text[start:end].strip("()[] "))
        self.blocks.append(block)
        return block

    # -- branches

    def walk(self, element: etree._Element, *, nested: bool = False, marker: str = "") -> str:
        """Blocks of `element`'s children. Returns the marker when no child took it."""
        if _loose_text(element) and not any(local_name(child) in _BLOCKS for child in element):
            self.leaf(element, Role.ITEM if marker else Role.TEXT, nested=nested, marker=marker)
            return ""
        for child in element:
            name = local_name(child)
            if name in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "pre", "li"):
                if name in ("li", "dd") and any(local_name(c) in _BLOCKS for c in child):
                    marker = self.walk(child, nested=nested, marker=marker)
                    continue
                marker = self.paragraph(child, nested=nested, marker=marker)
            elif name == "table":
                marker = self.table(child, nested=nested, marker=marker)
            elif name == "a":
                self.identify(child)
            elif name in ("script", "style", "head", "hr", "col", "colgroup", "img", "title", "meta", "link", "br"):
                continue
            elif name == "div" and _classes(child) & {"signaturecase", "signature"}:
                self.signature(child)
            elif any(local_name(c) in _BLOCKS for c in child):
                marker = self.walk(child, nested=nested, marker=marker)
            else:
                self.leaf(child, Role.ITEM if marker else Role.TEXT, nested=nested, marker=marker)
                marker = ""
        return marker

    def identify(self, element: etree._Element) -> None:
        found = _CELEX.search(" ".join((element.get("id") or "", element.get("href") or "", element.get("name") or "")))
        if found and not self.celex:
            self.celex, self.language = found[1], (found[2] or "").lower() or None

    def signature(self, element: etree._Element) -> None:
        text = squash(" ".join(str(piece) for piece in element.itertext()))
        if text:
            self.blocks.append(Block(text, Role.SIGNATURE))

    def paragraph(self, element: etree._Element, *, nested: bool, marker: str) -> str:
        for anchor in element.iter("{*}a", "a"):
            self.identify(anchor)
        classes = _classes(element)
        joined = " ".join(classes)
        role, level = Role.TEXT, 0
        if marker:
            role = Role.ITEM
        elif any(name.startswith("sum-title") for name in classes):
            role, level = Role.TITLE, 1
        elif "index" in classes or "C71Indicateur" in classes:
            role = Role.KEYWORDS
        elif found := re.search(r"\btitle-grseq-(\d)", joined):
            role, level = Role.HEADING, int(found[1])
        elif found := re.search(r"\bC0\d[A-Za-z]*?[Tt]itre(\d)", joined):
            role, level = Role.HEADING, int(found[1]) + 1
        elif found := re.fullmatch(r"h([1-6])", local_name(element)):
            role, level = (Role.TITLE if found[1] == "1" else Role.HEADING), int(found[1])
        elif any(name.startswith("NTOC") for name in classes):
            role = Role.CONTENTS
        elif "note" in classes:
            role = Role.NOTE
        elif joined.startswith("C77Signatures") or classes & {"signaturecase", "C77Signatures"}:
            role = Role.SIGNATURE
        elif "C19Centre" in joined or "C72Alineadroite" in joined:
            role, level = Role.TITLE, 1
        anchored = any(_POINT_ID.fullmatch(a.get("name") or a.get("id") or "") for a in element.iter("{*}a", "a"))
        numbered = anchored or "Pointnumerote" in joined
        block = self.leaf(element, role, level=level, nested=nested, marker=marker)
        if block is None:
            return marker
        if role is Role.TEXT and not nested:
            if numbered:
                self.inline_number(block)
            elif level := _emphasised(element, block.text):
                block.role, block.level, block.weak = Role.HEADING, level, True
        return ""

    def inline_number(self, block: Block) -> None:
        """A paragraph whose number is text (`1        In these proceedings`): Curia's own files."""
        found = _INLINE_NUMBER.match(block.text)
        if not found:
            return
        if int(found[1]) != self.expected:
            self.warnings.append(f"paragraph {found[1]} follows {self.expected - 1}")
        block.role, block.number = Role.NUMBER, found[1]
        self.expected = int(found[1]) + 1

    def table(self, element: etree._Element, *, nested: bool, marker: str) -> str:
        rows = [row for row in element.iter("{*}tr", "tr") if next(row.iterancestors("{*}table", "table")) is element]
        if not rows:
            return self.walk(element, nested=nested, marker=marker)
        if all(_is_layout(row) for row in rows):
            for row in rows:
                self.row(row, nested=nested, marker=marker)
                marker = ""
            return marker
        lines = []
        for row in rows:
            cells = [squash(" ".join(inline(cell).text.split("\n"))) for cell in row if local_name(cell) in ("td", "th")]
            if any(cells):
                lines.append(" | ".join(cells).strip())
        if lines:
            text = "\n".join(lines)
            self.blocks.append(Block(f"{marker} {text}" if marker else text, Role.ITEM if nested or marker else Role.TEXT, nested=nested))
            return ""
        return marker

    def row(self, row: etree._Element, *, nested: bool, marker: str) -> None:
        cells = [cell for cell in row if local_name(cell) in ("td", "th")]
        first, content = cells[0], cells[-1]
        label = inline(first, raised=("sub", "super")).text.strip(" \u00a0") if len(cells) == 2 else ""
        identified = any(_POINT_ID.fullmatch(p.get("id") or "") for p in first.iter("{*}p", "p"))
        found = _LABEL.fullmatch(label)
        if not nested and found and (identified or (_counts(first) and int(found[1]) == self.expected)):
            if int(found[1]) != self.expected:
                self.warnings.append(f"paragraph {label} follows {self.expected - 1}")
            before = len(self.blocks)
            rest = self.walk(content, nested=True, marker=label)
            if rest:  # a number with nothing beside it is still printed
                self.blocks.append(Block(label, Role.TEXT))
            opened = self.blocks[before]
            opened.role, opened.number, opened.nested = Role.NUMBER, label, False
            self.expected = int(found[1]) + 1
            return
        whole = f"{marker} {label}".strip() if marker else label
        rest = self.walk(content, nested=nested, marker=whole)
        if rest:
            self.blocks.append(Block(rest, Role.ITEM, nested=nested))


_BLOCKS: Final = frozenset(
    {"p", "table", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "section", "pre", "li", "dt", "dd"}
)


def _loose_text(element: etree._Element) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _counts(cell: etree._Element) -> bool:
    return any(_has(p, "count") for p in cell.iter("{*}p", "p"))


def _is_layout(row: etree._Element) -> bool:
    """A row that only sets a label beside its text: two cells, the first narrow."""
    cells = [cell for cell in row if local_name(cell) in ("td", "th")]
    if len(cells) == 1:
        return any(local_name(child) in _BLOCKS for child in cells[0])
    if len(cells) != 2 or any(_classes(p) & {"tbl-txt", "tbl-hdr", "tbl-cod", "tbl-num"} for cell in cells for p in cell):
        return False
    label = squash(words_of(cells[0]))
    return _counts(cells[0]) or not label.strip("\u00a0") or (len(label) <= 8 and any(local_name(c) in _BLOCKS for c in cells[1]))


def _leading_bold(element: etree._Element) -> str:
    """The words in bold at the start of a paragraph: in the front matter, a party's name."""
    if (element.text or "").strip():
        return ""
    words = []
    for child in element:
        if not (_classes(child) & {"bold"} or local_name(child) in ("b", "strong")):
            break
        words.append(inline(child).text)
        if (child.tail or "").strip():
            break
    return " ".join(words)


def _emphasised(element: etree._Element, text: str) -> int:
    """The heading level of a paragraph that is nothing but bold or italic words (2 bold, 3 bold italic, 4 italic), else 0.

    A heading may also open with its own enumeration in bold or italics (`(b) The sixth plea`), which then tells the level, or with a
    dash. Quoted law has headings too: a line that opens a quotation and does not close it is not this decision's.
    """
    if text.endswith((":", ";", ",")) or (text.startswith(("‘", "“", "‛")) and not text.endswith(("’", "”"))):
        return 0
    marker = squash(words_of(element[0])) if len(element) and not (element.text or "").strip() else ""
    for pattern, level in _ENUMERATED:
        if pattern.fullmatch(marker.split(" ")[0].split("\u00a0")[0]) and _is_emphasis(element[0]) and len(text) < 2 * _HEADING_MAX:
            return level
    if len(text) > _HEADING_MAX or text.endswith("."):
        return 0
    if re.match(r"[–—-] \S", text) and local_name(element) == "p" and len(text) < 160:
        return 7
    if _loose_text(element) or not len(element) or not all(_is_emphasis(child) for child in element):
        return 0
    marks = {name for node in element.iter() if node is not element for name in (*_classes(node), local_name(node))}
    bold, italic = bool(marks & {"bold", "b", "strong"}), bool(marks & {"italic", "i", "em"})
    if bold and italic:
        return 3
    return 2 if bold else 4


def _is_emphasis(element: etree._Element) -> bool:
    marks = {name for node in element.iter() for name in (*_classes(node), local_name(node))}
    return bool(marks & {"bold", "b", "strong", "italic", "i", "em"})


# ---------------------------------------------------------------------------------------------- old HTML to blocks


def _old_html(root: etree._Element) -> _Xhtml:
    """Texts before about 2004: `h2` sections, paragraphs that begin `12 ` or `12. ` in a plain `p`."""
    reader = _Xhtml()
    reader.walk(_body(root))
    in_grounds = False
    for block in reader.blocks:
        if block.role is Role.HEADING:
            in_grounds = True
        elif block.role is Role.TEXT and in_grounds:
            found = _INLINE_NUMBER.match(block.text)
            if found and int(found[1]) == reader.expected:
                block.role, block.number = Role.NUMBER, found[1]
                reader.expected += 1
    return reader


def _body(root: etree._Element) -> etree._Element:
    if local_name(root) == "body":
        return root
    return next((node for node in root.iter() if local_name(node) == "body"), root)


# ---------------------------------------------------------------------------------------------- Formex to blocks


class _Formex:
    """Formex 4: `NP.ECR` is the numbered paragraph, `GR.SEQ` a section, `JURISDICTION` the operative part."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.notes: list[Block] = []

    def leaf(self, element: etree._Element, role: Role, *, level: int = 0, marker: str = "", nested: bool = False) -> Block | None:
        words = inline(element, skip=lambda e: local_name(e) == "note", mark=_formex_mark)
        calls = []
        for note in element.iter("{*}NOTE", "NOTE"):
            self.notes.append(Block(f"({len(self.notes) + 1}) {squash(' '.join(str(piece) for piece in note.itertext()))}", Role.NOTE))
            calls.append(str(len(self.notes)))
        shift = len(marker) + 1 if marker else 0
        text = f"{marker} {words.text}" if marker and words.text else marker or words.text
        if not text.strip():
            return None
        block = Block(text, role, level=level, nested=nested, calls=calls)
        for start, end, node in words.marks:
            target = _formex_target(node)
            if target:
                number_text = words.text[start:end]
                point = number_text if local_name(node) == "ref.np.ecr" and _INTEGER.fullmatch(number_text) else None
                block.anchors.append(Anchor(start + shift, end + shift, target, point))
        self.blocks.append(block)
        return block

    def walk(self, element: etree._Element, *, level: int = 1, nested: bool = False, marker: str = "", role: Role = Role.TEXT) -> None:
        for child in element:
            name = local_name(child)
            if name.startswith("bib."):
                continue
            if name in ("np.ecr", "np"):
                number = next((squash(words_of(part)) for part in child if local_name(part) == "no.p"), "")
                before = len(self.blocks)
                self.walk(child, level=level, nested=True, marker=number, role=Role.ITEM if nested else Role.TEXT)
                if name == "np.ecr" and len(self.blocks) > before and _INTEGER.fullmatch(number.rstrip(".")):
                    self.blocks[before].role, self.blocks[before].number = Role.NUMBER, number.rstrip(".")
                    self.blocks[before].nested = False
                marker = ""
            elif name == "no.p":
                continue
            elif name in ("title", "ti") and local_name(element) == "gr.seq":
                self.leaf(child, Role.HEADING, level=level)
            elif name == "title":
                for part in child.iter():
                    if local_name(part) == "p":
                        self.leaf(part, Role.TITLE, level=1)
                if not any(local_name(part) == "p" for part in child.iter()):
                    self.leaf(child, Role.TITLE, level=1)
            elif name == "index":
                keywords = [squash(words_of(part)) for part in child.iter() if local_name(part) == "keyword"]
                text = " — ".join(keywords) or squash(words_of(child))
                if text:
                    self.blocks.append(Block(text, Role.KEYWORDS))
            elif name == "gr.seq":
                given = child.get("LEVEL") or ""
                self.walk(child, level=int(given) + 1 if given.isdigit() else level + 1)
            elif name.startswith("signature"):
                text = squash(" ".join(str(piece) for piece in child.itertext()))
                if text:
                    self.blocks.append(Block(text, Role.SIGNATURE))
            elif name in ("txt", "p", "np.txt") or not any(local_name(part) in _FORMEX_BLOCKS for part in child.iter("{*}*")):
                block = self.leaf(child, Role.ITEM if nested and not marker else role, marker=marker, nested=nested)
                marker = "" if block else marker
            else:
                self.walk(child, level=level, nested=nested or name in ("list", "quot.s", "item"), marker=marker, role=role)
                marker = ""


_FORMEX_BLOCKS: Final = frozenset({"p", "np", "np.ecr", "list", "item", "txt", "gr.seq", "quot.s", "tbl"})


def _formex_mark(element: etree._Element) -> bool:
    return local_name(element).startswith("ref.")


def _formex_target(element: etree._Element) -> str | None:
    for value in element.attrib.values():
        found = _TARGET.search(str(value)) or _TARGET.search("ECLI:" + str(value))
        if found:
            return unquote(found[0]).upper()
    return None


# ---------------------------------------------------------------------------------------------- blocks to a document


@dataclass(slots=True)
class _Front:
    titles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)
    benched: bool = False


def assemble(
    blocks: Sequence[Block], metadata: Metadata, *, parser: str, derived: bool = False, warnings: Sequence[str] = ()
) -> ParsedDocument:
    """The document of `blocks`: text, passages with their places, voices and links.

    Args:
        metadata: what is known already; what the text states fills the rest.
        derived: numbers were found in running text, not in the structure.
    Raises: InputRejected `no-text` when no words are left.
    """
    words = patterns()
    builder, path, front = TextBuilder(), HeadingPath(), _Front()
    drafts: list[Draft] = []
    furniture: list[tuple[int, int]] = []
    anchors: dict[int, list[tuple[int, Anchor]]] = {}
    part, opinion = "front", False
    operative_next, last_number, in_contents = 1, 0, False
    problems = list(warnings)

    def open_passage(start: int, end: int, block: Block, pinpoint: Pinpoint | None = None) -> None:
        given = derived and pinpoint is not None
        drafts.append(Draft(start, end, [block.text], pinpoint, path.path, part, derived=given, calls=list(block.calls)))

    def extend(start: int, end: int, block: Block) -> None:
        draft = drafts[-1]
        draft.spans = draft.spans or [(draft.start, draft.end)]
        if any(draft.end <= at < start for at, _ in furniture[-8:]):  # a heading between words of one passage: a file that lost a number
            draft.spans.append((start, end))
        else:
            draft.spans[-1] = (draft.spans[-1][0], end)
        draft.end = end
        draft.texts.append(block.text)
        draft.calls += block.calls

    for index, block in enumerate(blocks):
        start, end = builder.add(block.text)
        plain = block.text.strip().lower()
        role = block.role
        if role is Role.HEADING and block.text.startswith(("‘", "“", "‛")) and not block.text.endswith(("’", "”")):
            role = Role.TEXT  # a heading inside quoted law
        if role is Role.TITLE and part != "front":
            role = Role.HEADING  # some files set the main headings in the class of the title
            block.level = block.level or 1
        if role is Role.HEADING and plain in words.contents:
            in_contents = True
            furniture.append((start, end))
            continue
        if in_contents and role in (Role.HEADING, Role.TITLE, Role.NUMBER, Role.KEYWORDS):
            in_contents = False
        if role in (Role.SIGNATURE, Role.FURNITURE, Role.CONTENTS) or in_contents:
            furniture.append((start, end))
            if role is Role.SIGNATURE and part == "operative":
                part = "annex"
            continue
        if role is Role.NOTE:
            note = _NOTE_MARK.match(block.text)
            number = note[1] if note and "*" not in note[1] else ""  # `(*1)`: the language of the case, not a footnote to cite
            pinpoint = Pinpoint(PinpointKind.FOOTNOTE, number, block.text[: note.end()].strip()) if note and number else None
            drafts.append(Draft(start, end, [block.text], pinpoint, (), "note"))
        elif part == "front":
            if plain in words.contents:
                in_contents = True
                furniture.append((start, end))
                continue
            if plain.strip("[]") in words.body and (role in (Role.TITLE, Role.HEADING) or block.bold):
                part = "body"
                furniture.append((start, end))
                continue
            # parties are set in bold too: a line in bold is a heading here only right before the first number
            numbered_next = index + 1 < len(blocks) and blocks[index + 1].role is Role.NUMBER
            heading = role is Role.HEADING and (numbered_next or not block.weak)
            if role is Role.NUMBER or (heading and (front.texts or front.titles)):
                part = "body"
            else:
                opinion = opinion or words.kind_of(block.text) == "opinion"
                _front_passage(block, front, drafts, start, end, words, furniture)
        if part == "front" or role is Role.NOTE:
            pass
        elif (
            part in ("body", "operative")
            and not (block.nested or opinion or role is Role.NUMBER)
            and words.opens_operative(_formula(blocks, index))
        ):
            part = "operative"
            path.clear()
            open_passage(start, end, block)
        elif part == "operative" and (found := _OPERATIVE_NUMBER.match(block.text)) and int(found[1]) == operative_next:
            operative_next += 1
            open_passage(start, end, block, Pinpoint(PinpointKind.OPERATIVE, found[1], found[0]))
        elif part in ("operative", "annex") and block.text.startswith(words.annex) and len(block.text) < 120:
            part = "annex"
            path.clear()
            path.enter(1, block.text)
            furniture.append((start, end))
        elif part == "operative":
            extend(start, end, block)
        elif role is Role.HEADING:
            path.enter(block.level, block.text.strip())
            furniture.append((start, end))
        elif role is Role.NUMBER and block.number is not None and part == "body":
            value = block.number.rstrip(".")
            if int(value) <= last_number:
                problems.append(f"paragraph number {block.number} is printed again after {last_number}: text of the paragraph before")
                extend(start, end, block)
            else:
                last_number = int(value)
                open_passage(start, end, block, Pinpoint(PinpointKind.PARAGRAPH, value, block.number))
        elif drafts and (drafts[-1].part, drafts[-1].heading_path) == (part, path.path) and (part == "annex" or drafts[-1].pinpoint):
            extend(start, end, block)
        else:
            open_passage(start, end, block)
        if block.anchors and drafts:
            anchors.setdefault(len(drafts) - 1, []).extend((start, anchor) for anchor in block.anchors)

    text = builder.text
    if not any(c.isalnum() for c in text):
        raise InputRejected("no-text", "there are no words in the document")
    _complete(metadata, front, words, opinion=opinion)
    drafts.sort(key=lambda draft: draft.start)
    reference = any(word in line.lower() for line in front.texts for word in words.reference)
    cjeu_voices(drafts, opinion=metadata.kind is Kind.OPINION, reference=reference)
    _only_real_calls(drafts)
    links = [link for index in sorted(anchors) for link in merged_links(anchors[index], text=text)]
    return with_doubt(ParsedDocument(text, passages_of(drafts), metadata, parser, furniture=furniture, links=links, warnings=problems))


def _formula(blocks: Sequence[Block], index: int) -> str:
    """A line, and the next two where it stops in the middle: `On those grounds,` / `THE GENERAL COURT (…)` / `hereby:`."""
    text = blocks[index].text
    if text.endswith(","):
        text = " ".join(block.text for block in blocks[index : index + 3])
    return text


def _front_passage(
    block: Block, front: _Front, drafts: list[Draft], start: int, end: int, words: Patterns, furniture: Sequence[tuple[int, int]]
) -> None:
    """Title lines are one passage; keywords one; the parties one; the bench and the procedure one."""
    group = "title"
    if block.role is Role.KEYWORDS:
        group = "keywords"
    elif block.role is not Role.TITLE or front.texts:
        front.benched = front.benched or block.text.startswith(words.bench)
        group = "bench" if front.benched else "parties"
        front.texts.append(block.text)
        if not front.benched and (block.bold or block.text.strip().lower() in words.versus):
            front.bold.append(block.text.strip() if not block.bold else block.bold)
    else:
        front.titles.append(block.text)
    label = f"front:{group}"
    if drafts and drafts[-1].part == label and not any(drafts[-1].end <= at < start for at, _ in furniture[-8:]):
        drafts[-1].end = end
        drafts[-1].texts.append(block.text)
        drafts[-1].calls += block.calls
    else:
        drafts.append(Draft(start, end, [block.text], None, (), label, calls=list(block.calls)))


def _only_real_calls(drafts: Sequence[Draft]) -> None:
    """A call without its note, or to a note without a number, is no reference."""
    notes = {draft.pinpoint.value for draft in drafts if draft.pinpoint and draft.pinpoint.kind is PinpointKind.FOOTNOTE}
    for draft in drafts:
        draft.calls = [number for call in draft.calls if (number := call) in notes]


def _complete(metadata: Metadata, front: _Front, words: Patterns, *, opinion: bool) -> None:
    """Fill `metadata` with what the front matter prints."""
    head = "\n".join([*front.titles, *front.texts[:40]])
    kind = next((found for line in (*front.titles, *front.texts) if (found := words.kind_of(line))), None)
    if metadata.kind is None:
        metadata.kind = Kind.OPINION if opinion or kind == "opinion" else Kind.JUDGMENT
    if metadata.kind is Kind.OPINION:
        metadata.subtype = metadata.subtype or "advocate-general-opinion"
    elif kind == "order":
        metadata.subtype = metadata.subtype or "order"
    for line in (*front.titles, *front.texts[:6]):
        if dated := printed_date(line):
            metadata.date = metadata.date or dated[0]
            metadata.language = metadata.language or dated[1]
            break
    if not metadata.case_numbers:
        metadata.case_numbers = case_numbers(head)
    title = next((line for line in front.titles if words.kind_of(line)), "")
    formation = _FORMATION.search(title)
    if formation:
        metadata.extra.setdefault("formation", formation[1])
    if metadata.id is None and (own := _TEXT_ECLI.search("\n".join(front.titles))):
        metadata.id = f"ECLI:EU:{own[1]}:{own[2]}:{own[3]}"
    letter = metadata.id.split(":")[2] if metadata.id and metadata.id.startswith("ECLI:EU:") else ""
    language = metadata.language or "en"
    for known, names, court in words.courts:
        if letter == known or (not letter and any(name in title.upper() for name in names)):
            metadata.court = metadata.court or court.get(language, court["en"])
            break
    metadata.court = metadata.court or words.courts[-1][2]["en"]
    metadata.deciding_state = "EU"
    if metadata.title is None:
        parties = party_names(front.bold, words)
        cases = ", ".join(metadata.case_numbers)
        metadata.title = " ".join(part for part in (parties, f"({cases})" if parties and cases else cases) if part) or (title or None)
    if any(line.strip().lower().startswith(words.status) for line in (*front.titles, *front.texts[:2])):
        metadata.extra.setdefault("status", "provisional")


def party_names(bold: Sequence[str], words: Patterns) -> str:
    """`A, B v C`, in the words and order of the front matter; without a printed `v`, the names with commas."""
    sides: list[list[str]] = [[]]
    versus = ""
    for entry in bold:
        name = entry.strip(" ,;\u00a0")
        if name.lower() in words.versus:
            versus = versus or name
            sides.append([])
        elif name and not name.endswith(":") and len(name) < 200 and not _CASE.search(name):
            sides[-1].append(name)
    joined = [", ".join(side) for side in sides if side]
    return f" {versus} ".join(joined) if versus and len(joined) > 1 else ", ".join(joined)


def printed_date(line: str) -> tuple[str, str] | None:
    """(ISO date, language of its month) of the first date in `line`, or None. No calendar has it: None."""
    months = patterns().months
    for found in _DATE.finditer(line.replace("\u00a0", " ")):
        known = months.get(found[2].lower())
        if known and 1 <= int(found[1]) <= 31:
            return f"{found[3]}-{known[1]:02d}-{int(found[1]):02d}", known[0]
    return None


def case_numbers(text: str) -> list[str]:
    """Case numbers of the first line that holds any (`In Joined Cases C‑411/10 and C‑493/10`), dashes folded, in order."""
    for line in text.split("\n"):
        found = [" ".join([f"{m[1]}-{m[2]}", *m[3].split()]) for m in _CASE.finditer(line)]
        found = found or [m[1] for m in _OLD_CASE.finditer(line)]
        if found:
            return list(dict.fromkeys(found))
    return []


# ---------------------------------------------------------------------------------------------- the parser


_MARKS: Final = (
    b"BIB.JUDGMENT",
    b"BIB.ORDER",
    b"BIB.OPINION",
    b"<JUDGMENT",
    b"sum-title-1",
    b"C19Centre",
    b"C01Pointnum",
    b"C71Indicateur",
)
_OLD_MARKS: Final = (b"Court of Justice", b"Hof van Justitie", b"EUR-Lex", b"CELEX", b"Avis juridique")


@dataclass(frozen=True, slots=True)
class CjeuParser:
    """EUR-Lex and CELLAR texts of the Court of Justice and the General Court."""

    name: str = NAME
    version: str = VERSION

    def accepts(self, head: bytes, file_name: str) -> bool:
        lowered = head[:4096]
        if b"<" not in lowered:
            return False
        if any(mark in lowered for mark in _MARKS) or b"<NOTICE" in lowered:
            return True
        if b"open-rechtspraak" in lowered:
            return False
        old = b"<h2>" in lowered.lower() and any(word in lowered for word in _OLD_MARKS)
        return bool(_FILE_ECLI.search(file_name)) or old

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        try:
            root = parse_xml(content)
        except InputRejected as problem:
            if problem.reason != "not-well-formed" or not re.search(rb"<html", content[:2048], re.I):
                raise
            root = parse_html(content)
        if local_name(root) == "notice":
            raise InputRejected("metadata-only", f"{file_name}: a notice of the Publications Office describes a document and holds none")
        metadata = Metadata(id=_file_ecli(file_name))
        if local_name(root) in ("judgment", "order", "opinion", "order.cj", "judgment.cj", "view"):
            return [self._formex(root, metadata)]
        reader = _Xhtml()
        if any(_has(p, "count") or "Pointnumerote" in (p.get("class") or "") for p in root.iter("{*}p", "p")):
            reader.walk(_body(root))
        else:
            reader = _old_html(root)
        if reader.celex:
            metadata.extra["celex"] = reader.celex
            metadata.aliases.append(reader.celex)
            metadata.official_url = f"https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX:{reader.celex}"
        metadata.language = reader.language or _declared_language(root)
        document = assemble(reader.blocks, metadata, parser=f"{NAME}/{VERSION}", warnings=reader.warnings)
        if not document.passages:
            raise InputRejected("no-text", "no paragraph could be read")
        return [document]

    def _formex(self, root: etree._Element, metadata: Metadata) -> ParsedDocument:
        for node in root.iter():
            name = local_name(node)
            if name == "no.ecli" and metadata.id is None:
                metadata.id = _ecli_or_none(node.get("ECLI") or squash(words_of(node)))
            elif name == "no.celex":
                celex = squash(words_of(node))
                metadata.extra.setdefault("celex", celex)
                if celex and celex not in metadata.aliases:
                    metadata.aliases.append(celex)
            elif name == "lg.doc" and metadata.language is None:
                metadata.language = squash(words_of(node)).lower() or None
        if local_name(root).startswith("opinion"):
            metadata.kind = Kind.OPINION
        reader = _Formex()
        reader.walk(root)
        return assemble([*reader.blocks, *reader.notes], metadata, parser=f"{NAME}-formex/{VERSION}")


def _file_ecli(file_name: str) -> str | None:
    found = _FILE_ECLI.search(Path(file_name).name)
    return f"ECLI:EU:{found[1].upper()}:{found[2]}:{int(found[3])}" if found else None


def _ecli_or_none(text: str) -> str | None:
    try:
        return Ecli.parse(text).value
    except InvalidIdentifier:
        return None


def _declared_language(root: etree._Element) -> str | None:
    for node in (root, _body(root)):
        for key, value in node.attrib.items():
            if str(key).rpartition("}")[2] == "lang" and value:
                return str(value).lower()[:2]
    return None


PARSER: Final = CjeuParser()
