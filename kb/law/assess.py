"""A case against a legal test, element by element: the rule, passages on both sides, what the file lacks, questions, warnings.

It weighs nothing and decides nothing. It puts beside each step of the test the passages that help the applicant and those that go
against, in equal number at most, those that the test itself names first and those with comparable facts before others.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from kb.domain import countries
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Passage, Track, Voice
from kb.domain.identifiers import PassageId
from kb.domain.query import Filters
from kb.domain.references import Reference, ReferenceFinder, ReferenceKind
from kb.domain.results import Hit, Searched, Standing, StandingValue
from kb.errors import InvalidIdentifier, NotFound
from kb.law.case import Case, StatusThere, as_of_day
from kb.law.facts import Comparable, FactWords, ProposedFact
from kb.law.frameworks import AuthorityRef, Element, Framework, Frameworks, Position, Side, Version
from kb.law.known import known_since
from kb.law.manifest import ElementRecord, Manifest, ShownPassage, digest
from kb.law.outcomes import OutcomeWords
from kb.law.prose import Prose
from kb.law.regimes import Regime
from kb.law.warnings import Caution, Shown, Situation, WarningRules
from kb.ports import Citer
from kb.retrieval.lexical import Lexicon
from kb.retrieval.passages import preferred_digest_language, public_id, twin_key
from kb.retrieval.remembered import RememberedLibrary
from kb.retrieval.search import Searcher
from kb.store.generations import OpenGeneration
from kb.store.library import Library

Text = Mapping[str, str]
IBRAHIM, REFOULEMENT = "ibrahim-threshold", "indirect-refoulement"
PER_SIDE = 5
_PER_DOCUMENT = 2  # passages of one document on one side
_LOOKED_AT = 12  # candidates of a search that are put in order by comparable facts; further down they answer another question
_LOOKED_AT_UNREVIEWED = 6  # of those that nobody has put on a side
_RANKS_A_WEIGHT = 1.0  # how many ranks one unit of a comparable fact is worth
_FACT_CHARACTERS = 120  # of a fact in words that a query takes along
_OWN_WEIGHT = 3  # of a document that the element itself names, beside one that only a factor of it names
_SPOKEN_CHARACTERS = 20_000  # of a document that is looked through for circumstances
_QUERY_FACTS = ("vulnerabilities", "housing", "work", "children", "health", "remedies_used")

WEIGHS_NOTHING: Text = {
    "nl": "Dit overzicht weegt niets en beslist niets. Het zet bij elke stap van het toetsingskader passages die de vreemdeling steunen "
    "naast passages die tegen hem pleiten; wat hier ontbreekt, kan elders bestaan. Lees de bronnen zelf.",
    "en": "This overview weighs nothing and decides nothing. Beside each step of the legal test it puts passages that support the "
    "applicant next to passages that go against; what is missing here may exist elsewhere. Read the sources yourself.",
}
FACT_LABELS: Mapping[str, Text] = {
    "registered_on": {"nl": "datum van registratie van de aanvraag", "en": "date on which the application was registered"},
    "decided_on": {"nl": "datum van het besluit", "en": "date of the decision"},
    "nationality": {"nl": "nationaliteit", "en": "nationality"},
    "region": {"nl": "regio van herkomst", "en": "region of origin"},
    "member_state": {"nl": "andere lidstaat", "en": "other Member State"},
    "status_there": {"nl": "status in de andere lidstaat", "en": "status in the other Member State"},
    "vulnerabilities": {"nl": "kwetsbaarheden", "en": "vulnerabilities"},
    "housing": {"nl": "huisvesting daar", "en": "housing there"},
    "work": {"nl": "werk daar", "en": "work there"},
    "children": {"nl": "kinderen", "en": "children"},
    "health": {"nl": "gezondheid", "en": "health"},
    "remedies_used": {"nl": "gebruikte rechtsmiddelen en klachten daar", "en": "remedies and complaints used there"},
}
_LACKS = {"nl": "Het dossier vermeldt niet: {}.", "en": "The file does not state: {}."}
_NOTHING = {
    "supports": {
        "nl": "Niets gevonden dat de vreemdeling op dit punt steunt: niet in dit corpus. Dat bewijst niet dat het er niet is.",
        "en": "Nothing found that supports the applicant on this point: not in this corpus. That does not prove that there is none.",
    },
    "contrary": {
        "nl": "Niets gevonden dat op dit punt tegen de vreemdeling pleit: niet in dit corpus. Dat bewijst niet dat het er niet is.",
        "en": "Nothing found that goes against the applicant on this point: not in this corpus. That does not prove that there is none.",
    },
}
_ABSENT = {
    "nl": "{} wordt in het toetsingskader genoemd, maar staat niet in dit corpus.",
    "en": "{} is named by the legal test, but is not in this corpus.",
}


class Knowledge(Protocol):
    """The part of one open generation that an assessment works on; `kb.wiring.View` fulfils it."""

    @property
    def generation(self) -> OpenGeneration: ...

    @property
    def searcher(self) -> Searcher: ...

    @property
    def library(self) -> Library: ...

    def standing(self, document_id: str, as_of: dt.date, track: Track | None = None) -> Standing: ...

    @property
    def citation(self) -> Citer: ...

    @property
    def standings(self) -> Any: ...


@dataclass(frozen=True)
class LawBooks:
    """What the corpus says of the law, apart from its documents."""

    frameworks: Frameworks
    warnings: WarningRules
    facts: FactWords
    outcomes: OutcomeWords
    finder: ReferenceFinder
    lexicon: Lexicon


@dataclass(frozen=True, slots=True)
class Authority:
    """A document that bears on an element, with its standing; `document` is None where this corpus does not hold it."""

    ref: AuthorityRef
    document_id: str
    document: Document | None
    citation: Text  # with the pinpoint
    plain: Text  # without
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class SideHit:
    """A passage on one side of an element.

    `marked`: the element itself names its document for that side. `reviewed`: some legal test does; else only the search put it there,
    and which way it points was read by nobody.
    """

    hit: Hit
    stored_id: str
    comparable: tuple[Comparable, ...]
    marked: bool
    reviewed: bool
    plain: Text  # citation of the document, without the place
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class AssessedPosition:
    position: Position
    authorities: tuple[Authority, ...]
    country: str | None = None  # of a national line; None: of the test itself


@dataclass(frozen=True, slots=True)
class AssessedElement:
    element: Element
    authorities: tuple[Authority, ...]
    supporting: tuple[SideHit, ...]
    contrary: tuple[SideHit, ...]
    lacking: tuple[str, ...]
    gaps: Mapping[str, tuple[str, ...]]  # language -> sentences


@dataclass(frozen=True, slots=True)
class Choice:
    """Which legal test fits the facts, why, and which other may."""

    framework: str
    track: Track
    argued_track: Track
    why: Text
    is_open: bool = False
    others: tuple[tuple[str, Track], ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole answer. Texts are in Dutch and English; `language` is the one in which digests are shown."""

    case: Case = field(repr=False)
    framework: Framework
    version: Version
    possible_versions: tuple[Version, ...]
    regime: Regime
    choice: Choice
    as_of: dt.date
    made_on: dt.date
    language: str
    positions: tuple[AssessedPosition, ...]
    elements: tuple[AssessedElement, ...]
    proposed_facts: tuple[ProposedFact, ...]
    warnings: tuple[Caution, ...]
    searched: Searched
    manifest: Manifest
    weighs_nothing: Text = field(default_factory=lambda: WEIGHS_NOTHING)
    changes: tuple[Text, ...] = ()  # of a replay: what is different since
    replayed: bool = False
    prose: Prose | None = None  # of a language model, where it was asked for

    @property
    def track(self) -> Track:
        return self.version.track

    def authorities(self) -> tuple[Authority, ...]:
        """Every authority named in the positions and elements, each document once, in order of first mention."""
        found: dict[str, Authority] = {}
        for item in (*(a for p in self.positions for a in p.authorities), *(a for e in self.elements for a in e.authorities)):
            found.setdefault(item.document_id, item)
        return tuple(found.values())


