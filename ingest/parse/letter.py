"""Plain text: letters of a government to parliament, and any other text without markup.

A letter is told by its own signs: a signatory (corpus/patterns/letter-furniture.toml), a subject line or a salutation. Its
paragraphs carry no numbers, so none is given: the first paragraph under a heading is the section, others have a position, or a place on
their page where the text shows where its pages break. All words over a minister's signature are the minister's, also what he reports
of others.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

from ingest.parse import gate, patterns
from ingest.parse.decode import decode
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage, Parser
from ingest.parse.prose import Block, Line, Shape, is_finished, read_blocks, split_lines, width_of
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

_MAX_LABEL_VALUE_LINES: Final = 2
_MAX_SENDER_LINE: Final = 60
_MAX_SIGNATURE: Final = 240
_TEXT_NAMES: Final = (".txt", ".text", ".md", "")


class _Rules:
    """The patterns of corpus/patterns/letter-furniture.toml, compiled."""

    def __init__(self) -> None:
        data = patterns.load("letter-furniture")
        head: dict[str, Any] = data["letterhead"]
        self.page = [re.compile(line, re.I) for line in data["page"]["lines"]]
        labels = "|".join(f"(?:{label})" for label in head["labels"])
        # a label, and its value on the same line: after a colon or a blank, or glued to it by an extractor (`Ons kenmerk4242124`)
        self.label = re.compile(rf"(?P<label>{labels})\s*(?P<colon>:?)\s*(?P<value>.*)", re.I)
        self.title = patterns.any_of(head["title_labels"])
        self.date = patterns.any_of(head["date_labels"])
        self.reference = patterns.any_of(head["reference_labels"])
        self.sender = patterns.any_of(head["senders"])
        self.line = patterns.any_of(head["lines"])
        self.addressee = patterns.any_of(head["addressees"])
        self.salutation = patterns.any_of(data["salutation"]["lines"])
        self.signatory = patterns.any_of(data["signatory"]["lines"])
        self.question = [re.compile(line, re.I) for line in data["questions"]["question"]]
        self.answer = [re.compile(line, re.I) for line in data["questions"]["answer"]]
        self.closing = patterns.any_of(data["signatory"]["closings"])
        self.months = {name: number for names in data["months"].values() for number, name in enumerate(names, 1)}
        self.month_language = {name: language for language, names in data["months"].items() for name in reversed(names)}
        # `'s-Gravenhage, 7 november 2022` on a line of its own
        self.place = re.compile(r"['’]?[^\W\d_][^\W\d_ '’\-]*(?:[ '’\-][^\W\d_]+){0,3},\s+(?:den\s+)?", re.I)
        names = "|".join(sorted(map(re.escape, self.months), key=len, reverse=True))
        self.day = re.compile(rf"(?P<day>\d{{1,2}})\.?\s+(?P<month>{names})\s+(?P<year>(?:19|20)\d\d)", re.I)


@cache
def _rules() -> _Rules:
    return _Rules()


def find_dates(text: str) -> list[str]:
    """The days written in words in `text` (`7 november 2022`), in order, as `YYYY-MM-DD`; a day that no calendar has is left out."""
    rules = _rules()
    found = []
    match = rules.day.search(text)
    while match is not None:
        day, month = int(match["day"]), rules.months[match["month"].lower()]
        if 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31):
            found.append(f"{match['year']}-{month:02d}-{day:02d}")
        # an extractor may run the next date into this one's year: `7 november 20224 oktober 2022`
        match = rules.day.match(text, match.end()) or rules.day.search(text, match.end())
    return found


def find_numeric_date(text: str) -> str | None:
    """A date in figures, day first (`07-11-2022`), as `YYYY-MM-DD`; None for anything else."""
    match = re.fullmatch(r"\s*(\d{1,2})[-./](\d{1,2})[-./]((?:19|20)\d\d)\s*", text)
    if not match or not (1 <= int(match[1]) <= 31 and 1 <= int(match[2]) <= 12):
        return None
    return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"


def page_number(line: str) -> str | None:
    """The number on a line that holds nothing but a page number (`Pagina 4 van 9`), as printed; None for any other line."""
    for pattern in _rules().page:
        match = pattern.fullmatch(line)
        if match:
            return match["n"]
    return None


def question_or_answer(line: str) -> tuple[PinpointKind, str] | None:
    """What `Vraag 2 en 3` or `Antwoord op vraag 1` announces: the kind, and the printed numbers (`2,3`; empty for a bare `Antwoord`)."""
    rules = _rules()
    for kind, known in ((PinpointKind.QUESTION, rules.question), (PinpointKind.ANSWER, rules.answer)):
        for pattern in known:
            match = pattern.fullmatch(line)
            if match:
                numbers = match.groupdict().get("n") or ""
                return kind, re.sub(r"\s*(?:,|en)\s*", ",", re.sub(r"\s*(?:t/m|-)\s*", "-", numbers))
    return None


class _Head:
    """What the letterhead says, gathered while its lines are marked as furniture."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self.furniture: set[int] = set()
        self.printed_pages: dict[int, str] = {}  # line -> number
        self.signatory: str | None = None

    def add(self, label: str, value: str) -> None:
        key = " ".join(label.split())
        if value:
            self.fields.setdefault(key[0].upper() + key[1:].lower(), []).append(value)


