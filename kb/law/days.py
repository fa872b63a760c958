"""Days and months as people write them in a text, Dutch or English: `12 juni 2024`, `June 2024`, `12-06-2024`, `2024-06-12`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.domain.dates import LegalDate
from kb.errors import InvalidIdentifier

_DATE = re.compile(
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    r"|(?P<day>\b\d{1,2})\s+(?P<month>[a-z]{3,9})\s+(?P<year>\d{4}\b)"
    r"|(?P<us_month>\b[a-z]{3,9})\s+(?P<us_day>\d{1,2}),\s+(?P<us_year>\d{4}\b)"
    r"|(?P<d>\b\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}\b)"
    r"|(?P<only_month>\b[a-z]{3,9})\s+(?P<of_year>\d{4}\b)",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for names in (
        "januari februari maart april mei juni juli augustus september oktober november december",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), 1)
}


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """`text[start:end]` says this day or, where no day is told, this month."""

    date: LegalDate
    start: int
    end: int


def written_dates(text: str, start: int = 0, end: int | None = None) -> Iterator[WrittenDate]:
    """Every day and month of the calendar that stands in `text[start:end]`, in order; what no calendar has is left out."""
    for match in _DATE.finditer(text, start, len(text) if end is None else end):
        value = _value(match)
        if value is None:
            continue
        try:
            yield WrittenDate(LegalDate.parse(value), match.start(), match.end())
        except InvalidIdentifier:
            continue


def _value(match: re.Match[str]) -> str | None:
    if match["iso"]:
        return match["iso"]
    if match["y"]:
        return _iso(match["y"], int(match["m"]), match["d"])
    for day, name, year in (("day", "month", "year"), ("us_day", "us_month", "us_year"), (None, "only_month", "of_year")):
        if match[name]:
            month = _MONTHS.get(match[name].casefold())
            return _iso(match[year], month, match[day] if day else None) if month else None
    return None


def _iso(year: str, month: int, day: str | None) -> str:
    return f"{int(year):04d}-{month:02d}" + (f"-{int(day):02d}" if day else "")
