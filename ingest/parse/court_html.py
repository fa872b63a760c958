"""Court pages: German rulings (rechtsprechung-im-internet.de, XML and `dl.RspDL`), the EUAA case-law database, Danish fln.dk.

- German: `<dl class="RspDL"><dt><a name="rd_12">12</a></dt><dd>…` is margin number 12; `leitsatz`, `tenor`, `tatbestand`, `gruende`,
  `entscheidungsgruende` are the parts.
- EUAA: the abstract is a digest by the agency, not the court's words; its voice is `digest`.
- fln.dk: one summary a decision, no numbers; it is cited by the board's id. A page of results holds several documents.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ingest.parse.cjeu import printed_date
from ingest.parse.inline import inline, words_of
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage
from ingest.parse.outline import Draft, HeadingPath, TextBuilder, passages_of, squash
from ingest.parse.voice_doubt import with_doubt
from ingest.parse.xml import local_name, parse_html, parse_xml
from ingest.voice_eu import section_of, voice_in
from kb.domain.documents import Kind, Voice
from kb.domain.identifiers import Ecli
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected, InvalidIdentifier

NAME: Final = "court-html"
VERSION: Final = "3"
_BLOCKS: Final = frozenset(
    {"p", "div", "li", "td", "h1", "h2", "h3", "h4", "h5", "h6", "dd", "dt", "dl", "table", "ul", "ol", "blockquote"}
)
_PARTS: Final = (
    ("titelzeile", "Titel", None),
    ("leitsatz", "Leitsatz", "headnote"),
    ("orientierungssatz", "Orientierungssatz", "headnote"),
    ("tenor", "Tenor", "operative"),
    ("tatbestand", "Tatbestand", "facts"),
    ("entscheidungsgruende", "Entscheidungsgründe", "court"),
    ("gruende", "Gründe", "mixed"),
    ("abwmeinung", "Abweichende Meinung", "opinion"),
)
_ROMAN = re.compile(r"(I{1,3}|IV|V)\.?")
_DIGITS = re.compile(r"\d{1,4}")
_DANISH_ID = re.compile(r"\b(?:[A-Za-zÆØÅæøå]{2,5}-)?[A-Za-zÆØÅæøå]{3,12}/\d{4}/\d{1,5}(?:/[\wÆØÅæøå]{1,12}){0,3}")


@dataclass(frozen=True, slots=True)
class CourtHtmlParser:
    name: str = NAME
    version: str = VERSION

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002
        return _format(head) is not None

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        kind = _format(content)
        if kind == "rii":
            root = parse_xml(content) if b"<dokument" in content[:4096] else parse_html(content)
            documents = [_german(root)]
        elif kind == "euaa":
            documents = [_euaa(parse_html(content))]
        elif kind == "fln":
            documents = _danish(parse_html(content))
        else:
            raise InputRejected("unknown-format", f"{file_name}: no page of a court that is known here")
        documents = [document for document in documents if document.passages]
        if not documents:
            raise InputRejected("no-text", f"{file_name}: the page holds no decision")
        return documents


def _format(head: bytes) -> str | None:
    if b"RspDL" in head or b"rechtsprechung-im-internet.de" in head or (b"<dokument" in head and b"doknr" in head):
        return "rii"
    if b"countryOfDecision" in head or b"viewcaselaw.aspx" in head or b"caselaw.euaa.europa.eu" in head:
        return "euaa"
    if b"results-list__item" in head or b"results-item__" in head or b"fln.dk" in head:
        return "fln"
    return None


# ---------------------------------------------------------------------------------------------- Germany


class _German:
    def __init__(self) -> None:
        self.builder, self.path = TextBuilder(), HeadingPath()
        self.drafts: list[Draft] = []
        self.furniture: list[tuple[int, int]] = []
        self.section: str | None = None
        self.parent: str | None = None
        self.last = 0
        self.warnings: list[str] = []

    def heading(self, text: str, level: int) -> None:
        self.furniture.append(self.builder.add(text))
        self.path.enter(level, text.rstrip(" :"))

    def part(self, title: str, section: str | None) -> None:
        self.heading(title, 1)
        self.section = self.parent = section

    def paragraph(self, text: str, number: str | None = None) -> None:
        if _ROMAN.fullmatch(text) and number is None and self.parent in ("mixed", "court"):
            self.heading(text, 2)
            if self.parent == "mixed":
                self.section = "facts" if _ROMAN.fullmatch(text)[1] == "I" else "court"  # type: ignore[index]
            return
        found = section_of(text, "de") if number is None and len(text) < 60 else None
        if found:
            self.part(text, found)
            return
        pinpoint = None
        if number is not None:
            if int(number) <= self.last:
                self.warnings.append(f"margin number {number} is printed again after {self.last}")
            else:
                pinpoint, self.last = Pinpoint(PinpointKind.RANDNUMMER, number, number), int(number)
                text = f"{number} {text}".strip()
        start, end = self.builder.add(text)
        voice = voice_in(self.section, text, "de")
        self.drafts.append(Draft(start, end, [text], pinpoint, self.path.path, self.section or "front", voice))

    def walk(self, element: etree._Element) -> None:
        pending: str | None = None
        for child in element:
            name = local_name(child)
            if name in ("script", "style", "head", "nav", "footer"):
                continue
            if name == "dt":
                label = squash(words_of(child))
                pending = label if _DIGITS.fullmatch(label) else None
            elif name == "dd":
                pieces = [inline(leaf).text for leaf in _leaves(child)]
                text = "\n\n".join(piece for piece in pieces if piece)
                if text or pending:
                    self.paragraph(text, pending)
                pending = None
            elif any(local_name(below) in _BLOCKS for below in child):
                self.walk(child)
            else:
                text = inline(child).text
                if text.strip("\u00a0 "):
                    self.paragraph(text)


def _leaves(element: etree._Element) -> list[etree._Element]:
    inner = [child for child in element.iter() if child is not element and local_name(child) in _BLOCKS]
    if not inner:
        return [element]
    return [node for node in inner if not any(local_name(below) in _BLOCKS for below in node.iter() if below is not node)]


def _german(root: etree._Element) -> ParsedDocument:
    reader = _German()
    metadata = Metadata(kind=Kind.JUDGMENT, language="de", deciding_state="DE")
    fields = {local_name(node): squash(words_of(node)) for node in root if not any(local_name(below) in _BLOCKS for below in node.iter())}
    if local_name(root) == "dokument":
        metadata.id = _ecli(fields.get("ecli", ""))
        metadata.court = (
            " ".join(part for part in (fields.get("gertyp"), fields.get("gerort"), fields.get("spruchkoerper")) if part) or None
        )
        if re.fullmatch(r"\d{8}", day := fields.get("entsch-datum", "")):
            metadata.date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        metadata.case_numbers = [number.strip() for number in re.split(r"[;,]", fields.get("aktenzeichen", "")) if number.strip()]
        if fields.get("doknr"):
            metadata.aliases.append(fields["doknr"])
        if fields.get("doktyp", "").lower().startswith("beschluss"):
            metadata.subtype = "order"
        for name, title, section in _PARTS:
            for node in (node for node in root.iter() if local_name(node) == name):
                if any(c.isalnum() for c in words_of(node)):
                    reader.part(title, section)
                    reader.walk(node) if len(node) else reader.paragraph(squash(words_of(node)))
    else:
        reader.walk(root)
    if metadata.title is None:
        parts = (metadata.court, metadata.date, ", ".join(metadata.case_numbers))
        metadata.title = ", ".join(part for part in parts if part) or None
    document = ParsedDocument(
        reader.builder.text,
        passages_of(reader.drafts),
        metadata,
        f"{NAME}-rii/{VERSION}",
        furniture=reader.furniture,
        warnings=reader.warnings,
    )
    return with_doubt(document)


def _ecli(text: str) -> str | None:
    try:
        return Ecli.parse(text).value
    except InvalidIdentifier:
        return None


# ---------------------------------------------------------------------------------------------- EUAA

_EUAA_FIELDS: Final = ("countryOfDecision", "DecisionDateLabel", "CourtLabel", "CaseNumberLabel", "TitleLabel", "ECLILabel")
_EUAA_TEXTS: Final = ("AbstractLabel", "OriginalAbstractLabel", "SummaryLabel", "abstract")


def _euaa(root: etree._Element) -> ParsedDocument:
    """One item of the EUAA database: its fields and the agency's English abstract, which is a digest."""
    fields: dict[str, str] = {}
    texts: list[tuple[str, etree._Element]] = []
    for node in root.iter():
        identifier = node.get("id") or ""
        for name in _EUAA_FIELDS:
            if identifier.endswith(name):
                fields[name] = squash(words_of(node))
        if any(identifier.endswith(name) for name in _EUAA_TEXTS):
            texts.append((identifier, node))
    builder = TextBuilder()
    passages: list[ParsedPassage] = []
    for _, node in texts:
        for leaf in _leaves(node):
            text = inline(leaf).text
            if text.strip("\u00a0 "):
                start, end = builder.add(text)
                passages.append(ParsedPassage(start, end, voice=Voice.DIGEST, heading_path=("Abstract",)))
    metadata = Metadata(kind=Kind.JUDGMENT, language="en", subtype="abstract", court=fields.get("CourtLabel"))
    metadata.id = _ecli(fields.get("ECLILabel", ""))
    metadata.title = fields.get("TitleLabel") or ", ".join(
        part for part in (fields.get("CourtLabel"), fields.get("DecisionDateLabel"), fields.get("CaseNumberLabel")) if part
    )
    day = fields.get("DecisionDateLabel", "")
    if numeric := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", day):
        metadata.date = f"{numeric[3]}-{int(numeric[2]):02d}-{int(numeric[1]):02d}"
    elif dated := printed_date(day):
        metadata.date = dated[0]
    if number := fields.get("CaseNumberLabel"):
        metadata.case_numbers = [number]
    if country := fields.get("countryOfDecision"):
        metadata.extra["country"] = country
    metadata.extra["abstract_by"] = "European Union Agency for Asylum"
    return ParsedDocument(builder.text, passages, metadata, f"{NAME}-euaa/{VERSION}")


