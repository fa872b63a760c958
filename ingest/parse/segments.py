"""Decisions that come as plain text: lines, or one line without breaks, cut into passages where the text itself shows them.

Numbers are taken only where they are printed and continue the sequence; headings only where a line is one that lawyers know
(corpus/patterns/voice-eu.toml). Everything found this way is derived from running text, and is marked so by the caller.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any, Final

from ingest.parse import patterns
from ingest.parse.outline import Draft, HeadingPath
from ingest.voice_eu import section_of, voice_in
from kb.domain.documents import Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind

_FINISHED: Final = tuple('.:;!?»”"’)…]')
_DOTTED = re.compile(r"(\d{1,3}(?:\.\d{1,2}){0,3})(\s?\.)?(?=[\s\u00a0]|$|[A-ZÀ-Þ“«\"(\[])")
_LETTERED = re.compile(r"([AB])\.(\d{1,3}(?:\.\d{1,2}){0,3})\.?(?=[\s\u00a0]|$)")
_BRACKETED = re.compile(r"\[(\d{1,3})\](?=\s)")
_ALONE = re.compile(r"\d{1,4}")
_POINT = re.compile(r"(\d{1,2})(?:\.|\)|°\)?)(?=\s|$)")
_ARTICLE = re.compile(r"(?:Article|Artikel|Art\.)\s+(\d{1,3}[a-z]{0,2})\b(er)?\s*[:.]?(?=\s|$)", re.I)
_NO_LAST_WORD: Final = frozenset(
    {"the", "of", "a", "an", "and", "or", "to", "in", "by", "for", "on", "that", "with", "και", "του", "της", "των", "να"}
)
_ROMAN = re.compile(r"(I{1,3}|IV|V)\.?(?=\s|$)")
_HEADING_MAX: Final = 170
_FRONT_MAX: Final = 1_800  # characters of front matter in one passage
_LONG: Final = 4_000  # characters of a piece without numbers that cannot be one paragraph
_PORTION: Final = 1_500
_SMALL: Final = 60  # a line this short is no paragraph of its own

Number = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the text, or a piece of a text without lines; `blank` tells that white space stood before it."""

    start: int
    end: int
    text: str
    blank: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """How one source prints: its language and how it counts."""

    language: str
    number: PinpointKind | None = None
    bare: bool = False  # margin numbers alone on their line
    letters: bool = False  # `A.1.`, `B.3.2.`
    headings: bool = False  # short lines without a final stop are headings too
    running: bool = False
    questions: bool = False  # `QUESTION:` and `RÉPONSE:` of a parliamentary question
    marks: bool = False  # `[TITEL] …`
    voice: Voice | None = None  # of a report: all of it
    decision: bool = True  # a judgment or views: its parts have voices
    court_headings: tuple[str, ...] = ()  # headings under which, in this source, the court speaks


@dataclass(slots=True)
class Segmented:
    drafts: list[Draft] = field(default_factory=list)
    furniture: list[tuple[int, int]] = field(default_factory=list)


@cache
def _running_headings() -> re.Pattern[str]:
    words = patterns.load("voice-eu")["running"]["headings"]
    return re.compile("|".join(rf"(?<![\w’'-]){re.escape(word)}(?![\w])" for word in sorted(words, key=len, reverse=True)))


@cache
def _reference_words() -> frozenset[str]:
    return frozenset(patterns.load("voice-eu")["running"]["before"])


@cache
def _page_lines() -> re.Pattern[str]:
    return patterns.any_of(patterns.load("rows")["furniture"]["lines"])


def rows_of_lines(text: str) -> list[Row]:
    rows = []
    at, blank = 0, True
    for line in text.splitlines(keepends=True):
        words = line.strip(" \t\r\n\f\v\u00a0\ufeff")
        if words:
            start = at + line.index(words[0])
            rows.append(Row(start, start + len(words), words, blank))
            blank = False
        else:
            blank = True
        at += len(line)
    return rows


