"""PDF: text by page with its lines' places, running heads and feet found by frequency, numbered headings, footnotes.

The text is pypdf's. Where that looks broken (no blanks, replacement characters), and for long documents, where it would take minutes,
it is PDFium's: the choice depends on the file alone, so that the same file always gives the same text. Pages are joined by form
feeds; a blank line stands where the page shows a gap. To be called in a child process (`ingest.child`): a PDF is a program.
"""

import logging
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from ingest.parse import gate
from ingest.parse.letter import LetterParser, page_number, to_passages
from ingest.parse.model import Metadata, ParsedDocument, Parser
from ingest.parse.pdf_paint import Paint
from ingest.parse.prose import read_blocks, split_lines
from ingest.parse.publishers import find_publisher
from ingest.parse.report_facts import add_facts, read_facts
from kb.domain.documents import Kind, Voice
from kb.errors import InputRejected

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

MAX_PAGES: Final = 3_000
MAX_TEXT_BYTES: Final = 20 * 1024 * 1024
PYPDF_PAGES: Final = 150  # 50 to 70 ms a page measured; PDFium takes 1 to 3
PYPDF_CONTENT_BYTES: Final = 8_000_000  # of page descriptions, unpacked: about a second of work a megabyte measured
_EDGE_LINES: Final = 4  # lines from a page's upper and lower edge that may be a running head or foot
_MIN_REPEATS: Final = 3
_MOST_FURNITURE: Final = 0.6  # share of a text that running heads and feet may take
_TINY_PT: Final = 2.0
# a line of a table of contents: leaders and a page number, which some producers write as a line of its own
_CONTENTS: Final = re.compile(r"[^.…_]*+(?:[.…_](?![.…_ ]{3})[^.…_]*+)*+(?:\.{4,}+|(?:\. ){4,}+|…{2,}+|_{4,}+)[ .…_]*+(?:\d{1,4}\s*+)?")
_BOLD: Final = re.compile(r"bold|black|heavy|demi", re.I)
_UNWANTED: Final = re.compile(r"[\v\x1c\x1d\x1e\x85\u2028\u2029]")
_DULL_TITLE: Final = re.compile(r"microsoft (?:word|powerpoint)|untitled|\.(?:docx?|pdf|indd|rtf)$|^[0-9a-f\-]{16,}$|^\W*$", re.I)


@dataclass(slots=True)
class _Piece:
    """One run of a page's text as the page places it: points from the lower left corner."""

    text: str
    x: float
    y: float
    size: float
    bold: bool


@dataclass(slots=True)
class _RawLine:
    text: str
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    bold: bool = False


@dataclass(slots=True)
class _Page:
    lines: list[_RawLine]
    placed: bool = True  # whether x, y and size are known
    hidden: int = 0  # characters in text of a size nobody can read, white on white, or off the page


@dataclass(slots=True)
class _Built:
    text: str = ""
    body_size: float = 0.0
    furniture: set[int] = field(default_factory=set)  # line numbers
    raw: dict[int, tuple[int, _RawLine]] = field(default_factory=dict)  # line number -> (page, line)


