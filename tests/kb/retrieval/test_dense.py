"""What a language alone gives a score is taken out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.adapters.memory import MemoryIndex
from kb.domain.query import Filters
from kb.domain.results import Scored
from kb.ports import PassageIndex, Point, Vectors
from kb.retrieval.dense import language_means, search_all_languages

LANGUAGES = ("en", "nl")


class Rows:
    """An index over any vectors, unit or not: what an engine answers when it multiplies."""

    def __init__(self, vectors: Vectors, languages: list[str]) -> None:
        self.vectors, self.languages = vectors, languages

    def dense(self, vector: Vectors, *, limit: int, filters: Filters) -> list[Scored]:
        scored = [
            Scored(f"{language}-{row}", float(self.vectors[row] @ vector))
            for row, language in enumerate(self.languages)
            if not filters.languages or language in filters.languages
        ]
        return sorted(scored, key=lambda item: (-item.score, item.passage_id))[:limit]

    def lexical(self, stems: object, *, limit: int, filters: Filters) -> list[Scored]:
        raise AssertionError("words are not asked here")

    def count(self, filters: Filters) -> int:
        raise AssertionError

    def facet(self, field: str, filters: Filters) -> dict[str, int]:
        raise AssertionError

    def close(self) -> None: ...


def searched(index: PassageIndex, vector: Vectors, means: dict[str, list[float]], **changed: object) -> list[Scored]:
    filters = Filters(**changed)  # type: ignore[arg-type]
    return search_all_languages(index, vector, LANGUAGES, means, limit=50, filters=filters)[0]


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_a_constant_added_to_the_vectors_of_one_language_changes_nothing_in_the_order(seed: int, size: float) -> None:
    numbers = np.random.default_rng(seed)
    vectors = numbers.normal(size=(20, 8)).astype(np.float32)
    languages = [LANGUAGES[row % 2] for row in range(20)]
    question = numbers.normal(size=8).astype(np.float32)
    moved = vectors.copy()
    moved[::2] += (numbers.normal(size=8) * size).astype(np.float32)  # every English passage
    plain = searched(Rows(vectors, languages), question, language_means(vectors, languages))
    again = searched(Rows(moved, languages), question, language_means(moved, languages))
    assert {s.passage_id: s.score for s in again} == pytest.approx({s.passage_id: s.score for s in plain}, abs=1e-4)
    gaps = [one.score - two.score for one, two in itertools.pairwise(plain)]
    if min(gaps) > 1e-3:  # nearer than a rounding error is no order
        assert [s.passage_id for s in again] == [s.passage_id for s in plain]


def test_without_means_the_language_of_the_question_wins_and_with_them_the_answer_does() -> None:
    """Two English passages and two Dutch ones: everything English leans one way; the Dutch one that answers stands nearest in meaning."""
    english, dutch = np.array([0.9, 0, 0]), np.array([-0.9, 0, 0])
    answer, other = np.array([0, 1, 0]), np.array([0, 0, 1])
    vectors = np.array([english + other, english + 0.9 * other, dutch + answer, dutch + 0.2 * other], np.float32)
    languages = ["en", "en", "nl", "nl"]
    question = (english + answer).astype(np.float32)
    assert searched(Rows(vectors, languages), question, {})[0].passage_id == "en-0"
    assert searched(Rows(vectors, languages), question, language_means(vectors, languages))[0].passage_id == "nl-2"


def test_a_mean_is_the_mean_of_its_language() -> None:
    vectors = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    assert language_means(vectors, ["nl", "nl", "en"]) == {"en": [1.0, 1.0], "nl": [0.5, 0.5]}
    assert language_means(np.zeros((0, 2), np.float32), []) == {}


def test_a_language_filter_keeps_the_others_out_and_the_nearest_is_told_as_the_model_gave_it() -> None:
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    index = Rows(vectors, ["en", "nl"])
    question = np.array([0.8, 0.6], np.float32)
    means = {"en": [0.5, 0.0], "nl": [0.0, 0.5]}
    found, nearest = search_all_languages(index, question, LANGUAGES, means, limit=5, filters=Filters(languages=("nl",)))
    assert [item.passage_id for item in found] == ["nl-1"]
    assert nearest == pytest.approx(0.6)
    assert found[0].score == pytest.approx(0.6 - 0.3)
    assert search_all_languages(index, question, LANGUAGES, means, limit=5, filters=Filters(languages=("da",))) == ([], 0.0)


def test_each_language_gives_at_most_the_limit_and_the_whole_does_too() -> None:
    vectors = np.eye(8, dtype=np.float32)
    index = Rows(vectors, ["en", "nl"] * 4)
    found, _ = search_all_languages(index, np.ones(8, np.float32), LANGUAGES, {}, limit=3, filters=Filters())
    assert len(found) == 3


def test_an_empty_index_answers_with_nothing() -> None:
    question = np.array([1.0, 0.0], np.float32)
    assert search_all_languages(MemoryIndex([]), question, LANGUAGES, {}, limit=3, filters=Filters()) == ([], 0.0)
    point = Point("00000000-0000-0000-0000-000000000001", question, {"passage_id": "a#holding", "language": "en"})
    found, nearest = search_all_languages(MemoryIndex([point]), question, LANGUAGES, {}, limit=3, filters=Filters())
    assert (found, nearest) == ([Scored("a#holding", 1.0)], 1.0)
