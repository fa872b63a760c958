"""Open-rechtspraak XML: rulings and conclusions as data.rechtspraak.nl serves them.

Shape: two RDF descriptions (the ECLI register, the published document), `inhoudsindicatie`, `uitspraak` or `conclusie`. Source:
Technische documentatie Open Data van de Rechtspraak v1.15, and its schema rechtspraak-1.0.

The extracted text is one line a paragraph with a blank line between; items of a list and rows of a table have a line each. White
space inside a paragraph is pretty-printing and becomes one blank. Research mark-up around words (`text`, `potentialnr`, `quote`,
`listmarking`) is passed through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from ingest.parse.dutch import Line, Role, segment
from ingest.parse.model import Metadata, ParsedDocument, SourceLink
from ingest.parse.voice_doubt import with_doubt
from ingest.parse.xml import attribute, local_name, parse_xml
from ingest.voice_nl import Court, load_rules
from kb.domain.dates import parse_optional
from kb.domain.documents import Kind
from kb.domain.identifiers import Ecli
from kb.errors import InputRejected, InvalidIdentifier

# runs of no-break spaces are tabs in disguise; a single one is the author's
_BLANKS = re.compile(r"[ \t\r\n\f\v\u00a0]{2,}|[ \t\r\n\f\v]")
_SUPERSCRIPT: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_CONTAINERS: Final = frozenset(
    {
        "parablock",
        "uitspraak",
        "conclusie",
        "inhoudsindicatie",
        "uitspraak.info",
        "conclusie.info",
        "blockquote",
        "ondertekening",
        "paragroup",
        "section",
    }
)
_BLOCKS: Final = frozenset(
    {"para", "title", "bridgehead", "nr", "itemizedlist", "orderedlist", "informaltable", "table", "footnote", "mediaobject", "textobject"}
)
_LJN = re.compile(r"[A-Z]{2}\d{4}")


def split_case_numbers(printed: str) -> list[str]:
    """The case numbers of one element: `NL25.44362 en NL25.44363`, `97/745;20010`, `AWB 98/88, 98/89`.

    A part without a digit (`A en meer...`) is no number and stays out."""
    parts = (part.strip() for part in re.split(r"\s*[;,]\s*|\s+(?:en|alsmede)\s+", " ".join(printed.split())))
    return [part for part in parts if any(c.isdigit() for c in part)]


@dataclass(slots=True)
class _Piece:
    text: str
    role: Role
    depth: int = 0
    number: str | None = None
    bold: bool = False
    quoted: bool = False
    label: str | None = None
    notes: tuple[str, ...] = ()
    tight: bool = False  # follows the piece before on the next line, without a blank line
    links: list[tuple[int, int, str]] = field(default_factory=list)


class _Words:
    """Words of one paragraph, white space squashed as they come, with the places of links and footnote calls."""

    def __init__(self) -> None:
        self.text = ""
        self.notes: list[str] = []
        self.links: list[tuple[int, int, str]] = []
        self.footnotes: list[etree._Element] = []
        self.italic = 0
        self.bold = 0

    def add(self, words: str | None, *, italic: bool = False, bold: bool = False) -> None:
        if not words:
            return
        squashed = _BLANKS.sub(" ", words)
        if squashed.startswith(" ") and (not self.text or self.text.endswith((" ", "\n"))):
            squashed = squashed[1:]
        self.text += squashed
        solid = len(squashed.replace(" ", ""))
        self.italic += solid if italic else 0
        self.bold += solid if bold else 0

    def share(self, part: int) -> float:
        solid = len(self.text.replace(" ", ""))
        return part / solid if solid else 0.0


class _Body:
    """Reads `inhoudsindicatie`, `uitspraak` or `conclusie` into pieces, in printed order; footnotes last."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.pieces: list[_Piece] = []
        self.footnotes: list[_Piece] = []
        self.number: str | None = None

    def read(self, element: etree._Element, role: Role) -> None:
        self._walk(element, role, 0, False)
        self._flush_number(0)

    def _walk(self, element: etree._Element, role: Role, depth: int, quoted: bool) -> None:
        if element.text and element.text.strip():
            self._loose(element, role, depth, quoted)
            return
        for child in element:
            name = local_name(child)
            if name in ("uitspraak.info", "conclusie.info"):
                self._walk(child, "info", depth, quoted)
            elif name == "section":
                self._flush_number(depth)
                self._walk(child, role, depth + 1, quoted)
            elif name in _CONTAINERS:
                if name == "paragroup":
                    self._flush_number(depth)
                self._walk(child, role, depth, quoted or name == "blockquote")
            elif name in ("nr", "paranr"):
                self._flush_number(depth)
                self.number = _squash(child) or None
            elif name == "title":
                self._title(child, role, depth)
            elif name == "footnote":
                self._footnote(child)
            elif name in ("itemizedlist", "orderedlist"):
                self._list(child, role, depth, quoted, name == "orderedlist", 0)
            elif name in ("informaltable", "table"):
                self._table(child, role, depth)
            elif name in ("mediaobject", "inlinemediaobject", "imageobject", "colspec"):
                for para in child.iter():
                    if local_name(para) == "para":
                        self._para(para, role, depth, quoted)
            elif name in ("para", "bridgehead"):
                self._para(
                    child,
                    "heading" if name == "bridgehead" and role == "para" else role,
                    depth + (1 if name == "bridgehead" else 0),
                    quoted,
                )
            elif name:
                self._para(child, role, depth, quoted)
            if child.tail and child.tail.strip():
                words = _Words()
                words.add(child.tail)
                self._emit(words, role, depth, quoted)

    def _loose(self, element: etree._Element, role: Role, depth: int, quoted: bool) -> None:
        """A container that holds words of its own (an abstract without paragraphs): one paragraph."""
        self._para(element, role, depth, quoted)

    def _para(self, element: etree._Element, role: Role, depth: int, quoted: bool) -> None:
        words = _Words()
        self._inline(element, words, False, False)
        self._emit(words, role, depth, quoted)
        for footnote in words.footnotes:
            self._footnote(footnote)

    def _inline(self, element: etree._Element, words: _Words, italic: bool, bold: bool) -> None:
        name = local_name(element)
        role = (attribute(element, "role") or "") if name in ("emphasis", "bridgehead") else ""
        italic = italic or "italic" in role
        bold = bold or "bold" in role or "underline" in role or name == "bridgehead"
        if name == "footnote":
            words.footnotes.append(element)
            self._call(words, attribute(element, "label"))
            return
        if name == "footnote-ref":
            self._call(words, self.labels.get(attribute(element, "linkend") or ""))
            return
        if name in ("linebreak", "br"):
            words.add(" ")
        start = len(words.text)
        words.add(element.text, italic=italic, bold=bold)
        for child in element:
            if isinstance(child.tag, str):
                self._inline(child, words, italic, bold)
                if local_name(child) == "entry":
                    words.add(" | ")
            words.add(child.tail, italic=italic, bold=bold)
        target = attribute(element, "href") or attribute(element, "linkend") if name in ("link", "ulink", "extref") else None
        if target and len(words.text) > start:
            words.links.append((start, len(words.text), target))

    @staticmethod
    def _call(words: _Words, label: str | None) -> None:
        """A footnote call, as the publisher prints it: its label, raised."""
        if label:
            words.text = words.text.rstrip(" ") + (label.translate(_SUPERSCRIPT) if label.isdigit() else f"[{label}]")
            words.notes.append(label)

    def _emit(self, words: _Words, role: Role, depth: int, quoted: bool, *, tight: bool = False, mark: str = "") -> None:
        text = words.text.rstrip(" ")
        if not text:
            return
        number, self.number = self.number, None
        lead = f"{number} " if number else ""
        shift = len(lead) + len(mark)
        self.pieces.append(
            _Piece(
                lead + mark + text,
                role,
                depth,
                number,
                bold=words.share(words.bold) > 0.9,
                quoted=quoted or (len(text) > 40 and words.share(words.italic) > 0.9),
                notes=tuple(words.notes),
                tight=tight,
                links=[(start + shift, end + shift, target) for start, end, target in words.links if end <= len(text)],
            )
        )

    def _flush_number(self, depth: int) -> None:
        """A printed number without a paragraph of its own (`1.` above `1.1.`) still is text."""
        if self.number:
            number, self.number = self.number, None
            self.pieces.append(_Piece(number, "heading", depth + 1, number))

    def _title(self, element: etree._Element, role: Role, depth: int) -> None:
        number = next((child for child in element if local_name(child) == "nr"), None)
        printed = _squash(number) if number is not None else ""
        words = _Words()
        words.add(element.text)
        for child in element:
            if child is not number:
                self._inline(child, words, False, False)
            words.add(child.tail)
        self._flush_number(depth)
        self.number = printed or None
        if words.text.strip():
            words.text = words.text.strip()
            self._emit(words, "heading" if role == "para" else role, depth, False)

    def _footnote(self, element: etree._Element) -> None:
        words = _Words()
        for para in element:
            if words.text:
                words.add(" ")
            self._inline(para, words, False, False)
        if not len(element):
            words.add(element.text)
        text = words.text.strip()
        if text:
            self.footnotes.append(_Piece(text, "footnote", label=attribute(element, "label")))

    def _list(self, element: etree._Element, role: Role, depth: int, quoted: bool, ordered: bool, level: int) -> None:
        numeration = (attribute(element, "numeration") or "arabic").lower()
        mark = attribute(element, "mark") or "-"
        for position, item in enumerate((child for child in element if local_name(child) == "listitem"), 1):
            lead = ("  " * level) + (f"{_numeral(position, numeration)}. " if ordered else f"{mark} ")
            first = True
            for child in item:
                name = local_name(child)
                if name in ("itemizedlist", "orderedlist"):
                    self._list(child, role, depth, quoted, name == "orderedlist", level + 1)
                elif name in ("informaltable", "table"):
                    self._table(child, role, depth)
                else:
                    words = _Words()
                    self._inline(child, words, False, False)
                    # a number that waits belongs before the whole list, never inside an item
                    tight = self.number is None
                    self._emit(
                        words, "item" if role == "para" else role, depth, quoted, tight=tight, mark=lead if first else "  " * (level + 1)
                    )
                    for footnote in words.footnotes:
                        self._footnote(footnote)
                    first = first and not words.text.strip()
            if not len(item) and item.text and item.text.strip():
                words = _Words()
                words.add(item.text)
                self._emit(words, "item" if role == "para" else role, depth, quoted, tight=self.number is None, mark=lead)

    def _table(self, element: etree._Element, role: Role, depth: int) -> None:
        tight = False
        for row in element.iter():
            if local_name(row) not in ("row", "tr"):
                if local_name(row) in ("title", "caption"):
                    self._para(row, "table" if role == "para" else role, depth, False)
                continue
            cells = []
            notes: list[str] = []
            for entry in row:
                words = _Words()
                self._inline(entry, words, False, False)
                cells.append(words.text.strip())
                notes.extend(words.notes)
                for footnote in words.footnotes:
                    self._footnote(footnote)
            line = " | ".join(cells).strip()
            if line.strip(" |"):
                lead, self.number = self.number, None
                self.pieces.append(
                    _Piece(
                        f"{lead} {line}" if lead else line,
                        "table" if role == "para" else role,
                        depth,
                        lead,
                        notes=tuple(notes),
                        tight=tight,
                    )
                )
                tight = True