def _blocks_of(lines: Sequence[Line]) -> list[list[int]]:
    """Line numbers between blank lines."""
    blocks: list[list[int]] = []
    for i, line in enumerate(lines):
        if not line.text:
            continue
        if blocks and blocks[-1][-1] == i - 1 and not line.hard_page:
            blocks[-1].append(i)
        else:
            blocks.append([i])
    return blocks


def _read_head(lines: Sequence[Line]) -> _Head:
    rules, head = _rules(), _Head()
    blocks = _blocks_of(lines)
    width = width_of(lines)
    for number, block in enumerate(blocks):
        texts = [lines[i].text for i in block]
        for i in block:
            printed = page_number(lines[i].text)
            if printed is not None:
                head.furniture.add(i)
                head.printed_pages[i] = printed
            elif rules.line.fullmatch(lines[i].text):
                head.furniture.add(i)
        if rules.addressee.fullmatch(texts[0]) and all(len(t) < 60 for t in texts) and len(block) <= 8:
            head.furniture.update(block)
            continue
        _read_labels(head, lines, block, number == 0, width)
    _read_bare_page_numbers(head, lines)
    _read_senders(head, lines, blocks)
    _read_place_and_date(head, lines)
    return head


def _read_bare_page_numbers(head: _Head, lines: Sequence[Line]) -> None:
    """A lone number is a page number only where a form feed shows that it is a page's last line, or its first."""
    solid = [i for i, line in enumerate(lines) if line.text]
    for at, i in enumerate(solid):
        before_break = at + 1 < len(solid) and lines[solid[at + 1]].hard_page
        if re.fullmatch(r"\d{1,4}", lines[i].text) and (lines[i].hard_page or before_break):
            head.furniture.add(i)
            head.printed_pages[i] = lines[i].text


def _read_place_and_date(head: _Head, lines: Sequence[Line]) -> None:
    """`Den Haag, 7 november 2022` among the first lines, where no label gives a date."""
    rules = _rules()
    if any(rules.date.fullmatch(label) for label in head.fields):
        return
    for i in [i for i, line in enumerate(lines) if line.text][:40]:
        place = rules.place.match(lines[i].text)
        if place and rules.day.fullmatch(lines[i].text, place.end()):
            head.furniture.add(i)
            head.add("Datum", lines[i].text[place.end() :])
            return


def _read_labels(head: _Head, lines: Sequence[Line], block: Sequence[int], first: bool, width: int) -> None:
    """Marks `Datum`, `Onderwerp`, `Ons kenmerk` … with their values, where a block begins with a label."""
    rules = _rules()
    at = 0
    while at < len(block):
        text = lines[block[at]].text
        match = rules.label.fullmatch(text)
        if match is None or not _is_label(match, text, alone=first or at > 0 or len(block) <= 3):
            return
        value = match["value"].strip()
        taken = [block[at]]
        at += 1
        while at < len(block) and len(taken) <= _MAX_LABEL_VALUE_LINES and not rules.label.fullmatch(lines[block[at]].text):
            text = lines[block[at]].text
            # the value stands below its label, or a long one goes on there
            if value and not (
                rules.title.fullmatch(match["label"]) and len(lines[taken[-1]].text) >= 0.7 * width and not is_finished(value)
            ):
                break
            value = f"{value} {text}".strip()
            taken.append(block[at])
            at += 1
        head.furniture.update(taken)
        head.add(match["label"], value)


