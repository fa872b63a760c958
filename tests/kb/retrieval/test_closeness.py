"""A long text and the passages that say the same."""

from collections.abc import Mapping, Sequence

import pytest

from kb.retrieval.closeness import PAIRS, closeness

FREQUENCIES = {"the": 900, "member": 300, "state": 400, "may": 500, "not": 600, "transfer": 50, "systemic": 4, "deficiencies": 5}
QUESTION = ["member", "state", "may", "not", "transfer", "systemic", "deficiencies"]


def ranked(texts: Mapping[str, str], question: Sequence[str] = QUESTION) -> list[str]:
    found = closeness(question, {name: text.split() for name, text in texts.items()}, FREQUENCIES, 1000)
    return sorted(found, key=lambda name: -found[name])


def test_rare_words_in_common_count_more_than_common_ones() -> None:
    assert ranked({"common": "member state may not x y z", "rare": "systemic deficiencies q x y z w"})[0] == "rare"


def test_words_beside_each_other_in_both_count_more_than_the_same_words_apart() -> None:
    assert ranked({"apart": "deficiencies x systemic y transfer z", "beside": "x y z transfer systemic deficiencies"})[0] == "beside"


def test_a_copy_is_the_closest_and_near_one() -> None:
    found = closeness(QUESTION, {"copy": QUESTION, "other": ["member", "x", "y"]}, FREQUENCIES, 1000)
    assert found["copy"] > found["other"]
    assert 0.4 < found["copy"] <= 1 + PAIRS


def test_of_two_texts_with_the_same_words_the_shorter_is_closer() -> None:
    short = "systemic x deficiencies"
    assert ranked({"long": f"{short} {'filler ' * 60}", "short": short})[0] == "short"


@pytest.mark.parametrize("question", [[], ["nowhere"]], ids=["empty", "no word shared"])
def test_nothing_in_common_is_zero(question: list[str]) -> None:
    assert closeness(question, {"a": ["member", "state"], "b": []}, FREQUENCIES, 1000) == {"a": 0.0, "b": 0.0}


def test_a_stem_in_more_passages_than_there_are_is_no_error() -> None:
    assert closeness(["member"], {"a": ["member"]}, {"member": 300}, 0)["a"] > 0
