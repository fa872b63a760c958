"""Candidates from both retrievers, twins joined, one ranking. Everything that decides an order is here, and nothing else."""

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from kb.domain.documents import Document, Kind, Passage, TextStatus, Voice
from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.ports import Embedder, PassageIndex, Reranker
from kb.retrieval.citing import WITNESSES, cited_by
from kb.retrieval.closeness import closeness
from kb.retrieval.compounds import parts_of
from kb.retrieval.dense import search_all_languages
from kb.retrieval.lexical import MAX_QUERY_TERMS, Lexicon, stem
from kb.retrieval.passages import TwinKey, shown_twin, twin_key
from kb.retrieval.terms import Subjects, Terms
from kb.store.library import Library

RERANKED = 30  # candidates that an optional second stage reads
LED = 3  # places of a digest at which the document's own words are shown before it
DEPTH = 100  # candidates a retriever and a language


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_QUOTED = (Voice.QUOTED_LAW, Voice.QUOTED_RULING, Voice.FACTS)
_ARGUED = (Voice.APPLICANT, Voice.AUTHORITY)


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much. Chosen on the dev halves of the collections; DECISIONS.md 8 has the figures."""

    dense: float = 1.5  # of the way from the weakest candidate to the nearest
    short_words: int = 11  # distinct words, stop words left out, up to which a text is a question
    long_words: int = 18  # and from which it is a paragraph looked for by its like: only closeness in words counts (in between, in part)
    far: float = 0.1  # closeness of the closest passage up to which a long text is a story, and a question all the same
    near: float = 0.3  # and from which it is such a paragraph
    words: float = 2.0  # of the best word match in the question's language
    foreign_words: float = 1.6  # of the best word match in another language: names, numbers, translated terms
    foreign_floor: float = 0.5  # of the best match in the question's language, which a best one in another is measured by at least
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
    same_court: float = 1.2  # the court that the question names
    same_year: float = 1.1  # the year that the question names
    same_kind: float = 1.25  # the kind of document that it asks for: a regulation, a letter, a report
    cited: float = 0.2  # of the best score, added to a place that the closest passages cite, for a paragraph looked for by its like
    named_number: float = 0.5  # added for a document whose number stands in the question


@dataclass(frozen=True, slots=True)
class Named:
    """What a question names: codes of states and peoples, beginnings of court keys, kinds of documents, years."""

    states: frozenset[str] = frozenset()
    peoples: frozenset[str] = frozenset()
    courts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    years: frozenset[str] = frozenset()


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
    passages_in: Mapping[str, int] = field(default_factory=dict)  # how many passages each language has
    weights: Weights = field(default_factory=Weights)
    reranker: Reranker | None = None

    def rank(self, text: str, language: str, filters: Filters, *, numbers: Sequence[str] = ()) -> Ranking:
        """Candidates for `text`; both retrievers see the same filters. `numbers`: documents whose number stands in the text."""
        parts = self._parts(text, language)
        concepts = [*self.terms.concepts(self.lexicon.stems(text, language), language), *self.terms.concepts(parts, language)]
        stems = self._stems(text, language, filters, list(dict.fromkeys(concepts)), parts)
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
        length = self._length(len(asked)) if at_home else 0.0
        held = self._held([*dense_views, *(key for views in word_views.values() for key in views)], passages, filters)
        close = self._closeness(text, language, held) if length else {}
        length *= _between(max(close.values(), default=0.0), self.weights.far, self.weights.near)
        base = self._mixed(dense_views, word_views, language, at_home, length=length, close=close)
        named = self._named(text, language)
        candidates = []
        for key, texts in held.items():
            passage = shown_twin(texts, language)
            signals = self._signals(passage, named)
            score = base[key] * math.prod(signals.values())
            if passage.document_id in numbers:
                signals["number"] = self.weights.named_number
                score += self.weights.named_number
            view = word_views.get(language, {}).get(key) or next((v[key] for v in word_views.values() if key in v), None)
            candidates.append(Candidate(passage, score, dense_views.get(key), view, signals))
        candidates = in_order(self._with_cited(in_order(candidates), length))
        candidates = official_first(candidates)
        candidates = self._reranked(text, candidates)
        own = [item.score for item in words.get(language, [])]
        return Ranking(language, candidates, stems, asked, nearest, [item.score for item in dense], own)

    def _with_cited(self, candidates: Sequence[Candidate], length: float) -> list[Candidate]:
        """The candidates, best first, with what the best of them add to the places that they cite."""
        weight = length * self.weights.cited
        if not candidates or weight <= 0.0:
            return list(candidates)
        asked = candidates[:WITNESSES]
        links = self.library.citations_in_passages([candidate.passage.id for candidate in asked])
        spoken = cited_by([(twin_key(c.passage), c.score, links.get(c.passage.id, [])) for c in asked])
        added = {place: weight * candidates[0].score * share for place, share in spoken.items()}
        made = []
        for candidate in candidates:
            if more := added.get(twin_key(candidate.passage)):
                signals = {**candidate.signals, "cited by close passages": more}
                candidate = replace(candidate, score=candidate.score + more, signals=signals)
            made.append(candidate)
        return made

    def _length(self, words: int) -> float:
        """From 0, a question, to 1, a paragraph looked for by its like."""
        return _between(words, self.weights.short_words, self.weights.long_words)

    def _closeness(self, text: str, language: str, held: Mapping[TwinKey, Sequence[Passage]]) -> dict[TwinKey, float]:
        """How close the passages in the question's own language are to it."""
        own = {key: next((p for p in texts if p.language == language), None) for key, texts in held.items()}
        stems = {key: self.lexicon.stems(p.display or p.text, language) for key, p in own.items() if p}
        question = self.lexicon.stems(text, language)
        frequencies = self.library.stem_frequencies(language, list(dict.fromkeys(question)))
        return closeness(question, stems, frequencies, self.passages_in.get(language, 0))

    def _named(self, text: str, language: str) -> Named:
        states, peoples = self.subjects.named([token.word for token in self.lexicon.tokens(text, language)])
        return Named(states, peoples, self.subjects.courts_named(text), self.subjects.kinds_named(text), frozenset(_YEAR.findall(text)))

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

    def _parts(self, text: str, language: str) -> list[str]:
        """The parts of the question's compounds that stand in no passage of its language and in no term, as stems."""
        words = {word: stem(word, language) for word, _ in self.lexicon.asked(text, language)}
        terms = self.terms.known(language)

        def known(stems: set[str]) -> set[str]:
            asked = sorted(stems - terms)
            return (stems & terms).union(
                *(self.library.stem_frequencies(language, asked[at : at + 500]) for at in range(0, len(asked), 500))
            )

        there = known(set(words.values())) if words else set()
        return [part for word, own in words.items() if own not in there for part in parts_of(word, language, known)]

    def _stems(self, text: str, language: str, filters: Filters, concepts: Sequence[int], parts: Sequence[str]) -> dict[str, list[str]]:
        """What to ask the words of each language that is held: its own words, or what crosses into it."""
        own = self.lexicon.query_stems(text, language)
        known = self.library.stem_frequencies(language, own)
        # a word that no passage in the question's language has may be one of another language, as it is
        strange = [word for word, _ in self.lexicon.asked(text, language) if stem(word, language) not in known]
        stems: dict[str, list[str]] = {}
        for other in self.languages:
            if filters.languages and other not in filters.languages:
                continue
            if other == language:
                asked = [*own, *parts, *(self.terms.translated(concepts, language) if self.weights.synonyms else ())]
            else:
                crossing = [*self.lexicon.names(text, language, other), *self.terms.translated(concepts, other)]
                asked = [*crossing, *(stem(word, other) for word in strange)]
            stems[other] = list(dict.fromkeys(asked))[:MAX_QUERY_TERMS]
        return stems

    def _mixed(
        self,
        dense: Mapping[TwinKey, View],
        words: Mapping[str, Mapping[TwinKey, View]],
        language: str,
        at_home: Set[TwinKey],
        *,
        length: float,
        close: Mapping[TwinKey, float],
    ) -> dict[TwinKey, float]:
        """A weighted sum of what both retrievers say: dense scores as shares of the span of the candidates, word scores as shares of
        the best of their language. A sum of scores, not of ranks, keeps how much better the best one is. The longer the text, the more
        `close` takes the place of all of them."""
        scores = [view.score for view in dense.values()]
        low = min(scores, default=0.0)
        spread = max(scores, default=0.0) - low or 1.0
        short = 1.0 - length
        abroad = 1 + self.weights.absent_words * short if at_home else 1.0  # where nothing is at home, nothing needs making up for
        parts: dict[TwinKey, list[float]] = {}
        for key, view in dense.items():
            share = self.weights.dense * short * (view.score - low) / spread
            parts[key] = [share if key in at_home else share * abroad]
        bests = {other: max((view.score for view in views.values()), default=0.0) for other, views in words.items()}
        floor = self.weights.foreign_floor * bests.get(language, 0.0)
        for other, views in words.items():
            if other == language:
                continue
            best = max(bests[other], floor) or 1.0
            for key, view in views.items():
                parts.setdefault(key, [0.0]).append(self.weights.foreign_words * short * view.score / best)
        own, best = words.get(language, {}), bests.get(language, 0.0) or 1.0
        closest = max(close.values(), default=0.0) or 1.0
        for key in {**own, **close}:
            share = short * own[key].score / best if key in own else 0.0
            parts.setdefault(key, [0.0]).append(self.weights.words * (share + length * close.get(key, 0.0) / closest))
        # the question's own language and another one say the same of a digest's twins: the better counts
        return {key: part[0] + max(part[1:], default=0.0) for key, part in parts.items()}

    def _signals(self, passage: Passage, named: Named) -> dict[str, float]:
        """Factors that the legal side adds, each with its name for `explain`."""
        document, weights = self.documents[passage.document_id], self.weights
        states, peoples = named.states, named.peoples
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
        if named.courts and (document.court_key or "").startswith(named.courts):
            signals["court"] = weights.same_court
        if named.years and document.date and document.date.value[:4] in named.years:
            signals["year"] = weights.same_year
        if document.kind.value in named.kinds:
            signals["kind"] = weights.same_kind
        return signals

    def _held(self, keys: Sequence[TwinKey], passages: Mapping[str, Passage], filters: Filters) -> dict[TwinKey, list[Passage]]:
        """The texts at each place, of those that the filters allow, in the order of `keys`."""
        held: dict[TwinKey, list[Passage]] = {key: [] for key in keys}
        for passage in [*passages.values(), *self.library.twins(list(held))]:
            if allows(filters, passage):
                held.setdefault(twin_key(passage), []).append(passage)
        return {key: texts for key, texts in held.items() if texts}