_RUNNING_NUMBER = re.compile(r"(?<![\w.,/])(\d{1,3})\s?\.\s(?=[\[(“«\"‘]?[A-ZÀ-ÞČŠŽŞȚ])")
_ABBREVIATED: Final = frozenset({"no", "nos", "nr", "art", "p", "pp", "n", "št"})
_SENTENCE_END = re.compile(r"(?<=[a-zà-ÿ\d)”»]{2}[.;!?])\s+(?=[A-ZÀ-ÞÎȘȚ«“])")
_LAST_WORD = re.compile(r"([^\W\d_]+)\.?\s*$")


def rows_of_running_text(text: str, profile: Profile) -> list[Row]:
    """Pieces of a text without line breaks: they begin at its known headings and at numbers that go up by one."""
    cuts: set[int] = {0}
    starts: list[tuple[int, int, bool]] = [(m.start(), m.end(), True) for m in _running_headings().finditer(text)]
    if profile.number:
        starts += [(m.start(), m.end(), False) for m in _RUNNING_NUMBER.finditer(text)]
    last, opinion_at = 0, -1
    for start, end, heading in sorted(starts):
        if heading:
            cuts |= {start, end}
            opinion_at = end if "OPINION" in text[start:end] or "DISSENT" in text[start:end] else opinion_at
            continue
        number = int(text[start:end].split(".")[0])
        before = _LAST_WORD.search(text[max(0, start - 24) : start])
        word = before[1].lower() if before else ""
        if word and text[max(0, start - 2) : start] in (". ", ".\u00a0") and word not in _ABBREVIATED:
            word = ""  # a sentence ended between the word and the number
        opinion = number == 1 and last > 1 and 0 <= start - opinion_at < 160 and opinion_at >= 0
        # a number or two may be hidden: then a sentence must have ended, and the number expected must not come later
        hidden = last > 0 and last + 1 < number <= last + 3 and text[max(0, start - 9) : start].rstrip().endswith(_FINISHED)
        hidden = hidden and not any(
            start < at < start + 8_000 and text.startswith(str(last + 1), at) for at, _, known in starts if not known
        )
        headed = any(at in cuts for at in range(start - 2, start + 1))  # right after a heading no word before it counts
        if (number == last + 1 or opinion or hidden) and (headed or word not in _reference_words()):
            cuts.add(start)
            last = number
    rows = []
    ordered = [*sorted(cuts), len(text)]
    for begin, stop in pairwise(ordered):
        for at, end in _portions(text, begin, stop):
            piece = text[at:end]
            words = piece.strip(" \t\r\n\u00a0\ufeff")
            if words:
                start = at + piece.index(words[0])
                rows.append(Row(start, start + len(words), words, True))
    return rows


def _portions(text: str, begin: int, stop: int) -> list[tuple[int, int]]:
    """A piece without numbers that is longer than any paragraph, cut at ends of sentences; a numbered one is a unit and stays whole."""
    if stop - begin <= _LONG or _RUNNING_NUMBER.match(text, begin):
        return [(begin, stop)]
    found, at = [], begin
    for sentence in _SENTENCE_END.finditer(text, begin, stop):
        if sentence.end() - at >= _PORTION:
            found.append((at, sentence.end()))
            at = sentence.end()
    return [*found, (at, stop)]


def _furniture(rows: Sequence[Row], profile: Profile) -> set[int]:
    """Lines of the page: known ones, page numbers in sequence, and short lines that come back with other digits."""
    if profile.running:
        return set()
    found = {i for i, row in enumerate(rows) if len(row.text) < 600 and _page_lines().fullmatch(row.text)}
    shapes = Counter(re.sub(r"\d+", "#", row.text) for row in rows if len(row.text) < 60)
    often = {shape for shape, count in shapes.items() if count >= 3 and ("#" in shape and len(re.sub(r"[^A-Za-z]", "", shape)) > 0)}
    running = {shape for shape in often if re.fullmatch(r"(?:ECLI\S*|[A-Z]{1,4}[-/]#|n° ?#|N° ?#|[A-Z]/#/#).*", shape)}
    found |= {i for i, row in enumerate(rows) if re.sub(r"\d+", "#", row.text) in running}
    if not profile.bare:
        page = 1
        for i, row in enumerate(rows):
            if _ALONE.fullmatch(row.text) and int(row.text) in (page, page + 1) and (not profile.number or not _counts_alone(rows)):
                found.add(i)
                page = int(row.text) + 1
    return found