def _numeral(position: int, numeration: str) -> str:
    if "alpha" in numeration:
        letter = chr(ord("a") + (position - 1) % 26) * (1 + (position - 1) // 26)
        return letter.upper() if numeration.startswith("upper") else letter
    if "roman" in numeration:
        roman, rest = "", position
        for value, sign in ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")):
            roman += sign * (rest // value)
            rest %= value
        return roman.upper() if numeration.startswith("upper") else roman
    return str(position)


class RechtspraakParser:
    """Reads one open-rechtspraak file: one document.

    Raises (parse): InputRejected `metadata-only` for a bare registration, `withdrawn` for an ECLI that was replaced and has no
    text, `not-well-formed` and the other words of `parse_xml`.
    """

    name = "rechtspraak"
    version = "2"

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002  (the Parser protocol)
        return b"<open-rechtspraak" in head

    def parse(self, content: bytes, file_name: str) -> list[ParsedDocument]:
        root = parse_xml(content)
        if local_name(root) != "open-rechtspraak":
            root = next((e for e in root.iter() if local_name(e) == "open-rechtspraak"), root)
        if local_name(root) != "open-rechtspraak":
            raise InputRejected("unknown-format", f"the root element is {local_name(root)!r}, not open-rechtspraak")
        metadata, warnings = _metadata(root)
        pieces = _pieces(root)
        if not any(piece.role != "summary" for piece in pieces):
            raise InputRejected("metadata-only", f"{metadata.id or file_name}: registered without a text{_replaced(metadata)}")
        text, lines, links = _lay_out(pieces)
        rules = load_rules()
        found = segment(
            text,
            lines,
            court=Court(_court_code(metadata.id)),
            rules=rules,
            opinion=metadata.kind is Kind.OPINION,
            run_on=not any(line.number for line in lines),
        )
        return [
            with_doubt(
                ParsedDocument(
                    text=text,
                    passages=found.passages,
                    metadata=metadata,
                    parser=f"{self.name}/{self.version}+voice-nl/{rules.version}",
                    furniture=found.furniture,
                    links=links,
                    warnings=warnings + found.warnings,
                )
            )
        ]


def _replaced(metadata: Metadata) -> str:
    return "".join(f"; replaced by {target}" for kind, target in metadata.relations if kind == "is-replaced-by")


def _court_code(document_id: str | None) -> str:
    parts = (document_id or "").split(":")
    return parts[2] if len(parts) == 5 else ""


def _pieces(root: etree._Element) -> list[_Piece]:
    bodies = [e for e in root if local_name(e) in ("inhoudsindicatie", "uitspraak", "conclusie")]
    labels = {attribute(e, "id") or "": attribute(e, "label") or "" for e in root.iter() if local_name(e) == "footnote"}
    pieces: list[_Piece] = []
    for element in sorted(bodies, key=lambda e: local_name(e) != "inhoudsindicatie"):
        summary = local_name(element) == "inhoudsindicatie"
        body = _Body(labels)
        body.read(element, "summary" if summary else "para")
        read = body.pieces + body.footnotes
        if summary and not any(c.isalnum() for piece in read for c in piece.text):
            continue  # a dash: no abstract was written
        pieces.extend(read)
    return pieces


def _lay_out(pieces: list[_Piece]) -> tuple[str, list[Line], list[SourceLink]]:
    parts: list[str] = []
    lines: list[Line] = []
    links: list[SourceLink] = []
    at = 0
    for piece in pieces:
        if parts:
            gap = "\n" if piece.tight else "\n\n"
            parts.append(gap)
            at += len(gap)
        parts.append(piece.text)
        end = at + len(piece.text)
        lines.append(Line(at, end, piece.role, piece.depth, piece.number, piece.bold, piece.quoted, piece.label, piece.notes))
        links.extend(SourceLink(at + start, at + stop, target) for start, stop, target in piece.links)
        at = end
    return "".join(parts), lines, links


# -- metadata ---------------------------------------------------------------------------------------------------------------


def _metadata(root: etree._Element) -> tuple[Metadata, list[str]]:
    warnings: list[str] = []
    descriptions = [e for e in root.iter() if local_name(e) == "description"]
    register = descriptions[0] if descriptions else root
    published = descriptions[1] if len(descriptions) > 1 else None
    found = Metadata(deciding_state="NL", language=_one(register, "language") or "nl")
    printed = _one(register, "identifier") or next(
        (attribute(e, "id") or "" for e in root if local_name(e) in ("uitspraak", "conclusie")), ""
    ).removesuffix(":DOC")
    try:
        found.id = Ecli.parse(printed).value
    except InvalidIdentifier:
        warnings.append(f"no-ecli: {printed[:80]!r}")
    found.court = _one(register, "creator")
    if _court_code(found.id).startswith("OG"):
        found.deciding_state = None  # one court for several countries of the Kingdom; the register does not say which
    found.sitting = _one(register, "spatial")
    kind = (_one(register, "type") or "").lower()
    opinion = kind == "conclusie" or (not kind and any(local_name(e) == "conclusie" for e in root))
    found.kind = Kind.OPINION if opinion else Kind.JUDGMENT
    if opinion:
        found.subtype = "advocate-general-opinion"
    found.date = _date(_one(register, "date"), "date", warnings)
    # when the text was published; the first description tells when the register was
    found.published_on = _date(
        (_one(published, "issued") if published is not None else None) or _one(register, "issued"), "issued", warnings
    )
    found.title = _one(published, "title") if published is not None else None
    for element in _all(register, "zaaknummer"):
        found.case_numbers.extend(number for number in split_case_numbers(element) if number not in found.case_numbers)
    found.official_url = next(
        (url for e in (published,) if e is not None for url in [_one(e, "identifier")] if url and url.startswith("http")), None
    )
    for replaced in _all(register, "replaces"):
        found.relations.append(("replaces", replaced))
        found.aliases.append(f"LJN {replaced}" if _LJN.fullmatch(replaced) else replaced)
    found.relations.extend(("is-replaced-by", target) for target in _all(register, "isreplacedby"))
    found.relations.extend(_relations(register))
    ordinal = (found.id or "").rpartition(":")[2]
    if _LJN.fullmatch(ordinal) and f"LJN {ordinal}" not in found.aliases:
        found.aliases.append(f"LJN {ordinal}")
    _extra(register, published, found)
    return found, warnings


def _relations(register: etree._Element) -> Iterator[tuple[str, str]]:
    """Formal relations: (`<type>:<gevolg>`, ECLI), both as the register words them; and references to laws."""
    for element in register:
        name = local_name(element)
        if name == "relation":
            target = attribute(element, "resourceIdentifier")
            kind = (attribute(element, "type") or "").rpartition("/")[2].rpartition("#")[2]
            effect = (attribute(element, "gevolg") or "").rpartition("#")[2]
            if target:
                yield (f"{kind}:{effect}" if effect else kind or "relation", target.strip())
        elif name == "references":
            target = attribute(element, "resourceIdentifier")
            if target:
                yield ("references", target.strip())


def _extra(register: etree._Element, published: etree._Element | None, found: Metadata) -> None:
    values = {
        "procedure": _all(register, "procedure"),
        "rechtsgebied": _all(register, "subject"),
        "gewijzigd": _all(register, "modified")[:1],
        "gewijzigd_document": _all(published, "modified")[:1] if published is not None else [],
        "formele_relaties": _all(register, "relation"),
        "wetsverwijzingen": _all(register, "references"),
        "vindplaatsen": [
            value for e in register.iter() if local_name(e) == "li" for value in [_squash(e)] if value and value != "Rechtspraak.nl"
        ],
        "periode": [" ".join(filter(None, (_squash(c) for c in e))) for e in register if local_name(e) == "temporal"],
    }
    for key, texts in values.items():
        unique = list(dict.fromkeys(text for text in texts if text))
        if unique:
            found.extra[key] = "; ".join(unique)


def _squash(element: etree._Element) -> str:
    return _BLANKS.sub(" ", "".join(str(part) for part in element.itertext())).strip()


def _all(element: etree._Element, name: str) -> list[str]:
    return [text for child in element if local_name(child) == name for text in [_squash(child)] if text]


def _one(element: etree._Element | None, name: str) -> str | None:
    return next(iter(_all(element, name)), None) if element is not None else None


def _date(printed: str | None, what: str, warnings: list[str]) -> str | None:
    try:
        date = parse_optional(printed[:10] if printed else None)
    except InvalidIdentifier as error:
        warnings.append(f"bad-{what}: {error}")
        return None
    return date.value if date else None


PARSER = RechtspraakParser()