def in_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Best first, ties by passage id."""
    order = {item.passage_id: place for place, item in enumerate(rank(Scored(c.passage.id, c.score) for c in candidates))}
    return sorted(candidates, key=lambda candidate: order[candidate.passage.id])


def official_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The ranking with the best official passage of a document right before its digest, where the digest is among the first `LED`: a
    digest says in one place what its document says in several, and is found first; what is cited is the document."""
    ordered = list(candidates)
    led: set[str] = set()
    for digest in candidates[:LED]:
        document = digest.passage.document_id
        if document in led:
            continue
        led.add(document)
        at = ordered.index(digest)
        if digest.passage.text_status is not TextStatus.DIGEST or any(_is_official_of(document, before) for before in ordered[:at]):
            continue
        best = next((candidate for candidate in ordered[at:] if _is_official_of(document, candidate)), None)
        if best:
            ordered.remove(best)
            ordered.insert(at, replace(best, score=digest.score, signals={**best.signals, "its digest": digest.score}))
    return ordered


def _is_official_of(document: str, candidate: Candidate) -> bool:
    return candidate.passage.document_id == document and candidate.passage.text_status is TextStatus.VERBATIM


def allows(filters: Filters, passage: Passage) -> bool:
    """Whether a text at a place that was found satisfies the filters by itself: its twins at that place may not."""
    return (
        (not filters.languages or passage.language in filters.languages)
        and (not filters.voices or passage.voice in filters.voices)
        and (not filters.text_statuses or passage.text_status in filters.text_statuses)
    )


def _between(value: float, low: float, high: float) -> float:
    """How far `value` is on the way from `low` to `high`, 0 to 1."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


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
