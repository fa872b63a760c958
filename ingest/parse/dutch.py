"""Dutch rulings, whatever the file they came in: printed lines to headings, numbered grounds and passages.

The number of a ground (`4.2`) is accepted only as part of one sequence that runs through the whole ruling: the next sibling, the
first child, or up a level. Lists, dates, amounts and the numbers of quoted decisions stand outside that sequence. Of all such
sequences the one with the best evidence is taken (`_best_sequence`), so that a quotation that happens to continue the count loses
against the court's own next ground.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from ingest.parse.model import ParsedPassage
from ingest.voice_nl import Court, Section, VoiceRules
from kb.domain.documents import Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind

Role = Literal["para", "heading", "info", "item", "table", "footnote", "summary", "mark"]
Number = tuple[int, ...]

_UNNUMBERED_TARGET: Final = 1_500  # characters after which text without numbers begins a new passage, at a paragraph's end
_QUOTE_REACH: Final = 40  # paragraphs that a quotation may run on before we stop believing in its opening mark
_MONTHS: Final = "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
_AT_START = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})(?P<dot> ?\.)?(?P<gap>\s*)(?:\(\.\.\.\)|\(…\))?")
_ALONE = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,4} ?\.?")
_INLINE = re.compile(r"(?<=[\s|])(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})(?P<dot> ?\.)?\s++(?=[A-Z\[‘’“\"'(„«])")
_DATE = re.compile(rf"\d{{1,2}}\.? (?:{_MONTHS})\b", re.I)
_UNIT = re.compile(r"\d{1,2} (?:euro|procent|%|uur|dagen|weken|maanden|jaar|punten?)\b", re.I)
# a number after one of these words is a reference, not the head of a ground
_REFERS = re.compile(
    r"\A[(\[]?(?:artikel|artikelen|art|artt|lid|leden|onder|nr|nrs|no|nummer|punt|punten|overweging|overwegingen|rechtsoverweging|rechtsoverwegingen|r\.?o|ro|rov|"
    r"paragraaf|paragrafen|par|§|blz|p|pag|pagina|hoofdstuk|bijlage|grief|grieven|middel|middelen|onderdeel|onderdelen|feit|feiten|productie|prod|"
    r"en|of|tot|met|t/m|van|tussen|op|in|aan|bij|sub|om|na|per|de|het|een|te|ca|circa|€|euro|eur|f|fl|nlg|begane|uit|voor|dan|ruim|ongeveer|kamer|"
    r"stk|randnummer|randnummers|alinea|noot|voetnoot|zaak|zaken|zaaknummer|bedrag|stb|trb|stcrt|pb|nj|awb|ab|jv|deel|vak|versie|perceel|sectie|unit)[.,:(]?$",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?;:)\]”’\"'»…][)\]”’\"'»]*+$")
_SENTENCE_START = re.compile(r"(?<=[.;:!?)\]])\s+(?=[A-Z(w])")
_QUESTION = re.compile(
    r"(?:\A|[.!?;:)] +)(?P<title>(?:Wel|Wat|Heeft|Hebben|Is|Mocht|Mag|Kan|Waar|Zijn|Had|Hoe|Moet|Komt|Was|Waren|Wie|Doet|Dient)"
    r"[^.!?;:]{5,100}\?)$"
)
_LAST_STOP = re.compile(r"[.!?;:]")
_TITLE_WORD = re.compile(r"u ?i ?t ?s ?p ?r ?a ?a ?k", re.I)
_RUNS_ON = re.compile(r"[a-z] (?:De|Het|Dit|Deze|In|Op|Voor|Aan) [A-Za-z]")  # `5. Beslissing De Hoge Raad verwerpt …`
_LOWER_FIRST = re.compile(r"[^A-Za-z]*[a-z]")  # the tail of a wrapped sentence
_TITLE_END = re.compile(r"[.;,]$")
_ENOUGH: Final = 0.9
_BEGINS_BODY: Final = frozenset({Section.FACTS, Section.GROUNDS, Section.COURT, Section.SUMMARY, Section.DISPUTE, Section.DECISION})
# headings of the first rank where they have no number; `Het bestreden besluit` or `Wettelijk kader` may stand below them
_MAIN: Final = _BEGINS_BODY - {Section.DISPUTE, Section.DECISION} | {Section.CONCLUSION, Section.OPERATIVE, Section.REMEDY, Section.ANNEX}
_OPENING = '"“„«‘'
_CLOSING = '"”“»’'


@dataclass(slots=True)
class Line:
    """One printed paragraph, list item, table or heading: `text[start:end]` of the ruling."""

    start: int
    end: int
    role: Role = "para"
    depth: int = 0  # sections around it
    number: str | None = None  # stated by the structure; the line begins with it
    bold: bool = False  # emphasised as a whole
    quoted: bool = False  # marked as a quotation, or in italics as a whole
    label: str | None = None  # of a footnote
    notes: tuple[str, ...] = ()  # labels of the footnotes called in it


@dataclass(frozen=True, slots=True)
class _Candidate:
    at: int  # where the number stands
    line: int
    number: Number
    printed: str
    weight: float
    inline: bool
    structural: bool


@dataclass(slots=True)
class Segmented:
    passages: list[ParsedPassage] = field(default_factory=list)
    furniture: list[tuple[int, int]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse_number(printed: str) -> Number | None:
    """`4.2.1 .` as (4, 2, 1): the digits of a printed number, stray characters after them left out (seen in real `nr` elements).

    None where no digit leads."""
    match = re.match(r"\s*(\d{1,3}(?:\.\d{1,3}){0,5})", printed)
    return tuple(int(part) for part in match[1].split(".")) if match else None


def dotted(number: Number) -> str:
    return ".".join(str(part) for part in number)


def segment(
    text: str, lines: Sequence[Line], *, court: Court, rules: VoiceRules, opinion: bool = False, derived: bool = False, run_on: bool = False
) -> Segmented:
    """Passages of one ruling, in reading order, each with its number as printed, its headings and its voice.

    Args:
        lines: the printed paragraphs in order; they do not overlap.
        court: who speaks: decides which "de rechtbank" is this court and which the one below.
        opinion: of an advocate general; it holds no court's voice.
        derived: the paragraphs were found in running text, so every pinpoint is marked as derived.
        run_on: numbers may stand in the middle of a line.
    A numbered ground holds the unnumbered paragraphs after it, up to the next number or heading, and stays one passage however
    long. Headings are furniture of the text and live on in `heading_path`.
    """
    return _Segmenter(text, lines, court, rules, opinion, derived, run_on).run()


class _Segmenter:
    def __init__(
        self, text: str, lines: Sequence[Line], court: Court, rules: VoiceRules, opinion: bool, derived: bool, run_on: bool
    ) -> None:
        self.text = text
        self.lines = lines
        self.court = court
        self.rules = rules
        self.opinion = opinion
        self.derived = derived
        self.run_on = run_on
        self.out = Segmented()
        self.headings: list[tuple[int, str, Section]] = []
        self.open_start: int | None = None
        self.open_end = 0
        self.open_pin: Pinpoint | None = None
        self.open_derived = False
        self.open_lines: list[int] = []
        self.open_numbered = False
        self.pending: tuple[str, bool] | None = None  # number of a heading whose text has not begun
        self.in_colophon = False
        self.used: set[str] = set()

    # -- what is what -------------------------------------------------------------------------------------------------------

    def run(self) -> Segmented:
        self.section = [self._heading_section(i) for i in range(len(self.lines))]
        self._forget_title_words()
        self.quoted = self._quotations()
        candidates = self._candidates()
        chosen = _best_sequence(candidates)
        self.chosen = self._with_structure(candidates, chosen)
        self.chosen_lines = sorted(self.chosen)
        self.body_starts = next((i for i, s in enumerate(self.section) if s is not None and s is not Section.ANNEX), None)
        for i, line in enumerate(self.lines):
            self._take(i, line)
        self._close()
        return self.out

    def _string(self, line: Line) -> str:
        return self.text[line.start : line.end]

    def _heading_section(self, i: int) -> Section | None:
        """What a line is the heading of, by the list of headings; None for every other line (subheadings are found later)."""
        line = self.lines[i]
        if line.role not in ("para", "heading"):
            return None
        string = self._string(line)
        if len(string) > 120 or (
            line.role == "para" and (_TITLE_END.search(string) and not string.rstrip(".").isupper() and not re.match(r"\d", string))
        ):
            return None
        if line.role == "para" and ((line.quoted and not line.bold) or _RUNS_ON.search(string) or _LOWER_FIRST.match(string)):
            return None
        return self.rules.heading(string, self.court)

    def _forget_title_words(self) -> None:
        """`U I T S P R A A K` above the parties names the paper; only after the grounds is it the operative part."""
        last = max((i for i, s in enumerate(self.section) if s in _BEGINS_BODY), default=-1)
        for i in range(last):
            above = self.section[i] is Section.OPERATIVE and (self.lines[i].role != "heading" or i < 8)
            if above and _TITLE_WORD.search(self._string(self.lines[i])):
                self.section[i] = None

    def _quotations(self) -> list[bool]:
        """Lines that lie in a quotation of several paragraphs: from one that opens with a mark to one that closes with it."""
        quoted = [line.quoted for line in self.lines]
        i = 0
        while i < len(self.lines):
            string = self._string(self.lines[i]).rstrip()
            opens = self._opens_quotation(string)
            if opens is None:
                i += 1
                continue
            for j in range(i, min(i + _QUOTE_REACH, len(self.lines))):
                if j > i and self.lines[j].number is not None:
                    break
                other = self._string(self.lines[j]).rstrip().rstrip(".,;)")
                if (
                    j > i
                    and self.section[j] in (Section.OPERATIVE, Section.REMEDY, Section.FACTS, Section.GROUNDS)
                    and not other.endswith(tuple(_CLOSING))
                ):
                    break
                if other.endswith(tuple(_CLOSING)) and (j > i or len(other) > 1) and not self._opens_more(other, j == i):
                    for k in range(i if string[:1] in _OPENING else i + 1, j + 1):
                        quoted[k] = True
                    i = j
                    break
            i += 1
        return quoted

    @staticmethod
    def _opens_quotation(string: str) -> str | None:
        if string[:1] in _OPENING:
            return string[0]
        # … overwogen: "2. De beschikking      (the mark opens in the line, and does not close in it)
        last = max(string.rfind(mark) for mark in '"“„«')
        return string[last] if last > 0 and re.search(r":\s*$", string[:last]) and not any(c in '"”»' for c in string[last + 1 :]) else None

    @staticmethod
    def _opens_more(string: str, first: bool) -> bool:
        """Whether the mark that ends the line opens rather than closes: `"` alone at the end of an opening line."""
        return first and string.count('"') == 1 and string.endswith('"')

    # -- numbers ------------------------------------------------------------------------------------------------------------

    def _candidates(self) -> list[_Candidate]:
        found: list[_Candidate] = []
        # the parties before the first heading of the body may be numbered too
        first = next((i for i, s in enumerate(self.section) if s in _BEGINS_BODY), 0)
        if first > len(self.lines) * 0.5:
            first = 0
        leads = False  # "… heeft als volgt overwogen:" above, and no heading since: numbers may be another's
        for i, line in enumerate(self.lines):
            if line.number is None and (i < first or line.role in ("info", "summary", "footnote", "table", "mark")):
                continue
            string = self._string(line)
            heading = line.role == "heading" or self.section[i] is not None
            leads = leads and not heading
            before = len(found)
            if line.number is not None:
                number = parse_number(line.number)
                if number:
                    weight = 6.0 + (1.5 if self.section[i] is not None else 0.0) - (4.0 if heading and _TITLE_END.search(string) else 0.0)
                    found.append(_Candidate(line.start, i, number, line.number.strip(), weight, False, True))
            elif line.role in ("para", "heading") and not self.quoted[i]:
                candidate = self._at_start(i, line, string, heading)
                if candidate:
                    found.append(candidate)
            if self.run_on and line.role == "para" and len(string) > 60 and not self.quoted[i]:
                found.extend(self._in_line(i, line))
            if leads:
                # on a tie the later one: a quotation ends before the court goes on
                found[before:] = [replace(c, weight=c.weight * 0.8 + 1e-6 * i) for c in found[before:]]
            leads = leads or (string.endswith(":") and self.rules.leads_ruling(string))
        return found

    def _at_start(self, i: int, line: Line, string: str, heading: bool) -> _Candidate | None:
        match = _AT_START.match(string)
        if not match or _DATE.match(string) or _UNIT.match(string):
            return None
        number = parse_number(match["number"])
        rest = string[match.end() :].lstrip()
        if number is None or number[0] == 0:
            return None
        # `5.1. wijst de vordering af`: in the operative part a number goes before a verb
        lower = bool(rest) and not self._begins_ground(rest)
        if lower and not (len(number) > 1 and rest[0].islower()):
            return None
        if not rest:  # a number with a line of its own: what does the next one look like?
            below = next((self._string(other) for other in self.lines[i + 1 : i + 2]), "").lstrip()
            if not below or not self._begins_ground(below):
                return None
        glued = bool(rest) and not match["gap"] and not match["dot"] and len(number) == 1
        # `3M`, `2A` are names; `1De procedure` is a heading whose number lost its blank
        title = len(string) <= 90 and re.match(r"[A-Z][a-z]+ ", rest) and not re.search(r"[.;:,]$", string)
        if glued and self.section[i] is None and not title:
            return None
        weight = 0.4 if lower else 1.0 if len(number) > 1 else 0.8 if match["dot"] else 0.4
        if self.section[i] is not None:
            weight += 1.5
        elif heading or line.bold:
            weight += 0.5
        return _Candidate(line.start, i, number, (match["number"] + (match["dot"] or "")).strip(), weight, False, False)

    @staticmethod
    def _begins_ground(rest: str) -> bool:
        return rest[0].isupper() or rest[0] in "[‘’“\"'(„«–-"

    def _in_line(self, i: int, line: Line) -> Iterable[_Candidate]:
        for match in _INLINE.finditer(self.text, line.start, line.end):
            if match.start() == line.start or _DATE.match(self.text, match.start()):
                continue
            before = self.text[max(line.start, match.start() - 160) : match.start()].rstrip()
            ended = bool(_SENTENCE_END.search(before))
            fragment = self._title_before(before)
            word = before.split()[-1] if before.split() else ""
            if _REFERS.search(word) and not (ended and word.endswith((".", ":", ";")) and len(word) > 4):
                continue
            if not ended and not (fragment and self._title_like(fragment)):
                continue
            number = parse_number(match["number"])
            if number is None or number[0] == 0:
                continue
            weight = 0.6 if len(number) > 1 else 0.45 if match["dot"] else 0.2
            if not ended:
                weight -= 0.1
            if len(number) == 1 and self.rules.heading_prefix(self.text[match.end() : match.end() + 160]):
                weight += 0.6
            yield _Candidate(match.start(), i, number, (match["number"] + (match["dot"] or "")).strip(), weight, True, False)

    @staticmethod
    def _title_before(before: str) -> str:
        """The words between the last sentence end and a number: a heading that lost its line."""
        stops = list(_LAST_STOP.finditer(before))
        return before[stops[-1].end() :].strip(" )\"”’'") if stops else before.strip()

    @staticmethod
    def _title_like(fragment: str) -> bool:
        return (
            bool(fragment)
            and len(fragment) <= 110
            and fragment[0].isupper()
            and not _REFERS.search(fragment.split()[-1])
            and not fragment.endswith(",")
        )

    def _with_structure(self, candidates: Sequence[_Candidate], chosen: Sequence[_Candidate]) -> dict[int, list[_Candidate]]:
        """The numbers that begin a passage, by line: the sequence, and what the structure numbers outside it.

        Outside it stand the numbers of quoted decisions (no pinpoint, `in_sequence` lacks them), and those of a ruling that starts
        again at 1 below a new heading (printed and its own: kept, so that the number occurs twice).
        """
        self.in_sequence = {candidate.at for candidate in chosen}
        taken = {candidate.at: candidate for candidate in chosen}
        headings = [i for i, line in enumerate(self.lines) if line.role == "heading" or self.section[i] is not None]

        def above(candidate: _Candidate) -> int:
            at = bisect_right(headings, candidate.line)
            return headings[at - 1] if at else -1

        outside: dict[int, list[_Candidate]] = {}
        for candidate in candidates:
            if candidate.structural and candidate.at not in taken:
                taken[candidate.at] = candidate
                outside.setdefault(above(candidate), []).append(candidate)
        sections_of_sequence = {above(candidate) for candidate in chosen}
        for heading, group in outside.items():
            if heading in sections_of_sequence or heading < 0 or group[0].number not in ((1,), (1, 1)) or len(group) < 2:
                continue
            between = self.lines[heading + 1 : group[0].line]
            if any(self._string(line).endswith(":") for line in between):
                continue
            self.in_sequence.update(candidate.at for candidate in _best_sequence(group))
            self.out.warnings.append(f"number-restarts: at 1 again below {self._string(self.lines[heading])[:60]!r}")
        by_line: dict[int, list[_Candidate]] = {}
        for candidate in sorted(taken.values(), key=lambda c: c.at):
            by_line.setdefault(candidate.line, []).append(candidate)
        return by_line

    # -- passages -----------------------------------------------------------------------------------------------------------

    def _take(self, i: int, line: Line) -> None:
        if line.end <= line.start:
            return
        if line.role == "mark":
            self._close()
            self.out.furniture.append((line.start, line.end))
            return
        if line.role == "footnote":
            self._close()
            pin = Pinpoint(PinpointKind.FOOTNOTE, line.label, line.label) if line.label and f"fn-{line.label}" not in self.used else None
            if pin:
                self.used.add(f"fn-{line.label}")
            self._emit(line.start, line.end, pin, (), Voice.UNKNOWN, self.derived, ())
            return
        if line.role == "summary":
            self._append(i, line, heading=("Inhoudsindicatie",))
            return
        above = self.lines[self.open_lines[0]].role if self.open_lines else line.role
        if above == "summary" or (above == "info" and line.role != "info"):
            self._close()
        numbers = self.chosen.get(i, [])
        if self._is_heading(i, line, numbers):
            self._heading(i, line, numbers)
            return
        if not self.in_colophon and self.rules.closes(self._string(line)) and self._may_close(i):
            self._close()
            self.in_colophon = True
        cursor = line.start
        for candidate in numbers:
            if candidate.at not in self.in_sequence and self._quotes_on():
                continue
            if candidate.at > cursor:
                cursor = self._before_number(i, line, cursor, candidate)
            self._close()
            self._open(candidate)
            cursor = self._title_after(line, candidate, numbers)
        self._append(i, line, start=cursor)

    def _quotes_on(self) -> bool:
        """Whether the open passage has announced another's words: a number outside the sequence is then part of the quotation."""
        return self.open_start is not None and any(
            self._string(self.lines[j]).rstrip().endswith(":") or self.quoted[j] for j in self.open_lines
        )

    def _may_close(self, i: int) -> bool:
        return (
            self._current() in (Section.OPERATIVE, Section.CONCLUSION, Section.COURT, Section.GROUNDS, Section.UNKNOWN, Section.DISPUTE)
            and i not in self.chosen
            and not self.quoted[i]
            and (self._current() is Section.OPERATIVE or i >= len(self.lines) * 0.6)
        )

    def _current(self) -> Section:
        return self.headings[-1][2] if self.headings else Section.UNKNOWN

    def _is_heading(self, i: int, line: Line, numbers: Sequence[_Candidate]) -> bool:
        string = self._string(line)
        if line.role == "heading":
            return not (_TITLE_END.search(string) and self.section[i] is None and len(string) > 40) and not re.search(r"[,;]$", string)
        if line.role != "para" or (self.quoted[i] and not line.bold):
            return False
        if self.section[i] is Section.OPERATIVE and self._current() is Section.OPERATIVE:
            return False  # `Recht doende:` below `Beslissing`
        if self._current() is Section.FACTS and self.section[i] is not None and self._goes_on(i):
            return False  # the headings of a decision that is quoted among the facts
        if self.section[i] is not None:
            # `2. Overwegingen` is a heading only where its number is in the sequence, or where it has none
            return (
                not _AT_START.match(string)
                or any(c.at == line.start for c in numbers)
                or self.section[i] in (Section.OPERATIVE, Section.FACTS)
            )
        if (
            self.body_starts is None
            or i < self.body_starts
            or len(string) > 100
            or re.search(r"[.;:,!]$|[€=|]|\d{3}", string)
            or self.in_colophon
        ):
            return False
        if not re.match(r"(?:\d[\d.]* ?)?[A-Z]", string) or self._current() in (Section.OPERATIVE, Section.REMEDY):
            return False
        if (
            numbers
            and numbers[0].at == line.start
            and len(numbers[0].number) == 1
            and len(string) <= 90
            and len(string) > len(numbers[0].printed) + 2
        ):
            below = self.chosen.get(i + 1, [])
            if below and below[0].at == self.lines[i + 1].start and len(below[0].number) > 1 and below[0].number[0] == numbers[0].number[0]:
                return True  # `3 De oordelen van het hof` right above `3.1`
        if line.bold or (string.isupper() and sum(c.isalpha() for c in string) >= 6):
            return True
        # a short line without a full stop right before a numbered ground, after a finished sentence: a subheading
        following = next((j for j in range(i + 1, len(self.lines)) if self.lines[j].end > self.lines[j].start), None)
        finished = (
            i == 0
            or bool(re.search(r"[.!?:”\"’)]$", self._string(self.lines[i - 1]).rstrip()))
            or self.lines[i - 1].role == "heading"
            or self.section[i - 1] is not None
        )
        return (
            following is not None
            and finished
            and len(string) <= 80
            and not numbers
            and any(c.at == self.lines[following].start for c in self.chosen.get(following, []))
        )

    def _goes_on(self, i: int) -> bool:
        """Whether the numbers after this line go on below the same parent (1.10 above, 1.11 below)."""
        last = self.numbered_under
        at = bisect_left(self.chosen_lines, i)
        following = self.chosen[self.chosen_lines[at]][0].number if at < len(self.chosen_lines) else None
        return last is not None and following is not None and len(following) == len(last) and following[:-1] == last[:-1]

    def _heading(self, i: int, line: Line, numbers: Sequence[_Candidate]) -> None:
        self._close()
        self._push(self._string(line), self.section[i], line, numbers)
        self.out.furniture.append((line.start, line.end))
        lead = next((c for c in numbers if c.at == line.start), None)
        self.pending = self._printed(lead) if lead else None
        self.pending_candidate = lead

    def _push(self, title: str, section: Section | None, line: Line, numbers: Sequence[_Candidate]) -> None:
        number = next((c.number for c in numbers if c.at == line.start), None)
        if line.role == "heading" and line.depth:
            level = line.depth
        elif number is not None:
            level = len(number)
        else:
            rank = self._level(section)
            level = max(rank, line.depth + rank - 1)
        if section in (Section.OPERATIVE, Section.REMEDY, Section.FACTS, Section.ANNEX) and not (line.role == "heading" and line.depth):
            level = 1
        self.headings = [h for h in self.headings if h[0] < level]
        if section is not None:
            self.numbered_under = None
        self.headings.append((level, " ".join(title.split()), section or self._inherited(line.depth > 0)))
        self.in_colophon = False

    def _inherited(self, nested: bool) -> Section:
        """What a subheading that we do not know stands under; below an unnumbered `Voorgeschiedenis` that is unknown again."""
        if not self.headings:
            return Section.UNKNOWN
        _, title, section = self.headings[-1]
        loose = section is Section.SUMMARY or (section is Section.FACTS and not nested and not title[:1].isdigit())
        return Section.UNKNOWN if loose else section

    def _level(self, section: Section | None) -> int:
        """The rank of an unnumbered heading: an `Inleiding` below `Overwegingen` is no section of its own."""
        inside = section is Section.SUMMARY and any(h[2] in (Section.GROUNDS, Section.COURT, Section.ANNEX) for h in self.headings)
        return 1 if section in _MAIN and not inside else 2

    def _printed(self, candidate: _Candidate) -> tuple[str, bool] | None:
        return (candidate.printed, candidate.inline)

    def _open(self, candidate: _Candidate) -> None:
        self.pending = None
        own = candidate.at in self.in_sequence
        if not own:
            self.out.warnings.append(f"number-outside: {candidate.printed} at {candidate.at} is not in the ruling's sequence")
        self.open_pin = self._pinpoint(candidate) if own else None
        last = self.numbered_under
        if self._current() is Section.FACTS and len(candidate.number) > 1 and last is not None and last[0] != candidate.number[0]:
            # the facts were numbered 2.x; at 3.1 another section has begun, whatever its heading
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1], Section.UNKNOWN)
        if len(candidate.number) > 1:
            self.numbered_under = candidate.number
        self.open_derived = candidate.inline
        self.open_start = candidate.at
        self.open_end = candidate.at
        self.open_lines = []
        self.open_numbered = True
        self.in_colophon = False

    def _pinpoint(self, candidate: _Candidate) -> Pinpoint:
        """The ground; below an unnumbered `Beslissing` the numbers are those of the operative part."""
        operative = self._current() is Section.OPERATIVE and len(candidate.number) == 1 and not self.headings[-1][1][:1].isdigit()
        return Pinpoint(PinpointKind.OPERATIVE if operative else PinpointKind.CONSIDERATION, dotted(candidate.number), candidate.printed)

    def _before_number(self, i: int, line: Line, cursor: int, candidate: _Candidate) -> int:
        """Text of this line before an inline number: to the open passage, except a heading that lost its line."""
        before = self.text[cursor : candidate.at].rstrip()
        end = cursor + len(before)
        question = _QUESTION.search(before)
        if question:  # `Is Griekenland veilig? 6. Eiser …`
            at = question.start("title")
            self._append(i, line, start=cursor, end=cursor + at)
            self._close()
            self._push_run_on(question["title"])
            self.out.furniture.append((cursor + at, end))
            return candidate.at
        if not _SENTENCE_END.search(before) or self.rules.heading(self._title_before(before), self.court):
            title = self._title_before(before)
            at = before.rfind(title)
            if title and at >= 0 and self._title_like(title):
                self._append(i, line, start=cursor, end=cursor + len(before[:at].rstrip()))
                self._close()
                self._push_run_on(title)
                self.out.furniture.append((cursor + at, cursor + at + len(title)))
                if cursor + at + len(title) < end:
                    self._append(i, line, start=cursor + at + len(title), end=end)
                return candidate.at
        self._append(i, line, start=cursor, end=end)
        return candidate.at

    def _push_run_on(self, title: str) -> None:
        section = self.rules.heading(title, self.court)
        level = 1 if title[:1].isdigit() else self._level(section)
        self.headings = [h for h in self.headings if h[0] < level]
        if section is not None:
            self.numbered_under = None
        self.headings.append((level, " ".join(title.split()), section or self._inherited(False)))

    def _title_after(self, line: Line, candidate: _Candidate, numbers: Sequence[_Candidate]) -> int:
        """Where the text of a ground begins after `2 De beoordeling` in a line without breaks; the title becomes a heading."""
        if not (self.run_on and len(candidate.number) == 1):
            return candidate.at
        following = next((c for c in numbers if c.at > candidate.at), None)
        content = candidate.at + len(candidate.printed)
        limit = following.at if following else line.end
        title_end: int | None = None
        between = self.text[content:limit].strip()
        if (
            following
            and following.number == (*candidate.number, 1)
            and len(between) <= 110
            and not re.search(r"[.;:,]$", between)
            and between
        ):
            title_end = content + len(self.text[content:limit].rstrip())
        else:
            length = self.rules.heading_prefix(self.text[content:limit].lstrip()[:160])
            if length:
                title_end = content + (len(self.text[content:limit]) - len(self.text[content:limit].lstrip())) + length
        if title_end is None:
            return candidate.at
        self.open_start = None
        self._push_run_on(self.text[candidate.at : title_end])
        # the section of a numbered title is told by its words
        words = self.rules.heading(self.text[candidate.at : title_end], self.court)
        if words is not None:
            self.headings[-1] = (1, self.headings[-1][1], words)
        else:
            self.headings = [*[h for h in self.headings if h[0] < 1], (1, self.headings[-1][1], Section.UNKNOWN)]
        self.out.furniture.append((candidate.at, title_end))
        self.pending = (candidate.printed, True)
        self.pending_candidate = candidate
        return title_end

    def _append(
        self, i: int, line: Line, *, start: int | None = None, end: int | None = None, heading: tuple[str, ...] | None = None
    ) -> None:
        start = line.start if start is None else start
        end = line.end if end is None else end
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if end <= start:
            return
        long = self.open_start is not None and self.open_end - self.open_start > _UNNUMBERED_TARGET
        if long and not self.open_numbered and line.role not in ("item", "table", "summary"):
            self._close()
        if self.open_start is None:
            self.open_start = start
            self.open_lines = []
            self.open_pin = None
            self.open_numbered = False
            self.open_derived = False
            if self.pending is not None and self.pending_candidate is not None and heading is None and not self.in_colophon:
                candidate = self.pending_candidate
                if candidate.at in self.in_sequence:
                    self.open_pin = self._pinpoint(candidate)
                    self.open_numbered = True
                    self.open_derived = candidate.inline
            self.pending = None
        self.open_heading = heading
        closing = self._closing_formula(start, end)
        if closing is not None:
            self.open_end = start + len(self.text[start:closing].rstrip())
            self.open_lines.append(i)
            self._close()
            self.in_colophon = True
            self.open_start, self.open_lines, self.open_numbered, self.open_derived = closing, [], False, False
        self.open_end = end
        self.open_lines.append(i)

    def _closing_formula(self, start: int, end: int) -> int | None:
        """Where the closing formula begins inside a line of the operative part that lost its breaks."""
        if not self.run_on or self.in_colophon or self._current() is not Section.OPERATIVE:
            return None
        starts = (match.end() for match in _SENTENCE_START.finditer(self.text, start, end))
        return next((at for at in starts if self.rules.closes(self.text[at : at + 200])), None)

    numbered_under: Number | None = None  # last number of two levels or more below the heading that was recognised
    pending_candidate: _Candidate | None = None
    open_heading: tuple[str, ...] | None = None

    def _close(self) -> None:
        start, self.open_start = self.open_start, None
        if start is None or self.open_end <= start:
            self.open_lines = []
            return
        lines = [self.lines[i] for i in self.open_lines]
        info = bool(lines) and lines[0].role == "info"
        path = (
            self.open_heading if self.open_heading is not None else () if self.in_colophon or info else tuple(h[1] for h in self.headings)
        )
        content = self.text[start : self.open_end]
        quoted = sum(self.lines[i].end - self.lines[i].start for i in self.open_lines if self.quoted[i]) / max(1, len(content))
        if self.open_heading is not None or self.in_colophon or info or not (self.headings or self.open_pin):
            voice = Voice.UNKNOWN
        else:
            voice = self.rules.voice(content, self._current(), self.court, opinion=self.opinion, quoted=quoted)
        notes = tuple(dict.fromkeys(f"fn-{label}" for line in lines for label in line.notes))
        self._emit(start, self.open_end, self.open_pin, path, voice, self.derived or self.open_derived, notes)
        self.open_pin = None
        self.open_lines = []
        self.open_heading = None

    def _emit(
        self, start: int, end: int, pin: Pinpoint | None, path: tuple[str, ...], voice: Voice, derived: bool, notes: tuple[str, ...]
    ) -> None:
        self.out.passages.append(ParsedPassage(start, end, pin, path, voice, derived=derived, footnotes=notes))