def choose(frameworks: Frameworks, case: Case, framework_id: str | None) -> Choice:
    """The legal test and the track for a case.

    Protection there, proven or claimed, is a status-holder case; all else a Dublin one. A framework that was asked for is kept; where
    the facts say the other track, the assessment follows the facts and the wrong track is warned of. Raises: NotFound.
    """
    status = case.status_there
    by_facts = (
        Track.STATUS_HOLDER if status is not None and (status.is_protection or status is StatusThere.UNKNOWN) else Track.DUBLIN_TRANSFER
    )
    told = status not in (None, StatusThere.UNKNOWN)
    if framework_id is None:
        track = case.track or by_facts
        chosen = IBRAHIM if track is Track.STATUS_HOLDER else REFOULEMENT
        is_open = not told and case.track is None
        other = (REFOULEMENT, Track.DUBLIN_TRANSFER) if chosen == IBRAHIM else (IBRAHIM, Track.STATUS_HOLDER)
        others = (other,) if is_open else ((REFOULEMENT, Track.STATUS_HOLDER),) if chosen == IBRAHIM else ()
        return Choice(chosen, track, track, _why(track, told=told, is_open=is_open), is_open, others)
    framework = frameworks.framework(framework_id)
    argued = case.track or framework.default_track
    served = {version.track for version in framework.versions}
    track = argued if case.track is not None or not told or by_facts not in served else by_facts
    if track not in served:
        track = framework.default_track
    return Choice(framework.id, track, argued, _why(track, told=told, is_open=False))


