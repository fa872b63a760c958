"""How a decision of the European Court of Human Rights is cut: paragraphs by their running number, headings above them, the operative
part, separate opinions.

`1.  The parties’ submissions` is a heading and `1.  The case originated …` a paragraph; both begin alike. A paragraph's number continues
the sequence and its words end as a sentence does; a heading does not, and is followed (perhaps by other headings) by the next paragraph.
What stands between quotation marks carries other texts' numbers. A paragraph of a separate opinion is cited by that opinion, never by
the bare number that belongs to the Court's paragraph. What the rules do not recognise stays with the paragraph before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

from ingest.parse import patterns
from ingest.parse.outline import Draft
from ingest.voice_eu import section_of, voice_in
from kb.domain.documents import Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind

_NUMBER: Final = re.compile(r"(\d{1,4})\.(?:[\s\u00a0]+|(?=[A-ZÀ-Þ“«\[(]))(?=\S)")
_ENUMERATED: Final = re.compile(
    r"(?:(?P<digit>\d{1,2})|(?P<capital>[IVXLC]{1,6}|[A-Z])|\(?(?P<small>[a-z]{1,5}|\d{1,2})\)|(?P<greek>\([α-ω]\)|[α-ω]\)))\.?[\s\u00a0]+(?=\S)"
)
_ENDED: Final = re.compile(r"[.;:,!?…][’”\"»)\]\s\u00a0]*(?:\[\d{1,3}\][\s\u00a0]*)?$")
_CLOSED: Final = re.compile(r"[”»\"][\s\u00a0.;,:)\]…]*(?:\[\d{1,3}\][\s\u00a0.]*)?$")
_OPENED: Final = ("“", "«", "„", '"')
_NUMERALS: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii")
_ROMAN: Final = {name: number for number, name in enumerate(_NUMERALS, 1)}
_HEADING_MAX: Final = 260  # characters; `ALLEGED VIOLATION OF ARTICLE 13 OF THE CONVENTION TAKEN IN CONJUNCTION WITH …`
_QUOTE_MAX: Final = 60  # blocks of one quotation
_GAP: Final = 3  # numbers that the source may have lost between two paragraphs
_OPINION_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph of the source: its offsets, its words, and whether it is a cell of a table (then no number and no heading)."""

    start: int
    end: int
    text: str
    cell: bool = False


