"""Joining rankings, against sums by hand."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.results import Scored
from kb.retrieval.fusion import min_max, reciprocal_rank_fusion, weighted

RANKINGS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), max_size=5)


def ranking(passages: str) -> list[Scored]:
    return [Scored(passage, 1.0 / place) for place, passage in enumerate(passages, 1)]


def test_a_fused_score_is_the_sum_of_one_over_k_plus_rank() -> None:
    fused = {item.passage_id: item.score for item in reciprocal_rank_fusion([ranking("ab"), ranking("bc")])}
    assert fused["a"] == pytest.approx(1 / 61)
    assert fused["b"] == pytest.approx(1 / 62 + 1 / 61)
    assert fused["c"] == pytest.approx(1 / 62)
    assert [item.passage_id for item in reciprocal_rank_fusion([ranking("ab"), ranking("bc")])] == ["b", "a", "c"]


def test_scores_of_the_retrievers_play_no_part() -> None:
    loud = [Scored("a", 1e9), Scored("b", 1e-9)]
    assert reciprocal_rank_fusion([loud, ranking("ba")]) == reciprocal_rank_fusion([ranking("ab"), ranking("ba")])


def test_ties_are_broken_by_passage_id() -> None:
    assert [item.passage_id for item in reciprocal_rank_fusion([ranking("ba"), ranking("ab")])] == ["a", "b"]


def test_a_weight_counts_a_ranking_more() -> None:
    assert [s.passage_id for s in reciprocal_rank_fusion([ranking("ab"), ranking("ba")], weights=[1, 2])] == ["b", "a"]
    with pytest.raises(ValueError):
        reciprocal_rank_fusion([ranking("ab")], weights=[1, 2])


def test_nothing_fused_is_nothing() -> None:
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []


@given(RANKINGS, st.randoms(use_true_random=False))
def test_the_order_of_the_retrievers_does_not_matter(rankings: list[list[str]], shuffler: random.Random) -> None:
    made = [ranking("".join(passages)) for passages in rankings]
    again = made.copy()
    shuffler.shuffle(again)
    assert reciprocal_rank_fusion(again) == reciprocal_rank_fusion(made)  # equal scores, not nearly equal ones


def test_the_order_of_the_retrievers_does_not_matter_for_twenty_thousand_draws() -> None:
    choose = random.Random(1)  # a plain sum passes a hundred draws and fails here
    passages = "abcdefgh"
    for _ in range(20_000):
        made = [ranking("".join(choose.sample(passages, choose.randint(1, 8)))) for _ in range(choose.randint(2, 6))]
        again = choose.sample(made, len(made))
        assert reciprocal_rank_fusion(again) == reciprocal_rank_fusion(made)


@given(RANKINGS)
def test_a_passage_is_in_the_fused_ranking_exactly_when_a_retriever_found_it(rankings: list[list[str]]) -> None:
    fused = reciprocal_rank_fusion([ranking("".join(passages)) for passages in rankings])
    assert {item.passage_id for item in fused} == {passage for passages in rankings for passage in passages}
    assert [item.score for item in fused] == sorted((item.score for item in fused), reverse=True)


def test_scores_are_moved_to_one_scale() -> None:
    assert min_max([Scored("a", 4.0), Scored("b", 3.0), Scored("c", 2.0)]) == {"a": 1.0, "b": 0.5, "c": 0.0}
    assert min_max([Scored("a", 2.0), Scored("b", 2.0)]) == {"a": 1.0, "b": 1.0}
    assert min_max([]) == {}


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(-1e6, 1e6)), min_size=1, unique_by=lambda row: row[0]))
def test_moved_scores_lie_between_nought_and_one(rows: list[tuple[str, float]]) -> None:
    moved = min_max([Scored(passage, score) for passage, score in rows])
    assert all(0.0 <= score <= 1.0 for score in moved.values())
    assert max(moved.values()) == 1.0


def test_a_weighted_sum_counts_nought_where_a_part_is_silent() -> None:
    made = weighted([(2.0, {"a": 0.5, "b": 1.0}), (1.0, {"c": 1.0, "a": 1.0})])
    assert made == [Scored("a", 2.0), Scored("b", 2.0), Scored("c", 1.0)]
    assert math.isclose(weighted([(0.1, {"a": 1.0})] * 10)[0].score, 1.0, rel_tol=0, abs_tol=0)
