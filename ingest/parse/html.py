"""Any web page that no publisher's own parser knows: headings, paragraphs, list items and table rows in reading order.

Scripts, navigation, forms and hidden parts are left out before there is a text, so that offsets count in what a reader sees. Nothing of
the page's markup is kept: text and places only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

from lxml import etree

from ingest.parse import gate
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage, Parser, SourceLink
from ingest.parse.publishers import find_publisher
from ingest.parse.report_facts import add_facts, read_facts
from ingest.parse.xml import attribute, local_name, parse_html, parse_xml
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

# names of elements; a form is not left out: some sites wrap the whole page in one
_LEFT_OUT: Final = re.compile(
    "script|style|noscript|template|nav|button|select|option|textarea|input|iframe|object|svg|canvas|audio|video|map|head|dialog"
).fullmatch
_ROLES_LEFT_OUT: Final = frozenset({"navigation", "search", "banner", "contentinfo", "menu", "menubar", "toolbar", "alert", "dialog"})
_BLOCK: Final = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|html"
    "|legend|li|main|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul"
).fullmatch
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_NUMBERED: Final = re.compile(r"\[?(\d{1,4})(?:\]|[.)])?\s+(?=\S)")
_SECTION: Final = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])")
_MAX_ROW: Final = 1500  # characters: a longer row is a page laid out as a table
_MAX_MENU_ITEM: Final = 60  # characters: a longer one may be a source in a list of sources
_MIN_NUMBERED: Final = 3
_DATES: Final = (
    "article:published_time",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.date",
    "dc.date",
    "datepublished",
    "citation_publication_date",
)


@dataclass(slots=True)
class _Block:
    start: int
    end: int
    level: int  # of a heading; 0 for text
    menu: bool = False  # an item of a list that holds nothing but a short link


@dataclass(slots=True)
class Page:
    """What a page shows: its text, its blocks, its links. `level` 1 to 6 marks a heading."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[_Block] = field(default_factory=list)
    links: list[tuple[int, int, str]] = field(default_factory=list)
    hidden: int = 0

    @property
    def text(self) -> str:
        return "".join(self.parts)


class _Reader:
    """Walks the tree and writes blocks. Blanks are squeezed as a browser does, `<br>` is a line break."""

    def __init__(self, base: str) -> None:
        self.page = Page()
        self.base = base
        self._buffer: list[str] = []
        self._size = 0
        self._level = 0
        self._row = 0
        self._links: list[tuple[int, int, str]] = []
        self._in_item = 0
        self._linked = 0  # characters in links

    def read(self, element: etree._Element) -> None:
        name = local_name(element)
        if not name or _LEFT_OUT(name) or self._is_hidden(element):
            return
        block = bool(_BLOCK(name)) and not self._row
        opens_row = name == "tr" and not self._row and _is_plain_row(element)
        if block:
            self._flush()
        level = int(name[1]) if len(name) == 2 and name[0] == "h" and name[1] in "123456" else 0
        before_level = self._level
        if level:
            self._level = level
        self._row += opens_row
        self._in_item += name == "li"
        begin = self._size
        if self._row and name in ("td", "th") and self._size:
            self._write("\t")
        elif self._row and _BLOCK(name) and self._size:
            self._write(" ")
        if name == "br":
            self._write("\n")
        elif name == "pre":
            self._write_as_is(element.text or "")
        elif element.text:
            self._write_words(element.text)
        for child in element:
            self.read(child)
            if child.tail:
                self._write_words(child.tail)
        if name == "a":
            self._link(element, begin)
        self._row -= opens_row
        if block or opens_row:
            self._flush()
        self._in_item -= name == "li"
        self._level = before_level

    def _is_hidden(self, element: etree._Element) -> bool:
        get = element.get
        if (get("role") or "").lower() in _ROLES_LEFT_OUT:
            return True
        if get("hidden") is not None or get("aria-hidden") == "true" or _HIDDEN.search(get("style") or ""):
            self.page.hidden += sum(len(text.strip()) for text in element.itertext())
            return True
        return False

    def _write(self, text: str) -> None:
        self._buffer.append(text)
        self._size += len(text)

    def _write_words(self, text: str) -> None:
        squeezed = re.sub(r"[ \t\n\r\f\v]+", " ", text)
        if squeezed.startswith(" ") and (not self._size or self._buffer[-1].endswith((" ", "\n", "\t"))):
            squeezed = squeezed[1:]
        if squeezed:
            self._write(squeezed)

    def _write_as_is(self, text: str) -> None:
        self._write(text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))

    def _link(self, element: etree._Element, begin: int) -> None:
        href = (element.get("href") or "").strip()
        self._linked += self._size - begin
        if href and self._size > begin and not href.startswith("#"):
            try:
                target = urlsplit(urljoin(self.base, href)).geturl()
            except ValueError:  # an address that is none, such as `http://[x`
                return
            if target.lower().startswith(("http://", "https://")):
                self._links.append((begin, self._size, target))

    def _flush(self) -> None:
        raw = "".join(self._buffer)
        lead = len(raw) - len(raw.lstrip())
        text = raw.strip()
        links, self._links, self._buffer, self._size = self._links, [], [], 0
        menu, self._linked = self._in_item > 0 and len(text) < _MAX_MENU_ITEM and self._linked >= 0.9 * len(text), 0
        if not text:
            return
        page = self.page
        if page.parts:
            page.parts.append("\n\n")
            page.length += 2
        start = page.length
        page.parts.append(text)
        page.length += len(text)
        page.blocks.append(_Block(start, page.length, self._level, menu and not self._level))
        for a, b, target in links:
            first, last = max(0, a - lead), min(len(text), b - lead)
            if first < last:
                page.links.append((start + first, start + last, target))