@dataclass(slots=True)
class Cut:
    drafts: list[Draft] = field(default_factory=list)
    furniture: list[tuple[int, int]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Rules:
    parts: re.Pattern[str]
    operative: re.Pattern[str]
    delivered: re.Pattern[str]
    opinion: re.Pattern[str]
    below: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _rules(language: str) -> _Rules:
    data = patterns.load("hudoc")
    code = language if language in data["parts"] else "en"
    below = tuple((section, patterns.any_of(words)) for section, words in data["below"][code].items())
    parts, operative, delivered, opinion = (patterns.any_of(data[name][code]) for name in ("parts", "operative", "delivered", "opinion"))
    return _Rules(parts, operative, delivered, opinion, below)


@dataclass(frozen=True, slots=True)
class _Heading:
    style: str  # part, plain, roman, capital, digit, small, smallroman, greek, number
    order: int  # its place among its equals, 0 where it has none
    title: str
    section: str | None  # facts, law, mixed, court, applicant, authority, arguments, unknown; None: says nothing


class _Cutter:
    def __init__(self, lines: Sequence[Line], language: str) -> None:
        self.lines, self.language, self.rules = lines, language, _rules(language)
        self.out = Cut()
        self.stack: list[_Heading] = []
        self.last = 0
        self.part = "front"  # front, body, operative, delivered, opinion
        self.opinion = ""
        self.open = False  # a numbered paragraph that takes what follows
        self.quoted_until = -1
        self.numbered = any(self._numbers_from(i) for i in range(len(lines)))

    # -- what a line is

    def number(self, i: int) -> int | None:
        """The printed number of a line that reads as a paragraph, not as a heading."""
        line = self.lines[i]
        found = None if line.cell else _NUMBER.match(line.text)
        return int(found[1]) if found else None

    def _numbers_from(self, i: int) -> bool:
        """Whether the paragraphs of the decision begin at this line: `1.`, a sentence, and a `2.` that is one too after it."""
        if self.number(i) != 1 or not _ENDED.search(self.lines[i].text):
            return False
        return any(self.number(j) == 2 and _ENDED.search(self.lines[j].text) for j in range(i + 1, min(i + 80, len(self.lines))))

    def top(self, i: int) -> str | None:
        """`opinion`, `operative` or `part` for a line that opens one."""
        line = self.lines[i]
        if line.cell or len(line.text) > _HEADING_MAX:
            return None
        words = line.text.strip(" .:,\u00a0")
        if self.rules.operative.fullmatch(words):
            return "operative"
        if self.rules.opinion.fullmatch(words) and (words.isupper() or not _ENDED.search(line.text)):
            return "opinion" if self.part in ("operative", "delivered", "opinion") and words[0].isupper() else None
        if self.rules.parts.fullmatch(words) and words[0].isupper() and not line.text.endswith((".", ",")):
            return "part"
        return None

    def heading_like(self, i: int) -> _Heading | None:
        line = self.lines[i]
        if line.cell or len(line.text) > _HEADING_MAX or _ENDED.search(line.text) or line.text.startswith(_OPENED):
            return None
        found = _ENUMERATED.match(line.text)
        words = line.text[found.end() :] if found else line.text
        if not words or not (words[0].isupper() or words[0] in "‘’“«" or (found and found["small"] and words[0].isalpha())):
            return None
        section = self.section(words)
        if found is None:
            known = section is not None or words.isupper()
            return _Heading("plain", 0, line.text, section) if known and len(words) > 3 else None
        style, order = self.enumeration(found)
        return _Heading(style, order, line.text, section)

    def section(self, words: str) -> str | None:
        bare = words.strip(" .:\u00a0")
        for section, pattern in self.rules.below:
            if pattern.fullmatch(bare):
                return section
        found = section_of(words, self.language)
        return None if found in ("sub", "operative", "opinion", "headnote", "end") else found

    def enumeration(self, found: re.Match[str]) -> tuple[str, int]:
        """The style of a heading's number and its place; `I.` after `H.` is a letter, else a Roman one."""
        if found["digit"]:
            return "digit", int(found["digit"])
        if found["greek"]:
            return "greek", 0
        printed = found["capital"] or found["small"]
        if printed.isdigit():
            return "number", int(printed)
        styles = ("capital", "roman") if found["capital"] else ("small", "smallroman")
        letter = ord(printed.lower()) - 96 if len(printed) == 1 else 0
        roman = _ROMAN.get(printed.lower(), 0)
        on_stack = {heading.style: heading.order for heading in self.stack}
        if letter and (not roman or (letter > 1 and on_stack.get(styles[0]) == letter - 1)):
            return styles[0], letter
        return styles[1], roman

    def heads(self, i: int) -> bool:
        """Whether the lines from here on are headings down to a paragraph that continues the sequence."""
        for j in range(i, min(i + 8, len(self.lines))):
            number = self.number(j)
            if number is not None and number == self.last + 1 and (j > i or not self.heading_like(j)):
                return j > i
            if self.top(j):
                return j > i
            if not self.heading_like(j):
                # unnumbered text: only opinions and old decisions have it
                return j > i and (self.part != "body" or not self.numbered)
        return False

    def begins(self, i: int) -> bool:
        """Whether a line opens the next numbered paragraph."""
        number = self.number(i)
        if number is None:
            return False
        if number == self.last + 1:
            if self.heading_like(i) is None:
                return True
            # looks like a heading: the next number tells, `2` after a paragraph, once more `1` after a heading
            following = next((n for j in range(i + 1, len(self.lines)) if (n := self.number(j)) and not self.heading_like(j)), None)
            return following != number and not self.heads(i)
        if not self.last < number <= self.last + 1 + _GAP or self.heading_like(i):
            return False
        ahead = [self.number(j) for j in range(i + 1, min(i + 60, len(self.lines)))]
        return number + 1 in ahead and self.last + 1 not in ahead

    def quotation(self, i: int) -> int:
        """The last line of the quotation that a line opens; the line before it where it opens none, or never closes it."""
        if not self.lines[i].text.startswith(_OPENED):
            return i - 1
        stop = min(i + _QUOTE_MAX, len(self.lines))
        closed = next((j for j in range(i, stop) if _CLOSED.search(self.lines[j].text)), None)
        if closed is None or any(self.top(j) for j in range(i, closed)):
            return i - 1
        numbers = {self.number(j) for j in range(i, closed)}
        return i - 1 if {self.last + 1, self.last + 2} <= numbers else closed

    # -- walking

    def run(self) -> Cut:
        begin = self._front()
        for i in range(begin, len(self.lines)):
            self.take(i)
        if self.numbered and self.last == 0 and not any(d.pinpoint for d in self.out.drafts):
            self.out.warnings.append("no numbered paragraph was found")
        for draft in self.out.drafts:
            draft.voice = self._voice(draft)
        return self.out

    def _front(self) -> int:
        """Where the front matter (parties, judges, table of contents) ends: it is one passage."""
        first = next((i for i in range(len(self.lines)) if self._numbers_from(i)), None)
        if first is None:
            begin = next((i for i in range(len(self.lines)) if self.top(i) == "part"), 0)
        else:
            begin = first
            while begin > 0 and (self.top(begin - 1) == "part" or (self.heading_like(begin - 1) and first - begin < 6)):
                begin -= 1
        if begin:
            self._add(self.lines[0], part="front")
            for line in self.lines[1:begin]:
                self._extend(line)
        self.part, self.open = "body", False
        return begin

    def take(self, i: int) -> None:
        line = self.lines[i]
        if i <= self.quoted_until or line.cell:
            self._more(line)
            return
        top = self.top(i)
        if top == "opinion" or (top and self.part in ("body", "opinion")):
            self._enter_top(i, top)
            return
        if self.part == "operative" and self.rules.delivered.match(line.text):
            self.part, self.open = "delivered", False
            self._add(line)
            self.open = True
            return
        if self.part == "delivered":
            self._more(line)
            return
        if self.part == "operative":
            self._operative(i)
            return
        self.quoted_until = self.quotation(i)
        if i <= self.quoted_until:
            self._more(line)
        elif self.begins(i):
            self.last = self.number(i) or 0
            self._add(line, self._pinpoint(str(self.last)))
            self.open = True
        elif (heading := self.heading_like(i)) and self.heads(i):
            self._enter(heading, line)
        else:
            self._more(line)

    def _enter_top(self, i: int, top: str) -> None:
        line = self.lines[i]
        title = line.text.strip(" :\u00a0")
        self.out.furniture.append((line.start, line.end))
        section = self.section(title) if top == "part" else None
        if top == "part" and self.part == "opinion" and not re.match(r"(?:APPENDIX|ANNEX)", title, re.I):
            self.stack = [*self.stack[:1], _Heading("plain", 0, title, None)]
            self.open = False
            return
        appended = bool(re.match(r"(?:APPENDIX|ANNEX)", title, re.I))
        self.stack = [_Heading("part", 0, title, "unknown" if appended else section)]
        self.open = False
        if top == "opinion" or appended:
            self.part, self.last, self.opinion = "opinion", 0, " ".join(title.split())[:_OPINION_NAME].strip(" ,")
        elif top == "operative":
            self.part, self.last = "operative", 0

    def _enter(self, heading: _Heading, line: Line) -> None:
        styles = [above.style for above in self.stack]
        if heading.style in styles and heading.style != "part":
            del self.stack[styles.index(heading.style) :]
        self.stack.append(heading)
        self.out.furniture.append((line.start, line.end))
        self.open = False

    def _operative(self, i: int) -> None:
        line = self.lines[i]
        number = self.number(i)
        if number == self.last + 1:
            self.last = number
            self._add(line, Pinpoint(PinpointKind.OPERATIVE, str(number), f"{number}."))
            self.open = True
        else:
            self._more(line)

    def _pinpoint(self, number: str) -> Pinpoint:
        if self.part == "opinion":
            return Pinpoint(PinpointKind.SECTION, f"{self.opinion}, {number}", f"{self.opinion}, § {number}")
        return Pinpoint(PinpointKind.PARAGRAPH, number, number)

    def _more(self, line: Line) -> None:
        """A line of the paragraph that is open, else a passage without a number. Under one heading of an appendix they stay together."""
        if self.open or (line.cell and self.out.drafts and self.out.drafts[-1].heading_path == self._path()):
            self._extend(line)
        else:
            self._add(line)

    def _path(self) -> tuple[str, ...]:
        return tuple(heading.title for heading in self.stack)

    def _add(self, line: Line, pinpoint: Pinpoint | None = None, part: str | None = None) -> None:
        self.out.drafts.append(Draft(line.start, line.end, [line.text], pinpoint, self._path(), part or self._section()))

    def _extend(self, line: Line) -> None:
        draft = self.out.drafts[-1]
        draft.texts.append(line.text)
        draft.end = line.end

    # -- whose words

    def _section(self) -> str:
        """The section of the deepest heading that says one; within the facts nobody is the Court."""
        if self.part != "body":
            return self.part
        said = [heading.section for heading in self.stack if heading.section]
        if not said:
            return "unknown"
        if said[0] == "facts" or said[0] == "law":
            return next((section for section in reversed(said) if section in ("facts", "law", "unknown")), said[0])
        return said[-1]

    def _voice(self, draft: Draft) -> Voice:
        if draft.part == "operative":
            return Voice.OPERATIVE
        if draft.part in ("front", "delivered", "opinion", "unknown"):
            return Voice.UNKNOWN
        section = draft.part
        if section == "court" and draft.pinpoint is None:
            section = "mixed"
        return voice_in(section, " ".join(draft.texts), self.language)


def cut(lines: Sequence[Line], language: str) -> Cut:
    """The passages of one decision, in reading order; with the furniture (headings) they hold every line.

    Args:
        lines: its paragraphs without its footnotes, offsets rising.
        language: `en` or `fr`; another is read with the English words, and then finds few headings.
    """
    assert all(first.end <= second.start for first, second in pairwise(lines))
    return _Cutter(lines, language).run() if lines else Cut()
