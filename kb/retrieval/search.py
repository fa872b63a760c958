"""One question, one clock, cited passages: the object that the API serves and the harness measures."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Passage, Track
from kb.domain.identifiers import PassageId
from kb.domain.query import Filters, Query
from kb.domain.results import Hit, Notice, Scored, Searched, SearchResult, Standing, StandingValue, best_per_document, rank
from kb.errors import InvalidQuery
from kb.ports import Citer, Embedder, PassageIndex, StandingSource
from kb.retrieval import notices as tell
from kb.retrieval import relevance
from kb.retrieval.fusion import reciprocal_rank_fusion
from kb.retrieval.languages import LANGUAGES, detect_language
from kb.retrieval.lexical import Lexicon
from kb.retrieval.passages import collapse_twins, preferred_digest_language, public_id
from kb.store.library import Library

_DEPTH = 100  # candidates a retriever
_IDENTIFIED_PASSAGES = 3
_FOREIGN_LEXICAL_WEIGHT = 0.3  # a word match across languages is a name or an accident
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Identified:
    """What the exact path found: documents that the question names, with the place asked for."""

    document_ids: tuple[str, ...]
    slug: str | None = None
    corrected: str | None = None  # what was understood, where it differs from what was typed


Identify = Callable[[str], Identified | None]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates of a question, best first, with each retriever's view, before twins are joined and hits are made."""

    fused: list[Scored]
    dense: dict[str, tuple[int, float]]  # passage id -> (rank, score)
    lexical: dict[str, tuple[int, float]]
    stems: list[str]


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
    ) -> None:
        self._library = library
        self._index = index
        self._embedder = embedder
        self._lexicon = lexicon
        self._standings = standings
        self._cite = cite
        self._identify = identify

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {document.id: document for document in self._library.documents()}

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
        language = query.language or detect_language(query.text, default="nl")
        language = language if language in LANGUAGES else "en"
        notices: list[Notice] = []
        filters = self._with_clock(query)
        searched = self._searched(filters)

        identified = self._identify(query.text)
        named = [self._documents[i] for i in identified.document_ids if i in self._documents] if identified else []
        ranking = self._rank(query.text, language, filters)
        passages = self._library.passages_by_id([item.passage_id for item in ranking.fused])
        shown = collapse_twins(list(passages.values()), language, shown_languages=filters.languages)
        scores = self._joined_scores(ranking, shown)
        missing = [passage_id for passage_id in {item.passage_id for item in scores} if passage_id not in passages]
        passages |= self._library.passages_by_id(missing)

        leading: list[Passage] = []
        if named and identified:
            leading = self._passages_of(named, identified.slug, language, scores, passages, filters)
            if identified.corrected:
                notices.append(tell.read_as(query.text, identified.corrected))
            if not leading:
                notices.append(tell.named_but_filtered([document.id for document in named]))
        elif identified and not named:
            notices.append(tell.not_in_corpus(query.text))
        if not named and not relevance.is_relevant(ranking, passages, shown):
            scores = []
        chosen = [*leading, *(passages[item.passage_id] for item in scores if item.passage_id not in {p.id for p in leading})]
        if not chosen:
            notices.append(tell.nothing_relevant(searched))

        by_id = {item.passage_id: item.score for item in scores}
        hits = self._hits(query, language, chosen, by_id, ranking, shown)
        notices += self._date_notices(query, filters, hits)
        groups = best_per_document(hits)
        if query.group_by == "document":
            groups = groups[query.offset : query.offset + query.limit]
            hits = [hit for group in groups for hit in group.hits]
        else:
            hits = hits[query.offset : query.offset + query.limit]
            groups = best_per_document(hits)
        return SearchResult(
            query=query.text,
            language=language,
            as_of=query.as_of,
            searched=searched,
            hits=tuple(hits),
            groups=groups,
            notices=tuple(notices),
            total=len(chosen),
        )

    def ranking(self, text: str, language: str, filters: Filters) -> Ranking:
        """The candidates alone, for the harness."""
        return self._rank(text, language, filters)

    def _with_clock(self, query: Query) -> Filters:
        """The filters with the as-of day, and courts given by name resolved to the printed names that the index knows."""
        filters = replace(query.filters, existing_on=LegalDate.of(query.as_of))
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

    def _rank(self, text: str, language: str, filters: Filters) -> Ranking:
        others = tuple(other for other in LANGUAGES if other != language)
        stems = self._lexicon.query_stems(text, language, others=others)
        dense = self._index.dense(self._embedder.embed_query(text), limit=_DEPTH, filters=filters)
        lexical = self._index.lexical(stems, limit=_DEPTH, filters=filters)
        languages = self._languages_of([item.passage_id for item in lexical])
        home = [item for item in lexical if languages.get(item.passage_id) == language]
        away = [item for item in lexical if languages.get(item.passage_id) != language]
        fused = reciprocal_rank_fusion([dense, home, away], weights=[1.0, 1.0, _FOREIGN_LEXICAL_WEIGHT])
        return Ranking(
            fused,
            {item.passage_id: (place, item.score) for place, item in enumerate(dense, 1)},
            {item.passage_id: (place, item.score) for place, item in enumerate(lexical, 1)},
            stems,
        )

    def _languages_of(self, passage_ids: Sequence[str]) -> dict[str, str]:
        return self._library.passage_languages(passage_ids)

    def _joined_scores(self, ranking: Ranking, shown: Mapping[str, str]) -> list[Scored]:
        """Twins joined under the one that is shown, with the better score."""
        best: dict[str, float] = {}
        for item in ranking.fused:
            target = shown.get(item.passage_id, item.passage_id)
            best[target] = max(item.score, best.get(target, 0.0))
        return rank(Scored(passage_id, score) for passage_id, score in best.items())

    def _passages_of(
        self,
        documents: Sequence[Document],
        slug: str | None,
        language: str,
        scores: Sequence[Scored],
        passages: Mapping[str, Passage],
        filters: Filters,
    ) -> list[Passage]:
        """The passages of documents that the question names: the place asked for, else the best matching ones, else the first."""
        found: list[Passage] = []
        for document in documents:
            if not self._index.count(replace(filters, documents=(document.id,))):
                continue
            own = self._shown_passages(document, language, filters)
            at_place = [p for p in own if slug and PassageId.parse(p.id).slug == slug]
            ranked = [passages[item.passage_id] for item in scores if passages[item.passage_id].document_id == document.id]
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
        return self._library.passages(expressions[0].key) if expressions else []

    def _hits(
        self,
        query: Query,
        language: str,
        chosen: Sequence[Passage],
        scores: Mapping[str, float],
        ranking: Ranking,
        shown: Mapping[str, str],
    ) -> list[Hit]:
        """Hits in order, each overtaken authority followed at once by what overtook it."""
        track = query.filters.tracks[0] if len(query.filters.tracks) == 1 else None
        placed: dict[str, bool] = {}  # passage id -> companion
        standings: dict[str, Standing] = {}
        documents_chosen = {passage.document_id for passage in chosen}
        order: list[Passage] = []
        for passage in chosen:
            if passage.id in placed:
                continue
            placed[passage.id] = False
            order.append(passage)
            standing = standings.setdefault(passage.document_id, self._standings.standing(passage.document_id, query.as_of, track))
            for successor in standing.successors if standing.value is StandingValue.OVERTAKEN else ():
                if successor.document_id in documents_chosen and any(p.document_id == successor.document_id for p in order):
                    continue
                beside = self._beside(successor.document_id, language, chosen, query.filters)
                if beside and beside.id not in placed:
                    placed[beside.id] = True
                    order.append(beside)
        sources: dict[str, list[str]] = {}
        for stored, target in shown.items():
            sources.setdefault(target, []).append(stored)
        return [
            self._hit(place, passage, query, language, scores, ranking, standings, track, sources, companion=placed[passage.id])
            for place, passage in enumerate(order, 1)
        ]

    def _beside(self, document_id: str, language: str, chosen: Sequence[Passage], filters: Filters) -> Passage | None:
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
        scores: Mapping[str, float],
        ranking: Ranking,
        standings: dict[str, Standing],
        track: Track | None,
        sources: Mapping[str, Sequence[str]],
        *,
        companion: bool,
    ) -> Hit:
        document = self._documents[passage.document_id]
        standing = standings.setdefault(document.id, self._standings.standing(document.id, query.as_of, track))
        explain: dict[str, float | int | str | None] = {}
        if query.explain:
            seen = [passage.id, *sources.get(passage.id, ())]
            dense = min((ranking.dense[i] for i in seen if i in ranking.dense), default=None)
            lexical = min((ranking.lexical[i] for i in seen if i in ranking.lexical), default=None)
            explain = {
                "dense_rank": dense[0] if dense else None,
                "dense_score": round(dense[1], 6) if dense else None,
                "lexical_rank": lexical[0] if lexical else None,
                "lexical_score": round(lexical[1], 6) if lexical else None,
                "fused_score": round(scores.get(passage.id, 0.0), 6),
            }
        treatment = tuple(e for e in self._standings.treatment_of(document.id) if e.date is None or e.date.first_day <= query.as_of)
        return Hit(
            rank=place,
            score=round(scores.get(passage.id, 0.0), 6),
            passage=replace(passage, id=public_id(passage, language, official_held=document.id in self._officially_held)),
            document=document,
            citation=self._cite(document, passage.pinpoint),
            standing=standing,
            treatment=treatment,
            highlights=self._highlights(passage, ranking.stems),
            explain=explain,
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


def _certainly_within(document: Document, filters: Filters) -> bool:
    date = document.date
    if date is None:
        return False
    after = filters.decided_from is None or date.first >= filters.decided_from.first
    return after and (filters.decided_until is None or date.last <= filters.decided_until.last)