def _best_sequence(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The sequence of numbers with the most evidence, in document order and strictly increasing; linear in the candidates.

    From (3, 2) it may go on to (3, 3), (3, 2, 1), (4,) or (4, 1); with a cost, one number may be missing.
    """
    score: list[float] = []
    back: list[int | None] = []
    # best chain so far that ends at this number exactly / at it or anything below it
    exact: dict[Number, int] = {}
    below: dict[Number, int] = {}

    for index, candidate in enumerate(candidates):
        n = candidate.number
        best, origin = _start_score(n), None
        options: list[tuple[int | None, float]] = [(below.get((*n[:-1], n[-1] - 1)), 0.0), (below.get((*n[:-1], n[-1] - 2)), -0.9)]
        if len(n) > 1:
            if n[-1] <= 1:
                options.append((exact.get(n[:-1]), 0.0))
                options.append((below.get((*n[:-2], n[-2] - 1)), -0.1))
                if len(n) > 2 and n[-2] == 1:
                    options.append((exact.get(n[:-2]), -0.3))
            elif n[-1] == 2:
                options.append((exact.get(n[:-1]), -0.9))
        for option, cost in options:
            if option is not None and score[option] + cost > best:
                best, origin = score[option] + cost, option
        score.append(best + candidate.weight)
        back.append(origin)
        if n not in exact or score[exact[n]] < score[index]:
            exact[n] = index
        for depth in range(1, len(n) + 1):
            if n[:depth] not in below or score[below[n[:depth]]] < score[index]:
                below[n[:depth]] = index
    if not candidates:
        return []
    at: int | None = max(range(len(candidates)), key=lambda k: (score[k], -k))
    if at is None or score[at] < _ENOUGH:
        return []  # a lone number in running text proves no sequence
    chain = []
    while at is not None:
        chain.append(candidates[at])
        at = back[at]
    return chain[::-1]


def _start_score(number: Number) -> float:
    if number in ((1,), (1, 1)):
        return 0.0
    if number in ((2,), (2, 1)):
        return -0.3  # older rulings: 1 was the procedure, without a number
    return -1.5 if len(number) <= 2 else -2.5