def _counts_alone(rows: Sequence[Row]) -> bool:
    return sum(1 for row in rows if re.fullmatch(r"\d{1,3}\.", row.text)) > 5


def _width(rows: Sequence[Row]) -> int:
    """The width to which lines are broken, 0 where each line is a paragraph."""
    lengths = sorted(len(row.text) for row in rows if len(row.text) > 40)
    if len(lengths) < 20:
        return 0
    high = lengths[int(len(lengths) * 0.9)]
    return high if high <= 140 else 0


class _Segmenter:
    def __init__(self, rows: Sequence[Row], profile: Profile) -> None:
        self.rows, self.profile = rows, profile
        self.skip = _furniture(rows, profile)
        self.width = _width(rows)
        blanks = sum(row.blank for row in rows)
        self.sparse = bool(rows) and blanks > 0.6 * len(rows)  # a blank line between all lines tells nothing
        self.out = Segmented()
        self.path = HeadingPath()
        self.section: str | None = None
        self.parent: str | None = None  # the section of the heading above roman parts
        self.base: str | None = None  # the section that a sub-heading falls back to
        self.last: Number | None = None
        self.point = 0
        self.fresh = True  # right after a heading
        self.begun = not profile.decision
        self.ended = False
        self.previous: Row | None = None

    def run(self) -> Segmented:
        i = 0
        while i < len(self.rows):
            i += self.take(i)
        return self.out

    # -- one row

    def take(self, i: int) -> int:
        row = self.rows[i]
        if i in self.skip:
            self.out.furniture.append((row.start, row.end))
            return 1
        section = self.heading(i, row)
        if section is not None:
            self.enter(row, section)
            return 1
        if self.ended:
            self.out.furniture.append((row.start, row.end))
            return 1
        used = self.numbered(i, row)
        if used:
            return used
        if self.new_paragraph(row):
            self.open(row)
        else:
            self.extend(row)
        return 1

    def heading(self, i: int, row: Row) -> str | None:
        profile = self.profile
        if profile.marks and row.text.startswith(("[TITEL]", "[ONDERWERP]")):
            return "unknown"
        if profile.questions and re.match(r"(?:QUESTION|RÉPONSE)\b[^:]{0,60}:$", row.text):
            return "unknown"
        if len(row.text) > _HEADING_MAX or not self.may_head(row):
            return None
        if profile.letters and _LETTERED.match(row.text):
            return None
        found = _DOTTED.match(row.text) if profile.number is not None else None
        if found and found[2] and found.end() < len(row.text) and self.follows(("", tuple(int(part) for part in found[1].split(".")))):
            return None  # the next paragraph, whatever its first line says
        if profile.decision and row.text.rstrip(" :.").lower() in profile.court_headings:
            return "court"
        section = section_of(row.text, profile.language) if profile.decision else None
        if section == "sub" and self.goes_on(i, row):
            return None
        if section:
            return section
        if row.text.isupper() and any(c.isalpha() for c in row.text) and profile.headings and self.begun and len(row.text) > 3:
            return "unknown"
        if profile.headings and self.begun and self.plain_heading(i, row):
            return "other"
        return None

    def may_head(self, row: Row) -> bool:
        """A heading stands where a sentence has ended; a wrapped line in the middle of one is none."""
        if self.profile.running or not self.width or self.previous is None or self.fresh or (row.blank and not self.sparse):
            return not row.text[0].islower()
        done = self.previous.text.endswith(_FINISHED) or len(self.previous.text) < 0.7 * self.width
        return done and not row.text[0].islower() and len(row.text) < 0.9 * self.width

    def goes_on(self, i: int, row: Row) -> bool:
        """The first line of a wrapped paragraph that opens like a sub-heading (`En ce qui concerne …`)."""
        if row.text.endswith((".", ",", ";")):
            return True
        following = self.rows[i + 1] if i + 1 < len(self.rows) else None
        if not self.width or following is None:
            return False
        return not following.blank and (following.text[0].islower() or len(row.text) > 0.85 * self.width)

    def plain_heading(self, i: int, row: Row) -> bool:
        words = row.text
        if "[" in words or (len(words.split()) < 2 and len(words) < 5):
            return False
        if len(words) > 90 or words.endswith((".", ",", ";", ":")) or not words[0].isupper() or _ALONE.fullmatch(words):
            return False
        following = self.rows[i + 1] if i + 1 < len(self.rows) else None
        if following is None or following.text[0].islower() or (len(following.text) < 80 and self.width == 0):
            return False
        if words.split()[-1].lower() in _NO_LAST_WORD:
            return False
        apart = row.blank or (self.previous is not None and self.previous.text.endswith(_FINISHED))
        return apart and (following.blank or len(words) < 0.6 * max(self.width, 100))

    def enter(self, row: Row, section: str) -> None:
        title = re.sub(r"^\[(?:TITEL|ONDERWERP)\]\s*", "", row.text).rstrip(" :")
        self.out.furniture.append((row.start, row.end))
        self.ended = section == "end"
        level = 2 if section in ("other", "sub") else 1
        if not self.ended:
            self.path.enter(level, title)
        if section == "sub":
            self.section = self.parent = self.base
        elif section != "other":
            if section == "mixed" or (section == "court" and self.base is None):
                self.base = section
            elif section in ("facts", "operative", "opinion"):
                self.base = None
            self.section = self.parent = section
            self.point = 0
            if section == "opinion":
                self.last = None  # a separate opinion counts anew
        self.begun, self.fresh, self.previous = True, True, row

    # -- numbers

    def numbered(self, i: int, row: Row) -> int:
        profile = self.profile
        following = self.rows[i + 1] if i + 1 < len(self.rows) else None
        if row.text == "Randnummer" and following and _ALONE.fullmatch(following.text):
            self.number(Row(row.start, following.end, following.text, row.blank), ("", (int(following.text),)), following.text)
            return 2
        if profile.language == "de" and self.roman(i, row):
            return 1
        if self.section == "operative" and (point := _ARTICLE.match(row.text) or _POINT.match(row.text)):
            digits = re.match(r"\d+", point[1])
            if digits and int(digits[0]) == self.point + 1 and self.at_start(row):
                self.point += 1
                self.open(row, Pinpoint(PinpointKind.OPERATIVE, digits[0], point[0].strip()))
                return 1
        if self.section == "headnote" and (point := _POINT.match(row.text)) and int(point[1]) == self.point + 1:
            self.point += 1
            self.open(row, Pinpoint(PinpointKind.HEADNOTE, point[1], point[0]))
            return 1
        if profile.number is None or self.section in ("operative", "headnote"):
            return 0
        if profile.number is PinpointKind.ARTICLE:
            if (article := _ARTICLE.match(row.text)) and len(row.text) < 120:
                self.open(row, Pinpoint(PinpointKind.ARTICLE, article[1], article[0].strip()))
                return 1
            return 0
        if profile.bare:
            if bracketed := _BRACKETED.match(row.text):
                if self.last is None or int(bracketed[1]) == self.last[1][0] + 1:
                    self.number(row, ("", (int(bracketed[1]),)), bracketed[0])
                    return 1
            elif _ALONE.fullmatch(row.text) and following and self.next_margin(int(row.text)):
                self.number(row, ("", (int(row.text),)), row.text)
                return 1
            return 0
        if not self.at_start(row):
            return 0
        if profile.letters and (lettered := _LETTERED.match(row.text)):
            number: Number = (lettered[1], tuple(int(part) for part in lettered[2].split(".")))
            if self.follows(number):
                self.number(row, number, lettered[0])
                return 1
        found = _DOTTED.match(row.text)
        if found and (found[2] or "." in found[1]) and not profile.letters:
            number = ("", tuple(int(part) for part in found[1].split(".")))
            if self.follows(number):
                self.number(row, number, found[0])
                return 1
        return 0

    def next_margin(self, number: int) -> bool:
        """Margin numbers go up by one; a paragraph or two may be missing where the text lost its line."""
        last = self.last[1][0] if self.last else 0
        return last < number <= last + (1 if last == 0 else 2)

    def roman(self, i: int, row: Row) -> bool:
        """`I.` and `II.` under `Gründe`: usually the facts, then the reasons; if `I.` opens with the court's view, all is reasons."""
        if self.parent not in ("mixed", "court") or not (found := _ROMAN.match(row.text)):
            return False
        alone = found.end() == len(row.text)
        if not alone and not (found[0].endswith(".") and re.match(r"\s+[A-ZÄÖÜ]", row.text[found.end() :])):
            return False
        if self.parent == "mixed":
            rest = row.text[found.end() :].strip()
            for other in self.rows[i + 1 : i + 4] if alone else ():
                if other.text != "Randnummer" and not _ALONE.fullmatch(other.text):
                    rest = _BRACKETED.sub("", other.text).strip()
                    break
            court = voice_in("mixed", rest, "de") is Voice.COURT
            if found[1] == "I":
                self.section = "mixed" if court else "facts"
            else:
                self.section = "court" if self.section in ("facts", "court") else "mixed"
        if alone:
            self.path.enter(2, row.text)
            self.out.furniture.append((row.start, row.end))
            self.fresh, self.previous = True, row
        else:
            self.path.enter(2, found[0])
            self.open(row)
        return True

    def at_start(self, row: Row) -> bool:
        if self.profile.running or not self.width or self.fresh or self.previous is None:
            return True
        if row.blank and not self.sparse:
            return True
        return self.previous.text.endswith(_FINISHED) or len(self.previous.text) < 0.75 * self.width

    def follows(self, number: Number) -> bool:
        letter, parts = number
        if any(part == 0 for part in parts):
            return False
        first = parts in ((1,), (1, 1))
        if self.last is None:
            return first
        if first and (self.fresh or letter != self.last[0]):
            return True
        if letter != self.last[0]:
            return False
        last = self.last[1]
        if parts == (*last, 1):
            return True
        for depth in range(len(last)):
            step = (*last[:depth], last[depth] + 1)
            if parts in (step, (*step, 1)):
                return True
        # one or two numbers may be hidden in lines that were not understood
        return len(parts) == len(last) == 1 and last[0] < parts[0] <= last[0] + 3 and not self.profile.running

    def number(self, row: Row, number: Number, printed: str) -> None:
        letter, parts = number
        value = ".".join([letter, *map(str, parts)]) if letter else ".".join(map(str, parts))
        assert self.profile.number is not None
        self.last = number
        self.open(row, Pinpoint(self.profile.number, value, printed.strip()))
        if not self.begun:
            self.begun = True

    # -- passages

    def new_paragraph(self, row: Row) -> bool:
        if not self.out.drafts or self.fresh:
            return True
        draft = self.out.drafts[-1]
        if draft.pinpoint is not None and draft.pinpoint.kind is not PinpointKind.HEADNOTE:
            return False
        size = draft.end - draft.start
        previous = self.previous
        if not self.begun:
            self.begun = size > _FRONT_MAX
            return self.begun
        if self.profile.running:
            return True
        if size < _SMALL or previous is None:
            return False
        if not self.width:
            # a sentence that goes on in the next line (a link had a line of its own) is one paragraph
            apart = row.blank and not self.sparse
            return apart or (previous.text.endswith(_FINISHED) and not row.text[0].islower())
        done = previous.text.endswith(_FINISHED)
        return (row.blank and not self.sparse and done) or (done and len(previous.text) < 0.8 * self.width and not row.text[0].islower())

    def open(self, row: Row, pinpoint: Pinpoint | None = None) -> None:
        part = self.section or ("front" if not self.begun else "body")
        self.out.drafts.append(Draft(row.start, row.end, [row.text], pinpoint, self.path.path, part, spans=[(row.start, row.end)]))
        self.fresh, self.previous = False, row

    def extend(self, row: Row) -> None:
        draft = self.out.drafts[-1]
        draft.texts.append(row.text)
        between = any(draft.end <= start < row.start for start, _ in self.out.furniture[-8:])
        if between:
            draft.spans.append((row.start, row.end))
        else:
            draft.spans[-1] = (draft.spans[-1][0], row.end)
        draft.end = row.end
        self.fresh, self.previous = False, row


