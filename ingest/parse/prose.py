"""Running prose as extracted from pages: lines to paragraphs, headings and footnotes, by shape alone.

Nothing here knows a subject or a publisher. The rules, in the order in which they are applied:

1. A *page mark* is a form feed, a line of furniture that the caller names, or a line that begins with one blank in a text whose lines
   do not (what some extractors leave of a form feed).
2. A *footnote* begins with the next number of the run `1, 2, 3, …`, at the start of a block or after another footnote, and only if
   that number is called before it: glued to a word, a bracket or a full stop. It ends at the next footnote, at a page mark, or at a blank
   line after a finished line.
3. A *heading* is a short line without final punctuation, capital first, no list item, after a blank line, a page mark or a finished
   sentence, and before prose. Two such lines make one heading when they stand alone between blank lines.
4. A *paragraph* is a block between blank lines. Over a page mark it goes on when its sentence does.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import quantiles
from typing import Final

from ingest.parse import patterns

_LINE_END: Final = re.compile(r"\r\n|\n|\r|\f|\v|\x85|\u2028|\u2029")
_BLANKS: Final = " \t\u00a0\u2007\u202f\u200b\ufeff"
_FINAL: Final = frozenset(".!?:;…")
_CLOSERS: Final = "\"'’”»)]"
_BULLET: Final = re.compile(r"[•▪◦●■‣\uf0b7\uf0a7\uf0d8]\s*|[-–—]\s+")
_ITEM: Final = re.compile(r"(?:[•▪◦●■‣\uf0b7\uf0a7\uf0d8]\s*|[-–—*]\s+|\(?(?:[a-z]{1,2}|[0-9]{1,3}|[ivx]{1,5})[.)]\s+)\S")
_NUMBERED: Final = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_])")
_NOTE: Final = re.compile(r"(?:\[(?P<a>\d{1,3})\]|(?P<b>\d{1,3})[.)]?|(?P<c>[¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3}))[ \t\u00a0]+(?=\S)")
# a call: digits glued to what stands before them, and followed by a blank, a punctuation mark or the end. A decimal, a section
# number (`5.2`) or `art.3` is none; a year before the stop is (`28 juli 2021.2`)
_CALL: Final = re.compile(
    r"(?:(?<=[^\W\d_])|(?<=[)\]”’\"'»])|(?<=[^\W\d_][.,;:])|(?<=[)\]”’\"'»]\.)|(?<=(?:19|20)\d\d\.)|(?<=(?:19|20)\d\d))"
    r"(?P<n>\d{1,3}|[¹²³⁴⁵⁶⁷⁸⁹⁰]{1,3})(?=[\s.,;:)?!]|$)"
)
_ABBREVIATED: Final = re.compile(r"(?:^|[\s(])(?:nrs?|arts?|artt|no|nos|blz|pp?|par|lid|sub|hfst|rn|rdnr|stk|vgl|bijl)\.$", re.I)
_SUPERSCRIPT: Final = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹⁰", "1234567890")
_MAX_HEADING: Final = 110  # characters of a heading's line
_MAX_HEADING_LINES: Final = 2
_MAX_MISSED: Final = 5  # footnotes in a row


class Shape(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    FOOTNOTE = "footnote"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `text[start:end]` without its outer blanks; `page_start` where a page begins with it."""

    start: int
    end: int
    text: str
    hard_page: int = 0  # form feeds before it: more than one where a page holds no text
    soft_page: bool = False  # after what an extractor leaves of one


@dataclass(slots=True)
class Block:
    """A paragraph, a heading or a footnote. `spans` are its own words; `page` counts from 1, None where no break is shown.

    `number` is the printed number of a heading or footnote. `calls` are the footnotes called in it.
    """

    shape: Shape
    spans: list[tuple[int, int]]
    lines: int = 1
    page: int | None = None
    number: str | None = None
    calls: list[int] = field(default_factory=list)
    is_item: bool = False

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]

    def text(self, source: str) -> str:
        """The block's words on one line."""
        return " ".join(" ".join(source[a:b].split()) for a, b in self.spans)


