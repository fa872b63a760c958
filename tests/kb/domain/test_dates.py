"""Dates as sources give them. The last days stand against the calendar of `datetime`, never against our own."""

import datetime as dt
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.dates import LegalDate, parse_day, parse_optional
from kb.errors import InvalidIdentifier

DAYS = st.dates(min_value=dt.date(1, 1, 1))


@pytest.mark.parametrize(
    ("text", "precision", "first", "last"),
    [
        ("2024-06-12", "day", 20240612, 20240612),
        ("2024-06", "month", 20240601, 20240630),
        ("2024", "year", 20240101, 20241231),
        ("2024-02", "month", 20240201, 20240229),
        ("2023-02", "month", 20230201, 20230228),
        ("1900-02", "month", 19000201, 19000228),  # no leap day in 1900, one in 2000
        ("2000-02", "month", 20000201, 20000229),
        (" 2024-12 ", "month", 20241201, 20241231),
    ],
)
def test_a_date_is_as_precise_as_it_is_written_and_its_bounds_are_its_first_and_last_day(
    text: str, precision: str, first: int, last: int
) -> None:
    date = LegalDate.parse(text)
    assert (date.precision, date.first, date.last) == (precision, first, last)
    assert str(date) == date.value == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-30",
        "2023-02-29",
        "2024-13",
        "2024-00-01",
        "2024-04-31",
        "0000",
        "24-06-12",
        "2024-6-12",
        "12-06-2024",
        "2024/06/12",
        "20240612",
        "2024-06-12T00:00:00Z",
        "2024-06-",
        "circa 2024",
        "",
        "٢٠٢٤-٠٦-١٢",  # digits of another script would compare as later than every date
        "२०२४",
    ],
)
def test_what_no_calendar_has_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        LegalDate.parse(text)
    assert repr(text) in str(caught.value)


@given(DAYS)
def test_a_day_written_and_read_is_the_same_day(day: dt.date) -> None:
    date = LegalDate.parse(day.isoformat())
    assert date == LegalDate.of(day)
    assert date.first_day == date.last_day == day
    assert date.first == date.last == int(day.strftime("%m%d")) + day.year * 10000


@given(DAYS)
def test_a_day_lies_within_its_month_and_its_year_and_the_next_day_after_the_last_in_another(day: dt.date) -> None:
    month, year = LegalDate.parse(day.isoformat()[:7]), LegalDate.parse(day.isoformat()[:4])
    for whole in (month, year):
        assert whole.first <= LegalDate.of(day).first <= whole.last
    if day.year < dt.MAXYEAR:
        assert (month.last_day + dt.timedelta(days=1)).day == 1
        assert (year.last_day + dt.timedelta(days=1)).timetuple().tm_yday == 1


@given(DAYS, DAYS)
def test_days_are_ordered_as_the_calendar_orders_them(one: dt.date, other: dt.date) -> None:
    assert (LegalDate.of(one) < LegalDate.of(other)) == (one < other)
    assert (LegalDate.of(one).first < LegalDate.of(other).first) == (one < other)


def test_a_year_stands_before_its_months_and_a_month_before_its_days() -> None:
    written = ["2024-06-12", "2025", "2024-06", "2024", "2023-12-31", "2024-06-01"]
    ordered = ["2023-12-31", "2024", "2024-06", "2024-06-01", "2024-06-12", "2025"]
    assert sorted(LegalDate.parse(text) for text in written) == [LegalDate.parse(text) for text in ordered]


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "Etc/GMT+12"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_a_legal_date_is_the_same_in_every_time_zone(zone: str) -> None:
    date = LegalDate.parse("2024-06-12")
    assert (date.first, date.last, date.first_day) == (20240612, 20240612, dt.date(2024, 6, 12))
    assert LegalDate.parse("2024").last_day == dt.date(2024, 12, 31)
    assert LegalDate.of(dt.date(2026, 6, 30)) < LegalDate.of(dt.date(2026, 7, 1))


@pytest.mark.parametrize("text", [None, "", "  "])
def test_an_unknown_date_stays_unknown(text: str | None) -> None:
    assert parse_optional(text) is None


def test_what_is_given_must_be_a_date_also_where_it_may_be_missing() -> None:
    assert parse_optional("2024-06") == LegalDate("2024-06")
    with pytest.raises(InvalidIdentifier):
        parse_optional("unknown")


@pytest.mark.parametrize("text", ["2024", "2024-06"])
def test_an_as_of_day_must_be_a_full_day(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="expected YYYY-MM-DD"):
        parse_day(text)
    assert parse_day("2024-06-12").first_day == dt.date(2024, 6, 12)