def segment(text: str, profile: Profile) -> Segmented:
    """`text` as passages and furniture, with voices. Passages and furniture together hold every word."""
    rows = rows_of_running_text(text, profile) if profile.running else rows_of_lines(text)
    found = _Segmenter(rows, profile).run()
    if not found.drafts:  # nothing but headings (the agenda of a meeting): then they are the text
        found = _Segmenter(rows, replace(profile, headings=False, marks=False, decision=False)).run()
    worded = [any(c.isalpha() for text in draft.texts for c in text) for draft in found.drafts]
    numbers_only = [draft for draft, words in zip(found.drafts, worded, strict=True) if not words]
    found.drafts = [draft for draft, words in zip(found.drafts, worded, strict=True) if words]
    found.furniture = sorted([*found.furniture, *(span for draft in numbers_only for span in draft.spans)])
    for draft in found.drafts:
        draft.voice = profile.voice or (_voice(draft, profile) if profile.decision else Voice.UNKNOWN)
    _announced(found.drafts)
    for draft in found.drafts:
        draft.derived = draft.pinpoint is not None or draft.voice is not Voice.UNKNOWN
    return found


def _announced(drafts: Sequence[Draft]) -> None:
    """`2.2 The complainant argues as follows:` speaks for 2.2.1 and 2.2.2 too."""
    above, voice = "", Voice.UNKNOWN
    for draft in drafts:
        value = draft.pinpoint.value if draft.pinpoint else ""
        if above and value.startswith(above + "."):
            draft.voice = voice if draft.voice in (Voice.COURT, Voice.UNKNOWN) else draft.voice
        elif draft.voice in (Voice.APPLICANT, Voice.AUTHORITY) and value and draft.texts[-1].endswith(":"):
            above, voice = value, draft.voice
        elif value:
            above = ""


