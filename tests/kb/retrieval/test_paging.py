"""Pages of an answer: joined they are the whole, and on none of them stands an overtaken authority alone."""

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.documents import Passage, TextStatus, Voice
from kb.domain.results import Hit, Standing, StandingValue, Successor, best_per_document
from kb.retrieval.paging import Page, Unit, page_of, without_lost_successors
from tests.kb.retrieval.shelf import document

TODAY = dt.date(2026, 11, 24)


def hit(name: str, successors: Sequence[str] = (), place: int = 1) -> Hit:
    """Passage `place` of a document, overtaken by `successors`."""
    value = StandingValue.OVERTAKEN if successors else StandingValue.GOOD
    after = tuple(Successor(other, other, None, {}, {}) for other in successors)
    slug = f"{name}#para-{place}"
    passage = Passage(slug, name, "official", place, None, (), Voice.COURT, TextStatus.VERBATIM, "en", "words", 0, 5)
    return Hit(1, 1.0, passage, document(name, language="en"), {}, Standing(value, None, TODAY, {}, after), ())


def ids(hits: Sequence[Hit]) -> list[str]:
    return [one.passage.id for one in hits]


@st.composite
def answers(draw: st.DrawFn) -> list[Hit]:
    """As search makes them: each overtaken authority has its successor right after it, or somewhere before."""
    found: list[Hit] = []
    overtaken: dict[str, str] = draw(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("stu"), max_size=4))
    for name in draw(st.lists(st.sampled_from("abcdefstu"), min_size=1, max_size=25)):
        after = overtaken.get(name)
        found.append(hit(name, [after] if after else [], len(found)))
        if after and not any(one.document.id == after for one in found):
            found.append(hit(after, [], len(found)))
    return found


def units_of(found: Sequence[Hit], *, grouped: bool) -> list[Unit]:
    return [group.hits for group in best_per_document(found)] if grouped else [(one,) for one in found]


def pages(units: Sequence[Unit], limit: int) -> list[Page]:
    made, offset = [], 0
    while True:
        page = page_of(units, offset=offset, limit=limit)
        made.append(page)
        if page.following is None:
            return made
        assert page.following > offset
        offset = page.following


def alone(page: Page) -> list[str]:
    shown = {one.document.id for one in page.hits}
    return [
        one.document.id for one in page.hits if one.standing.successors and not {s.document_id for s in one.standing.successors} & shown
    ]


@given(answers(), st.integers(1, 12), st.booleans())
def test_pages_joined_are_the_whole_answer(found: list[Hit], limit: int, grouped: bool) -> None:
    units = units_of(found, grouped=grouped)
    joined = [one for page in pages(units, limit) for one in page.hits]
    # a successor that is shown again says that it is a companion; nothing here is one from the start
    assert [one for one in joined if not one.companion] == [one for unit in units for one in unit]


@given(answers(), st.integers(2, 12), st.booleans())
def test_no_page_shows_an_overtaken_authority_alone(found: list[Hit], limit: int, grouped: bool) -> None:
    for page in pages(units_of(found, grouped=grouped), limit):
        assert not alone(page)


@given(answers(), st.integers(1, 12), st.booleans())
def test_no_page_is_longer_than_asked_and_none_is_empty(found: list[Hit], limit: int, grouped: bool) -> None:
    for page in pages(units_of(found, grouped=grouped), limit):
        assert page.units
        assert len([unit for unit in page.units if not all(one.companion for one in unit)]) <= limit
        assert grouped or len(page.units) <= limit


@given(answers(), st.integers(1, 12))
def test_pages_by_multiples_of_the_limit_are_the_pages_that_follow_each_other(found: list[Hit], limit: int) -> None:
    units = units_of(found, grouped=False)
    following = pages(units, limit)
    assert [page_of(units, offset=number * limit, limit=limit) for number in range(len(following))] == following
    assert page_of(units, offset=len(following) * limit, limit=limit) == Page((), None)


def test_an_overtaken_authority_at_the_end_of_a_page_leads_the_next_one_with_its_successor() -> None:
    units = units_of([hit("a"), hit("b"), hit("old", ["new"]), hit("new"), hit("c")], grouped=False)
    assert [ids(page.hits) for page in pages(units, 3)] == [["a#para-1", "b#para-1"], ["old#para-1", "new#para-1", "c#para-1"]]


def test_a_successor_of_an_earlier_page_is_shown_again_beside_what_it_overtook() -> None:
    units = units_of([hit("new"), hit("a"), hit("old", ["new"]), hit("b")], grouped=False)
    second = pages(units, 2)[1]
    assert [(one.document.id, one.companion) for one in second.hits] == [("old", False), ("new", True)]


def test_a_page_of_one_shows_both_one_after_the_other() -> None:
    units = units_of([hit("old", ["new"]), hit("new")], grouped=False)
    assert [ids(page.hits) for page in pages(units, 1)] == [["old#para-1"], ["new#para-1"]]


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([hit("a"), hit("old", ["gone"])], ["a"]),
        ([hit("old", ["gone"]), hit("a")], ["old", "a"]),
        ([hit("a"), hit("old", ["gone", "new"]), hit("new")], ["a", "old", "new"]),
    ],
    ids=["successor not held", "asked for", "one of two held"],
)
def test_an_overtaken_authority_whose_successor_is_not_held_is_shown_only_where_it_was_asked_for(found: list[Hit], kept: list[str]) -> None:
    assert [one.document.id for one in without_lost_successors(found)] == kept
