"""One question, one clock, cited passages: the object that the API serves and the harness measures."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Passage, Track
from kb.domain.identifiers import PassageId
from kb.domain.query import Filters, Query
from kb.domain.results import Hit, Notice, Searched, SearchResult, StandingValue, best_per_document
from kb.errors import InvalidQuery
from kb.ports import Citer, Embedder, PassageIndex, Reranker, StandingSource
from kb.retrieval import notices as tell
from kb.retrieval.languages import LANGUAGES, detect_language
from kb.retrieval.lexical import Lexicon
from kb.retrieval.paging import page_of, without_lost_successors
from kb.retrieval.passages import preferred_digest_language, public_id
from kb.retrieval.ranking import Candidate, Ranker, Ranking, allows
from kb.retrieval.relevance import Relevance, features
from kb.retrieval.terms import Subjects, Terms
from kb.store.library import Library

_IDENTIFIED_PASSAGES = 3
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Identified:
    """What the exact path found: documents that the question names, with the place asked for."""

    document_ids: tuple[str, ...]
    slug: str | None = None
    corrected: str | None = None  # what was understood, where it differs from what was typed


Identify = Callable[[str], Identified | None]


class Searcher:
    """Answers questions over one opened generation. Holds no state between questions and keeps none of them."""

    def __init__(
        self,
        *,
        library: Library,
        index: PassageIndex,
        embedder: Embedder,
        lexicon: Lexicon,
        standings: StandingSource,
        cite: Citer,
        identify: Identify,
        terms: Terms,
        subjects: Subjects,
        numbers_in: Callable[[str], Sequence[str]],
        language_means: Mapping[str, Sequence[float]],
        relevance: Relevance,
        reranker: Reranker | None = None,
    ) -> None:
        self._library = library
        self._index = index
        self._lexicon = lexicon
        self._numbers_in = numbers_in
        self._relevance = relevance
        self._passages_in = index.facet("language", Filters())
        self._documents = {document.id: document for document in library.documents()}
        self.ranker = Ranker(
            library=library,
            index=index,
            embedder=embedder,
            lexicon=lexicon,
            terms=terms,
            subjects=subjects,
            documents=self._documents,
            languages=tuple(sorted(self._passages_in)),
            language_means=language_means,
            passages_in=self._passages_in,
            reranker=reranker,
        )
        self._standings = standings
        self._cite = cite
        self._identify = identify

    @cached_property
    def _officially_held(self) -> frozenset[str]:
        held = self._library.documents_with_form("official")
        return frozenset(held)

    def search(self, query: Query) -> SearchResult:
        """At most `query.limit` hits from `query.offset` on, each with citation, standing and the words that matched.

        Raises: InvalidQuery for a limit out of 1..100 or an unknown court.
        """
        if not 1 <= query.limit <= MAX_LIMIT or query.offset < 0:
            raise InvalidQuery(f"limit must lie between 1 and {MAX_LIMIT} and offset not below 0")
        language = query.language or self.language_of(query.text)
        notices: list[Notice] = []
        filters = self._with_clock(query)
        searched = self._searched(filters)
        if unheld := [name for name in filters.without if name not in self._documents]:
            notices.append(tell.nothing_to_leave_out(unheld))

        identified = self._identify(query.text)
        named = [self._documents[i] for i in identified.document_ids if i in self._documents] if identified else []
        ranking = self.ranker.rank(query.text, language, filters, numbers=self._numbers_in(query.text))
        leading: list[Passage] = []
        if named and identified:
            leading = self._passages_of(named, identified.slug, language, ranking, filters)
            if identified.corrected:
                notices.append(tell.read_as(query.text, identified.corrected))
            if not leading:
                notices.append(tell.named_but_filtered([document.id for document in named]))
        elif identified and not named:
            notices.append(tell.not_in_corpus(query.text))
        found = ranking.candidates if named or self.answers(self._judged(query.text, language, filters, ranking)) else []
        chosen = list({passage.id: passage for passage in [*leading, *(candidate.passage for candidate in found)]}.values())
        if not chosen:
            notices.append(tell.nothing_relevant(searched))
        hits = self._hits(query, language, chosen, {passage.id for passage in leading}, ranking)
        notices += self._date_notices(query, filters, hits)
        hits = without_lost_successors(hits)
        grouped = query.group_by == "document"
        units = [group.hits for group in best_per_document(hits)] if grouped else [(hit,) for hit in hits]
        page = page_of(units, offset=query.offset, limit=query.limit)
        return SearchResult(
            query=query.text,
            language=language,
            as_of=query.as_of,
            searched=searched,
            hits=tuple(page.hits),
            groups=best_per_document(page.hits),
            notices=tuple(notices),
            total=len(chosen),
            following=page.following,
        )

    def language_of(self, text: str) -> str:
        """The language of a question. Of a few words, the one in which the corpus knows most of them; Dutch where that leaves it open."""
        detected = detect_language(text, default="")
        if detected:
            return detected if detected in LANGUAGES else "en"
        known = {}
        for language in self._passages_in:
            stems = self._lexicon.query_stems(text, language)
            known[language] = len(self._library.stem_frequencies(language, stems)) if stems else 0
        return max(known, key=lambda language: (known[language], language == "nl", language), default="nl")

    def _judged(self, text: str, language: str, filters: Filters, ranking: Ranking) -> Ranking:
        """The ranking by which it is decided whether the corpus answers: the same, or, where only passages in other languages than the
        question's were asked for, the one in all languages. Which language is read changes nothing in whether a question is answered."""
        if not ranking.candidates or not filters.languages or language in filters.languages:
            return ranking
        return self.ranker.rank(text, language, replace(filters, languages=()))

    def answers(self, ranking: Ranking) -> bool:
        """Whether a ranking answers its question at all (`kb.retrieval.relevance`)."""
        told = features(ranking, self._library, self._lexicon, self.ranker.terms, self._passages_in)
        return bool(ranking.candidates) and self._relevance.is_relevant(told, space=self.ranker.embedder.space.name)

    def _with_clock(self, query: Query) -> Filters:
        """The filters with the as-of day; courts given by name as the printed names that the index knows, documents by their ids."""
        filters = replace(query.filters, existing_on=LegalDate.of(query.as_of))
        if filters.without:
            filters = replace(filters, without=tuple(self._library.find_id(name) or name for name in filters.without))
        if not filters.courts:
            return filters
        courts: list[str] = []
        known = {(document.court_key or "", document.court) for document in self._documents.values()}
        for asked in filters.courts:
            found = sorted(name for key, name in known if asked.casefold() == key.casefold() or asked.casefold() in name.casefold())
            if not found:
                raise InvalidQuery(f"no court {asked!r} in this corpus: see the list of courts under /api/v1/documents")
            courts += found
        return replace(filters, courts=tuple(dict.fromkeys(courts)))

    def _passages_of(
        self, documents: Sequence[Document], slug: str | None, language: str, ranking: Ranking, filters: Filters
    ) -> list[Passage]:
        """The passages of documents that the question names: the place asked for, else the summary, the best matching, the first."""
        found: list[Passage] = []
        for document in documents:
            if not self._index.count(replace(filters, documents=(document.id,))):
                continue
            own = self._shown_passages(document, language, filters)
            at_place = [p for p in own if slug and PassageId.parse(p.id).slug == slug]
            ranked = [c.passage for c in ranking.candidates if c.passage.document_id == document.id]
            holding = [p for p in own if PassageId.parse(p.id).slug == "holding"]
            order = [*at_place, *(holding if not slug else []), *ranked, *own]
            found += list({passage.id: passage for passage in order}.values())[:_IDENTIFIED_PASSAGES]
        return found

    def _shown_passages(self, document: Document, language: str, filters: Filters) -> list[Passage]:
        preferred = f"digest-{preferred_digest_language(language)}"
        expressions = [e for e in self._library.expressions(document.id, with_text=False) if e.current]
        if filters.languages:
            expressions = [e for e in expressions if e.language in filters.languages]
        if filters.text_statuses:
            expressions = [e for e in expressions if e.text_status in filters.text_statuses]
        expressions.sort(key=lambda e: (e.form != "official", e.form != preferred, e.form))
        for expression in expressions:
            if own := [passage for passage in self._library.passages(expression.key) if allows(filters, passage)]:
                return own
        return []

    def _hits(self, query: Query, language: str, chosen: Sequence[Passage], named: Set[str], ranking: Ranking) -> list[Hit]:
        """Hits in order, each overtaken authority followed at once by what overtook it."""
        track = query.filters.tracks[0] if len(query.filters.tracks) == 1 else None
        placed: dict[str, bool] = {}  # passage id -> companion
        order: list[Passage] = []
        for passage in chosen:
            if passage.id in placed:
                continue
            placed[passage.id] = False
            order.append(passage)
            standing = self._standings.standing(passage.document_id, query.as_of, track)
            for successor in standing.successors if standing.value is StandingValue.OVERTAKEN else ():
                if any(other.document_id == successor.document_id for other in order):
                    continue
                beside = self._beside(successor.document_id, language, chosen)
                if beside and beside.id not in placed:
                    placed[beside.id] = True
                    order.append(beside)
        candidates = {candidate.passage.id: candidate for candidate in ranking.candidates}
        hits = []
        for place, passage in enumerate(order, 1):
            candidate, is_named = candidates.get(passage.id), passage.id in named
            hits.append(self._hit(place, passage, query, language, candidate, ranking, track, is_named, placed[passage.id]))
        return hits

    def _beside(self, document_id: str, language: str, chosen: Sequence[Passage]) -> Passage | None:
        """The passage of a successor to show: its best hit, else its summary."""
        if document_id not in self._documents:
            return None
        ranked = next((passage for passage in chosen if passage.document_id == document_id), None)
        own = self._shown_passages(self._documents[document_id], language, Filters())
        return ranked or next(iter(own), None)

    def _hit(
        self,
        place: int,
        passage: Passage,
        query: Query,
        language: str,
        candidate: Candidate | None,
        ranking: Ranking,
        track: Track | None,
        named: bool,
        companion: bool,
    ) -> Hit:
        document = self._documents[passage.document_id]
        score = 1.0 if named else candidate.score if candidate else 0.0
        treatment = tuple(e for e in self._standings.treatment_of(document.id) if e.date is None or e.date.first_day <= query.as_of)
        return Hit(
            rank=place,
            score=round(score, 6),
            passage=replace(passage, id=public_id(passage, language, official_held=document.id in self._officially_held)),
            document=document,
            citation=self._cite(document, passage.pinpoint),
            standing=self._standings.standing(document.id, query.as_of, track),
            treatment=treatment,
            highlights=self._highlights(passage, ranking.stems.get(passage.language, [])),
            explain=_explained(candidate, named=named, companion=companion) if query.explain else {},
            companion=companion,
        )

    def _highlights(self, passage: Passage, stems: Sequence[str]) -> tuple[tuple[int, int], ...]:
        wanted = set(stems)
        return tuple((t.start, t.end) for t in self._lexicon.tokens(passage.text, passage.language) if t.stem in wanted)

    def _searched(self, filters: Filters) -> Searched:
        languages = self._index.facet("language", filters)
        documents = self._index.facet("document_id", filters)
        dates = sorted(d.value for i in documents if i in self._documents and (d := self._documents[i].date) is not None)
        return Searched(
            documents=len(documents),
            passages=self._index.count(filters),
            languages=tuple(sorted(languages)),
            earliest=dates[0] if dates else None,
            latest=dates[-1] if dates else None,
        )

    def _date_notices(self, query: Query, filters: Filters, hits: Sequence[Hit]) -> list[Notice]:
        notices = []
        if filters.decided_from or filters.decided_until:
            partial = sorted({h.document.id for h in hits if h.document.date and not _certainly_within(h.document, filters)})
            if partial:
                notices.append(tell.partial_dates(partial))
            undated = self._index.count(replace(filters, decided_from=None, decided_until=None)) - self._index.count(
                replace(filters, decided_from=None, decided_until=None, dated_only=True)
            )
            if undated:
                notices.append(tell.undated_left_out(undated))
        later = self._index.count(replace(filters, existing_on=None)) - self._index.count(filters)
        if later and query.as_of < dt.datetime.now(tz=dt.UTC).date():
            notices.append(tell.later_left_out(later, query.as_of))
        return notices


def _explained(candidate: Candidate | None, *, named: bool, companion: bool) -> dict[str, float | int | str | None]:
    """How a hit came to its place, in plain values."""
    dense, words = (candidate.dense, candidate.words) if candidate else (None, None)
    return {
        "placed": "named" if named else "companion" if companion else "ranked",
        "dense_rank": dense.rank if dense else None,
        "dense_score": round(dense.score, 6) if dense else None,
        "words_rank": words.rank if words else None,
        "words_score": round(words.score, 6) if words else None,
        "score": round(candidate.score, 6) if candidate else None,
        **({f"signal: {name}": factor for name, factor in candidate.signals.items()} if candidate else {}),
    }


def _certainly_within(document: Document, filters: Filters) -> bool:
    date = document.date
    if date is None:
        return False
    after = filters.decided_from is None or date.first >= filters.decided_from.first
    return after and (filters.decided_until is None or date.last <= filters.decided_until.last)