class PdfParser:
    """Reports and letters in PDF."""

    name = "pdf"
    version = "3"

    def accepts(self, head: bytes, file_name: str) -> bool:
        """By its signature, or by its name: what is called .pdf and is none must be told so."""
        return b"%PDF-" in head[:1024] or file_name.lower().endswith(".pdf")

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        """Raises: InputRejected `not-a-pdf`, `needs-password`, `pdf-broken`, `pdf-limit`, `needs-ocr` (no text on any page), `error-text`,
        `unreadable-text`, `no-text`."""
        if b"%PDF-" not in content[:1024]:
            what = "an HTML page" if content.lstrip()[:1] == b"<" else "something else"
            raise InputRejected("not-a-pdf", f"{file_name} is called a PDF and holds {what}; fetch it again")
        reader, count = _open(content)
        pages = _read_pages(content, reader, count)
        warnings = [f"needs-ocr: page {n} shows no text" for n, page in enumerate(pages, 1) if not _solid(page)]
        if len(warnings) == len(pages):
            raise InputRejected(
                "needs-ocr", f"none of its {len(pages)} pages has a text layer: these are pictures; make the text readable first"
            )
        for n, page in enumerate(pages, 1):
            if _looks_broken(" ".join(line.text for line in page.lines)):
                warnings.append(f"unreadable: the text layer of page {n} is garbled; it needs OCR")
        hidden = sum(page.hidden for page in pages)
        if hidden:
            warnings.append(f"hidden-text: {hidden} characters too small to read, white on white or outside the page were left out")
        built = _build(pages)
        if len(built.text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
            raise InputRejected("pdf-limit", f"more than {MAX_TEXT_BYTES} bytes of text")
        gate.refuse_error_text(built.text)
        return [_document(self, reader, pages, built, warnings)]


# --- opening -----------------------------------------------------------------------------------------------------------------------


def _open(content: bytes) -> tuple["PdfReader", int]:
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError, PyPdfError, WrongPasswordError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it logs every flaw of a file; the verdict is ours
    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise InputRejected("needs-password", "the file is encrypted and asks for a password")
        declared = _declared_pages(reader)
        if declared is not None and declared > MAX_PAGES:
            raise InputRejected("pdf-limit", f"{declared} pages; at most {MAX_PAGES} are read")
        count = len(reader.pages)
    except (WrongPasswordError, FileNotDecryptedError):
        raise InputRejected("needs-password", "the file is encrypted and asks for a password") from None
    except LimitReachedError as error:
        raise InputRejected("pdf-limit", f"a part of the file is too large: {error}") from None
    except InputRejected:
        raise
    except MemoryError:
        raise
    except (PyPdfError, Exception) as error:
        raise InputRejected("pdf-broken", f"the file cannot be opened: {type(error).__name__}: {str(error)[:200]}") from None
    if count > MAX_PAGES:
        raise InputRejected("pdf-limit", f"{count} pages; at most {MAX_PAGES} are read")
    if count == 0:
        raise InputRejected("pdf-broken", "the file has no page")
    return reader, count


def _declared_pages(reader: "PdfReader") -> int | None:
    root: Any = reader.trailer["/Root"]
    count = root["/Pages"].get("/Count")
    return int(count) if isinstance(count, int) else None


def _read_pages(content: bytes, reader: "PdfReader", count: int) -> list[_Page]:
    if count > PYPDF_PAGES:
        return _pdfium_pages(content, range(count))
    from pypdf.errors import LimitReachedError

    pages: list[_Page] = []
    size = work = 0
    for number in range(count):
        try:
            described = reader.pages[number].get_contents()
            work += len(described.get_data()) if described is not None else 0
            if work > PYPDF_CONTENT_BYTES:
                return _pdfium_pages(content, range(count))
            page = _pypdf_page(reader.pages[number])
        except LimitReachedError as error:
            raise InputRejected("pdf-limit", f"page {number + 1} is too large: {error}") from None
        except MemoryError:
            raise
        except Exception as error:  # pypdf raises anything from KeyError to RecursionError on a broken page
            raise InputRejected("pdf-broken", f"page {number + 1}: {type(error).__name__}: {str(error)[:200]}") from None
        size += sum(len(line.text) for line in page.lines)
        if size > MAX_TEXT_BYTES:
            raise InputRejected("pdf-limit", f"more than {MAX_TEXT_BYTES} characters of text")
        pages.append(page)
    broken = [n for n, page in enumerate(pages) if _looks_broken(" ".join(line.text for line in page.lines))]
    if broken:
        try:
            others = _pdfium_pages(content, broken)
        except InputRejected as problem:
            if problem.reason != "pdf-broken":
                raise
            return pages  # PDFium cannot open it at all: what pypdf read stands, and is reported as unreadable
        for number, other in zip(broken, others, strict=True):
            if _solid(other) and not _looks_broken(" ".join(line.text for line in other.lines)):
                pages[number] = other
    return pages


def _solid(page: _Page) -> int:
    return sum(1 for line in page.lines for c in line.text if c.isalnum())


def _looks_broken(text: str) -> bool:
    """Whether a page's text cannot be what the page shows: no blanks, a blank after every letter, or unmapped glyphs."""
    solid = [c for c in text if not c.isspace()]
    if len(solid) < 60:
        return False
    unmapped = sum(1 for c in solid if c in "\ufffd\ufffe" or "\ue000" <= c <= "\uf8ff") + text.count("(cid:") * 6
    words = text.split()
    mean = len(solid) / len(words)
    return unmapped > 0.05 * len(solid) or mean > 25 or (mean < 1.6 and len(words) > 40)


# --- pypdf ---------------------------------------------------------------------------------------------------------------------------


def _pypdf_page(page: "PageObject") -> _Page:
    pieces: list[_Piece] = []

    def visit(text: str, cm: list[float], tm: list[float], font: dict[str, Any] | None, size: float) -> None:
        if not text:
            return
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = math.hypot(tm[2], tm[3]) * math.hypot(cm[2], cm[3])
        name = str((font or {}).get("/BaseFont", ""))
        pieces.append(_Piece(text, x, y, abs(size) * scale, bool(_BOLD.search(name))))

    paint = Paint()
    page.extract_text(visitor_operand_before=paint.before, visitor_text=visit)
    box = page.mediabox
    left, bottom, right, top = float(box.left), float(box.bottom), float(box.right), float(box.top)
    kept, hidden = [], paint.hidden
    for piece in pieces:
        if piece.text.strip() and (
            (0 < piece.size < _TINY_PT) or not (left - 5 <= piece.x <= right + 5 and bottom - 5 <= piece.y <= top + 5)
        ):
            hidden += len(piece.text.strip())
            continue
        kept.append(piece)
    return _Page(list(_lines(_in_columns(kept, right - left))), hidden=hidden)


def _lines(pieces: Sequence[_Piece]) -> Iterator[_RawLine]:
    """Pieces as lines. A raised digit stays on its line, glued to the word that calls the footnote."""
    open_line: _RawLine | None = None
    bold_so_far = True
    pending = ""  # blanks and breaks between two pieces
    for piece in pieces:
        parts = piece.text.split("\n")
        for at, part in enumerate(parts):
            if at:
                pending += "\n"
            bare = part.strip()
            if not bare:
                pending += " " if part else ""
                continue
            same = open_line is not None and abs(piece.y - open_line.y) <= 0.55 * max(piece.size, open_line.size, 1.0)
            raised = same and open_line is not None and len(bare) <= 3 and bare.isdigit() and 0 < piece.size <= 0.85 * open_line.size
            if raised:
                pending = ""  # the raised number of a footnote is glued to the word that calls it
            elif "\n" in pending and same and not at:
                pending = " "
            if open_line is None or "\n" in pending or (not same and piece.size > 0):
                if open_line is not None:
                    open_line.bold = bold_so_far
                    yield open_line
                open_line = _RawLine(bare, piece.x, piece.y, piece.size, piece.bold)
                bold_so_far = piece.bold
            else:
                open_line.text += (" " if pending or (part[0].isspace() and not raised) else "") + bare
                if piece.size > open_line.size:
                    open_line.size, open_line.y = piece.size, piece.y
                bold_so_far = bold_so_far and piece.bold
            pending = " " if part[-1].isspace() else ""
    if open_line is not None:
        open_line.bold = bold_so_far
        yield open_line


def _in_columns(pieces: Sequence[_Piece], width: float) -> list[_Piece]:
    """Pieces in reading order, where a page writes two columns row by row: first all of the left one.

    Two columns are seen where at least eight rows have a second piece that begins at one and the same place right of the middle,
    and both sides hold running text (25 characters a row and more); a table's cells are shorter.
    """
    rows: dict[int, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        if piece.text.strip():
            rows[round(piece.y)].append(piece)
    starts: Counter[int] = Counter()
    for row in rows.values():
        right = [p for p in row if p.x > 0.48 * width]
        if right and any(p.x < 0.4 * width for p in row):
            starts[round(min(p.x for p in right) / 3)] += 1
    if not starts:
        return list(pieces)
    place, count = starts.most_common(1)[0]
    if count < 8:
        return list(pieces)
    border = place * 3 - 4
    both = [row for row in rows.values() if any(abs(p.x - place * 3) <= 3 for p in row) and any(p.x < border for p in row)]
    left_length = sum(len(p.text.strip()) for row in both for p in row if p.x < border) / len(both)
    right_length = sum(len(p.text.strip()) for row in both for p in row if p.x >= border) / len(both)
    order = [p.x >= border for p in pieces if p.text.strip()]
    switches = sum(a != b for a, b in pairwise(order))
    if left_length < 25 or right_length < 25 or switches < count:
        return list(pieces)
    tops = [p.y for row in both for p in row]
    high, low = max(tops) + 1, min(tops) - 1
    before = [p for p in pieces if p.y > high]
    inside = [p for p in pieces if low <= p.y <= high]
    after = [p for p in pieces if p.y < low]
    left = [p for p in inside if p.x < border]
    right_side = [p for p in inside if p.x >= border]
    breaks = [_Piece("\n", 0.0, 0.0, 0.0, False)]
    return [*before, *breaks, *left, *breaks, *right_side, *breaks, *after]


# --- PDFium --------------------------------------------------------------------------------------------------------------------------


def _pdfium_pages(content: bytes, numbers: Sequence[int]) -> list[_Page]:
    import ctypes

    import pypdfium2
    import pypdfium2.raw as raw

    pages: list[_Page] = []
    size = 0
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise InputRejected("pdf-broken", f"the file cannot be opened: {error}") from None
    try:
        for number in numbers:
            page = document[number]
            text_page = page.get_textpage()
            text = text_page.get_text_range().replace("\ufffe", "-")
            lines: list[_RawLine] = []
            at = hidden = 0
            width, height = page.get_size()
            for part in re.split(r"(\r\n|\n|\r)", text):
                bare = part.strip()
                if bare:
                    index = at + len(part) - len(part.lstrip())
                    left, bottom, _, top = text_page.get_charbox(index) if index < text_page.count_chars() else (0.0, 0.0, 0.0, 0.0)
                    points = float(raw.FPDFText_GetFontSize(text_page.raw, index)) or (top - bottom)
                    flags = ctypes.c_int()
                    buffer = ctypes.create_string_buffer(120)
                    raw.FPDFText_GetFontInfo(text_page.raw, index, buffer, 120, flags)
                    if 0 < points < _TINY_PT or not (-5 <= left <= width + 5 and -5 <= bottom <= height + 5):
                        hidden += len(bare)
                    else:
                        lines.append(_RawLine(bare, left, bottom, points, bool(_BOLD.search(buffer.value.decode("latin-1")))))
                at += len(part)
            size += len(text)
            if size > MAX_TEXT_BYTES:
                raise InputRejected("pdf-limit", f"more than {MAX_TEXT_BYTES} characters of text")
            pages.append(_Page(lines, hidden=hidden))
            text_page.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise InputRejected("pdf-broken", f"a page cannot be read: {error}") from None
    finally:
        document.close()
    return pages


# --- from lines to a document --------------------------------------------------------------------------------------------------------


def _build(pages: Sequence[_Page]) -> _Built:
    """The document's text, a blank line where the page shows a gap or a change of type, and its running heads and feet."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    repeated = _repeated(pages)
    built = _Built(body_size=body)
    parts: list[str] = []
    number = 0
    for page_number_, page in enumerate(pages, 1):
        out: list[str] = []
        steps = [a.y - b.y for a, b in pairwise(page.lines) if 0 < a.y - b.y < 3 * max(a.size, b.size, 1)]
        leading = median(steps) if len(steps) >= 3 else 1.25 * body  # too few lines to tell: the usual leading of such type
        previous: _RawLine | None = None
        for at, line in enumerate(page.lines):
            if previous is not None and _gap(previous, line, leading, body):
                out.append("")
            line.text = _UNWANTED.sub(" ", line.text).replace("\f", " ")
            here = number + len(out)
            built.raw[here] = (page_number_, line)
            is_edge = (page_number_, at) in repeated
            if is_edge or page_number(line.text) is not None or _CONTENTS.fullmatch(line.text) or _is_number_of_contents(line, previous):
                built.furniture.add(here)
            out.append(line.text)
            previous = line
        parts.append("\n".join(out))
        number += len(out) or 1
    built.text = "\f".join(parts)
    return built


def _is_number_of_contents(line: _RawLine, previous: _RawLine | None) -> bool:
    return previous is not None and re.fullmatch(r"\d{1,4}", line.text) is not None and _CONTENTS.fullmatch(previous.text) is not None


def _gap(previous: _RawLine, line: _RawLine, leading: float, body: float) -> bool:
    step = previous.y - line.y
    if leading and step > 1.35 * leading:
        return True
    if previous.bold != line.bold and _standing_out(previous, line):
        return True
    if body and previous.size and line.size:
        small, other = line.size < 0.88 * body, previous.size < 0.88 * body
        return small != other or abs(line.size - previous.size) > 0.15 * body
    return False


def _standing_out(previous: _RawLine, line: _RawLine) -> bool:
    """Whether the bold one of two lines can be a heading: short, and no part of a sentence."""
    bold = previous if previous.bold else line
    return len(bold.text) < 110 and bold.text[-1:] not in ".,;:" and not (line is bold and bold.text[:1].islower())


def _repeated(pages: Sequence[_Page]) -> set[tuple[int, int]]:
    """Lines (page, index) near an edge whose words, figures aside, stand at the same height on three pages or more."""
    seen: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for number, page in enumerate(pages, 1):
        order = sorted(range(len(page.lines)), key=[-line.y for line in page.lines].__getitem__)
        edges = {*order[:_EDGE_LINES], *order[-_EDGE_LINES:]}
        for i in edges:
            words = re.sub(r"\d+", "#", " ".join(page.lines[i].text.split()))
            seen[words, round(page.lines[i].y / 6)].append((number, i))
    found: set[tuple[int, int]] = set()
    for (words, height), places in seen.items():
        near = places + seen.get((words, height + 1), [])
        if len({number for number, _ in near}) >= min(_MIN_REPEATS, max(2, len(pages))):
            found.update(near)
    letters = sum(len(line.text) for page in pages for line in page.lines)
    edges_hold = sum(len(pages[number - 1].lines[i].text) for number, i in found)
    # what comes back on every page and is most of the text is the text: forms, a page a person
    return found if len(pages) > 1 and edges_hold <= _MOST_FURNITURE * letters else set()


def _printed_numbers(built: _Built) -> dict[int, str]:
    """Page -> the number that its furniture prints, believed where it rises with the pages."""
    candidates: dict[int, set[int]] = defaultdict(set)
    for index in built.furniture:
        page, line = built.raw[index]
        if not _CONTENTS.fullmatch(line.text):
            candidates[page].update(int(figure) for figure in re.findall(r"(?<!\d)\d{1,4}(?!\d)", line.text))
    shifts = Counter(figure - page for page, figures in candidates.items() for figure in figures)
    if not shifts:
        return {}
    shift, count = shifts.most_common(1)[0]
    if count < max(2, 0.6 * len(candidates)):
        return {}
    return {page: str(page + shift) for page, figures in candidates.items() if page + shift in figures}


def _document(parser: PdfParser, reader: "PdfReader", pages: Sequence[_Page], built: _Built, warnings: list[str]) -> ParsedDocument:
    text = built.text
    lines = split_lines(text)
    letter = LetterParser().parse_lines(text, lines, built.furniture)
    if letter is not None:
        letter.parser = f"{parser.name}/{parser.version}"
        letter.warnings.extend(warnings)
        letter.metadata.extra["pages"] = str(len(pages))
        return letter
    strong = {i for i, (_, line) in built.raw.items() if line.bold or (line.size and line.size > 1.1 * built.body_size)}
    blocks = read_blocks(lines, furniture=built.furniture, paged=True, emphasised=strong)
    head = "\n".join(line.text for page in pages[:2] for line in page.lines)
    tail = "\n".join(line.text for line in pages[-1].lines)
    stated = _stated(reader)
    publisher = find_publisher(head, stated.get("/Author", ""), tail)
    metadata = Metadata(kind=Kind.REPORT, title=_title(stated, pages), court=publisher.name if publisher else None)
    metadata.language = _language(reader) or (publisher.language if publisher else None)
    metadata.extra["pages"] = str(len(pages))
    if stated.get("/Author"):
        metadata.extra["author"] = stated["/Author"]
    imprint = [line.text for page in ((pages[1], pages[-1]) if len(pages) > 1 else ()) for line in page.lines]
    add_facts(metadata, read_facts([line.text for line in pages[0].lines], text, metadata.title or "", metadata.court, imprint))
    voice = publisher.voice if publisher else Voice.UNKNOWN
    if publisher is None:
        warnings.append("no-publisher: no publisher of corpus/patterns/publishers.toml is named, so the voice is unknown")
    passages, headings = to_passages(blocks, text, voice=voice, printed_pages=_printed_numbers(built), numbered_sections=True)
    furniture = [(lines[i].start, lines[i].end) for i in sorted(built.furniture) if lines[i].text]
    return ParsedDocument(
        text=text,
        passages=passages,
        metadata=metadata,
        parser=f"{parser.name}/{parser.version}",
        furniture=sorted([*furniture, *headings]),
        warnings=warnings,
    )


def _stated(reader: "PdfReader") -> dict[str, str]:
    try:
        return {str(key): " ".join(str(value).split()) for key, value in (reader.metadata or {}).items()}
    except Exception:  # metadata of a broken file: not worth losing its text for
        return {}


def _language(reader: "PdfReader") -> str | None:
    try:
        root: Any = reader.trailer["/Root"]
        language = str(root.get("/Lang", ""))
    except Exception:  # as above
        return None
    match = re.match(r"([a-z]{2})(?:[-_]|$)", language.strip().lower())
    return match[1] if match else None


def _title(stated: dict[str, str], pages: Sequence[_Page]) -> str | None:
    """The title the file states, unless a word processor put it there; else the largest lines of the first page, if they stand out."""
    title = stated.get("/Title", "").strip()
    if title and not _DULL_TITLE.search(title):
        return title
    first = next((page for page in pages if page.lines), None)
    if first is None:
        return None
    largest = max(line.size for line in first.lines)
    if largest <= 1.2 * median(line.size for page in pages[:5] for line in page.lines):
        return None
    shown = [line.text for line in first.lines if line.size >= 0.98 * largest]
    return " ".join(" ".join(shown).split())[:300] or None


PARSER: Final[Parser] = PdfParser()