def _is_plain_row(row: etree._Element) -> bool:
    size = 0
    for child in row.iter():
        if local_name(child) in ("table", "h1", "h2", "h3", "h4", "h5", "h6"):
            return False
        size += len(child.text or "") + len(child.tail or "")
    return size <= _MAX_ROW


def read_page(root: etree._Element, *, base: str = "") -> Page:
    """The visible text below `root`; links are made absolute with `base`, and kept only where they are http(s)."""
    reader = _Reader(base)
    reader.read(root)
    reader._flush()
    return reader.page


def numbered_paragraphs(texts: Sequence[str]) -> dict[int, str]:
    """Index -> number, for texts that begin with the numbers 1, 2, 3, … in order; nothing for fewer than three of them."""
    found: dict[int, str] = {}
    expected = 1
    for i, text in enumerate(texts):
        match = _NUMBERED.match(text)
        if match and int(match[1]) == expected:
            found[i] = match[1]
            expected += 1
    return found if len(found) >= _MIN_NUMBERED else {}


def _main_part(root: etree._Element) -> etree._Element:
    """`<main>`, or the only `<article>`, where it holds at least half of the page's words; else the body."""
    body = next((e for e in root if local_name(e) == "body"), root)
    whole = len(read_page(body).text)
    for name in ("main", "article"):
        parts = [e for e in body.iter() if local_name(e) == name]
        if len(parts) == 1 and len(read_page(parts[0]).text) >= 0.5 * whole > 0:
            return parts[0]
    return body


def read_markup(content: bytes) -> etree._Element:
    """The root of a page. XHTML is read as XML where it is well-formed: a `<script/>` closed in itself would hide the rest from HTML.

    Raises: InputRejected as `parse_html`.
    """
    if b"http://www.w3.org/1999/xhtml" in content[:4096] or re.search(rb"<script\b[^>]*/>", content[:65536]):
        try:
            return parse_xml(content)
        except InputRejected as problem:
            if problem.reason not in ("not-well-formed", "doctype-refused"):
                raise
    return parse_html(content)


class HtmlParser:
    """A web page without a parser of its own."""

    name = "html"
    version = "2"

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002 (the protocol)
        """By the first elements; a name alone is not enough."""
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith(b"<") and any(mark in start for mark in (b"<!doctype html", b"<html", b"<body", b"<head>"))

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:  # noqa: ARG002 (the protocol's)
        """Raises: InputRejected `error-text` (an error page, a bot challenge), `no-text`, `parse-limit`, and those of `parse_html`."""
        root = read_markup(content)
        return [parse_page(root, parser=f"{self.name}/{self.version}")]


