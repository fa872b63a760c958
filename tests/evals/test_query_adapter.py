"""The parts of the recipe that decide whether its figures are honest."""

import pytest

from evals.query_adapter import fold_of, ndcg


@pytest.mark.parametrize("qid", ["x01-nl", "x01-el~nl", "x01-en~en", "x01"])
def test_all_versions_of_a_question_are_in_one_fold(qid: str) -> None:
    assert fold_of("cross-lingual", qid) == fold_of("cross-lingual", "x01-de")


def test_questions_are_spread_over_the_folds() -> None:
    assert len({fold_of("asylum-dev", f"a{number:03d}") for number in range(60)}) == 5


def test_ndcg_by_hand() -> None:
    assert ndcg(["a", "b"], {"a": 3, "b": 2}) == 1.0
    assert ndcg(["x", "a"], {"a": 3}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(["x"], {"a": 3}) == 0.0
