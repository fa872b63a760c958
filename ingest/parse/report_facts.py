"""What a report prints of itself: its date, the period its facts describe, its country, the sources it relies on.

The rules are in corpus/patterns/reports.toml, the known publishers in publishers.toml. What is not printed stays empty: a file's
creation date is no date of publication, and a source merely mentioned is not one relied on.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from ingest.parse import patterns
from ingest.parse.model import Metadata
from kb.domain.dates import LegalDate, parse_optional
from kb.errors import InvalidIdentifier

_BEGINNING: Final = 60_000  # characters: introductions tell the period; an annex may tell that of another report
_HEAD_LINE: Final = 80  # a date in a longer line of a title page stands in prose
_SOURCES: Final = 40


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Dates as `YYYY[-MM[-DD]]`; `countries` as ISO 3166-1 alpha-2, `sources` by the publisher's name, each in order of mention."""

    published_on: str | None = None
    facts_from: str | None = None
    facts_until: str | None = None
    countries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class _Rules:
    def __init__(self) -> None:
        table = patterns.load("reports")
        self.months = {name: int(number) for number, names in table["months"].items() for name in names}
        months = "|".join(sorted(map(re.escape, self.months), key=len, reverse=True))
        self._day = rf"(?:the )?(?:(?P<{{x}}d>\d{{{{1,2}}}})(?:\.|st|nd|rd|th|er)? (?:de )?)?(?P<{{x}}m>{months})\b\.?"
        year, figures = r"(?P<{x}y>(?:19|20)\d\d)\b", r"(?P<{x}n>\d{{1,2}}[-./]\d{{1,2}}[-./](?:19|20)\d\d)\b"
        whole = rf"(?:{self._day},? {year}|{figures}|{year.replace('{x}y', '{x}z')})"
        begin = rf"(?:{self._day}(?:,? {year})?|{figures}|{year.replace('{x}y', '{x}z')})"
        self.date = re.compile(r"(?<![\w./-])" + rf"(?:{self._day},? {year}|{figures})".format(x="b"), re.I)
        self.labelled = re.compile(table["published"] + whole.format(x="b"), re.I)
        self.period = [self._filled(p, begin, whole) for p in table["period"]]
        self.until = [self._filled(p, begin, whole) for p in table["until"]]
        names = {name: code for code, names in table["countries"].items() for name in names}
        self.countries = names
        self.country = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\w)")
        words = {word: entry["name"] for entry in patterns.load("publishers")["publisher"] for word in entry["match"]}
        words |= {name.lower(): name for name in words.values()} | {"unhcr": "UNHCR", "euaa": "European Union Agency for Asylum"}
        self.sources = words
        self.source = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?!\w)")
        self.headings = frozenset(table["source_headings"])
        self.note = re.compile(table["source_note"], re.I)
        self.said = re.compile(table["source_said"], re.I)

    @staticmethod
    def _filled(pattern: str, begin: str, whole: str) -> re.Pattern[str]:
        return re.compile(pattern.replace("{A}", begin.format(x="a")).replace("{B}", whole.format(x="b")), re.I)

    def dated(self, match: re.Match[str], which: str, *, year: str | None = None) -> str | None:
        """The date of the groups that begin with `which`; None for a day that no calendar has."""
        found = {name[1]: value for name, value in match.groupdict().items() if name[0] == which and value}
        if figures := found.get("n"):
            day, month, in_year = re.split(r"[-./]", figures)
            return _checked(f"{in_year}-{int(month):02d}-{int(day):02d}")
        in_year = found.get("z") or found.get("y") or year or ""
        if not in_year or "m" not in found:
            return in_year or None
        month = f"{in_year}-{self.months[found['m'].lower()]:02d}"
        return _checked(f"{month}-{int(found['d']):02d}" if "d" in found else month)


def _checked(date: str) -> str | None:
    try:
        parsed = parse_optional(date)
    except InvalidIdentifier:
        return None
    return parsed.value if parsed else None


@cache
def _rules() -> _Rules:
    return _Rules()


def read_facts(head: Iterable[str], text: str, title: str, publisher: str | None, imprint: Iterable[str] = ()) -> ReportFacts:
    """What a report prints of itself.

    Args:
        head: the lines of its title page.
        text: all of it.
        publisher: whose report it is, so that it is not its own source.
        imprint: lines that may date it where the title page does not (the page after it, the last page).
    """
    begin, until = _period(" ".join(text[:_BEGINNING].split()))
    lines = [" ".join(line.split()) for line in head]
    printed = _published(lines) or _published([" ".join(line.split()) for line in imprint])
    return ReportFacts(printed, begin, until, _countries(title) or _countries(" ".join(lines[:12])), _sources(text, publisher))


def add_facts(metadata: Metadata, facts: ReportFacts) -> None:
    """Fills in what the publisher's own metadata left open."""
    metadata.published_on = metadata.published_on or facts.published_on
    if not (metadata.facts_from or metadata.facts_until):
        metadata.facts_from, metadata.facts_until = facts.facts_from, facts.facts_until
    if facts.countries:
        metadata.extra.setdefault("country", ", ".join(facts.countries))
    metadata.sources = metadata.sources or list(facts.sources)


def _period(text: str) -> tuple[str | None, str | None]:
    rules = _rules()
    for pattern in rules.period:
        for match in pattern.finditer(text):
            until = rules.dated(match, "b")
            begin = rules.dated(match, "a", year=until[:4] if until else None)
            if begin and until and LegalDate(begin).first_day <= LegalDate(until).last_day:
                return begin, until
    for pattern in rules.until:
        for match in pattern.finditer(text):
            if until := rules.dated(match, "b"):
                return None, until
    return None, None


def _published(lines: Iterable[str]) -> str | None:
    rules, first = _rules(), None
    for line in lines:
        if len(line) > _HEAD_LINE:
            continue
        if labelled := rules.labelled.search(line):
            return rules.dated(labelled, "b")
        dates = list(rules.date.finditer(line))
        if first is None and len(dates) == 1:  # two in a line are a period
            first = rules.dated(dates[0], "b")
    return first


def _countries(title: str) -> tuple[str, ...]:
    rules = _rules()
    return tuple(dict.fromkeys(rules.countries[m[0]] for m in rules.country.finditer(title.lower())))


def _sources(text: str, publisher: str | None) -> tuple[str, ...]:
    """Publishers named in the list of sources, in a note that dates or links them, or by `according to`."""
    rules, found, listed = _rules(), dict[str, None](), False
    for line in text.splitlines():
        bare = line.strip()
        if re.sub(r"^[\d.]+\s+", "", bare).rstrip(":").lower() in rules.headings:
            listed = True
            continue
        lower = bare.lower()
        for match in rules.source.finditer(lower):
            name = rules.sources[match[0]]
            if name == publisher or name in found:
                continue
            if listed or rules.note.match(bare[:400]) or rules.said.search(lower[max(0, match.start() - 80) : match.start()]):
                found[name] = None
    return tuple(found)[:_SOURCES]