def _why(track: Track, *, told: bool, is_open: bool) -> Text:
    if is_open and track is Track.STATUS_HOLDER:
        return {
            "nl": "De status in de andere lidstaat is onbekend. Staat zij vast: het kader voor statushouders. Zo niet: Dublin.",
            "en": "The status in the other Member State is unknown. If it is established: the test for status holders. If not: Dublin.",
        }
    if is_open:
        return {
            "nl": "Het dossier zegt niet of de vreemdeling in de andere lidstaat bescherming heeft: uitgegaan is van Dublin.",
            "en": "The file does not say whether the person has protection in the other Member State: Dublin was assumed.",
        }
    if track is Track.STATUS_HOLDER:
        return {
            "nl": "De vreemdeling heeft bescherming in de andere lidstaat: een zaak van een statushouder.",
            "en": "The person has protection in the other Member State: a status-holder case.",
        }
    told_nl = "heeft in de andere lidstaat geen bescherming" if told else "wordt als Dublinclaimant behandeld"
    told_en = "has no protection in the other Member State" if told else "is treated as a Dublin applicant"
    return {"nl": f"De vreemdeling {told_nl}: een zaak over een Dublinoverdracht.", "en": f"The person {told_en}: a Dublin transfer case."}


def assess(
    view: Knowledge,
    books: LawBooks,
    case: Case,
    *,
    framework: str | None = None,
    as_of: dt.date | None = None,
    today: dt.date,
    language: str = "nl",
    save_facts: bool = False,
    marks: bool = True,
) -> Assessment:
    """The case, element by element, at one day.

    Args:
        framework: the legal test; None: the one that fits the facts.
        as_of: the day whose law, rulings and reports answer; None: the day of the decision, else `today`.
        language: `nl` or `en`, of the digests that are shown and of the queries.
        save_facts: keep the case itself in the manifest.
        marks: without them nothing is used of which documents the legal tests put on a side: what the search finds alone, to measure it.
    Raises: NotFound for an unknown framework, or a day or track that it does not serve.
    """
    return _Assessing(view, books, case, as_of, today, language, marks=marks).run(framework, save_facts=save_facts)


