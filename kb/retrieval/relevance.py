"""When nothing was found: calibrated on questions with and without an answer, never on a raw cosine (e5 gives .7 to .9 to anything).

Plain features of a ranking and a logistic model whose coefficients stand in `corpus/lexicon/relevance.toml`, fitted by
`python -m evals.calibrate` on the dev halves of the collections. What the words tell weighs most: how much of the question, by weight of
its rare words, stands in the corpus at all, and in one of the best passages.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.domain.documents import Passage
from kb.errors import CorpusInvalid
from kb.retrieval.lexical import Lexicon, read_toml, stem
from kb.retrieval.passages import shown_twin, twin_key, words_of
from kb.retrieval.ranking import Ranking
from kb.retrieval.terms import Terms
from kb.store.library import Library

_BEST = 5  # candidates whose words are looked at
_ABROAD = 1.0  # of the weight of a word that stands in passages of another language only
_SHORT = 12  # words of a question up to which every name in it must be known: longer ones tell the facts of a case


@dataclass(frozen=True, slots=True)
class Features:
    """What a ranking tells of whether it answers. `in_corpus` and `in_best` are shares of the question's words, weighted by rarity;
    None where the nearest passage is not held in its language. There `bridged` speaks: the share of the words, each counting alike, that
    stand in one of the best passages, themselves or as a legal term of the passage's language."""

    nearest: float  # cosine of the nearest passage
    freed: float  # the same, freed of language bias
    in_corpus: float | None
    in_best: float | None
    bridged: float


@dataclass(frozen=True)
class Model:
    """A logistic model over named features: refuse when the probability of an answer is below `threshold`."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, features: Features) -> float:
        total = self.intercept + math.fsum(weight * float(getattr(features, name) or 0.0) for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True)
class Relevance:
    """Decides, for one embedding model, whether a ranking answers its question."""

    with_words: Model
    without_words: Model
    words_only: Model
    calibrated_for: str  # name of the vector space

    @classmethod
    def load(cls, directory: Path) -> "Relevance":
        """Raises: CorpusInvalid, naming the file."""
        body = read_toml(directory / "relevance.toml")

        def model(name: str) -> Model:
            table = body[name]
            return Model(float(table["intercept"]), {k: float(v) for k, v in table["weights"].items()}, float(table["threshold"]))

        try:
            return cls(model("with_words"), model("without_words"), model("words_only"), str(body["model"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorpusInvalid(f"relevance.toml cannot be used: {error!r} (written by `python -m evals.calibrate`)") from error

    def is_relevant(self, features: Features, *, space: str) -> bool:
        """Another embedding model than the one calibrated for is judged by the words alone, and where they cannot speak, kept."""
        if space != self.calibrated_for:
            return features.in_corpus is None or self.words_only.probability(features) >= self.words_only.threshold
        model = self.with_words if features.in_corpus is not None else self.without_words
        return model.probability(features) >= model.threshold


def _words_speak(library: Library, passage: Passage, language: str) -> bool:
    """Whether the fullest text at a place is in a language: an official text in another one says more than its digest does."""
    return shown_twin(library.twins([twin_key(passage)]) or [passage], language).language == language


def features(ranking: Ranking, library: Library, lexicon: Lexicon, terms: Terms, passages_in: Mapping[str, int]) -> Features:
    """The features of a ranking. `passages_in`: how many passages each language has in this generation."""
    scores = ranking.dense_scores
    freed = scores[0] if scores else 0.0
    nearest = next((c.passage for c in ranking.candidates if c.dense and c.dense.rank == 1), None)
    best = list(_best(ranking, library, lexicon))
    bridged = _bridged(ranking, best, terms)
    if not passages_in.get(ranking.language) or (nearest and not _words_speak(library, nearest, ranking.language)):
        return Features(ranking.nearest, freed, None, None, bridged)
    asked = _rarity(ranking.words, ranking.language, library, passages_in)
    whole = math.fsum(word.weight for word in asked)
    if not whole:
        return Features(ranking.nearest, freed, None, None, bridged)
    shares = [0.0]
    for passage, own in best:
        known = (word for word in asked if stem(word.text, passage.language) in own)
        shares.append(math.fsum(word.weight * (1.0 if passage.language == ranking.language else _ABROAD) for word in known) / whole)
    in_corpus = math.fsum(word.weight * (1.0 if word.at_home else _ABROAD if word.abroad else 0.0) for word in asked) / whole
    return Features(ranking.nearest, freed, in_corpus, max(shares), bridged)


def _best(ranking: Ranking, library: Library, lexicon: Lexicon) -> Iterator[tuple[Passage, set[str]]]:
    """The texts at the best places, each with its stems."""
    for passage in library.twins([twin_key(candidate.passage) for candidate in ranking.candidates[:_BEST]]):
        yield passage, set(lexicon.stems(words_of(library.document(passage.document_id), passage), passage.language))


def _bridged(ranking: Ranking, best: Sequence[tuple[Passage, set[str]]], terms: Terms) -> float:
    words = [word for word, _ in ranking.words]
    concepts = dict[int, tuple[int, ...]]()  # place of a word -> what it names, alone or with its neighbours
    for places, numbers in terms.spans([stem(word, ranking.language) for word in words], ranking.language):
        concepts |= dict.fromkeys(places, numbers)
    shares = [0.0]
    for passage, own in best:
        found = sum(
            stem(word, passage.language) in own or not own.isdisjoint(terms.translated(concepts.get(place, ()), passage.language))
            for place, word in enumerate(words)
        )
        shares.append(found / len(words) if words else 0.0)
    return max(shares)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One word of a question: its weight (rare words count more), and where it stands."""

    text: str
    weight: float
    at_home: bool  # in a passage of the question's language
    abroad: bool  # in a passage of another


def _rarity(words: Sequence[tuple[str, bool]], language: str, library: Library, passages_in: Mapping[str, int]) -> list[_Asked]:
    """The words of a question. People mix languages, so a word that stands in another one counts as well. In a long question a name
    that stands nowhere is left out: case files are full of them, and they say nothing of the law. A short one is about what it names."""
    total = passages_in[language]
    held = {other: library.stem_frequencies(other, [stem(word, other) for word, _ in words]) for other in passages_in}
    found = []
    for word, is_name in words:
        count = held[language].get(stem(word, language), 0)
        abroad = any(counts.get(stem(word, other), 0) for other, counts in held.items() if other != language)
        if count or abroad or not is_name or len(words) <= _SHORT:
            found.append(_Asked(word, math.log(1 + (total + 0.5) / (count + 0.5)), count > 0, abroad))
    return found