def _is_label(match: re.Match[str], text: str, *, alone: bool) -> bool:
    """A label opens a letterhead's line; a sentence that begins with the same word does not (`Datum en plaats zijn onbekend.`)."""
    value, glued = match["value"], match.end("label") < len(text) and text[match.end("label")].isalnum()
    if not alone or not text[0].isupper():
        return False
    if not value or match["colon"]:
        return True
    if glued:
        return value[0].isdigit()
    rules = _rules()
    if rules.date.fullmatch(match["label"]):
        return bool(rules.day.match(value)) or bool(re.match(r"\d{1,2}[-./]\d{1,2}[-./]\d{4}", value))
    is_title = rules.title.fullmatch(match["label"]) is not None
    return (is_title and len(text) < 200 and value[0].isupper()) or value[0].isdigit()


def _read_senders(head: _Head, lines: Sequence[Line], blocks: Sequence[Sequence[int]]) -> None:
    """A sender's block (`Directoraat-Generaal Migratie`) is furniture beside other furniture, or at the very top."""
    rules = _rules()
    changed = True
    while changed:
        changed = False
        for at, block in enumerate(blocks):
            if block[0] in head.furniture:
                continue
            texts = [lines[i].text for i in block]
            short = all(len(text) <= _MAX_SENDER_LINE and not is_finished(text) for text in texts)
            if not (short and rules.sender.fullmatch(texts[0])):
                continue
            beside = at == 0 or any(blocks[k][-1] in head.furniture for k in (at - 1, at + 1) if 0 <= k < len(blocks))
            if beside:
                head.furniture.update(block)
                changed = True


def _find_signatory(head: _Head, blocks: Sequence[Block], text: str, *, answers: bool) -> list[Block]:
    """The blocks of the signature: the body's line, a closing above it and a name under it.

    It is the last thing that is no footnote; where `answers` to questions follow the letter, a line of its own with its comma.
    """
    rules = _rules()
    body = [block for block in blocks if block.shape is not Shape.FOOTNOTE]
    last = len(body) - 6
    for at in range(len(body) - 1, -1 if answers else max(-1, last - 1), -1):
        printed = body[at].text(text)
        if len(printed) > _MAX_SIGNATURE or printed.rstrip().endswith("."):
            continue
        first = re.split(r",\s{2,}|,\s*$|,\s*(?=(?:de|het|the)\s)", printed.strip(), maxsplit=1, flags=re.I)[0].rstrip(" ,")
        if not rules.signatory.fullmatch(first) or not (at >= last or printed.rstrip().endswith(",")):
            continue
        head.signatory = first
        begin = at - 1 if at and rules.closing.fullmatch(body[at - 1].text(text).rstrip(" ,")) else at
        end = at + 1
        while end < len(body) and end <= at + 2 and _is_name(body[end].text(text)):
            end += 1
        return body[begin:end]
    return []


def _is_name(printed: str) -> bool:
    """`A. Naam`, `mr. drs. E. van der Voorbeeld`: short, an initial, no sentence."""
    return len(printed) <= 50 and not is_finished(printed) and re.search(r"\b[A-Z]\.\s?(?:[A-Z]\.)*\s?[\w ]*[A-Z]", printed) is not None