# ---------------------------------------------------------------------------------------------- Denmark


def _danish(root: etree._Element) -> list[ParsedDocument]:
    """The decisions on a page of fln.dk/praksis: one document a result."""
    items = [node for node in root.iter() if _has(node, "results-list__item")] or [root]
    return [document for item in items if (document := _danish_item(item)) is not None]


def _danish_item(item: etree._Element) -> ParsedDocument | None:
    link = _first(item, "results-item__inner-link")
    title = _first(item, "results-item__title")
    description = _first(item, "results-item__description")
    if description is None:
        return None
    builder = TextBuilder()
    drafts: list[Draft] = []
    for leaf in _leaves(description):
        text = inline(leaf).text
        if text.strip("\u00a0 "):
            start, end = builder.add(text)
            drafts.append(Draft(start, end, [text]))  # facts, arguments and view in one block: whose voice is not told
    text = builder.text
    metadata = Metadata(kind=Kind.JUDGMENT, language="da", court="Flygtningenævnet", deciding_state="DK")
    named = title if title is not None else link
    metadata.title = squash(words_of(named)) if named is not None else None
    href = link.get("href") if link is not None else None
    if href:
        metadata.official_url = href if href.startswith("http") else f"https://fln.dk{href}"
        metadata.aliases.append(href.rstrip("/").rsplit("/", 1)[-1])
    # the board's own id is the last thing that its text prints
    if printed := list(_DANISH_ID.finditer(text)):
        metadata.id = printed[-1][0]
        metadata.case_numbers = [metadata.id]
    time = next((node for node in item.iter() if local_name(node) == "time" and node.get("datetime")), None)
    if time is not None:
        metadata.date = (time.get("datetime") or "")[:10] or None
    tags = [squash(words_of(node)) for node in item.iter() if _has(node, "results-item__tag")]
    if tags:
        metadata.extra["tags"] = "; ".join(tag for tag in tags if tag)
    return ParsedDocument(text, passages_of(drafts), metadata, f"{NAME}-fln/{VERSION}")


def _has(element: etree._Element, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _first(element: etree._Element, name: str) -> etree._Element | None:
    return next((node for node in element.iter() if _has(node, name)), None)


PARSER: Final = CourtHtmlParser()