class _Assessing:
    """One assessment under way."""

    def __init__(
        self, view: Knowledge, books: LawBooks, case: Case, as_of: dt.date | None, today: dt.date, language: str, *, marks: bool
    ) -> None:
        self.view, self.books, self.case, self.today, self.language = view, books, case, today, language
        self.marks = marks
        self.as_of, self.date_imprecise = as_of_day(case, as_of, today)
        self.documents = {document.id: document for document in view.library.documents()}
        self.official = frozenset(view.library.documents_with_form("official"))
        self.known = known_since(view.library)
        self.told = books.facts.told_by(case)
        # the steps of a test ask about the same documents: each passage is read once
        self.ranker = replace(view.searcher.ranker, library=RememberedLibrary(view.library))
        self._texts: dict[str, list[Passage]] = {}
        self._spoken: dict[str, frozenset[tuple[str, str]]] = {}
        self._ended: dict[str, Side | None] = {}

    def run(self, framework_id: str | None, *, save_facts: bool) -> Assessment:
        frameworks, case = self.books.frameworks, self.case
        choice = choose(frameworks, case, framework_id)
        framework = frameworks.framework(choice.framework)
        possible = frameworks.versions_at(framework.id, self.as_of, case.registered_on, choice.track)
        self.track = choice.track
        version = possible[0].known_on(self.as_of, self.known)
        regime = frameworks.regime(framework.id, self.as_of, case.registered_on, choice.track)
        self.sides = known_sides(frameworks) if self.marks else {}
        elements = tuple(self.element(element) for element in version.elements)
        positions = assessed_positions(self.view, self.books, framework, version, case, self.as_of, self.known)
        shown = self.shown(elements, positions)
        cautions = self.books.warnings.evaluate(self.situation(choice, framework, version, regime, shown))
        manifest = self.manifest(choice, version, regime, elements, positions, cautions, save_facts=save_facts)
        return Assessment(
            case=case,
            framework=framework,
            version=version,
            possible_versions=possible,
            regime=regime,
            choice=choice,
            as_of=self.as_of,
            made_on=self.today,
            language=self.language,
            positions=positions,
            elements=elements,
            proposed_facts=self.books.facts.propose(case),
            warnings=cautions,
            searched=searched(self.view, self.documents, self.as_of),
            manifest=manifest,
        )

    # --- one element ------------------------------------------------------------------------------------------------------------------

    def element(self, element: Element) -> AssessedElement:
        taken: dict[tuple[str, str], Side] = {}
        found: dict[Side, list[Found]] = {side: self.search(element, side) for side in _SIDES}
        marked = {side: self.marked(element, side, found[side], taken) for side in _SIDES}
        hits = {side: marked[side] + self.fill(element, side, found, marked[side], taken) for side in _SIDES}
        lacking = tuple(name for name in element.fact_keys if not self.case.has(name))
        authorities = tuple(self.authority(ref) for ref in element.authorities)
        supporting, contrary = (ranked(hits[side]) for side in _SIDES)
        return AssessedElement(element, authorities, supporting, contrary, lacking, gaps(lacking, supporting, contrary, authorities))

    def search(self, element: Element, side: Side) -> "list[Found]":
        """What the element's own queries for one side find, best first, with the facts of the case in the query."""
        queries = element.supporting if side is Side.SUPPORTS else element.contrary
        text = self.filled(element, queries[self.language])
        ranking = self.ranker.rank(text, self.language, Filters(existing_on=LegalDate.of(self.as_of)))
        answered = self.view.searcher.answers(ranking)
        return [
            Found(candidate.passage, rank, candidate.score, tuple(ranking.stems.get(candidate.passage.language, ())), answered)
            for rank, candidate in enumerate(ranking.candidates, 1)
        ]

    def filled(self, element: Element, queries: Sequence[str]) -> str:
        """The queries said of this case: its Member State and nationality, and the facts that bear on the element."""
        case, facts = self.case, self.books.facts
        text = "; ".join(facts.about(query, case, self.language) for query in queries)
        places = [countries.name(code, self.language) for code in (case.member_state, case.nationality) if code]
        places += [case.region] if case.region and "region" in element.fact_keys else []
        told = [case.words_of(name)[:_FACT_CHARACTERS] for name in _QUERY_FACTS if name in element.fact_keys and case.has(name)]
        extra = [part for part in (*places, *told) if part.casefold() not in text.casefold()]
        return " ".join((text, *extra))

    def marked(self, element: Element, side: Side, found: "Sequence[Found]", taken: dict[tuple[str, str], Side]) -> list[SideHit]:
        """Passages of the authorities that the legal test marks for this side: the element's own, and those of its factors that the
        case's facts bring in. Comparable facts first, what was overtaken last."""
        if not self.marks:
            return []
        refs = [(ref, True) for ref in element.authorities if ref.side is side]
        for factor in element.factors:
            if any(self.case.has(name) for name in factor.fact_keys):
                refs += [(ref, False) for ref in factor.on(side)]
        made: list[tuple[tuple[float, ...], SideHit, tuple[str, str]]] = []
        for ref, own in refs:
            document = self.view.library.find_document(ref.document_id)
            if document is None or any(item[1].hit.document.id == document.id for item in made):
                continue
            passage = self.passage_of(document, ref, found, taken, side)
            if passage is None:
                continue
            hit = self.side_hit(passage, document, side, 1.0, (), marked=True, note=ref.note)
            weight = self.books.facts.weight(hit.comparable, document) + (_OWN_WEIGHT if own else 0)
            overtaken = hit.hit.standing.value is StandingValue.OVERTAKEN
            order = (overtaken, -weight, -(document.date.last if document.date else 0))
            made.append((tuple(float(x) for x in order), hit, twin_key(passage)))
        made.sort(key=lambda item: (item[0], item[1].stored_id))
        for _, _, key in made[:PER_SIDE]:
            taken[key] = side
        return [hit for _, hit, _ in made[:PER_SIDE]]

    def passage_of(
        self, document: Document, ref: AuthorityRef, found: "Sequence[Found]", taken: Mapping[tuple[str, str], Side], side: Side
    ) -> Passage | None:
        """The place that the test names, else the passage of the document that the queries find best, else its summary."""
        own = self.texts(document)
        slug = ref.place.slug if ref.place else None
        order = [p for p in own if slug and PassageId.parse(p.id).slug == slug]
        order += [item.passage for item in found if item.passage.document_id == document.id]
        order += [p for p in own if PassageId.parse(p.id).slug == "holding"] + own
        return next((p for p in order if taken.get(twin_key(p), side) is side), None)

    def texts(self, document: Document) -> list[Passage]:
        if document.id not in self._texts:
            self._texts[document.id] = shown_texts(self.view, document, self.language)
        return self._texts[document.id]

    def fill(
        self,
        element: Element,
        side: Side,
        found: "Mapping[Side, Sequence[Found]]",
        marked: Sequence[SideHit],
        taken: dict[tuple[str, str], Side],
    ) -> list[SideHit]:
        """Passages that search finds for this side until it holds five, those with comparable facts first."""
        other = Side.CONTRARY if side is Side.SUPPORTS else Side.SUPPORTS
        theirs = {twin_key(item.passage): item.rank for item in found[other]}
        here = {ref.document_id for ref in element.authorities if ref.side is other}
        counted: dict[str, int] = {}
        for hit in marked:
            counted[hit.hit.document.id] = counted.get(hit.hit.document.id, 0) + 1
        candidates: list[tuple[float, str, Found, Document]] = []
        outcomes = self.books.outcomes
        for item in found[side][: max(_LOOKED_AT, outcomes.looked_at)]:
            document = self.documents[item.passage.document_id]
            key = twin_key(item.passage)
            if key in taken or document.id in here or self.is_later(document) or not self.bears(document, side):
                continue
            ended = self.ended(document)
            if ended is not side and (item.rank > _LOOKED_AT or theirs.get(key, len(theirs) + 1) < item.rank):
                continue  # far down, or the other side's queries find it better
            reviewed = self.reviewed(document, side)
            if not reviewed and not (item.answered and (item.rank <= _LOOKED_AT_UNREVIEWED or ended is side)):
                continue
            weight = self.books.facts.weight(self.comparable(document), document)
            overtaken = self.view.standing(document.id, self.as_of, self.track).value is StandingValue.OVERTAKEN
            # what a lawyer put on this side comes before what only the search put there; what was overtaken comes last
            place = item.rank - _RANKS_A_WEIGHT * weight + (0 if reviewed else _LOOKED_AT) + (_LOOKED_AT if overtaken else 0)
            place -= outcomes.ranks if ended is side else -outcomes.ranks if ended is other else 0
            candidates.append((place, item.passage.id, item, document))
        hits: list[SideHit] = []
        for _, _, item, document in sorted(candidates, key=lambda c: (c[0], c[1])):
            if len(marked) + len(hits) >= PER_SIDE:
                break
            if counted.get(document.id, 0) >= _PER_DOCUMENT or twin_key(item.passage) in taken:
                continue
            counted[document.id] = counted.get(document.id, 0) + 1
            taken[twin_key(item.passage)] = side
            hits.append(self.side_hit(item.passage, document, side, item.score, item.stems, marked=False))
        return hits

    def is_later(self, document: Document) -> bool:
        """Whether a document without a date must be later than the as-of day: the search cannot tell."""
        since = self.known.get(document.id)
        return document.date is None and since is not None and since.first_day > self.as_of

    def bears(self, document: Document, side: Side) -> bool:
        """Whether a passage that search found may stand on this side: no rule or guide of ours, no ruling of the other track, no report
        on another state, and nothing that the legal test knows for the other side alone."""
        if document.kind in (Kind.GUIDE, Kind.REGULATION):
            return False
        if document.track is not None and document.track is not self.track:
            return False
        elsewhere = self.case.member_state is not None and document.states and self.case.member_state not in document.states
        if elsewhere and document.kind in (Kind.REPORT, Kind.LETTER, Kind.DEBATE):
            return False
        known = self.sides.get(document.id, frozenset())
        return not known or side in known

    def ended(self, document: Document) -> Side | None:
        """For whom the case ended, by the catalogue's words or by the ruling's own operative part; None where neither tells."""
        if document.id not in self._ended:
            operative = (p.display or p.text for p in self.texts(document) if p.voice is Voice.OPERATIVE)
            self._ended[document.id] = self.books.outcomes.side(document.outcome or "\n".join(operative))
        return self._ended[document.id]

    def reviewed(self, document: Document, side: Side) -> bool:
        """Whether somebody who read it for the legal tests put the document on this side."""
        return side in self.sides.get(document.id, frozenset())

    def comparable(self, document: Document) -> tuple[Comparable, ...]:
        if document.id not in self._spoken:
            self._spoken[document.id] = self.books.facts.in_document(spoken_words(self.view, document, self.language))
        return self.books.facts.comparable(self.case, self.told, document, self._spoken[document.id], str(self.track))

    def side_hit(
        self,
        passage: Passage,
        document: Document,
        side: Side,
        score: float,
        stems: Sequence[str],
        *,
        marked: bool,
        note: Text | None = None,
    ) -> SideHit:
        hit = make_hit(self.view, self.books, passage, document, score, stems, self.as_of, self.track, self.language, self.official)
        plain = self.view.citation(document, None)
        return SideHit(hit, passage.id, self.comparable(document), marked, marked or self.reviewed(document, side), plain, note)

    # --- what is around the elements ----------------------------------------------------------------------------------------------------

    def authority(self, ref: AuthorityRef) -> Authority:
        return make_authority(self.view, ref, self.as_of, self.track)

    def shown(self, elements: Sequence[AssessedElement], positions: Sequence[AssessedPosition]) -> list[Shown]:
        """Every document that the case cites or the assessment shows, once; what the case cites first."""
        found: dict[str, Shown] = {item.document.id: item for item in self.cited()}
        authorities = [a for e in elements for a in e.authorities] + [a for p in positions for a in p.authorities]
        for authority in authorities:
            if authority.document is not None and authority.standing is not None and authority.document.id not in found:
                found[authority.document.id] = Shown(authority.document, authority.standing, authority.plain)
        for side_hit in (hit for element in elements for hit in (*element.supporting, *element.contrary)):
            hit = side_hit.hit
            if hit.document.id not in found:
                found[hit.document.id] = Shown(hit.document, hit.standing, side_hit.plain, text_status=hit.passage.text_status)
        return list(found.values())

    def cited(self) -> list[Shown]:
        """Documents that the case's own words or its list of citations name, as far as this corpus holds them."""
        named: list[tuple[str, Reference | None]] = [(cite, None) for cite in self.case.cites]
        named += [(value, ref) for ref in self.books.finder.find(self.case.all_text) for value in _values(ref)]
        found: dict[str, Shown] = {}
        for text, ref in named:
            head, mark, slug = text.rpartition("#")
            document = self.view.library.find_document(head if mark else text)
            if document is None or document.id in found:
                continue
            place = slug if mark else ref.pinpoint.slug if ref is not None and ref.pinpoint is not None else None
            found[document.id] = self.cited_document(document, place)
        return list(found.values())

    def cited_document(self, document: Document, slug: str | None) -> Shown:
        passage = None
        if slug:
            try:
                passage = self.view.library.resolve_passage(f"{document.id}#{slug}", language=self.language)
            except (NotFound, InvalidIdentifier):
                passage = None
        own = self.texts(document)
        status = passage.text_status if passage else own[0].text_status if own else None
        verification = passage.verification if passage else document.verification if slug is None else None
        standing = self.view.standing(document.id, self.as_of, self.track)
        place = passage.pinpoint if passage else None
        citation = self.view.citation(document, place)
        return Shown(document, standing, citation, cited=True, verification=verification, text_status=status, pinpoint=place)

    def situation(self, choice: Choice, framework: Framework, version: Version, regime: Regime, shown: Sequence[Shown]) -> Situation:
        return Situation(
            case=self.case,
            framework=framework.id,
            version=version.id,
            regime=str(regime.id),
            track=version.track,
            argued_track=choice.argued_track,
            as_of=self.as_of,
            shown=shown,
            open_points=open_points(version),
            framework_open=choice.is_open,
            date_imprecise=self.date_imprecise and self.straddles(framework, choice.track, version),
        )

    def straddles(self, framework: Framework, track: Track, version: Version) -> bool:
        """Whether the first day of a partial decision date has another version or other positions than the day that was used."""
        assert self.case.decided_on is not None  # imprecise dates are dates
        first, case = self.case.decided_on.first_day, self.case
        try:
            earlier = self.books.frameworks.version_at(framework.id, first, case.registered_on, track)
        except NotFound:
            return True
        whole = self.books.frameworks.framework(framework.id).version(version.id)
        sides = (earlier.positions_at(first, member_state=case.member_state, nationality=case.nationality),
                 whole.positions_at(self.as_of, member_state=case.member_state, nationality=case.nationality))  # fmt: skip
        return earlier.id != version.id or sides[0] != sides[1]

    def manifest(
        self, choice: Choice, version: Version, regime: Regime, elements: Sequence[AssessedElement], positions: Sequence[AssessedPosition],
        cautions: Sequence[Caution], *, save_facts: bool,
    ) -> Manifest:  # fmt: skip
        held = self.view.generation.manifest
        documents = {a.document.id for e in elements for a in e.authorities if a.document}
        documents |= {a.document.id for p in positions for a in p.authorities if a.document}
        documents |= {hit.hit.document.id for e in elements for hit in (*e.supporting, *e.contrary)}
        return Manifest(
            made_on=self.today.isoformat(),
            as_of=self.as_of.isoformat(),
            language=self.language,
            framework=choice.framework,
            version=version.id,
            track=str(version.track),
            argued_track=str(choice.argued_track),
            regime=str(regime.id),
            case_sha256=self.case.sha256(),
            corpus_sha256=held.corpus_sha256,
            content_sha256=held.content_sha256,
            generation=self.view.generation.name,
            model={"name": held.space.name, "weights_sha256": held.space.weights_sha256, "backend": held.space.backend},
            settings={
                "per_side": PER_SIDE,
                "per_document": _PER_DOCUMENT,
                "looked_at": max(_LOOKED_AT, self.books.outcomes.looked_at),
                "engine": held.engine,
                "stemmer": held.stemmer,
                "chunker": held.chunker,
            },
            positions=tuple(item.position.id for item in positions),
            elements=tuple(self.record(item) for item in elements),
            warnings=tuple(_given(caution) for caution in cautions),
            documents={document_id: edges_of(self.view, document_id) for document_id in sorted(documents)},
            case=self.case.to_json() if save_facts else None,
        )

    def record(self, item: AssessedElement) -> ElementRecord:
        return ElementRecord(
            id=item.element.id,
            content_sha256=element_digest(item.element),
            queries={"supporting": item.element.supporting[self.language], "contrary": item.element.contrary[self.language]},
            supporting=tuple(_shown_passage(hit) for hit in item.supporting),
            contrary=tuple(_shown_passage(hit) for hit in item.contrary),
            authorities=tuple((a.document_id, str(a.standing.value) if a.standing else "unknown") for a in item.authorities),
            lacking=item.lacking,
        )


