"""What may be typed, and what a filter means."""

import datetime as dt
import unicodedata
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Passage, TextStatus, Track, Voice
from kb.domain.query import MAX_CHARACTERS, Condition, Filters, normalise_query
from kb.domain.results import Hit, Scored, Standing, StandingValue, best_per_document, rank
from kb.errors import InvalidQuery

ANYTHING = st.text(st.characters(), max_size=200)  # every code point, lone surrogates too


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("Dublin\x00Denemarken", "Dublin Denemarken"),
        ("a\x07b", "ab"),
        ("regel een\r\nregel\ttwee\u2028drie\u2029vier\x85vijf", "regel een regel twee drie vier vijf"),
        ("\ud800Dublin\udfff", "Dublin"),
        ("\u202eDublin\u202c \u2066x\u2069", "Dublin x"),
        ("ze\u200bro\u2060width\ufeff", "zerowidth"),
        ("over\u00addracht", "overdracht"),
        ("two\u00a0\u2003blanks", "two blanks"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a joiner that Persian needs
        ("Denemarken?", "Denemarken?"),
        ("DROP TABLE passage; --", "DROP TABLE passage; --"),
        ("C\u2011297/17", "C\u2011297/17"),  # folded for identifiers only
    ],
)
def test_a_question_is_searched_without_what_cannot_be_read(typed: str, searched: str) -> None:
    assert normalise_query(typed) == searched


@pytest.mark.parametrize("typed", ["", "   ", "\x00\x01", "\u200b\u202e\ufeff", "\ud800", "\u200d\u200c", "\n\t\u00a0"])
def test_an_empty_question_is_refused_with_what_to_do(typed: str) -> None:
    with pytest.raises(InvalidQuery, match="type words"):
        normalise_query(typed)


def test_composed_and_decomposed_letters_are_one_question() -> None:
    composed = unicodedata.normalize("NFC", "Syriërs in Ελλάδα, één geïnformeerd")
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert normalise_query(composed) == normalise_query(decomposed) == composed


def test_a_megabyte_is_cut_and_takes_no_second() -> None:
    started = dt.datetime.now(tz=dt.UTC)
    found = normalise_query("overdracht " * 100_000)
    assert (dt.datetime.now(tz=dt.UTC) - started).total_seconds() < 5
    assert len(found) <= MAX_CHARACTERS
    assert found.startswith("overdracht overdracht")
    assert found == found.strip()


@given(ANYTHING)
def test_whatever_is_typed_is_searched_clean_or_refused(text: str) -> None:
    try:
        found = normalise_query(text)
    except InvalidQuery:
        return
    assert 0 < len(found) <= MAX_CHARACTERS
    assert found == found.strip()
    assert "  " not in found
    assert unicodedata.is_normalized("NFC", found)
    assert found.encode("utf-8").decode("utf-8") == found
    bad = {unicodedata.category(c) for c in found if c not in "\u200c\u200d"} & {"Cc", "Cf", "Cs", "Co"}
    assert bad == set()


@given(ANYTHING, st.sampled_from([1, 60]))
def test_normalising_twice_is_normalising_once(text: str, times: int) -> None:
    try:
        once = normalise_query(text * times)
    except InvalidQuery:
        return
    assert normalise_query(once) == once


def test_no_filter_asks_nothing_and_each_filter_asks_something() -> None:
    assert Filters().is_empty
    assert Filters().conditions() == []
    given_values: dict[str, object] = {
        "kinds": (Kind.JUDGMENT,),
        "courts": ("Court of Justice",),
        "states": ("DK",),
        "languages": ("nl",),
        "voices": (Voice.COURT,),
        "tracks": (Track.STATUS_HOLDER,),
        "text_statuses": (TextStatus.DIGEST,),
        "documents": ("kst-1",),
        "without": ("kst-1",),
        "nationalities": ("SY",),
        "decided_from": LegalDate("2024"),
        "decided_until": LegalDate("2024"),
        "dated_only": True,
        "existing_on": LegalDate("2024-06-12"),
    }
    assert set(given_values) == {field.name for field in fields(Filters)}, "a filter without a row in this test"
    for name, value in given_values.items():
        filters = replace(Filters(), **{name: value})  # type: ignore[arg-type]
        assert not filters.is_empty, name
        assert filters.conditions(), name


