"""The citations of a draft: what its text and its footnotes cite, short forms resolved, with the court and the date printed beside each.

A citation stands where it stands; a footnote is read where its mark stands in the text, so that `voormelde uitspraak` behind note 3
refers to note 3. How courts are named and what may stand between court, date and number is data: corpus/patterns/check.toml.
"""

import datetime as dt
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Self

from kb.domain.courts import Courts
from kb.domain.documents import Document, Track
from kb.domain.pinpoints import Pinpoint
from kb.domain.references import Reference, ReferenceFinder, ReferenceKind, name_key
from kb.errors import CorpusInvalid, InputRejected
from kb.law.quotes import QuoteRules
from kb.law.words import WordList

_REACH = 160  # characters around a citation in which its court and date are looked for
_MERGE_REACH = 60
MAX_CITATIONS = 2_000  # of one draft: more is no draft, and would take minutes
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n|[\f\v]")
_TOKEN = re.compile(r"[^\W\d_][\w.’'/-]*|\d[\d./-]*")
_NOTE_MARK = re.compile(r"\[\^(?P<note>[\w-]{1,12})\](?P<text>:)?")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUPERSCRIPT = re.compile(f"[{_SUPERSCRIPTS}]{{1,3}}")
_PLACE_WORD = re.compile(
    # behind what stands in brackets with the date: `Case T-691/24 (General Court, 4 March 2026), para 15`
    r"^(?: ?\([^();\n]{0,80}(?:19|20)\d\d\))?[ ,)]{0,3}(?:at )?"
    r"(?P<printed>(?:punten|punt|paragra(?:phs?|af)|paras?\.?|par\.|§§?|r\.o\.|rov\.?|ov\.|overwegingen|overweging|rechtsoverweging|"
    r"points?|præmis|onder|Rn\.|Rdnr\.|Rz\.|p\.|pp?\.?) ?\d[\d.,\- –]{0,20}\d?)"
)
_PLACE_SPELT = re.compile(r"^(?:par\.|paragraaf|rov\.?|ov\.|overwegingen|Rz\.|præmis) ?")
_NAME_BEHIND = re.compile(r"^[”’\"')\]]{0,2},? ?(?:\(|[–-] |‘|“)?(?:hierna:? |inzake )?(?P<name>[A-ZÀ-Ý][^;:()\n]{1,70})")
_NAME_BEFORE = re.compile(
    r"(?:^|[ ,(–-])(?P<name>[A-ZÀ-Ý][^;:()\n]{1,110}?)[ ,(–-]{0,3}(?:\[GC\]|\(GC\))?[ ,(–-]{0,3}"
    r"(?:(?:in )?(?:zaak|zaken|[Cc]ases?|[Nn]rs?\.?|[Nn]os?\.?|n°|App\.? [Nn]os?\.?|[Aa]pplication [Nn]os?\.?|appl?\. ?n[or]s?\.?) ?)?$"
)
_LEGISLATION = frozenset({ReferenceKind.ARTICLE, ReferenceKind.RECITAL, ReferenceKind.ACT, ReferenceKind.STAATSBLAD})
_ONE_DECISION = frozenset({ReferenceKind.CASE_NUMBER, ReferenceKind.APPLICATION_NUMBER, ReferenceKind.DOCKET, ReferenceKind.NAME})
_NUMBERS = frozenset(ReferenceKind) - _LEGISLATION - {ReferenceKind.NAME, ReferenceKind.BACK_REFERENCE}


