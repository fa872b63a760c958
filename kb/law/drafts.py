"""The citations of a draft: what its text and its footnotes cite, short forms resolved, with the court and the date printed beside each.

A citation stands where it stands; a footnote is read where its mark stands in the text, so that `voormelde uitspraak` behind note 3
refers to note 3. How courts are named and what may stand between court, date and number is data: corpus/patterns/check.toml.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
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
    r"^[ ,]{0,3}(?:at )?(?P<printed>(?:punten|punt|paras?\.?|par\.|§§?|r\.o\.|onder|Rn\.|p\.|pp?\.?) ?\d[\d.,\- –]{0,20}\d?)"
)
_LEGISLATION = frozenset({ReferenceKind.ARTICLE, ReferenceKind.RECITAL, ReferenceKind.ACT, ReferenceKind.STAATSBLAD})
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
        named = re.compile("(?<![\\w-])(?:" + "|".join(f"({regex})" for regex, _ in rows) + ")(?![\\w])")
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
        days = [PrintedDay(self.text[start:end], start, end, day) for start, end, day in finder.days(self.text)]
        found: list[Cited] = []
        for group in groups.values():
            dockets = len(group) > 1 and all(r.kind is ReferenceKind.DOCKET for r in group)
            for part in [[r] for r in group] if dockets else [group]:
                if made := self._cited(part):
                    found.append(made)
        found = self._merged(sorted(found, key=lambda c: c.start), days)
        _refuse_too_many(found)
        found = self._with_known(found, known) if known else found
        found = self._with_oddities(found)
        _refuse_too_many(found)
        found.sort(key=lambda c: (c.start, c.end))
        self.cited = self._with_surroundings(found, days, finder)

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
        return Cited(
            start=first.start,
            end=end,
            references=tuple(group),
            pinpoint=pinpoint,
            pinpoint_span=span,
            note=note,
            order=self._order(first.start, note),
            back=first.value if first.kind is ReferenceKind.BACK_REFERENCE else None,
        )

    def _merged(self, found: list[Cited], days: Sequence[PrintedDay]) -> list[Cited]:
        """`het arrest Ibrahim van 19 maart 2019 (C-297/17)`: name and number with only a date between them are one citation."""
        merged: list[Cited] = []
        for cited in found:
            last = merged[-1] if merged else None
            if last and last.pinpoint is None and self._continues(last, cited, days):
                references = (*last.references, *cited.references)
                merged[-1] = replace(
                    last, end=max(last.end, cited.end), references=references, pinpoint=cited.pinpoint, pinpoint_span=cited.pinpoint_span
                )
            else:
                merged.append(cited)
        return merged

    def _continues(self, last: Cited, cited: Cited, days: Sequence[PrintedDay]) -> bool:
        if last.kinds != {ReferenceKind.NAME} or not cited.kinds & _NUMBERS or last.note != cited.note:
            return False
        gap = self.text[last.end : cited.start]
        if not 0 <= len(gap) <= _MERGE_REACH:
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
        match = _PLACE_WORD.match(self.text[end : end + 60])
        pinpoint = Pinpoint.parse(match["printed"].replace("–", "-").rstrip(" ,.-")) if match else None
        if match is None or pinpoint is None:
            return {}
        span = (end + match.start("printed"), end + match.start("printed") + len(match["printed"].rstrip(" ,.-–")))
        return {"pinpoint": pinpoint, "pinpoint_span": span, "end": span[1]}

    # ------------------------------------------------------------------ court and date

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
            day = self._day(cited, floor, ceiling, [d for d in days if d.start not in used])
            if day:
                used.add(day.start)
            court = self._court(cited, day, max(floor, cited.start - _REACH), ceiling)
            names: tuple[str, ...] = ()
            if cited.kinds & _NUMBERS:
                names = tuple(finder.names_beside(self.text, cited.start, max(r.end for r in cited.references)))
            made.append(replace(cited, day=day, court=court, names=names))
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
        if before and self._only_filler(self.text[before[-1].end : cited.start]):
            return before[-1]
        return None

    def _court(self, cited: Cited, day: PrintedDay | None, floor: int, ceiling: int) -> PrintedCourt | None:
        until = day.start if day and day.start < cited.start else cited.start
        if cited.back is not None:
            until = day.start if day else cited.end
        best: PrintedCourt | None = None
        for match in self._courts(floor, until):
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
        for token in _TOKEN.findall(gap):
            word = token.rstrip(".").lower()
            if word in self.rules.filler or token[0].isupper() or token[0].isdigit():
                continue
            return False
        return True


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
