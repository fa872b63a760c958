"""Candidates from both retrievers, twins joined, one ranking. Everything that decides an order is here, and nothing else."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kb.domain.documents import Passage
from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.ports import Embedder, PassageIndex
from kb.retrieval.dense import search_all_languages
from kb.retrieval.languages import LANGUAGES
from kb.retrieval.lexical import Lexicon
from kb.retrieval.passages import TwinKey, shown_twin, twin_key
from kb.store.library import Library

DEPTH = 100  # candidates a retriever
_RRF_K = 60  # Cormack, Clarke & Büttcher, SIGIR 2009
_FOREIGN_LEXICAL_WEIGHT = 0.3  # a word match across languages is a name or an accident
_ABSENT_WORDS_WEIGHT = 0.9  # of the dense rank, in place of a lexical one that a passage in another language cannot have


@dataclass(frozen=True, slots=True)
class View:
    """Where one retriever placed a passage: rank from 1, and its own score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage as it is shown, with what decided its place."""

    passage: Passage
    score: float
    dense: View | None
    lexical: View | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first, one candidate a place of a document, whatever texts of it are held. `stems` are those of the question."""

    candidates: list[Candidate]
    stems: list[str]
    dense_scores: list[float] = field(default_factory=list)  # of the dense retriever, best first, freed of language bias


@dataclass(frozen=True, slots=True)
class Ranker:
    """Ranks passages for a question in one language over one generation."""

    library: Library
    index: PassageIndex
    embedder: Embedder
    lexicon: Lexicon
    language_means: Mapping[str, Sequence[float]]

    def rank(self, text: str, language: str, filters: Filters) -> Ranking:
        """Candidates for `text`; both retrievers see the same filters."""
        others = tuple(other for other in LANGUAGES if other != language)
        stems = self.lexicon.query_stems(text, language, others=others)
        vector = self.embedder.embed_query(text)
        dense = search_all_languages(self.index, vector, self.language_means, limit=DEPTH, filters=filters)
        lexical = self.index.lexical(stems, limit=DEPTH, filters=filters)
        passages = self.library.passages_by_id(list({item.passage_id for item in (*dense, *lexical)}))
        keys = {passage_id: twin_key(passage) for passage_id, passage in passages.items()}
        languages: dict[TwinKey, set[str]] = {}
        for passage_id, key in keys.items():
            languages.setdefault(key, set()).add(passages[passage_id].language)
        home = [item for item in lexical if passages[item.passage_id].language == language]
        away = [item for item in lexical if passages[item.passage_id].language != language]
        dense_views = _joined(dense, keys)
        home_views, away_views = _joined(home, keys), _joined(away, keys)
        scores = _fused(dense_views, home_views, away_views, languages, language)
        shown = self._shown(list(scores), passages, language, filters)
        ranked = rank(Scored(shown[key].id, score) for key, score in scores.items() if key in shown)
        by_id = {shown[key].id: key for key in scores if key in shown}
        candidates = [
            Candidate(
                passage=shown[by_id[item.passage_id]],
                score=item.score,
                dense=dense_views.get(by_id[item.passage_id]),
                lexical=home_views.get(by_id[item.passage_id]) or away_views.get(by_id[item.passage_id]),
            )
            for item in ranked
        ]
        return Ranking(candidates, stems, [item.score for item in dense])

    def _shown(self, keys: Sequence[TwinKey], passages: Mapping[str, Passage], language: str, filters: Filters) -> dict[TwinKey, Passage]:
        """For each place the text that a reader gets, of those that the filters allow."""
        held: dict[TwinKey, list[Passage]] = {}
        for passage in [*passages.values(), *self.library.twins(keys)]:
            if not filters.languages or passage.language in filters.languages:
                held.setdefault(twin_key(passage), []).append(passage)
        return {key: shown_twin(held[key], language) for key in keys if key in held}


def _joined(ranking: Sequence[Scored], keys: Mapping[str, TwinKey]) -> dict[TwinKey, View]:
    """The first of each group of twins, ranks counted anew over groups."""
    views: dict[TwinKey, View] = {}
    for item in ranking:
        key = keys[item.passage_id]
        if key not in views:
            views[key] = View(len(views) + 1, item.score)
    return views


def _fused(
    dense: Mapping[TwinKey, View],
    home: Mapping[TwinKey, View],
    away: Mapping[TwinKey, View],
    languages: Mapping[TwinKey, set[str]],
    language: str,
) -> dict[TwinKey, float]:
    """Reciprocal ranks of both retrievers. On a place that is held in another language only, the words cannot speak: there the
    dense rank counts for both, and a shared name adds a little."""
    shares: dict[TwinKey, list[float]] = {}
    for key, view in dense.items():
        weight = 1.0 if language in languages[key] else 1.0 + _ABSENT_WORDS_WEIGHT
        shares.setdefault(key, []).append(weight / (_RRF_K + view.rank))
    for factor, views in ((1.0, home), (_FOREIGN_LEXICAL_WEIGHT, away)):
        for key, view in views.items():
            shares.setdefault(key, []).append(factor / (_RRF_K + view.rank))
    return {key: math.fsum(terms) for key, terms in shares.items()}