def split_lines(text: str) -> list[Line]:
    """Every line of `text`, empty ones too, with the page marks that the text itself holds."""
    raw: list[tuple[int, int, int]] = []
    start, feeds = 0, 0
    for match in _LINE_END.finditer(text):
        blank = not text[start : match.start()].strip(_BLANKS)
        raw.append((start, match.start(), 0 if blank else feeds))
        feeds = (feeds if blank else 0) + (match[0] == "\f")
        start = match.end()
    raw.append((start, len(text), feeds))
    solid = [(a, b) for a, b, _ in raw if text[a:b].strip(_BLANKS)]
    lone = [a for a, b in solid if text[a] == " " and text[a + 1 : a + 2].strip()]
    indented = sum(1 for a, _ in solid if text[a] in " \t")
    # one blank before a line is a page's beginning only where it is rare and no other indentation is used
    soft = set(lone) if lone and len(lone) == indented and len(lone) <= max(2, len(solid) // 10) else set()
    lines = []
    for a, b, feed in raw:
        piece = text[a:b]
        stripped = piece.strip(_BLANKS)
        begin = a + (len(piece) - len(piece.lstrip(_BLANKS)) if stripped else 0)
        lines.append(Line(begin, begin + len(stripped), stripped, feed if stripped else 0, a in soft and a > 0))
    return lines


def is_list_item(text: str) -> bool:
    """Whether the line begins as an item of a list: a bullet, a dash, `a.`, `(2)`, `iii)`."""
    return bool(_ITEM.match(text))


def is_finished(text: str) -> bool:
    """Whether the line ends a sentence: a final mark, closing quotes and a footnote's number after it left aside."""
    bare = text.rstrip(_BLANKS).rstrip(_CLOSERS)
    bare = re.sub(r"(?<=[.!?:;…)\]”’»])\d{1,3}$", "", bare).rstrip(_CLOSERS)
    return bool(bare) and bare[-1] in _FINAL


def width_of(lines: Sequence[Line]) -> int:
    """The usual length of a full line, in characters: the 80th of a hundred parts. 0 for a text without lines."""
    lengths = [len(line.text) for line in lines if line.text]
    if not lengths:
        return 0
    return lengths[0] if len(lengths) == 1 else round(quantiles(lengths, n=100, method="inclusive")[79])


def read_blocks(
    lines: Sequence[Line],
    *,
    furniture: Collection[int] = (),
    paged: bool = False,
    emphasised: Collection[int] | None = None,
    marked: Collection[int] = (),
) -> list[Block]:
    """The blocks of a text in reading order of their first words.

    Args:
        lines: all its lines (`split_lines`).
        furniture: indices of lines that are no text of the document; each of them is a page mark.
        emphasised: indices of lines in bold or larger type, where type is known: then a heading of two lines must be among them.
        marked: indices of lines that are headings whatever their shape (`Vraag 1`).
        paged: the text came from pages; else, without a form feed, `page` is None.
    """
    skip = frozenset(furniture)
    width = width_of([line for i, line in enumerate(lines) if i not in skip])
    pages = _pages(lines, paged=paged)
    notes = _footnotes(lines, skip, width, pages)
    in_note = {i for note in notes for i in note.lines}
    body = [i for i, line in enumerate(lines) if line.text and i not in skip and i not in in_note]
    blank_before, page_before = _gaps(lines, body, skip, in_note)
    headings = _headings(lines, body, blank_before, page_before, width, emphasised)
    if marked:
        own = {at for at, i in enumerate(body) if i in marked}
        headings = {at: first for at, first in headings.items() if first not in own and at not in own} | {at: at for at in own}
    sparse = _few_blank_lines(body, blank_before)

    blocks: list[Block] = []
    open_block: Block | None = None
    last_line: int | None = None
    for at, i in enumerate(body):
        line = lines[i]
        heading = headings.get(at)
        if heading is not None:
            starts = blank_before[at] or page_before[at] or open_block is None or open_block.shape is not Shape.HEADING or heading == at
            if heading == at and starts:
                number = _NUMBERED.match(line.text)
                open_block = Block(Shape.HEADING, [(line.start, line.end)], page=pages[i], number=number["number"] if number else None)
                blocks.append(open_block)
            elif open_block is not None:
                open_block.spans[-1] = (open_block.spans[-1][0], line.end)
                open_block.lines += 1
            last_line = i
            continue
        joins = (
            open_block is not None
            and last_line is not None
            and open_block.shape is Shape.PARAGRAPH
            and _joins(lines[last_line], line, blank_before[at], page_before[at], width, item=open_block.is_item, sparse=sparse)
        )
        if joins and open_block is not None and last_line is not None:
            if any(j in skip or j in in_note for j in range(last_line + 1, i)):
                open_block.spans.append((line.start, line.end))
            else:
                open_block.spans[-1] = (open_block.spans[-1][0], line.end)
            open_block.lines += 1
        else:
            open_block = Block(Shape.PARAGRAPH, [(line.start, line.end)], page=pages[i], is_item=is_list_item(line.text))
            blocks.append(open_block)
        last_line = i
    for note in notes:
        spans = _runs(lines, note.lines)
        blocks.append(Block(Shape.FOOTNOTE, spans, lines=len(note.lines), page=pages[note.lines[0]], number=str(note.number)))
    blocks.sort(key=lambda block: block.start)
    _tie(blocks, notes)
    return blocks


def _pages(lines: Sequence[Line], *, paged: bool) -> list[int | None]:
    if not paged and not any(line.hard_page for line in lines):
        return [None] * len(lines)
    page = 1
    pages: list[int | None] = []
    for line in lines:
        page += line.hard_page
        pages.append(page)
    return pages


def _gaps(lines: Sequence[Line], body: Sequence[int], skip: frozenset[int], in_note: set[int]) -> tuple[list[bool], list[bool]]:
    """For each body line: whether a blank line stands before it, and whether a page mark or a footnote does."""
    blank_before, page_before = [], []
    previous = -1
    for i in body:
        between = range(previous + 1, i)
        blank_before.append(previous < 0 or any(not lines[j].text for j in between))
        page_before.append(bool(lines[i].hard_page) or lines[i].soft_page or any(j in skip or j in in_note for j in between))
        previous = i
    return blank_before, page_before


def _few_blank_lines(body: Sequence[int], blank_before: Sequence[bool]) -> bool:
    """Whether blank lines do not part the paragraphs of this text, so that short finished lines must."""
    return len(body) > 12 and sum(blank_before) < len(body) / 25


def _joins(last: Line, line: Line, blank: bool, page: bool, width: int, *, item: bool, sparse: bool) -> bool:
    """Whether `line` goes on with the paragraph that `last` was in."""
    if page:
        if is_list_item(line.text):
            return False
        if not is_finished(last.text) or line.text[0].islower():
            return True
        # a sentence that ends at the very end of a full line: the paragraph more often goes on than not
        return not item and len(last.text) >= 0.92 * width and not blank
    if blank:
        # a text that is double-spaced, or broken by its extractor: the sentence goes on over the blank line
        full = width >= 40 and len(last.text) >= 0.75 * width
        return full and not is_finished(last.text) and line.text[0].islower() and not is_list_item(line.text)
    if _BULLET.match(line.text) and is_finished(last.text):
        return False
    return not (sparse and is_finished(last.text) and len(last.text) < 0.8 * width and not line.text[0].islower())


def _headings(
    lines: Sequence[Line],
    body: Sequence[int],
    blank_before: Sequence[bool],
    page_before: Sequence[bool],
    width: int,
    emphasised: Collection[int] | None,
) -> dict[int, int]:
    """Positions in `body` that are heading lines -> position of that heading's first line."""

    strong = None if emphasised is None else frozenset(emphasised)

    def gap(at: int) -> bool:
        return at >= len(body) or blank_before[at] or page_before[at]

    def text(at: int) -> str:
        return lines[body[at]].text

    def prose(at: int) -> bool:
        """Running prose begins here: a block of several lines, or one line that ends a sentence."""
        if at >= len(body):
            return False
        end = at + 1
        while end < len(body) and not gap(end):
            end += 1
        last = text(end - 1)
        return end - at >= 2 or is_finished(last) or (page_before[end] if end < len(body) else False)

    def size_of(at: int) -> int:
        """Lines of the heading that begins at `at`; 0 for none."""
        following = at + 1
        if following >= len(body):
            return 0
        if gap(following):
            return 0 if _goes_on(text(at)) or (width >= 40 and len(text(at)) >= 0.95 * width) else 1
        first, second = text(at), text(following)
        alone = gap(at) and gap(following + 1)
        if alone and _can_go_on(second) and len(first) >= 0.5 * width and len(second) < 0.8 * width:
            # two lines before a list introduce it
            listed = following + 1 < len(body) and is_list_item(text(following + 1))
            plain = strong is not None and not {body[at], body[following]} <= strong
            return 0 if listed or plain else _MAX_HEADING_LINES
        # a line broken long before the margin, though the next word had room: broken on purpose
        room = len(first) + 1 + len(second.split()[0])
        return 1 if gap(at) and room <= 0.85 * width and len(second) >= 0.6 * width else 0

    found: dict[int, int] = {}
    at = 0
    while at < len(body):
        headed = (at - 1) in found
        starts = at == 0 or gap(at) or is_finished(text(at - 1)) or headed
        # the end of a sentence that a page mark broke is no heading
        broken = at > 0 and page_before[at] and not blank_before[at] and not is_finished(text(at - 1)) and not headed
        size = size_of(at) if starts and not broken and _can_head(text(at)) else 0
        after = at + size
        if size and after < len(body):
            # prose must follow; or a lower heading, which then needs prose of its own
            good = _opens(text(after)) and (prose(after) or (gap(after) and _can_head(text(after)) and prose(after + 1)))
            if good and not (is_list_item(text(at)) and is_list_item(text(after))):
                found.update((k, at) for k in range(at, after))
                at = after
                continue
        at += 1
    return found


def _can_head(text: str) -> bool:
    """Short, no final punctuation, capital first (after a printed number), some letters, no bullet."""
    if len(text) > _MAX_HEADING or len(text) < 3 or text[-1] in ".,;:…" or _BULLET.match(text):
        return False
    number = _NUMBERED.match(text)
    if text[-1] in "!?" and number is None:  # a numbered heading may ask: `2.1 What is protection?`
        return False
    words = text[number.end() :] if number else text
    if number is None and _ITEM.match(text):
        return False
    return bool(words) and words[0].isupper() and sum(c.isalpha() for c in words) >= 3 and sum(c.isdigit() for c in words) <= len(words) / 3


def _goes_on(text: str) -> bool:
    """Whether the line's last word asks for another (`van`, `qu'un`)."""
    last = re.split(r"[\s'’]", text.lower())[-1]
    return last in patterns.load("prose")["open_endings"]


def _can_go_on(text: str) -> bool:
    """Whether a line can be the second of a heading."""
    return text[-1] not in ".,;:!?…" and not _ITEM.match(text)


def _opens(text: str) -> bool:
    """Whether a line can be the first of a paragraph: it does not go on with a sentence."""
    return not text[0].islower() and text[0] not in ",;.)"


@dataclass(slots=True)
class _Note:
    number: int
    lines: list[int]
    call: tuple[int, int] | None = None  # (line, offset in the text)


def _footnotes(lines: Sequence[Line], skip: frozenset[int], width: int, pages: Sequence[int | None]) -> list[_Note]:
    calls: dict[int, list[tuple[int, int]]] = {}
    for i, line in enumerate(lines):
        if i not in skip:
            for match in _CALL.finditer(line.text):
                if _ABBREVIATED.search(line.text[max(0, match.start() - 8) : match.start()]):
                    continue
                calls.setdefault(int(match["n"].translate(_SUPERSCRIPT)), []).append((i, line.start + match.start()))
    notes: list[_Note] = []
    expected = 1
    i = 0
    last_call = -1
    taken: set[int] = set()  # a number inside a footnote calls no other
    while i < len(lines):
        line = lines[i]
        note = _NOTE.match(line.text) if line.text and i not in skip else None
        number = _number(note) if note else None
        called = None
        opens = _starts_block(lines, i, skip) or (notes and notes[-1].lines[-1] == _previous(lines, i))
        # where pages are known, a note that was not recognised does not cost all later ones: the call must then be on the same page
        near = number is not None and pages[i] is not None and expected <= number <= expected + _MAX_MISSED
        if number is not None and opens and (number == expected or near):
            candidates = (c for c in calls.get(number, ()) if last_call < c[1] < line.start and c[0] not in taken)
            called = next((c for c in candidates if number == expected or pages[c[0]] == pages[i]), None)
        if called is None or number is None:
            i += 1
            continue
        end = _note_end(lines, i, skip, number, width)
        notes.append(_Note(number, [j for j in range(i, end) if lines[j].text], called))
        taken.update(range(i, end))
        expected = number + 1
        last_call = called[1]
        i = end
    return notes


def _number(match: re.Match[str]) -> int:
    printed: str = match["a"] or match["b"] or match["c"]
    return int(printed.translate(_SUPERSCRIPT))


def _starts_block(lines: Sequence[Line], i: int, skip: frozenset[int]) -> bool:
    return i == 0 or not lines[i - 1].text or (i - 1) in skip or bool(lines[i].hard_page) or lines[i].soft_page


def _previous(lines: Sequence[Line], i: int) -> int | None:
    return next((j for j in range(i - 1, -1, -1) if lines[j].text), None)


def _note_end(lines: Sequence[Line], start: int, skip: frozenset[int], number: int, width: int) -> int:
    """The index after the footnote's last line."""
    last = start
    for j in range(start + 1, len(lines)):
        line = lines[j]
        if j in skip or line.hard_page or line.soft_page:
            break
        if not line.text:
            continue
        following = _NOTE.match(line.text)
        if following and _number(following) == number + 1:
            break
        if j > last + 1:  # a blank line: goes on only where a full line or an open bracket waits for more
            before = lines[last].text
            full = len(before) >= 0.85 * width
            waiting = before.count("(") > before.count(")") or (full and not is_finished(before))
            if not waiting:
                break
        last = j
    return last + 1


def _runs(lines: Sequence[Line], indices: Sequence[int]) -> list[tuple[int, int]]:
    """One span: blank lines inside a footnote are its own."""
    return [(lines[indices[0]].start, lines[indices[-1]].end)]


def _tie(blocks: Sequence[Block], notes: Sequence[_Note]) -> None:
    for note in notes:
        if note.call is None:
            continue
        offset = note.call[1]
        for block in blocks:
            if block.shape is not Shape.FOOTNOTE and any(a <= offset < b for a, b in block.spans):
                block.calls.append(note.number)
                break
