"""Which law governs an application: the shipped boundaries, day by day."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.dates import LegalDate
from kb.domain.documents import Track
from kb.errors import CorpusInvalid
from kb.law.regimes import RegimeId, Regimes, in_words

SHIPPED = Path(__file__).parents[3] / "corpus" / "regimes.toml"
REGIMES = Regimes.load(SHIPPED)
DUBLIN, STATUS = Track.DUBLIN_TRANSFER, Track.STATUS_HOLDER
NOW = dt.date(2026, 11, 1)


def on(text: str) -> LegalDate:
    return LegalDate.parse(text)


@pytest.mark.parametrize(
    ("registered_on", "track", "expected"),
    [
        ("2021-05-03", DUBLIN, "dublin-iii"),
        ("2026-06-30", DUBLIN, "dublin-iii"),
        ("2026-07-01", DUBLIN, "ammr"),
        ("2026-06", DUBLIN, "dublin-iii"),
        ("2026-07", DUBLIN, "ammr"),
        ("2026", DUBLIN, "unknown"),
        ("2025", DUBLIN, "dublin-iii"),
        ("2026-06-11", STATUS, "apd"),
        ("2026-06-12", STATUS, "apr"),
        ("2026-06", STATUS, "unknown"),
        ("2026-05", STATUS, "apd"),
        ("2026-06-20", STATUS, "apr"),  # between the two boundaries the tracks differ
        ("2026-06-20", DUBLIN, "dublin-iii"),
        ("2025-01-01", None, "unknown"),
    ],
)
def test_the_day_of_registration_chooses_the_law(registered_on: str, track: Track | None, expected: str) -> None:
    assert REGIMES.regime(on(registered_on), track, NOW).id == expected


@pytest.mark.parametrize("track", [DUBLIN, STATUS, None])
def test_without_a_registration_date_the_regime_is_unknown_and_says_so(track: Track | None) -> None:
    regime = REGIMES.regime(None, track, NOW)
    assert regime.id is RegimeId.UNKNOWN
    assert "ontbreekt" in regime.sentence["nl"]
    assert "missing" in regime.sentence["en"]


def test_the_day_of_the_decision_does_not_choose_the_law() -> None:
    decided = [dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2027, 1, 1)]
    assert {REGIMES.regime(on("2026-05-11"), DUBLIN, day).id for day in decided} == {RegimeId.DUBLIN_III}


def test_a_date_on_both_sides_of_the_boundary_names_the_boundary_and_both_laws() -> None:
    regime = REGIMES.regime(on("2026"), DUBLIN, NOW)
    assert regime.candidates == (RegimeId.DUBLIN_III, RegimeId.AMMR)
    assert "1 juli 2026" in regime.sentence["nl"]
    assert "1 July 2026" in regime.sentence["en"]


def test_without_a_registration_date_only_laws_that_began_are_candidates() -> None:
    assert REGIMES.regime(None, DUBLIN, dt.date(2024, 1, 1)).candidates == (RegimeId.DUBLIN_III,)
    assert REGIMES.regime(None, DUBLIN, NOW).candidates == (RegimeId.DUBLIN_III, RegimeId.AMMR)


def test_a_registration_after_the_as_of_day_is_a_mistake_in_the_file() -> None:
    regime = REGIMES.regime(on("2026-08-03"), DUBLIN, dt.date(2024, 1, 1))
    assert regime.id is RegimeId.UNKNOWN
    assert "3 August 2026" in regime.sentence["en"]


def test_the_open_question_of_transition_is_said_only_where_it_matters() -> None:
    assert REGIMES.regime(on("2026-05-11"), STATUS, dt.date(2026, 6, 11)).open is None
    later = REGIMES.regime(on("2026-05-11"), STATUS, dt.date(2026, 6, 12)).open
    assert later is not None
    assert "were not checked" in later["en"]


def test_each_boundary_names_its_source() -> None:
    places = {rule.id: (rule.source.document_id, rule.source.pinpoint) for rule in REGIMES.rules}
    assert places[RegimeId.AMMR] == ("Regulation (EU) 2024/1351", "article 84(1)")
    assert places[RegimeId.DUBLIN_III] == ("Regulation (EU) 2024/1351", "article 84(2)")
    assert places[RegimeId.APR] == places[RegimeId.APD] == ("REG-2024/1348", "art. 79(2)")


@given(st.dates(dt.date(2000, 1, 1), dt.date(2026, 10, 31)), st.sampled_from(list(Track)))
def test_every_full_day_has_exactly_one_law(day: dt.date, track: Track) -> None:
    assert REGIMES.regime(LegalDate.of(day), track, NOW).is_known


@given(st.dates(dt.date(2026, 1, 1), dt.date(2026, 10, 31)), st.sampled_from(list(Track)))
def test_a_coarser_date_never_contradicts_the_day(day: dt.date, track: Track) -> None:
    exact = REGIMES.regime(LegalDate.of(day), track, NOW)
    for coarse in (day.isoformat()[:7], day.isoformat()[:4]):
        regime = REGIMES.regime(on(coarse), track, NOW)
        assert regime.id is exact.id or exact.id in regime.candidates


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('registered_until = "2026-06-30"', 'registered_until = "2026-06-29"', "day after"),
        ('id = "ammr"', 'id = "dublin-iv"', "dublin-iv"),
        ('track = "dublin-transfer"\nregistered_until', 'track = "dublin-transfer"\nsurprise = 1\nregistered_until', "surprise"),
        ('en = "Dublin III, Regulation (EU) No 604/2013"', 'en = " "', "English"),
        ('registered_from = "2026-06-12"', 'registered_from = "2026-06-31"', "2026-06-31"),
        ("[[regime]]", "[[regime", "TOMLDecodeError"),
    ],
)
def test_a_broken_file_is_refused_with_its_fault(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "regimes.toml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=complaint):
        Regimes.load(broken)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match=r"regimes\.toml"):
        Regimes.load(tmp_path / "regimes.toml")


@pytest.mark.parametrize(
    ("date", "language", "words"),
    [("2024-06-12", "nl", "12 juni 2024"), ("2024-03", "nl", "maart 2024"), ("2024", "en", "2024"), ("2026-07-01", "en", "1 July 2026")],
)
def test_dates_are_written_as_precisely_as_they_are_known(date: str, language: str, words: str) -> None:
    assert in_words(on(date), language) == words
