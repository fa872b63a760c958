"""When nothing was found. The coefficients are fitted elsewhere; here is what must hold of any fit."""

import math
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.query import Filters
from kb.errors import CorpusInvalid
from kb.retrieval.relevance import Features, Model, Relevance, features
from kb.wiring import KnowledgeBase, build_embedder

DIRECTORY = Path(__file__).resolve().parents[3] / "corpus" / "lexicon"
SHIPPED = Relevance.load(DIRECTORY)
MODELS = {"with_words": SHIPPED.with_words, "without_words": SHIPPED.without_words, "words_only": SHIPPED.words_only}
ANSWERED = Features(nearest=0.92, freed=0.25, in_corpus=1.0, in_best=1.0, bridged=0.6)
NOTHING = Features(nearest=0.0, freed=0.0, in_corpus=0.0, in_best=0.0, bridged=0.0)


@pytest.mark.parametrize("name", MODELS)
def test_the_shipped_coefficients_are_sound(name: str) -> None:
    model = MODELS[name]
    assert 0 < model.threshold < 1
    assert model.weights
    assert set(model.weights) <= {field.name for field in fields(Features)}
    assert all(math.isfinite(value) for value in (model.intercept, *model.weights.values()))
    # a nearer passage, more of the question's words: none may speak against an answer
    assert all(weight >= 0 for weight in model.weights.values())


def test_each_model_uses_only_what_it_may_know() -> None:
    words = {"in_corpus", "in_best"}
    assert set(SHIPPED.words_only.weights) <= words
    assert not set(SHIPPED.without_words.weights) & words
    assert "bridged" in SHIPPED.without_words.weights
    assert set(SHIPPED.with_words.weights) & words


@pytest.mark.parametrize(
    ("question", "language", "bridged"),
    [
        ("Gensidig tillid og systemiske mangler ved overførsel til Danmark", "da", True),
        ("εξάμηνη προθεσμία μεταφοράς", "el", True),
        ("à quelle heure ouvre la piscine le dimanche", "fr", False),
        ("schönen Feierabend", "de", False),
    ],
)
def test_legal_terms_are_heard_in_passages_of_another_language(
    light_index: KnowledgeBase, question: str, language: str, bridged: bool
) -> None:
    view = light_index.view()
    held = view.generation.index.facet("language", Filters())
    ranking = view.searcher.ranker.rank(question, language, Filters())
    told = features(ranking, view.library, light_index.lexicon, light_index.terms, held)
    assert told.in_corpus is None
    assert (told.bridged >= 0.5) == bridged
    assert 0.0 <= told.bridged <= 1.0


@pytest.mark.parametrize("name", MODELS)
def test_a_model_can_both_answer_and_refuse(name: str) -> None:
    assert MODELS[name].probability(ANSWERED) >= MODELS[name].threshold
    assert MODELS[name].probability(NOTHING) < MODELS[name].threshold


def test_the_coefficients_belong_to_the_bundled_model(light_index: KnowledgeBase) -> None:
    assert SHIPPED.calibrated_for == build_embedder(light_index.settings.model_copy(update={"embedder": "bundled"})).space.name


def test_another_model_is_judged_by_the_words_alone() -> None:
    known = replace(NOTHING, in_corpus=1.0, in_best=1.0)
    unknown = replace(ANSWERED, in_corpus=0.0, in_best=0.0)
    assert SHIPPED.is_relevant(known, space="another model")
    assert not SHIPPED.is_relevant(unknown, space="another model")
    assert SHIPPED.is_relevant(known, space="another model") != SHIPPED.is_relevant(known, space=SHIPPED.calibrated_for)


def test_where_the_words_cannot_speak_another_models_answer_is_kept() -> None:
    silent = replace(NOTHING, in_corpus=None, in_best=None)
    assert SHIPPED.is_relevant(silent, space="another model")
    assert not SHIPPED.is_relevant(silent, space=SHIPPED.calibrated_for)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.2))
def test_a_nearer_passage_never_makes_an_answer_less_likely(near: float, nearer: float, freed: float) -> None:
    low, high = sorted((near, nearer))
    base = Features(low, freed, 0.7, 0.5, 0.5)
    for model in MODELS.values():
        assert model.probability(base) <= model.probability(replace(base, nearest=high))


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_probability_is_one_whatever_the_numbers(intercept: float, weight: float) -> None:
    probability = Model(intercept, {"nearest": weight}, 0.5).probability(replace(NOTHING, nearest=1.0))
    assert 0.0 <= probability <= 1.0


def test_a_logistic_sum_by_hand() -> None:
    model = Model(-1.0, {"nearest": 2.0, "in_best": 1.0}, 0.5)
    assert model.probability(replace(NOTHING, nearest=0.5, in_best=0.5)) == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert model.probability(replace(NOTHING, nearest=0.5, in_best=None)) == pytest.approx(0.5)


@pytest.mark.parametrize("body", [None, "model = ", 'model = "x"\n[with_words]\nthreshold = 0.5\n', 'model = "x"\nwith_words = 3\n'])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, body: str | None) -> None:
    if body is not None:
        (tmp_path / "relevance.toml").write_text(body, encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=r"relevance\.toml"):
        Relevance.load(tmp_path)