_SIDES = (Side.SUPPORTS, Side.CONTRARY)
_NAMES_A_DOCUMENT = frozenset(ReferenceKind) - {ReferenceKind.BACK_REFERENCE, ReferenceKind.ARTICLE, ReferenceKind.RECITAL}


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that a side's queries found, with its rank from 1."""

    passage: Passage
    rank: int
    score: float
    stems: tuple[str, ...]
    answered: bool  # whether the search as a whole answers its question


def make_hit(
    view: Knowledge, books: LawBooks, passage: Passage, document: Document, score: float, stems: Sequence[str], as_of: dt.date,
    track: Track, language: str, official: frozenset[str],
) -> Hit:  # fmt: skip
    """A passage as the search shows it, without its rank."""
    wanted = set(stems)
    highlights = tuple((t.start, t.end) for t in books.lexicon.tokens(passage.text, passage.language) if t.stem in wanted) if stems else ()
    return Hit(
        rank=0,
        score=round(score, 6),
        passage=replace(passage, id=public_id(passage, language, official_held=document.id in official)),
        document=document,
        citation=view.citation(document, passage.pinpoint),
        standing=view.standing(document.id, as_of, track),
        treatment=tuple(view.standings.treatment_of(document.id, as_of=as_of)),
        highlights=highlights,
    )


