"""Candidates from both retrievers, twins joined, one ranking. Everything that decides an order is here, and nothing else."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from kb.domain.documents import Document, Kind, Passage, TextStatus, Voice
from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.ports import Embedder, PassageIndex, Reranker
from kb.retrieval.dense import search_all_languages
from kb.retrieval.lexical import MAX_QUERY_TERMS, Lexicon
from kb.retrieval.passages import TwinKey, shown_twin, twin_key
from kb.retrieval.terms import Subjects, Terms
from kb.store.library import Library

RERANKED = 30  # candidates that an optional second stage reads
DEPTH = 100  # candidates a retriever and a language


_QUOTED = (Voice.QUOTED_LAW, Voice.QUOTED_RULING, Voice.FACTS)
_ARGUED = (Voice.APPLICANT, Voice.AUTHORITY)


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much. Chosen on the dev halves of the collections; DECISIONS.md 8 has the figures."""

    dense: float = 1.2  # of the way from the weakest candidate to the nearest
    dense_long: float = 0.4  # the same for a text of many words (a paragraph looked for by its like): its words say enough
    long_words: int = 20  # distinct words, stop words left out, from which a question is such a text
    words: float = 2.0  # of the best word match in the question's language
    foreign_words: float = 1.0  # of the best word match in another language: names, numbers, translated terms
    absent_words: float = 0.9  # of the dense part, added for a place that is held in other languages only: its words cannot match
    synonyms: bool = False  # also ask with the synonyms of the question's own language
    guide: float = 0.5  # our guides summarise what authorities say themselves
    verbatim: float = 1.15  # the official text before a digest that matches as well
    same_state: float = 1.3  # the state that the question names
    other_state: float = 0.6
    same_people: float = 1.1
    other_people: float = 0.9
    quoted: float = 0.8  # law that is quoted and facts that are told: not what the court holds
    argued: float = 0.85  # a party's words
    named_number: float = 0.5  # added for a document whose number stands in the question


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
    words: View | None
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first, one candidate a place of a document, whatever texts of it are held.

    `stems` are what the question asks for in each language.
    """

    language: str
    candidates: list[Candidate]
    stems: Mapping[str, list[str]]
    words: list[tuple[str, bool]] = field(default_factory=list)  # of the question, and whether each is written as a name
    concepts: int = 0  # legal terms recognised in the question
    nearest: float = 0.0  # cosine of the nearest passage, as the model gives it
    dense_scores: list[float] = field(default_factory=list)  # best first, freed of language bias
    word_scores: list[float] = field(default_factory=list)  # of the question's language, best first


@dataclass(frozen=True)
class Ranker:
    """Ranks passages for a question in one language over one generation."""

    library: Library
    index: PassageIndex
    embedder: Embedder
    lexicon: Lexicon
    terms: Terms
    subjects: Subjects
    documents: Mapping[str, Document]
    languages: Sequence[str]  # of the passages held
    language_means: Mapping[str, Sequence[float]]
    weights: Weights = field(default_factory=Weights)
    reranker: Reranker | None = None

    def rank(self, text: str, language: str, filters: Filters, *, numbers: Sequence[str] = ()) -> Ranking:
        """Candidates for `text`; both retrievers see the same filters. `numbers`: documents whose number stands in the text."""
        concepts = self.terms.concepts(self.lexicon.stems(text, language), language)
        stems = self._stems(text, language, filters, concepts)
        vector = self.embedder.embed_query(text)
        dense, nearest = search_all_languages(self.index, vector, self.languages, self.language_means, limit=DEPTH, filters=filters)
        words = {
            other: self.index.lexical(asked, limit=DEPTH, filters=_in_language(filters, other)) for other, asked in stems.items() if asked
        }
        found = [*dense, *(item for ranking in words.values() for item in ranking)]
        passages = self.library.passages_by_id(list({item.passage_id for item in found}))
        keys = {passage_id: twin_key(passage) for passage_id, passage in passages.items()}
        dense_views = _joined(dense, keys)
        word_views = {other: _joined(ranking, keys) for other, ranking in words.items()}
        at_home = {keys[passage_id] for passage_id, passage in passages.items() if passage.language == language}
        asked = self.lexicon.asked(text, language)
        base = self._mixed(dense_views, word_views, language, at_home, long=len(asked) >= self.weights.long_words)
        shown = self._shown(list(base), passages, language, filters)
        lowered = [token.word for token in self.lexicon.tokens(text, language)]
        states, peoples = self.subjects.named(lowered)
        candidates = []
        for key, passage in shown.items():
            signals = self._signals(passage, states, peoples)
            score = base[key] * math.prod(signals.values())
            if passage.document_id in numbers:
                signals["number"] = self.weights.named_number
                score += self.weights.named_number
            view = word_views.get(language, {}).get(key) or next((v[key] for v in word_views.values() if key in v), None)
            candidates.append(Candidate(passage, score, dense_views.get(key), view, signals))
        order = {item.passage_id: place for place, item in enumerate(rank(Scored(c.passage.id, c.score) for c in candidates))}
        candidates.sort(key=lambda candidate: order[candidate.passage.id])
        candidates = self._reranked(text, candidates)
        own = [item.score for item in words.get(language, [])]
        return Ranking(
            language, candidates, stems, self.lexicon.asked(text, language), len(concepts), nearest, [item.score for item in dense], own
        )

    def _reranked(self, text: str, candidates: list[Candidate]) -> list[Candidate]:
        """The best candidates in the order of the second stage, where one is configured; their scores stay those of the first, moved
        to the new order, so that scores never rise down a list."""
        head = candidates[:RERANKED]
        if self.reranker is None or not head:
            return candidates
        scores = self.reranker.score(text, [candidate.passage.display or candidate.passage.text for candidate in head])
        again = sorted(zip(head, scores, strict=True), key=lambda pair: (-pair[1], pair[0].passage.id))
        falling = [candidate.score for candidate in head]
        moved = [
            replace(candidate, score=score, signals={**candidate.signals, "second stage": told})
            for (candidate, told), score in zip(again, falling, strict=True)
        ]
        return [*moved, *candidates[RERANKED:]]

    def _stems(self, text: str, language: str, filters: Filters, concepts: Sequence[int]) -> dict[str, list[str]]:
        """What to ask the words of each language that is held: its own words, or what crosses into it."""
        own = self.lexicon.query_stems(text, language)
        stems = {}
        for other in self.languages:
            if filters.languages and other not in filters.languages:
                continue
            if other == language:
                asked = [*own, *(self.terms.translated(concepts, language) if self.weights.synonyms else ())]
            else:
                asked = [*self.lexicon.names(text, language, other), *self.terms.translated(concepts, other)]
            stems[other] = list(dict.fromkeys(asked))[:MAX_QUERY_TERMS]
        return stems

    def _mixed(
        self,
        dense: Mapping[TwinKey, View],
        words: Mapping[str, Mapping[TwinKey, View]],
        language: str,
        at_home: Set[TwinKey],
        *,
        long: bool,
    ) -> dict[TwinKey, float]:
        """A weighted sum of what both retrievers say: dense scores as shares of the span of the candidates, word scores as shares of
        the best of their language. A sum of scores, not of ranks, keeps how much better the best one is."""
        scores = [view.score for view in dense.values()]
        low = min(scores, default=0.0)
        spread = max(scores, default=0.0) - low or 1.0
        weight = self.weights.dense_long if long and at_home else self.weights.dense
        abroad = 1 + self.weights.absent_words if at_home else 1.0  # where nothing is at home, nothing needs making up for
        parts: dict[TwinKey, list[float]] = {}
        for key, view in dense.items():
            share = weight * (view.score - low) / spread
            parts[key] = [share if key in at_home else share * abroad]
        for other, views in words.items():
            best = max((view.score for view in views.values()), default=1.0) or 1.0
            factor = self.weights.words if other == language else self.weights.foreign_words
            for key, view in views.items():
                parts.setdefault(key, [0.0]).append(factor * view.score / best)
        # the question's own language and another one say the same of a digest's twins: the better counts
        return {key: part[0] + max(part[1:], default=0.0) for key, part in parts.items()}

    def _signals(self, passage: Passage, states: frozenset[str], peoples: frozenset[str]) -> dict[str, float]:
        """Factors that the legal side adds, each with its name for `explain`."""
        document, weights = self.documents[passage.document_id], self.weights
        signals: dict[str, float] = {}
        if document.kind is Kind.GUIDE:
            signals["guide"] = weights.guide
        if passage.text_status is TextStatus.VERBATIM:
            signals["official text"] = weights.verbatim
        if passage.voice in _QUOTED:
            signals["whose words"] = weights.quoted
        elif passage.voice in _ARGUED:
            signals["whose words"] = weights.argued
        about = {*document.states, document.deciding_state}
        if states and not document.states:
            # nobody said what this document is about: its own words may
            about |= self.subjects.named(_words_in(passage))[0]
        if states and document.kind not in (Kind.GUIDE, Kind.REGULATION) and (document.states or about & states):
            signals["state"] = weights.same_state if about & states else weights.other_state
        if peoples and document.nationalities:
            signals["people"] = weights.same_people if set(document.nationalities) & peoples else weights.other_people
        return signals

    def _shown(self, keys: Sequence[TwinKey], passages: Mapping[str, Passage], language: str, filters: Filters) -> dict[TwinKey, Passage]:
        """For each place the text that a reader gets, of those that the filters allow."""
        held: dict[TwinKey, list[Passage]] = {}
        for passage in [*passages.values(), *self.library.twins(keys)]:
            if allows(filters, passage):
                held.setdefault(twin_key(passage), []).append(passage)
        return {key: shown_twin(held[key], language) for key in keys if key in held}


def allows(filters: Filters, passage: Passage) -> bool:
    """Whether a text at a place that was found satisfies the filters by itself: its twins at that place may not."""
    return (
        (not filters.languages or passage.language in filters.languages)
        and (not filters.voices or passage.voice in filters.voices)
        and (not filters.text_statuses or passage.text_status in filters.text_statuses)
    )


def _words_in(passage: Passage) -> list[str]:
    return " ".join((*passage.heading_path, passage.display)).lower().split()


def _in_language(filters: Filters, language: str) -> Filters:
    return replace(filters, languages=(language,))


def _joined(ranking: Sequence[Scored], keys: Mapping[str, TwinKey]) -> dict[TwinKey, View]:
    """The first of each group of twins, ranks counted anew over groups."""
    views: dict[TwinKey, View] = {}
    for item in ranking:
        key = keys[item.passage_id]
        if key not in views:
            views[key] = View(len(views) + 1, item.score)
    return views