def parse_page(root: etree._Element, *, parser: str) -> ParsedDocument:
    """The page as a document. Raises: InputRejected as `gate.refuse_error_text`."""
    stated = _stated(root)
    page = read_page(_main_part(root), base=stated.get("canonical", ""))
    text = page.text
    gate.refuse_error_text(f"{stated.get('title', '')}\n{text}" if len(text) < 1500 else text)
    publisher = find_publisher(stated.get("publisher", ""), stated.get("title", ""), text[:3000])
    metadata = Metadata(kind=Kind.REPORT if publisher else Kind.OTHER, court=publisher.name if publisher else None)
    first_heading = next((text[b.start : b.end] for b in page.blocks if b.level == 1), None)
    metadata.title = first_heading or stated.get("title")
    metadata.language = stated.get("language") or (publisher.language if publisher else None)
    metadata.published_on = stated.get("date")
    metadata.official_url = stated.get("canonical")
    if publisher:
        add_facts(metadata, read_facts((), text, metadata.title or "", publisher.name))
    warnings = []
    if publisher is None:
        warnings.append("no-publisher: no publisher of corpus/patterns/publishers.toml is named, so the voice is unknown")
    if page.hidden:
        warnings.append(f"hidden-text: {page.hidden} characters that a browser does not show were left out")
    if all(block.level or block.menu for block in page.blocks):
        raise InputRejected("no-text", "the page holds headings and menus, but no text below them")
    passages, headings = _passages(page, text, publisher.voice if publisher else Voice.UNKNOWN)
    links = [SourceLink(a, b, target) for a, b, target in page.links]
    return ParsedDocument(text, passages, metadata, parser, furniture=headings, links=links, warnings=warnings)


def _passages(page: Page, text: str, voice: Voice) -> tuple[list[ParsedPassage], list[tuple[int, int]]]:
    body = [block for block in page.blocks if not block.level and not block.menu]
    numbers = {id(body[i]): number for i, number in numbered_paragraphs([text[b.start : b.end] for b in body]).items()}
    passages: list[ParsedPassage] = []
    headings: list[tuple[int, int]] = []
    path: list[tuple[int, str]] = []
    fresh, count = False, 0
    for block in page.blocks:
        words = " ".join(text[block.start : block.end].split())
        if block.level:
            headings.append((block.start, block.end))
            path = [*[entry for entry in path if entry[0] < block.level], (block.level, words)]
            fresh = True
            continue
        if block.menu:
            headings.append((block.start, block.end))
            continue
        count += 1
        number = numbers.get(id(block))
        if number:
            pinpoint = Pinpoint(PinpointKind.PARAGRAPH, number, number)
        elif fresh:
            section = _SECTION.match(path[-1][1])
            printed = section[1] if section else path[-1][1]
            pinpoint = Pinpoint(PinpointKind.SECTION, printed, printed)
        else:
            pinpoint = Pinpoint(PinpointKind.POSITION, str(count), "")
        fresh = False
        passages.append(
            ParsedPassage(block.start, block.end, pinpoint, tuple(heading for _, heading in path), voice=voice, derived=number is not None)
        )
    return passages, headings


def _stated(root: etree._Element) -> dict[str, str]:
    """Title, language, date, canonical address and publisher, as the page's head gives them."""
    stated: dict[str, str] = {}
    language = re.match(r"([a-z]{2,3})(?:-|$)", (attribute(root, "lang") or "").strip().lower())
    if language:
        stated["language"] = language[1]
    for element in root.iter():
        name = local_name(element)
        if name == "title" and "title" not in stated:
            title = " ".join("".join(str(part) for part in element.itertext()).split())
            if title:
                stated["title"] = title
        elif (
            name == "link"
            and (element.get("rel") or "").lower() == "canonical"
            and (element.get("href") or "").startswith(("http://", "https://"))
        ):
            stated.setdefault("canonical", str(element.get("href")))
        elif name == "meta":
            key = (element.get("name") or element.get("property") or element.get("itemprop") or "").lower()
            value = " ".join((element.get("content") or "").split())
            if key in _DATES and re.match(r"\d{4}-\d{2}-\d{2}", value):
                stated.setdefault("date", value[:10])
            elif key in ("og:site_name", "dc.publisher", "dcterms.publisher", "author", "dc.creator", "dcterms.creator") and value:
                stated["publisher"] = f"{stated.get('publisher', '')} {value}".strip()
    return stated


PARSER: Final[Parser] = HtmlParser()