class LetterParser:
    """Plain text. Kind `letter` where it shows the signs of one, else `other` with voice `unknown`."""

    name = "letter"
    version = "1"

    def accepts(self, head: bytes, file_name: str) -> bool:
        """Text without a markup's or a container's first characters. The last parser to be asked."""
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith((b"%PDF", b"PK\x03\x04", b"<", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")):
            return False
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return True
        name = file_name.lower().rpartition("/")[2]
        suffix = name[name.rfind(".") :] if "." in name else ""
        return b"\x00" not in head and suffix in _TEXT_NAMES

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:  # noqa: ARG002 (the protocol's signature)
        """Raises: InputRejected `wrong-encoding`, `binary`, `empty`, `error-text`, `no-text`, `unreadable-text`."""
        decoded = decode(content)
        return [self.parse_text(decoded.text)]

    def parse_text(self, text: str) -> ParsedDocument:
        """As `parse`, for text that is already decoded (what another program took from a PDF)."""
        gate.refuse_error_text(text)
        lines = split_lines(text)
        return self._parse(text, lines, _read_head(lines), frozenset())

    def parse_lines(self, text: str, lines: Sequence[Line], furniture: Collection[int]) -> ParsedDocument | None:
        """A text that came from pages, as a letter; None where no minister signed it or no subject is stated.

        Args:
            furniture: indices of lines that the caller found to be heads or feet.
        """
        head = _read_head(lines)
        if not any(_rules().title.fullmatch(label) for label in head.fields):
            return None
        document = self._parse(text, lines, head, furniture, paged=True)
        return document if document.metadata.court is not None else None

    def _parse(self, text: str, lines: Sequence[Line], head: _Head, furniture: Collection[int], *, paged: bool = False) -> ParsedDocument:
        head.furniture.update(furniture)
        asked = [i for i, line in enumerate(lines) if len(line.text) <= 60 and i not in head.furniture and question_or_answer(line.text)]
        blocks = read_blocks(lines, furniture=head.furniture, paged=paged, marked=asked)
        signature = _find_signatory(head, blocks, text, answers=bool(asked))
        rules = _rules()
        salutation = any(rules.salutation.fullmatch(block.text(text)) for block in blocks[:6])
        subject = next((v[0] for k, v in head.fields.items() if rules.title.fullmatch(k)), None)
        is_letter = head.signatory is not None or salutation or subject is not None
        metadata, warnings = _metadata(head, subject, is_letter)
        if not is_letter and blocks and blocks[0].shape is Shape.HEADING:
            metadata.title = blocks[0].text(text)
        printed = _printed_pages(lines, head, warnings, paged=paged)
        voice = Voice.MINISTER if head.signatory is not None else Voice.UNKNOWN
        shown = [block for block in blocks if block not in signature]
        passages, headings = to_passages(shown, text, voice=voice, printed_pages=printed)
        if not passages:
            raise InputRejected("no-text", "a letter's head and nothing below it: no text that can be cited")
        signed = [span for block in signature for span in block.spans]
        return ParsedDocument(
            text=text,
            passages=passages,
            metadata=metadata,
            parser=f"{self.name}/{self.version}",
            furniture=sorted([*_spans(lines, head.furniture), *signed, *headings]),
            warnings=warnings,
        )


def _metadata(head: _Head, subject: str | None, is_letter: bool) -> tuple[Metadata, list[str]]:
    rules = _rules()
    metadata = Metadata(kind=Kind.LETTER if is_letter else Kind.OTHER)
    warnings: list[str] = []
    if not is_letter:
        return metadata, warnings
    metadata.title = subject
    metadata.court = head.signatory
    written = next((v[0] for k, v in head.fields.items() if rules.date.fullmatch(k)), None)
    days = find_dates(written) if written else []
    if days:
        metadata.date = days[0]
        month = next(iter(rules.day.finditer(written or "")))["month"].lower()
        metadata.language = rules.month_language[month] if "nl" not in _languages_of(month) else "nl"
    elif written:
        metadata.date = find_numeric_date(written)
    if len(days) > 1:
        warnings.append(f"two-dates: {written!r} holds {' and '.join(days)}; the first was taken")
    if metadata.date is None:
        warnings.append("no-date: no date was found in the letterhead")
    if head.signatory is None:
        warnings.append("no-signatory: no minister or state secretary was recognised, so the voice is unknown")
    elif head.signatory.lower().startswith(("de ", "het ")):
        metadata.language = "nl"
    for label, values in head.fields.items():
        if rules.title.fullmatch(label) or rules.date.fullmatch(label):
            continue
        metadata.extra[label] = values[0]
    return metadata, warnings


def _languages_of(month: str) -> set[str]:
    return {language for language, names in patterns.load("letter-furniture")["months"].items() if month in names}


def _printed_pages(lines: Sequence[Line], head: _Head, warnings: list[str], *, paged: bool) -> dict[int, str]:
    """Page -> the number printed on it, where form feeds show the pages. Without them a printed number tells no page's bounds."""
    if not paged and not any(line.hard_page for line in lines):
        if head.printed_pages:
            seen = ", ".join(dict.fromkeys(head.printed_pages.values()))
            warnings.append(f"pages-not-counted: page numbers are printed ({seen}), but the text does not show where pages break")
        return {}
    page = 1
    printed: dict[int, str] = {}
    for i, line in enumerate(lines):
        page += line.hard_page
        if i in head.printed_pages:
            printed.setdefault(page, head.printed_pages[i])
    return printed


def _spans(lines: Sequence[Line], indices: set[int]) -> list[tuple[int, int]]:
    return [(lines[i].start, lines[i].end) for i in sorted(indices) if lines[i].text]


def to_passages(
    blocks: Sequence[Block],
    text: str,
    *,
    voice: Voice,
    printed_pages: dict[int, str] | None = None,
    numbered_sections: bool = False,
) -> tuple[list[ParsedPassage], list[tuple[int, int]]]:
    """Blocks as passages under their headings, and the spans of the headings, which `heading_path` carries.

    Pinpoints: a footnote its number; with `numbered_sections`, the first paragraph under a numbered heading that number; a paragraph
    its place on the page where pages are known; else the first under a heading the heading, and the others their position among the
    document's paragraphs.
    """
    printed_pages = printed_pages or {}
    passages: list[ParsedPassage] = []
    headings: list[tuple[int, int]] = []
    path: list[tuple[int, str]] = []  # (level, heading)
    on_page: dict[int, int] = {}
    paths_of_calls: dict[str, tuple[str, ...]] = {}
    numbers: list[str | None] = []  # printed before the headings so far
    count, fresh = 0, False
    asked: tuple[PinpointKind, str] | None = None  # the question or answer that the paragraphs belong to
    for block in blocks:
        if block.shape is Shape.HEADING:
            headings.extend(block.spans)
            announced = question_or_answer(block.text(text))
            if announced is not None and not announced[1]:
                announced = (announced[0], asked[1]) if asked else None
            asked = announced
            # a heading without a number stands below the numbered one before it
            above = next((n for n in reversed(numbers) if n), None)
            level = block.number.count(".") + 1 if block.number else (above.count(".") + 2 if above else 1)
            numbers.append(block.number)
            path = [*[entry for entry in path if entry[0] < level], (level, block.text(text))]
            fresh = True
            continue
        spans = tuple(block.spans) if len(block.spans) > 1 else ()
        printed_page = printed_pages.get(block.page) if block.page is not None else None
        if block.shape is Shape.FOOTNOTE:
            pinpoint = Pinpoint(PinpointKind.FOOTNOTE, block.number or "", block.number or "")
        else:
            count += 1
            if block.page is not None:
                on_page[block.page] = on_page.get(block.page, 0) + 1
            if asked is not None:
                pinpoint = Pinpoint(asked[0], asked[1], f"{'vraag' if asked[0] is PinpointKind.QUESTION else 'antwoord'} {asked[1]}")
            elif numbered_sections and fresh and numbers[-1]:
                pinpoint = Pinpoint(PinpointKind.SECTION, numbers[-1], numbers[-1])
            elif block.page is not None:
                shown = printed_page or str(block.page)
                # a page that prints no number is counted, and said to be so
                words = f"p. {shown}" if printed_page else f"p. {shown} (counted)"
                pinpoint = Pinpoint(PinpointKind.PAGE_SECTION, f"{shown}.{on_page[block.page]}", words)
            elif fresh and path:
                printed = numbers[-1] or path[-1][1]
                pinpoint = Pinpoint(PinpointKind.SECTION, printed, printed)
            else:
                pinpoint = Pinpoint(PinpointKind.POSITION, str(count), "")
            fresh = False
        calls = tuple(Pinpoint(PinpointKind.FOOTNOTE, str(n), str(n)).slug for n in block.calls)
        # a footnote belongs under the heading where it is called, not under the last one on its page
        here = paths_of_calls.get(pinpoint.slug) if block.shape is Shape.FOOTNOTE else None
        if here is None:
            here = tuple(heading for _, heading in path)
        paths_of_calls.update((call, here) for call in calls)
        passages.append(
            ParsedPassage(
                start=block.start,
                end=block.end,
                pinpoint=pinpoint,
                heading_path=here,
                # a member's question in a minister's letter is the member's
                voice=Voice.UNKNOWN if asked is not None and asked[0] is PinpointKind.QUESTION else voice,
                spans=spans,
                page=block.page,
                printed_page=printed_page,
                footnotes=calls,
            )
        )
    return passages, headings


PARSER: Final[Parser] = LetterParser()