def assessed_positions(
    view: Knowledge,
    books: LawBooks,
    framework: Framework,
    version: Version,
    case: Case,
    as_of: dt.date,
    dates: Mapping[str, LegalDate | None],
) -> tuple[AssessedPosition, ...]:
    """How the test worked out on that day for this state and nationality, and the home state's own line."""
    home = framework.line(books.facts.home_state)
    # `version` is as known on that day, and so are its positions
    own = version.positions_at(as_of, member_state=case.member_state, nationality=case.nationality)
    line = home.positions_at(as_of) if home is not None and version.track is framework.default_track else ()
    line = tuple(p for p in line if not p.member_states or case.member_state is None or case.member_state in p.member_states)

    def known(refs: Iterable[AuthorityRef]) -> tuple[Authority, ...]:
        days = ((ref, dates.get(ref.document_id)) for ref in refs)
        return tuple(make_authority(view, ref, as_of, version.track) for ref, date in days if date is None or date.first_day <= as_of)

    made = [AssessedPosition(position, known(position.authorities)) for position in own]
    made += [AssessedPosition(position, known(position.authorities), books.facts.home_state) for position in line]
    return tuple(made)


def shown_texts(view: Knowledge, document: Document, language: str) -> list[Passage]:
    """The passages of the text that a reader gets first: the official one, else the digest in the language of the assessment."""
    preferred = f"digest-{preferred_digest_language(language)}"
    held = [e for e in view.library.expressions(document.id, with_text=False) if e.current]
    held.sort(key=lambda e: (e.form != "official", e.form != preferred, e.form))
    return view.library.passages(held[0].key) if held else []


