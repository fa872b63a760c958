"""Legal dates: a day, a month or a year, as the source gives it, without a time zone."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal, Self

from kb.errors import InvalidIdentifier

_SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)  # digits of other scripts would compare as later than all

Precision = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True, order=True)
class LegalDate:
    """A date as precise as its source: `2024-06-12`, `2024-06` or `2024`. An unknown date is `None`, never a guess.

    `first` and `last` bound it as integers yyyymmdd, the form that filters compare; for a full day they are equal.
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: InvalidIdentifier, quoting `text`, for another shape or a day that no calendar has (`2020-02-30`)."""
        match = _SHAPE.fullmatch(text.strip())
        problem = InvalidIdentifier(f"not a date: {text!r} (expected YYYY, YYYY-MM or YYYY-MM-DD, for example 2024-06-12)")
        if not match:
            raise problem
        year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
        try:
            dt.date(year, month, day)
        except ValueError:
            raise problem from None
        return cls(match[0])

    @classmethod
    def of(cls, day: dt.date) -> Self:
        return cls(day.isoformat())

    @property
    def precision(self) -> Precision:
        match len(self.value):
            case 4:
                return "year"
            case 7:
                return "month"
            case _:
                return "day"

    @property
    def first_day(self) -> dt.date:
        parts = [int(part) for part in self.value.split("-")]
        return dt.date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)

    @property
    def last_day(self) -> dt.date:
        day = self.first_day
        match self.precision:
            case "year":
                return dt.date(day.year, 12, 31)
            case "month":
                return dt.date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])
            case _:
                return day

    @property
    def first(self) -> int:
        return _as_int(self.first_day)

    @property
    def last(self) -> int:
        return _as_int(self.last_day)

    def __str__(self) -> str:
        return self.value


def _as_int(day: dt.date) -> int:
    return day.year * 10000 + day.month * 100 + day.day


def parse_optional(text: str | None) -> LegalDate | None:
    """`None` and the empty string stay unknown; everything else must be a date."""
    return LegalDate.parse(text) if text and text.strip() else None


def parse_day(text: str) -> LegalDate:
    """A date that must be a full day: an as-of date, a filter bound. Raises: InvalidIdentifier."""
    date = LegalDate.parse(text)
    if date.precision != "day":
        raise InvalidIdentifier(f"not a day: {text!r} (expected YYYY-MM-DD, for example 2024-06-12)")
    return date