@pytest.mark.parametrize(
    ("stored", "asked_from", "asked_until", "satisfied"),
    [
        ("2024-06-12", "2024-06-12", "2024-06-12", True),
        ("2024-06-12", "2024-06-13", None, False),
        ("2024-06-12", None, "2024-06-11", False),
        ("2024-06-12", "2024", "2024", True),
        ("2024-06-12", "2024-07", None, False),
        ("2024-06-12", None, "2024-06", True),
        ("2024-06", "2024-06-20", None, True),  # it may lie within
        ("2024-06", None, "2024-06-10", True),
        ("2024-06", "2024-07-01", None, False),
        ("2024-06", None, "2024-05-31", False),
        ("2024", "2024-12-31", "2024-12-31", True),
        ("2024", "2025", None, False),
        (None, "1900", None, False),  # an unknown date satisfies no bound
        (None, None, "2100", False),
    ],
)
def test_a_date_filter_keeps_what_may_lie_within(
    stored: str | None, asked_from: str | None, asked_until: str | None, satisfied: bool
) -> None:
    date = LegalDate(stored) if stored else None
    filters = Filters(
        decided_from=LegalDate(asked_from) if asked_from else None, decided_until=LegalDate(asked_until) if asked_until else None
    )
    assert _satisfies(date, filters) is satisfied


@pytest.mark.parametrize(
    ("stored", "existed"),
    [("2024-06-12", True), ("2024-06-13", False), ("2024-06", True), ("2024-07", False), ("2024", True), ("2025", False), (None, True)],
)
def test_on_an_as_of_day_what_was_decided_later_did_not_exist_and_the_undated_stays(stored: str | None, existed: bool) -> None:
    date = LegalDate(stored) if stored else None
    assert _satisfies(date, Filters(existing_on=LegalDate("2024-06-12"))) is existed


@given(st.dates(), st.dates(), st.dates())
def test_a_full_date_passes_exactly_when_the_calendar_says_so(stored: dt.date, low: dt.date, high: dt.date) -> None:
    filters = Filters(decided_from=LegalDate.of(low), decided_until=LegalDate.of(high))
    assert _satisfies(LegalDate.of(stored), filters) is (low <= stored <= high)


def _satisfies(date: LegalDate | None, filters: Filters) -> bool:
    """As an index stores it: an unknown date is 0 and the end of time."""
    stored = {"decided_first": date.first if date else 0, "decided_last": date.last if date else 99999999}

    def holds(condition: Condition) -> bool:
        value = stored[condition.field]
        low, high = condition.at_least, condition.at_most
        return (low is None or value >= low) and (high is None or value <= high)

    return all(holds(condition) for condition in filters.conditions())


def test_equal_scores_are_ordered_by_passage_id() -> None:
    tied = [Scored("c", 1.0), Scored("a", 1.0), Scored("d", 2.0), Scored("b", 1.0)]
    assert [item.passage_id for item in rank(tied)] == ["d", "a", "b", "c"]


@given(st.lists(st.tuples(st.text(max_size=3), st.sampled_from([0.0, 0.5, 1.0])), unique_by=lambda row: row[0]), st.randoms())
def test_the_order_given_never_decides_a_rank(rows: list[tuple[str, float]], random: "object") -> None:
    scored = [Scored(passage, score) for passage, score in rows]
    shuffled = scored.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank(shuffled) == rank(scored)


def _hit(document: str, number: int) -> Hit:
    passage = Passage(
        f"{document}#para-{number}", document, "official", number, None, (), Voice.COURT, TextStatus.VERBATIM, "nl", "tekst", 0, 5
    )
    standing = Standing(StandingValue.UNKNOWN, None, dt.date(2026, 1, 1), {})
    return Hit(number, 1.0 / number, passage, Document(document, Kind.JUDGMENT, "court", "title", "nl"), {}, standing, ())


def test_groups_stand_in_the_order_of_their_best_hit_with_at_most_three_passages() -> None:
    hits = [_hit("b", 1), _hit("a", 2), _hit("b", 3), _hit("b", 4), _hit("b", 5), _hit("a", 6)]
    groups = best_per_document(hits)
    assert [(group.document.id, [hit.rank for hit in group.hits]) for group in groups] == [("b", [1, 3, 4]), ("a", [2, 6])]
    assert [len(group.hits) for group in best_per_document(hits, passages=1)] == [1, 1]
    assert best_per_document([]) == ()