def spoken_words(view: Knowledge, document: Document, language: str) -> str:
    """Title, topics and what is held of the text, at most 20,000 characters: what a document speaks of."""
    passages = shown_texts(view, document, language)
    words = (document.title, document.title_nl or "", *document.topics, *(p.display or p.text for p in passages))
    return "\n".join(words)[:_SPOKEN_CHARACTERS]


def make_authority(view: Knowledge, ref: AuthorityRef, as_of: dt.date, track: Track) -> Authority:
    """An authority of the legal test with its citation and standing; by its bare id where this corpus does not hold it."""
    document = view.library.find_document(ref.document_id)
    if document is None:
        bare = {"nl": ref.document_id, "en": ref.document_id}
        return Authority(ref, ref.document_id, None, bare, bare, None)
    plain = view.citation(document, None)
    return Authority(ref, document.id, document, view.citation(document, ref.place), plain, view.standing(document.id, as_of, track))


def gaps(
    lacking: Sequence[str], supporting: Sequence[SideHit], contrary: Sequence[SideHit], authorities: Sequence[Authority]
) -> dict[str, tuple[str, ...]]:
    """What the file lacks for an element and what this corpus has nothing on, in words."""
    made: dict[str, list[str]] = {"nl": [], "en": []}
    for language, sentences in made.items():
        if lacking:
            sentences.append(_LACKS[language].format("; ".join(FACT_LABELS[name][language] for name in lacking)))
        if not supporting:
            sentences.append(_NOTHING["supports"][language])
        if not contrary:
            sentences.append(_NOTHING["contrary"][language])
        sentences += [_ABSENT[language].format(a.document_id) for a in authorities if a.document is None]
    return {language: tuple(sentences) for language, sentences in made.items()}