def _voice(draft: Draft, profile: Profile) -> Voice:
    words = " ".join(draft.texts)
    if draft.texts and draft.texts[0] and _ALONE.fullmatch(draft.texts[0]):
        words = " ".join(draft.texts[1:])
    if profile.bare:
        words = _BRACKETED.sub("", words).strip()
    part: str | None = draft.part if draft.part not in ("front", "body", "other") else None
    if part == "court" and draft.pinpoint is None:
        part = "mixed"  # nothing but the heading above holds such a passage: its own first words must be the court's
    if profile.letters and draft.pinpoint is not None and draft.pinpoint.kind is profile.number:
        # the Belgian Constitutional Court numbers the parties' arguments A., its own view B.
        part = "arguments" if draft.pinpoint.value.startswith("A") else "court"
    return voice_in(part, words, profile.language)


def settings(entry: dict[str, Any], language: str) -> Profile:
    """The profile of a `[[source]]` entry of corpus/patterns/rows.toml."""
    number = PinpointKind(entry["number"]) if entry.get("number") else None
    return Profile(
        language=language,
        number=number,
        bare=bool(entry.get("bare")),
        letters=bool(entry.get("letters")),
        headings=bool(entry.get("headings")),
        running=entry.get("shape") == "running",
        questions=bool(entry.get("questions")),
        marks=bool(entry.get("marks")),
        voice=Voice(entry["voice"]) if entry.get("voice") else None,
        decision=entry["kind"] in ("judgment", "views"),
        court_headings=tuple(entry.get("court_headings", ())),
    )