@dataclass(frozen=True)
class CheckRules:
    """check.toml and quotes.toml, compiled, with the courts of the corpus."""

    courts: Courts
    named: re.Pattern[str]
    keys: tuple[tuple[str, ...], ...]  # of the n-th group of `named`
    same_court: tuple[frozenset[str], ...]
    sitting: re.Pattern[str]
    filler: frozenset[str]
    date_behind: re.Pattern[str]
    dates: tuple[re.Pattern[str], ...]
    months: Mapping[str, int]
    decided: re.Pattern[str]
    opens_with_decision: re.Pattern[str]
    decides_behind: re.Pattern[str]
    name_between: re.Pattern[str]
    name_behind: re.Pattern[str]
    ecli_behind: re.Pattern[str]
    number_behind: re.Pattern[str]
    abbreviations: frozenset[str]
    ibid: re.Pattern[str]
    note: re.Pattern[str]
    malformed: tuple[tuple[str, re.Pattern[str]], ...]
    tracks: Mapping[Track, WordList]
    overtaken: WordList
    by_analogy: WordList
    translation: WordList
    official_languages: Mapping[str, tuple[str, ...]]
    countries: Mapping[str, WordList]
    quotes: QuoteRules

    @classmethod
    def load(cls, patterns: Path, courts: Courts) -> Self:
        """From the folder corpus/patterns. Raises: CorpusInvalid, naming the file and what is wrong."""
        path = patterns / "check.toml"
        try:
            return cls._of(tomllib.loads(path.read_text(encoding="utf-8")), courts, QuoteRules.load(patterns / "quotes.toml"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"check.toml: {type(error).__name__} {error}") from error

    @classmethod
    def _of(cls, table: Mapping[str, Any], courts: Courts, quotes: QuoteRules) -> Self:
        from kb.domain import countries

        rows = [(row["regex"], tuple(row["keys"])) for row in table["court"]]
        if unknown := {key for _, keys in rows for key in keys if not key.endswith("*")} - set(courts.by_key):
            raise CorpusInvalid(f"check.toml: unknown court {sorted(unknown)[0]!r}")
        # in the order of preference: a bare `rechtbank` comes last, so that `Rechtbank Amsterdam` is that court
        vague = [row for row in rows if any(key.endswith("*") for key in row[1])]
        rows = [*(row for row in rows if row not in vague), *_names_of(courts), *vague]
        # a name may be broken over two lines
        listed = "|".join("({})".format(regex.replace("\\ ", " ").replace(" ", r"\s{1,3}")) for regex, _ in rows)
        named = re.compile(f"(?<![\\w-])(?:{listed})(?![\\w])")
        states = {}
        for code, adjectives in table["country"].items():
            names = {countries.name(code, language) for language in countries.LANGUAGES}
            states[code] = WordList.of([*sorted(names), *adjectives])
        return cls(
            courts=courts,
            named=named,
            keys=tuple(keys for _, keys in rows),
            same_court=tuple(frozenset(group) for group in table["surroundings"]["same_court"]),
            sitting=re.compile(table["surroundings"]["sitting"]),
            filler=frozenset(table["surroundings"]["filler"]),
            date_behind=re.compile(table["surroundings"]["date_behind"]),
            dates=tuple(re.compile(regex) for regex in table["surroundings"]["dates"]),
            months={str(name): int(number) for name, number in table["months"].items()},
            decided=re.compile(table["surroundings"]["decided"]),
            opens_with_decision=re.compile(table["surroundings"]["opens_with_decision"]),
            decides_behind=re.compile(table["surroundings"]["decides_behind"]),
            name_between=re.compile(table["surroundings"]["name_between"]),
            name_behind=re.compile(table["surroundings"]["name_behind"]),
            ecli_behind=re.compile(table["surroundings"]["ecli_behind"]),
            number_behind=re.compile(table["surroundings"]["number_behind"]),
            abbreviations=frozenset(table["surroundings"]["abbreviations"]),
            ibid=re.compile(table["short"]["ibid"]),
            note=re.compile(table["short"]["note"]),
            malformed=tuple((row["kind"], re.compile(row["regex"])) for row in table["malformed"]),
            tracks={Track(name): WordList.of(row["words"]) for name, row in table["track"].items()},
            overtaken=WordList.of(table["said"]["overtaken"]),
            by_analogy=WordList.of(table["said"]["by_analogy"]),
            translation=WordList.of(table["said"]["translation"]),
            official_languages={state: tuple(languages) for state, languages in table["official_languages"].items()},
            countries=states,
            quotes=quotes,
        )

    def is_court(self, keys: Iterable[str], key: str) -> bool:
        """Whether a court named by `keys` can be the court `key`."""
        same = next((group for group in self.same_court if key in group), frozenset({key}))
        return any(k in same or (k.endswith("*") and key.startswith(k[:-1])) for k in keys)

    def sentence_ends(self, text: str) -> list[int]:
        """Where the sentences of `text` end: behind a full stop that an abbreviation does not explain, and at every blank line."""
        ends = [match.start() for match in _PARAGRAPH.finditer(text)]
        for match in re.finditer(r"[.!?][”’\"')\]]*(?:\[\^[\w-]{1,12}\]|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})*\s+(?=[\[(“‘\"'«„]{0,2}[A-ZÀ-ÝΑ-Ω])", text):
            word = re.search(r"[\w.]{0,20}$", text[max(0, match.start() - 20) : match.start()])
            last = word[0].lower() if word else ""
            if last in self.abbreviations or (len(last) == 1 and last.isalpha()) or re.fullmatch(r"(?:\w\.)+\w", last):
                continue
            ends.append(match.end())
        return sorted(set(ends))


def _names_of(courts: Courts) -> list[tuple[str, tuple[str, ...]]]:
    """Every name and abbreviation of courts.toml that is more than one plain word, the longest first."""
    found: dict[str, set[str]] = defaultdict(set)
    for court in courts.by_key.values():
        if court.style in ("paper", "law", "report"):
            continue
        for name in (*court.names, court.cite_nl, court.cite_en, court.former_nl or "", court.former_en or ""):
            plain = re.sub(r" \([^()]*\)$", "", name).strip()
            if len(plain) >= 3 and (" " in plain or plain.isupper() or not plain.islower()):
                found[plain].add(court.key)
    return [(re.escape(name), tuple(sorted(found[name]))) for name in sorted(found, key=lambda n: (-len(n), n))]


@dataclass(frozen=True, slots=True)
class PrintedCourt:
    text: str
    start: int
    end: int
    keys: tuple[str, ...]
    sitting: str | None = None


@dataclass(frozen=True, slots=True)
class PrintedDay:
    text: str
    start: int
    end: int
    day: str | None  # ISO; None: no calendar has it


@dataclass(frozen=True, slots=True)
class Cited:
    """One citation of a draft: `start` to `end` are its identifiers and its pinpoint. `refers_to` is the citation that a short form
    stands for, by its number in the draft; `possible` are several that it can stand for."""

    start: int
    end: int
    references: tuple[Reference, ...] = ()
    pinpoint: Pinpoint | None = None
    pinpoint_span: tuple[int, int] | None = None
    court: PrintedCourt | None = None
    day: PrintedDay | None = None
    note: str | None = None
    order: tuple[int, int] = (0, 0)  # where it is read: notes at their mark
    back: str | None = None  # the value of a back-reference
    malformed: str | None = None
    to_note: str | None = None
    ibid: bool = False
    names: tuple[str, ...] = ()  # that the draft gives it
    beside: tuple[str, ...] = ()  # the text in which a name of the case would stand: before, between and behind its numbers

    @property
    def kinds(self) -> frozenset[ReferenceKind]:
        return frozenset(reference.kind for reference in self.references)

    @property
    def is_legislation(self) -> bool:
        return bool(self.references) and self.kinds <= _LEGISLATION

    @property
    def is_short(self) -> bool:
        return self.back is not None or self.ibid or self.to_note is not None


@dataclass
class Draft:
    """A draft's text with its notes, sentences and citations, in the order of the text."""

    text: str
    language: str | None
    rules: CheckRules
    cited: list[Cited] = field(default_factory=list)
    notes: dict[str, tuple[int, int]] = field(default_factory=dict)  # note -> its text
    marks: dict[str, int] = field(default_factory=dict)  # note -> where it is called

    @classmethod
    def read(
        cls, text: str, finder: ReferenceFinder, rules: CheckRules, language: str | None = None, known: re.Pattern[str] | None = None
    ) -> Self:
        """Args: known: numbers that mean a document wherever they stand, for those that the finder takes only beside other words."""
        draft = cls(text, language, rules)
        draft._find_notes()
        draft._find_citations(finder, known)
        return draft

    @cached_property
    def sentence_ends(self) -> list[int]:
        inside = [(c.start, c.end) for c in self.cited]
        return [end for end in self.rules.sentence_ends(self.text) if not any(start < end < stop for start, stop in inside)]

    def sentence(self, position: int) -> tuple[int, int]:
        """The sentence around a position. For a citation in a note that is only a citation, ask with the note's mark."""
        ends = self.sentence_ends
        after = next((end for end in ends if end > position), len(self.text))
        before = max((end for end in ends if end <= position), default=0)
        return before, after

    def place_in_text(self, cited: Cited) -> int:
        """Where the draft uses a citation: its own place, or the mark of its footnote."""
        return self.marks.get(cited.note, cited.start) if cited.note else cited.start

    # ------------------------------------------------------------------ notes

    def _find_notes(self) -> None:
        starts: list[tuple[str, int, int]] = []
        for match in islice(_NOTE_MARK.finditer(self.text), 2 * MAX_CITATIONS):
            line = self.text.rfind("\n", 0, match.start()) + 1
            if match["text"] and not self.text[line : match.start()].strip():
                starts.append((match["note"], match.start(), match.end()))
            else:
                self.marks.setdefault(match["note"], match.start())
        for match in islice(_SUPERSCRIPT.finditer(self.text), 2 * MAX_CITATIONS):
            number = "".join(str(_SUPERSCRIPTS.index(c)) for c in match[0])
            line = self.text.rfind("\n", 0, match.start()) + 1
            if not self.text[line : match.start()].strip() and number in self.marks:
                starts.append((number, match.start(), match.end()))
            else:
                self.marks.setdefault(number, match.start())
        starts.sort(key=lambda item: item[1])
        for index, (note, _, begin) in enumerate(starts):
            following = starts[index + 1][1] if index + 1 < len(starts) else len(self.text)
            gap = _PARAGRAPH.search(self.text, begin, following)
            # a note ends at a blank line, unless only notes follow it
            end = gap.start() if gap and index + 1 == len(starts) else following
            self.notes[note] = (begin, end)

    def _note_at(self, position: int) -> str | None:
        return next((note for note, (start, end) in self.notes.items() if start <= position < end), None)

    def _order(self, position: int, note: str | None) -> tuple[int, int]:
        return (self.marks.get(note, position), position) if note else (position, position)

    # ------------------------------------------------------------------ citations

    def _find_citations(self, finder: ReferenceFinder, known: re.Pattern[str] | None) -> None:
        groups: dict[int, list[Reference]] = defaultdict(list)
        for reference in finder.find(self.text, self.language):
            groups[reference.group].append(reference)
        days = self._days(finder)
        found: list[Cited] = []
        for group in groups.values():
            dockets = len(group) > 1 and all(r.kind is ReferenceKind.DOCKET for r in group)
            for part in [[r] for r in group] if dockets else self._split(group):
                if made := self._cited(part):
                    found.append(made)
        found = self._merged(sorted(found, key=lambda c: c.start), days)
        _refuse_too_many(found)
        found = self._merged(self._with_known(found, known), days) if known else found
        found = self._with_oddities(found)
        _refuse_too_many(found)
        found.sort(key=lambda c: (c.start, c.end))
        self.cited = self._with_surroundings(found, days, finder)

    def _split(self, group: list[Reference]) -> list[list[Reference]]:
        """`ECLI:…; X v. Y App no 71932/12`: behind a semicolon an ECLI is followed by another decision."""
        parts = [group[:1]]
        for before, after in pairwise(group):
            if before.kind is ReferenceKind.ECLI and after.kind in _ONE_DECISION and ";" in self.text[before.end : after.start]:
                parts.append([])
            parts[-1].append(after)
        return parts

    def _cited(self, group: list[Reference]) -> Cited | None:
        first = group[0]
        if first.kind in (ReferenceKind.ARTICLE, ReferenceKind.RECITAL) and not first.value:
            return None
        pinpoint = next((r.pinpoint for r in group if r.pinpoint), None)
        span = next((r.pinpoint_span for r in group if r.pinpoint_span), None)
        note = self._note_at(first.start)
        end = max(group[-1].end, span[1] if span and span[1] - group[-1].end < 200 else 0)
        if self.text.count("(", first.start, end) > self.text.count(")", first.start, end) and self.text[end : end + 1] == ")":
            end += 1
        made = Cited(
            start=first.start,
            end=end,
            references=tuple(group),
            pinpoint=pinpoint,
            pinpoint_span=span,
            note=note,
            order=self._order(first.start, note),
            back=first.value if first.kind is ReferenceKind.BACK_REFERENCE else None,
        )
        # `ECLI:…, r.o. 3: ‘…’`: before a colon the finder sees the beginning of something new, in a draft it leads to a quotation
        return replace(made, **self._place(end, made)) if made.kinds & _NUMBERS else made

    def _merged(self, found: list[Cited], days: Sequence[PrintedDay]) -> list[Cited]:
        """`het arrest Ibrahim van 19 maart 2019 (C-297/17)`: name and number with only a date between them are one citation."""
        merged: list[Cited] = []
        for cited in found:
            last = merged[-1] if merged else None
            if last and last.pinpoint is None and self._continues(last, cited, days):
                # `judgment of 16 May 2025, 1 C 18.24` names its number: it does not refer back
                kept = () if last.back is not None else last.references
                merged[-1] = replace(
                    last,
                    end=max(last.end, cited.end),
                    references=(*kept, *cited.references),
                    pinpoint=cited.pinpoint,
                    pinpoint_span=cited.pinpoint_span,
                    back=None,
                )
            else:
                merged.append(cited)
        return merged

    def _continues(self, last: Cited, cited: Cited, days: Sequence[PrintedDay]) -> bool:
        gap = self.text[last.end : cited.start]
        if last.note != cited.note or not 0 <= len(gap) <= _MERGE_REACH + 60 or _PARAGRAPH.search(gap):
            return False
        gap = one_line(gap)
        if cited.kinds == {ReferenceKind.NAME} and last.kinds & _NUMBERS and not last.kinds & {ReferenceKind.NAME}:
            # a dash or journal between: `C-163/17, JV 2019/51 (Jawo)`; a bare comma is the next of a list
            return gap.strip() not in ("", ",") and bool(self.rules.name_behind.match(gap))
        if not cited.kinds & _NUMBERS:
            return False
        if last.back is not None and ":" in last.back and len(last.references) == 1:
            return bool(re.fullmatch(r" ?[,(–-] ?(?:(?:in )?(?:zaak|case|[Nn]rs?\.?|[Nn]os?\.?|n°) ?)?", gap))
        numbered = bool(last.kinds) and last.kinds <= _ONE_DECISION and cited.kinds == {ReferenceKind.ECLI}
        if numbered and gap.strip(" ,") and self.rules.ecli_behind.match(gap):
            return True
        if last.kinds != {ReferenceKind.NAME}:
            return False
        if self.rules.number_behind.match(gap) and gap.strip():
            return True
        if len(gap) > _MERGE_REACH:
            return False
        inside = [day for day in days if last.end <= day.start and day.end <= cited.start]
        for day in reversed(inside):
            gap = gap[: day.start - last.end] + gap[day.end - last.end :]
        return (
            bool(
                re.fullmatch(
                    r"[ ,()]{0,3}(?:(?:van|of|d\.d\.|vom|du|af) ?)?[ ,()]{0,3}(?:(?:in )?(?:zaak|case|nr\.?|no\.?|Case) )?\(?", gap
                )
            )
            and len(inside) <= 1
        )

    def _with_known(self, found: list[Cited], known: re.Pattern[str]) -> list[Cited]:
        """`1 C 11.25` or `40524/10` without the words that show what it is: a number of this corpus."""
        taken = [(c.start, c.end) for c in found]
        made = list(found)
        for match in islice(known.finditer(self.text), MAX_CITATIONS + 1):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            note = self._note_at(match.start())
            reference = Reference(match.start(), match.end(), match[0], ReferenceKind.DOCKET, " ".join(match[0].split()))
            cited = Cited(match.start(), match.end(), (reference,), note=note, order=self._order(match.start(), note))
            made.append(replace(cited, **self._place(match.end(), cited)))
        return sorted(made, key=lambda c: c.start)

    def _with_oddities(self, found: list[Cited]) -> list[Cited]:
        """What points to a note, to the citation before, and what only looks like an identifier."""
        taken = sorted((c.start, c.end) for c in found)

        def free(start: int, end: int) -> bool:
            return not any(s < end and start < e for s, e in taken)

        made = list(found)
        for match in islice(self.rules.note.finditer(self.text), MAX_CITATIONS + 1):
            owner = next((i for i, c in enumerate(made) if c.kinds == {ReferenceKind.NAME} and 0 <= match.start() - c.end <= 2), None)
            if owner is not None:
                made[owner] = replace(made[owner], to_note=match["note"], end=match.end(), **self._place(match.end(), made[owner]))
            elif free(match.start(), match.end()):
                made.append(self._short(match.start(), match.end(), to_note=match["note"]))
        for match in islice(self.rules.ibid.finditer(self.text), MAX_CITATIONS + 1):
            if free(match.start(), match.end()):
                made.append(self._short(match.start(), match.end(), ibid=True))
        for kind, pattern in self.rules.malformed:
            for match in islice(pattern.finditer(self.text), MAX_CITATIONS + 1):
                start, end = match.start(), match.start() + len(match[0].rstrip(" .:"))
                if free(start, end):
                    note = self._note_at(start)
                    made.append(Cited(start, end, note=note, order=self._order(start, note), malformed=kind))
                    taken.append((start, end))
        return made

    def _short(self, start: int, end: int, *, to_note: str | None = None, ibid: bool = False) -> Cited:
        note = self._note_at(start)
        cited = Cited(start, end, note=note, order=self._order(start, note), to_note=to_note, ibid=ibid)
        return replace(cited, **self._place(end, cited))

    def _place(self, end: int, cited: Cited) -> dict[str, Any]:
        """The pinpoint behind a short form, where the finder did not bind one."""
        if cited.pinpoint is not None:
            return {}
        match = _PLACE_WORD.match(self.text[end : end + 140])
        pinpoint = Pinpoint.parse(_PLACE_SPELT.sub("para ", match["printed"].replace("–", "-").rstrip(" ,.-"))) if match else None
        if match is None or pinpoint is None:
            return {}
        span = (end + match.start("printed"), end + match.start("printed") + len(match["printed"].rstrip(" ,.-–")))
        return {"pinpoint": pinpoint, "pinpoint_span": span, "end": span[1]}

    # ------------------------------------------------------------------ court and date

    def _beside(self, cited: Cited, day: PrintedDay | None, floor: int, ceiling: int) -> tuple[str, ...]:
        """The places of a case's name: between the date and the numbers, between the numbers, directly behind them."""
        if not cited.kinds & _NUMBERS:
            return ()
        first = min(r.start for r in cited.references)
        last = max(r.end for r in cited.references)
        begin = day.end if day and day.end <= first else max(floor, first - 100)
        before = one_line(self.text[max(begin, first - 120) : first])
        before = re.split(r"[;:]|[a-z]{2}\. (?=[A-Z])", before)[-1]
        behind = one_line(self.text[last : min(ceiling, last + 80)])
        span = cited.pinpoint_span
        if span and last <= span[0]:
            behind = one_line(self.text[last : span[0]])
        match = _NAME_BEHIND.match(behind)
        bracketed = re.match(r"[^;()]{0,60}\((?P<name>[^();\d]{2,60}(?:\([^()]{1,20}\))?)\)", behind)
        close = _NAME_BEFORE.search(before)
        between = one_line(self.text[first:last])
        found = (close["name"] if close else "", between, match["name"] if match else "", bracketed["name"] if bracketed else "")
        return tuple(text for text in found if text)

    def _days(self, finder: ReferenceFinder) -> list[PrintedDay]:
        """Every date of the draft, in the order of its text."""
        days = [PrintedDay(self.text[start:end], start, end, day) for start, end, day in finder.days(self.text)]
        taken = {position for day in days for position in range(day.start, day.end)}
        for pattern in self.rules.dates:
            for match in pattern.finditer(self.text):
                parts = match.groupdict()
                month = self.rules.months.get((parts.get("name") or "").lower()) if "name" in parts else int(parts["m"])
                if month is None or match.start() in taken or match.end() - 1 in taken:
                    continue
                try:
                    day = dt.date(int(parts["y"]), month, int(parts["d"])).isoformat()
                except ValueError:
                    day = None
                days.append(PrintedDay(match[0], match.start(), match.end(), day))
                taken.update(range(match.start(), match.end()))
        return sorted(days, key=lambda day: day.start)

    def _with_surroundings(self, found: list[Cited], days: Sequence[PrintedDay], finder: ReferenceFinder) -> list[Cited]:
        made: list[Cited] = []
        used: set[int] = set()
        for index, cited in enumerate(found):
            if cited.is_legislation or cited.malformed:
                made.append(cited)
                continue
            floor = max((c.end for c in found[:index]), default=0)
            ceiling = found[index + 1].start if index + 1 < len(found) else len(self.text)
            if cited.note:
                floor, ceiling = max(floor, self.notes[cited.note][0]), min(ceiling, self.notes[cited.note][1])
            free = [d for d in days if d.start not in used]
            day = self._day(cited, floor, ceiling, free) or self._day_of_deciding(cited, floor, free)
            if day is None and (cited.kinds & _NUMBERS or cited.kinds == {ReferenceKind.NAME}):
                day = self._day_at_the_end(cited, found[index + 1] if index + 1 < len(found) else None, ceiling, free)
            if day:
                used.add(day.start)
            court = self._court(cited, day, max(floor, cited.start - _REACH), ceiling) or self._deciding(cited, day, floor, ceiling)
            names: tuple[str, ...] = ()
            if cited.kinds & _NUMBERS:
                names = tuple(finder.names_beside(self.text, cited.start, max(r.end for r in cited.references)))
            made.append(replace(cited, day=day, court=court, names=names, beside=self._beside(cited, day, floor, ceiling)))
        return made

    def _day(self, cited: Cited, floor: int, ceiling: int, days: Sequence[PrintedDay]) -> PrintedDay | None:
        if cited.back is not None:
            return next((d for d in days if cited.start <= d.start < cited.end), None)
        inside = next((d for d in days if cited.start <= d.start and d.end <= cited.end), None)
        if inside:
            return inside
        identifiers_end = max((r.end for r in cited.references), default=cited.end)
        for day in days:
            if day.start >= identifiers_end and day.end <= ceiling and day.start - identifiers_end < 60:
                gap = self.text[identifiers_end : day.start]
                span = cited.pinpoint_span
                if span and identifiers_end <= span[0] and span[1] <= day.start:
                    gap = gap[: span[0] - identifiers_end] + gap[span[1] - identifiers_end :]
                if self.rules.date_behind.match(gap) and gap.strip() != ",":
                    return day
                break
        before = [d for d in days if max(floor, cited.start - _REACH) <= d.start and d.end <= cited.start]
        if before and self._joins(self.text[before[-1].end : cited.start]):
            return before[-1]
        return None

    def _joins(self, gap: str) -> bool:
        """Whether a date and a number with `gap` between them are of one citation."""
        return self._only_filler(gap) or bool(not _PARAGRAPH.search(gap) and self.rules.name_between.match(one_line(gap)))

    def _day_of_deciding(self, cited: Cited, floor: int, days: Sequence[PrintedDay]) -> PrintedDay | None:
        """`De rechtbank oordeelde op 28 juli 2021 anders (ECLI:…)`: the day of a court that decides, in the sentence of the citation."""
        if not cited.kinds & _NUMBERS:
            return None
        begin = max(floor, cited.start - 2 * _REACH)
        begin = max([begin, *(end for end in self.rules.sentence_ends(self.text[begin : cited.start]) for end in [begin + end])])
        inside = [d for d in days if begin <= d.start and d.end <= cited.start]
        if len(inside) != 1:
            return None
        return inside[0] if self._who_decided(begin, inside[0]) else None

    def _who_decided(self, begin: int, day: PrintedDay) -> PrintedCourt | None:
        """The court in `De rechtbank heeft op …`, before the day on which it decided."""
        for court in self._courts(begin, day.start):
            gap = one_line(self.text[court.end : day.start])
            if len(gap) <= 100 and self.rules.decided.search(gap):
                return court
        return None

    def _deciding(self, cited: Cited, day: PrintedDay | None, floor: int, ceiling: int) -> PrintedCourt | None:
        """The court of a sentence that runs on: before the day, between number and day, or behind `Bij uitspraak van …`."""
        if day is None or cited.back is not None:
            return None
        end = max((r.end for r in cited.references), default=cited.end)
        if day.start >= end:
            courts = self._courts(end, day.start)
            return self._seated(courts[0], day.start) if len(courts) == 1 else None
        if court := self._who_decided(max(floor, day.start - _REACH), day):
            return self._seated(court, day.start)
        before = one_line(self.text[max(floor, cited.start - _REACH) : cited.start])
        if self.rules.opens_with_decision.search(before):
            for court in self._courts(end, min(ceiling, end + _REACH)):
                if self.rules.decides_behind.match(one_line(self.text[end : court.start])):
                    return self._seated(court, court.end)
        return None

    def _day_at_the_end(self, cited: Cited, following: Cited | None, ceiling: int, days: Sequence[PrintedDay]) -> PrintedDay | None:
        """`no. 43844/98, 7 March 2000.` or `no. 32733/08, ECtHR 2 December 2008.`: a date behind a comma, where it does not begin the
        next citation of a list."""
        end = max(cited.end, max((r.end for r in cited.references), default=cited.end))
        day = next((d for d in days if end <= d.start < end + 60 and d.end <= ceiling), None)
        if day is None:
            return None
        gap = self.text[end : day.start]
        courts = self._courts(end, day.start)
        if len(courts) == 1:
            gap = gap[: courts[0].start - end] + gap[courts[0].end - end :]
        of_court = bool(courts) and re.fullmatch(r"\s*(?:van|of|du|des)\s+(?:het|de|the|la)?\s*(?:van|of|du|vom)\s+", gap)
        if not of_court and not re.fullmatch(
            r"\s*[,(]\s*[,]?\s*(?:judgment of |judgement of |arrest van |uitspraak van |dec\. |d\.d\. |van |of )?", gap
        ):
            return None
        if following is not None and following.start - day.end < _REACH and self._only_filler(self.text[day.end : following.start]):
            return None
        return day

    def _court(self, cited: Cited, day: PrintedDay | None, floor: int, ceiling: int) -> PrintedCourt | None:
        until = day.start if day and day.start < cited.start else cited.start
        if cited.back is not None:
            until = day.start if day else cited.end
        best: PrintedCourt | None = None
        for match in self._courts(floor, until):
            if self._quoted_apart(match, cited):
                continue
            gap = self.text[match.end : until]
            named = bool(re.search(r"(?<!\w)(?:de|the|het) (?:zaak|case|zaken)(?!\w)", gap))
            if self._only_filler(gap) and not named:
                best = match if best is None or match.start >= best.end else best
        if best is not None:
            return self._seated(best, cited.end)
        start = max((r.end for r in cited.references), default=cited.end)
        opening = re.match(r"[”’\"')\]]?,? ?(?:(?:v |[A-ZÀ-Ý])[^();,\n]{0,60} )?\(", self.text[start : start + 80])
        if opening:
            closing = self.text.find(")", start + opening.end(), min(ceiling, start + 160))
            inside = self._courts(start + opening.end(), closing) if closing > 0 else []
            if inside and inside[0].start == start + opening.end():
                return self._seated(inside[0], closing)
        return None

    @cached_property
    def _quotes(self) -> list[tuple[int, int]]:
        return [(quote.start, quote.end) for quote in self.rules.quotes.quotes(self.text)]

    def _quoted_apart(self, court: PrintedCourt, cited: Cited) -> bool:
        """Whether a court is named in a quotation behind which the citation stands: `“… before the General Court” (Case C-577/14 P)`."""
        return any(start <= court.start < end <= cited.start for start, end in self._quotes)

    def _courts(self, start: int, end: int) -> list[PrintedCourt]:
        found: list[PrintedCourt] = []
        position = start
        while match := self.rules.named.search(self.text, position, end):
            found.append(PrintedCourt(match[0], match.start(), match.end(), self.rules.keys[(match.lastindex or 1) - 1]))
            position = max(match.end(), match.start() + 1)
        return found

    def _seated(self, court: PrintedCourt, until: int) -> PrintedCourt:
        sitting = self.rules.sitting.search(self.text, court.start, max(until, court.end))
        return replace(court, sitting=sitting["place"].strip()) if sitting else court

    def _only_filler(self, gap: str) -> bool:
        """Whether nothing stands in `gap` but names, numbers and the words that join the parts of one citation."""
        if (
            len(gap) > _REACH
            or ";" in gap
            or re.match(r"\s*[.!?]", gap)
            or _PARAGRAPH.search(gap)
            or re.search(r"[a-zà-ÿ]{4}\. +[A-Z]", gap)
        ):
            return False
        for token in _TOKEN.findall(one_line(gap)):
            for part in token.split("/"):
                word = part.rstrip(".").lower()
                # `’s-Hertogenbosch` and `d’État` are names
                if (
                    not part
                    or word in self.rules.filler
                    or part[0].isupper()
                    or part[0].isdigit()
                    or re.match(r"[a-z]{1,2}[-’'][A-ZÀ-Ý]", part)
                ):
                    continue
                return False
        return True


def one_line(text: str) -> str:
    """`text` as if it had not been broken into lines: words split at a line's end joined, every blank one blank."""
    return re.sub(r"\s+", " ", re.sub(r"(?<=\w)-\n\s*(?=[a-zà-ÿ])", "", text.replace("\u00ad", "")))


def _refuse_too_many(found: Sequence[Cited]) -> None:
    if len(found) > MAX_CITATIONS:
        raise InputRejected("too-many-citations", f"the draft has more than {MAX_CITATIONS} citations: check it in parts")


def names_of(document: Document) -> frozenset[str]:
    """The names a document goes by, as names are compared."""
    return frozenset(
        name_key(name).casefold()
        for name in (document.title, *document.aliases, document.extra.get("case_name", ""), document.extra.get("case_name_nl", ""))
        if name
    )