def open_points(version: Version) -> tuple[Text, ...]:
    """Titles of the elements where the law is open, and of the version where it is open as a whole."""
    whole = (version.title,) if version.open is not None else ()
    return (*whole, *(element.title for element in version.elements if element.is_open))


def searched(view: Knowledge, documents: Mapping[str, Document], as_of: dt.date) -> Searched:
    """What could be looked through on that day."""
    index, filters = view.generation.index, Filters(existing_on=LegalDate.of(as_of))
    held = [documents[i] for i in index.facet("document_id", filters) if i in documents]
    dates = sorted(document.date.value for document in held if document.date is not None)
    languages = tuple(sorted(index.facet("language", filters)))
    return Searched(len(held), index.count(filters), languages, dates[0] if dates else None, dates[-1] if dates else None)


def edges_of(view: Knowledge, document_id: str) -> str:
    """What later documents did to this one, as one line each, joined: equal while nothing was added or changed."""
    edges = view.standings.treatment_of(document_id)
    return "\n".join(f"{e.by} {e.type} {e.effect} {e.date or '?'}" for e in edges)


def element_digest(element: Element) -> str:
    """Of what the legal test says: another digest means that the element was rewritten."""
    texts = (element.title, element.rule, element.standard, element.open or {})
    lists = (element.questions, element.counts, element.does_not_count)
    parts = [text.get(language, "") for text in texts for language in ("nl", "en")]
    parts += [line for items in lists for language in ("nl", "en") for line in items[language]]
    parts += [f"{ref.document_id} {ref.side} {ref.pinpoint or ''}" for ref in element.authorities]
    return digest(*parts)


def known_sides(frameworks: Frameworks) -> dict[str, frozenset[Side]]:
    """On which sides a lawyer has put each document, anywhere in the legal tests; a document that is absent was put on neither."""
    found: dict[str, set[Side]] = {}
    for framework in frameworks.frameworks:
        positions = [position for version in framework.versions for position in version.positions]
        positions += [position for line in framework.lines for position in line.positions]
        elements = [element for version in framework.versions for element in version.elements]
        factors = [factor for element in elements for factor in element.factors]
        refs = [ref for position in positions for ref in position.authorities]
        refs += [ref for element in elements for ref in element.authorities]
        refs += [ref for factor in factors for ref in factor.authorities]
        for ref in refs:
            if ref.side is not Side.RULE:
                found.setdefault(ref.document_id, set()).add(ref.side)
    return {document_id: frozenset(sides) for document_id, sides in found.items()}


def ranked(hits: Sequence[SideHit]) -> tuple[SideHit, ...]:
    return tuple(replace(hit, hit=replace(hit.hit, rank=rank)) for rank, hit in enumerate(hits, 1))


def _given(caution: Caution) -> dict[str, Any]:
    return {
        "rule": caution.rule,
        "code": caution.code,
        "severity": caution.severity,
        "document_ids": list(caution.document_ids),
        "cited": caution.cited,
        "pinpoint": caution.pinpoint,
    }


def _shown_passage(hit: SideHit) -> ShownPassage:
    text = hit.hit.passage.text_sha256
    return ShownPassage(hit.stored_id, text, hit.hit.document.id, hit.marked, hit.reviewed, str(hit.hit.standing.value))


def _values(ref: Reference) -> tuple[str, ...]:
    if ref.kind not in _NAMES_A_DOCUMENT:
        return ()
    return tuple(dict.fromkeys(value for value in (ref.document, ref.value, ref.text) if value))
