"""Fits when to say that nothing was found: `python -m evals.calibrate` writes `corpus/lexicon/relevance.toml`.

Questions of the dev halves only. Answerable: every question of the collections below; unanswerable: those of the first two marked so.
Classes are weighted to count alike; the threshold is the highest at which at most one answerable question in a hundred is refused by
models that did not see it (cross-validation); where the words cannot speak, one in fifty, held back by a margin. A refusal hides passages
that a reader could judge; an answer to a question that has none costs trust.
"""

import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from evals.load import Split, load
from kb.domain.query import Filters
from kb.retrieval.relevance import Features, Model, features
from kb.wiring import open_knowledge_base

COLLECTIONS = ("unanswerable", "unanswerable-fresh", "asylum-dev", "asylum-fresh", "cross-lingual", "near-duplicates")
MODELS = {
    "with_words": ("nearest", "freed", "in_corpus", "in_best"),
    "without_words": ("nearest", "freed", "bridged"),
    "words_only": ("in_corpus", "in_best"),
}
# of the answerable questions of the dev half that may be refused, each judged by a model that did not see it
_MOST_FALSE = {"with_words": 0.01, "without_words": 0.02, "words_only": 0.01}
_HELD_BACK = {"without_words": 0.6}  # of the threshold: few questions were asked there, and strangers' words lie further off
_FOLDS, _SHUFFLES = 6, 5


def samples(split: Split) -> list[tuple[Features, bool]]:
    """(features, answerable) of every question of the collections' half."""
    knowledge_base = open_knowledge_base()
    view = knowledge_base.view()
    counts = view.generation.index.facet("language", Filters())
    found = []
    for name in COLLECTIONS:
        for question in load(name).part(split):
            ranking = view.searcher.ranker.rank(question.text, view.searcher.language_of(question.text), Filters())
            found.append((features(ranking, view.library, knowledge_base.lexicon, knowledge_base.terms, counts), question.answerable))
    return found


def fit(rows: list[tuple[Features, bool]], names: tuple[str, ...]) -> tuple[float, dict[str, float]]:
    """Intercept and weights on the features' own scale."""
    values = np.array([[float(getattr(row, name) or 0.0) for name in names] for row, _ in rows])
    answers = np.array([answerable for _, answerable in rows])
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    model = LogisticRegression(class_weight="balanced", C=1.0).fit((values - mean) / spread, answers)
    weights = model.coef_[0] / spread
    return float(model.intercept_[0] - (weights * mean).sum()), dict(zip(names, (float(w) for w in weights), strict=True))


def _probability(row: Features, intercept: float, weights: dict[str, float]) -> float:
    return Model(intercept, weights, 0.0).probability(row)


def _threshold(judged: list[tuple[float, bool]], most_false: float) -> float:
    """The probability below which at most that share of the answerable questions lies."""
    answerable = sorted(probability for probability, answered in judged if answered)
    return answerable[int(most_false * len(answerable))]


def _unseen(rows: list[tuple[Features, bool]], names: tuple[str, ...]) -> list[tuple[float, bool]]:
    """The probability of each question by models fitted without it, the mean over several ways to part them."""
    answers = np.array([answerable for _, answerable in rows])
    total = np.zeros(len(rows))
    for seed in range(_SHUFFLES):
        for seen, left in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(total, answers):
            intercept, weights = fit([rows[i] for i in seen], names)
            for i in left:
                total[i] += _probability(rows[i][0], intercept, weights) / _SHUFFLES
    return list(zip(total.tolist(), answers.tolist(), strict=True))


def main() -> int:
    dev, test = samples("dev"), samples("test")
    space = open_knowledge_base().embedder.space.name
    lines = [
        "# When to say that nothing was found. Written by `python -m evals.calibrate`; do not edit by hand.",
        f"# Fitted on {len(dev)} questions of the dev halves ({sum(not a for _, a in dev)} without an answer).",
        f'model = "{space}"',
    ]
    for model, names in MODELS.items():

        def usable(row: Features, model: str = model) -> bool:
            return (row.in_corpus is None) == (model == "without_words")

        # few unanswerable questions are in a language without passages: their dense features are learnt from all
        rows = dev if model == "without_words" else [row for row in dev if usable(row[0])]
        intercept, weights = fit(rows, names)
        judged = [entry for entry, (row, _) in zip(_unseen(rows, names), rows, strict=True) if usable(row)]
        threshold = round(_threshold(judged, _MOST_FALSE[model]) * _HELD_BACK.get(model, 1.0), 4)
        refused = [answerable for probability, answerable in judged if probability < threshold]
        sys.stdout.write(f"{model} unseen: {len(refused)} of {len(judged)} refused, {sum(not a for a in refused)} rightly\n")
        told = [f"{name} = {weight:.4f}" for name, weight in weights.items()]
        lines += ["", f"[{model}]", f"threshold = {threshold}", f"intercept = {intercept:.4f}", f"[{model}.weights]", *told]
        for half, sample in (("dev", dev), ("test", test)):
            judged = [(_probability(f, intercept, weights), a) for f, a in sample if usable(f)]
            refused = [a for probability, a in judged if probability < threshold]
            none, right = sum(not a for _, a in judged), sum(not a for a in refused)
            sys.stdout.write(
                f"{model} {half}: {len(refused)} refused, {right} rightly, of {none} without an answer and {len(judged)} in all\n"
            )
    target = open_knowledge_base().settings.corpus_dir / "lexicon" / "relevance.toml"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
