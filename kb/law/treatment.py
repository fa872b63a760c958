"""Whether an authority still stands at a date and for a track, which document overtook it, and the sentence that says so.

How edges become a standing:

- An edge counts from its own date, else from the date of the document that made it; a partial date counts once its last day has
  passed. An edge with no date at all counts at every date, but at most as `caution`, and the sentence says that the date is unknown.
- An edge whose scope is open (`None`) counts for both tracks, and the sentence says that its scope is open.
- A ruling that was set aside is gone for both tracks, whatever the scope of the edge.
- An edge that is scoped to the other track has no effect of its own here. Where it overtook the document there, the question is
  undecided here: `caution`, never `good` in silence and never `overtaken` by extension.
- What applies or follows an authority that is overtaken for that track rests on it: `caution`, with a sentence that names both. One
  step only: what applies a ruling that applies it is not marked, since nobody has said on what it leans.
- The worst effect wins. What decides nothing (an opinion, a communicated case, an interim measure) is at best `caution`.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from kb.domain.documents import Document, Track, Treatment
from kb.domain.pinpoints import Pinpoint
from kb.domain.results import Standing, StandingValue, Successor
from kb.errors import CorpusInvalid

TREATMENT_TYPES = frozenset(
    {"follows", "applies", "clarifies", "distinguishes", "departs-from", "overrules", "superseded-by-legislation", "set-aside"}
)

_SET_ASIDE = "set-aside"
_BY_LAW = "superseded-by-legislation"
_RESTS_ON = ("applies", "follows")

Cite = Callable[[Document, Pinpoint | None], Mapping[str, str]]
"""A document and a place in it as citations, by language (`nl`, `en`): `kb.domain.citations.cite` with its courts bound."""

_LANGUAGES = ("nl", "en")


class _Effect(IntEnum):
    NONE = 0
    CAUTION = 1
    OVERTAKEN = 2


_EFFECTS = {"none": _Effect.NONE, "caution": _Effect.CAUTION, "overtaken": _Effect.OVERTAKEN}
_VALUES = {_Effect.NONE: StandingValue.GOOD, _Effect.CAUTION: StandingValue.CAUTION, _Effect.OVERTAKEN: StandingValue.OVERTAKEN}

# (type, effect) -> what the later document did, as a participle before "door" / "by"
_DID: dict[tuple[str, _Effect], dict[str, str]] = {
    ("departs-from", _Effect.OVERTAKEN): {"nl": "Verlaten", "en": "Abandoned"},
    ("overrules", _Effect.OVERTAKEN): {"nl": "Verworpen", "en": "Overruled"},
    ("set-aside", _Effect.OVERTAKEN): {"nl": "Vernietigd", "en": "Set aside"},
    ("superseded-by-legislation", _Effect.OVERTAKEN): {"nl": "Vervangen", "en": "Superseded"},
    ("departs-from", _Effect.CAUTION): {"nl": "Let op: ter discussie gesteld", "en": "Caution: put in question"},
    ("distinguishes", _Effect.CAUTION): {"nl": "Let op: niet doorgetrokken naar een ander geval", "en": "Caution: distinguished"},
    ("clarifies", _Effect.CAUTION): {"nl": "Let op: genuanceerd", "en": "Caution: qualified"},
    ("superseded-by-legislation", _Effect.CAUTION): {"nl": "Let op: deels vervangen", "en": "Caution: superseded in part"},
}
_DID_OTHERWISE = {
    _Effect.OVERTAKEN: {"nl": "Achterhaald", "en": "Overtaken"},
    _Effect.CAUTION: {"nl": "Let op: in een ander licht gesteld", "en": "Caution: seen in another light"},
    _Effect.NONE: {"nl": "Behandeld", "en": "Treated"},
}
_IN_TRACK = {
    Track.DUBLIN_TRANSFER: {"nl": "in Dublinzaken", "en": "in Dublin cases"},
    Track.STATUS_HOLDER: {"nl": "bij statushouders", "en": "for status holders"},
}
_FOR_TRACK = {
    Track.DUBLIN_TRANSFER: {"nl": "voor Dublinoverdrachten niet beslist", "en": "not decided for Dublin transfers"},
    Track.STATUS_HOLDER: {"nl": "voor statushouders niet beslist", "en": "not decided for status holders"},
}
_OPEN_SCOPE = {"nl": "voor welk soort zaken dit geldt, staat open", "en": "for which kind of case this holds is open"}
_UNDATED = {
    "nl": "de datum daarvan is onbekend: ga na of dit toen al gold",
    "en": "when is not known: check whether it already held",
}
_RESTING = {
    "nl": "Let op: steunt op {of}, en dat geldt niet meer: {did}",
    "en": "Caution: rests on {of}, which no longer stands: {did}",
}
_GOOD = {"nl": "Niets in dit corpus wijst erop dat dit niet meer geldt.", "en": "Nothing in this corpus says otherwise."}
_UNKNOWN = {
    "nl": "Niemand heeft voor dit corpus nagegaan of dit nog geldt.",
    "en": "Nobody has checked for this corpus whether this still stands.",
}
_NOT_YET = {"nl": "Dit document was er op deze datum nog niet.", "en": "This document did not exist yet at this date."}
_BY = {"nl": "door", "en": "by"}

# What decides nothing, by kind or subtype as the catalogue names them. Source: fact sheet ibrahim-threshold, section 8 point 9.
_OPINION = {"nl": "Een conclusie, geen uitspraak: zij beslist niets.", "en": "An opinion, not a decision: it decides nothing."}
_UNDECIDED: dict[str, dict[str, str]] = {
    "opinion": _OPINION,
    "advocate-general-opinion": _OPINION,
    "communicated-case": {
        "nl": "Een zaak die alleen aan de regering is voorgelegd: daarmee is niets beslist.",
        "en": "A case that was only communicated to the government: nothing has been decided.",
    },
    "interim-measure": {
        "nl": "Een voorlopige voorziening: een oordeel voor de duur van de procedure, geen beslissing in de hoofdzaak.",
        "en": "An interim measure: a ruling for the time of the proceedings, not a decision on the merits.",
    },
    "reference": {
        "nl": "Een verwijzing: er zijn prejudiciële vragen gesteld, de zaak is daarmee niet beslist.",
        "en": "A reference: questions were put to the Court of Justice, the case is not decided by it.",
    },
    "evidence-order": {
        "nl": "Een bewijsopdracht: de zaak is daarmee niet beslist.",
        "en": "An evidence order: the case is not decided by it.",
    },
    "letter-of-formal-notice": {
        "nl": "Een ingebrekestelling van de Commissie: zij opent een procedure en beslist niets.",
        "en": "A letter of formal notice of the Commission: it opens a procedure and decides nothing.",
    },
    "press": {"nl": "Een nieuwsbericht: het beslist niets.", "en": "A news item: it decides nothing."},
}


def undecided(document: Document) -> Mapping[str, str] | None:
    """Why `document` decides nothing (language -> sentence), or None for a decision, an act, a report or a letter."""
    return _UNDECIDED.get(document.subtype or "") or _UNDECIDED.get(document.kind)


@dataclass(frozen=True, slots=True)
class _Effective:
    """One edge as it works at a date and for a track. `elsewhere`: it holds for the other track only."""

    edge: Treatment
    effect: _Effect
    undated: bool = False
    elsewhere: bool = False


class Standings:
    """The treatment of every document, from both ends, and what follows from it at a date and for a track.

    Args:
        documents: every document of the corpus; ids and aliases are both understood, in `treatments` and in the methods.
        treatments: curated edges, in any order.
        cite: renders a citation; sentences and successors carry it.
    Raises: CorpusInvalid for an edge with an unknown type or effect, or from a document to itself.
    """

    def __init__(self, documents: Iterable[Document], treatments: Iterable[Treatment], cite: Cite) -> None:
        self._documents = {document.id: document for document in documents}
        self._aliases = {alias: document.id for document in self._documents.values() for alias in document.aliases}
        self._cite = cite
        self._of: dict[str, list[Treatment]] = {}
        self._by: dict[str, list[Treatment]] = {}
        for edge in sorted(set(map(_hashable, treatments)), key=lambda item: item.key):
            self._add(edge.edge)

    def _add(self, edge: Treatment) -> None:
        of, by = self._id(edge.of), self._id(edge.by)
        if edge.type not in TREATMENT_TYPES or edge.effect not in _EFFECTS:
            raise CorpusInvalid(f"treatment of {edge.of} by {edge.by}: unknown type {edge.type!r} or effect {edge.effect!r}")
        if of == by:
            raise CorpusInvalid(f"treatment of {edge.of} by itself")
        self._of.setdefault(of, []).append(edge)
        self._by.setdefault(by, []).append(edge)

    def _id(self, document_id: str) -> str:
        return document_id if document_id in self._documents else self._aliases.get(document_id, document_id)

    def treatment_of(self, document_id: str, *, as_of: dt.date | None = None) -> tuple[Treatment, ...]:
        """What later documents did to this one, oldest first, undated last; with `as_of` only what was there that day."""
        return self._sorted(self._of.get(self._id(document_id), ()), as_of)

    def treatments_by(self, document_id: str, *, as_of: dt.date | None = None) -> tuple[Treatment, ...]:
        """What this document did to earlier ones, in the same order."""
        return self._sorted(self._by.get(self._id(document_id), ()), as_of)

    def standing(self, document_id: str, as_of: dt.date, track: Track | None = None) -> Standing:
        """Whether the document still stands on `as_of`, for `track`.

        Without a track: the worst value, with the one track that it holds for (None where it holds for both). An `overtaken`
        document always has a successor. A document that nobody curated is `unknown`; so is one that is later than `as_of`.
        """
        document_id = self._id(document_id)
        document = self._documents.get(document_id)
        if document is not None and document.date is not None and document.date.first_day > as_of:
            return Standing(StandingValue.UNKNOWN, track, as_of, _NOT_YET)
        curated = document_id in self._of or document_id in self._by or (document is not None and document.catalogued)
        if track is not None:
            return self._for_track(document_id, document, as_of, track, curated=curated)
        dublin, status = (self._for_track(document_id, document, as_of, each, curated=curated) for each in Track)
        if dublin.value is status.value:
            both = dublin if len(dublin.successors) >= len(status.successors) else status
            return Standing(both.value, None, as_of, both.sentence, both.successors)
        return max(dublin, status, key=lambda standing: _SEVERITY[standing.value])

    def _for_track(self, document_id: str, document: Document | None, as_of: dt.date, track: Track, *, curated: bool) -> Standing:
        effective = self._effective(document_id, as_of, track)
        not_decided = undecided(document) if document is not None else None
        if not curated and not_decided is None:
            return Standing(StandingValue.UNKNOWN, track, as_of, _UNKNOWN)
        worst = max((item.effect for item in effective), default=_Effect.NONE)
        resting = self._resting(document_id, as_of, track) if worst is not _Effect.OVERTAKEN else []
        value = _VALUES[max(worst, _Effect.CAUTION if not_decided or resting else _Effect.NONE)]
        telling = [item for item in effective if item.effect is worst and worst is not _Effect.NONE]
        telling += [item for item in effective if item.elsewhere and item not in telling]
        # what was not decided is said once, after the last of several sentences with the same scope
        said_later = [item.edge.scope == after.edge.scope for item, after in itertools.pairwise(telling)] + [False]
        parts: list[Mapping[str, str]] = [self._sentence(item, brief=later) for item, later in zip(telling, said_later, strict=False)]
        parts += resting
        if not_decided:
            parts.append(not_decided)
        if value is StandingValue.GOOD:
            parts.insert(0, _GOOD)
        sentence = {language: " ".join(part[language] for part in parts) for language in _LANGUAGES}
        successors = self._successors(document_id, as_of, track) if value is StandingValue.OVERTAKEN else ()
        return Standing(value, track, as_of, sentence, successors)

    def _effective(self, document_id: str, as_of: dt.date, track: Track) -> list[_Effective]:
        """The edges that tell something about the document at this date and for this track, worst first, then newest first."""
        found = []
        for edge in self.treatment_of(document_id, as_of=as_of):
            effect = _EFFECTS[edge.effect]
            if effect is _Effect.NONE:
                continue
            undated = self._since(edge) is None
            if undated:
                effect = min(effect, _Effect.CAUTION)
            if edge.scope is not None and track not in edge.scope and edge.type != _SET_ASIDE:
                # overtaken there is undecided here; a mere caution there is only mentioned
                effect = _Effect.CAUTION if effect is _Effect.OVERTAKEN else _Effect.NONE
                found.append(_Effective(edge, effect, undated, elsewhere=True))
            else:
                found.append(_Effective(edge, effect, undated))
        found.reverse()
        return sorted(found, key=lambda item: -item.effect)

    def _resting(self, document_id: str, as_of: dt.date, track: Track) -> list[Mapping[str, str]]:
        """A sentence for each authority that this document applies or follows for the track and that is overtaken there, oldest first."""
        sentences: list[Mapping[str, str]] = []
        for edge in self.treatments_by(document_id, as_of=as_of):
            if edge.type not in _RESTS_ON or (edge.scope is not None and track not in edge.scope):
                continue
            of = self._id(edge.of)
            if overtaking := self._overtaken_by(of, as_of, track):
                did = self._sentence(_Effective(overtaking[0], _Effect.OVERTAKEN))
                cited = self._cited(of, None)
                sentences.append({each: _RESTING[each].format(of=cited[each], did=_lower_first(did[each])) for each in _LANGUAGES})
        return sentences

    def _since(self, edge: Treatment) -> dt.date | None:
        """The first day on which the edge surely works: the last day of its date, else of the later document's date."""
        by = self._documents.get(self._id(edge.by))
        date = edge.date or (by.date if by is not None else None)
        return date.last_day if date is not None else None

    def _sorted(self, edges: Sequence[Treatment], as_of: dt.date | None) -> tuple[Treatment, ...]:
        dated = [(self._since(edge), edge) for edge in edges]
        kept = [(since, edge) for since, edge in dated if as_of is None or since is None or since <= as_of]
        return tuple(edge for _, edge in sorted(kept, key=lambda item: (item[0] or dt.date.max, *_hashable(item[1]).key)))

    def _overtaken_by(self, document_id: str, as_of: dt.date, track: Track) -> list[Treatment]:
        found = self._effective(document_id, as_of, track)
        return [item.edge for item in found if item.effect is _Effect.OVERTAKEN]

    def _successors(self, document_id: str, as_of: dt.date, track: Track) -> tuple[Successor, ...]:
        """The ends of every chain of overtaking that starts here, newest first. Where the edges run in a circle, the documents that
        overtook this one directly."""
        ends: dict[str, Treatment] = {}
        seen = {document_id}
        waiting = [document_id]
        while waiting:
            current = waiting.pop()
            for edge in self._overtaken_by(current, as_of, track):
                later = self._id(edge.by)
                if later in seen:
                    continue
                seen.add(later)
                if self._overtaken_by(later, as_of, track):
                    waiting.append(later)
                else:
                    ends[later] = edge
        if not ends:
            ends = {self._id(edge.by): edge for edge in self._overtaken_by(document_id, as_of, track)}
        successors = [self._successor(edge) for edge in ends.values()]
        return tuple(sorted(sorted(successors, key=lambda item: item.document_id), key=lambda item: item.date or "", reverse=True))

    def _successor(self, edge: Treatment) -> Successor:
        by = self._id(edge.by)
        document = self._documents.get(by)
        date = edge.date or (document.date if document is not None else None)
        return Successor(
            document_id=by,
            title=document.title if document is not None else by,
            date=str(date) if date is not None else None,
            citation=self._citation(edge),
            sentence=self._sentence(_Effective(edge, _Effect.OVERTAKEN)),
        )

    def _citation(self, edge: Treatment) -> Mapping[str, str]:
        return self._cited(self._id(edge.by), Pinpoint.parse(edge.pinpoint) if edge.pinpoint else None)

    def _cited(self, document_id: str, pinpoint: Pinpoint | None) -> Mapping[str, str]:
        document = self._documents.get(document_id)
        return self._cite(document, pinpoint) if document is not None else dict.fromkeys(_LANGUAGES, document_id)

    def _sentence(self, item: _Effective, *, brief: bool = False) -> dict[str, str]:
        """`Verlaten in Dublinzaken door ABRvS 12 juni 2024, nr. 202304791/1/V2; voor statushouders niet beslist.`

        `brief` leaves out what was not decided. A setting aside has no scope, an act decides nothing for the other track.
        """
        edge = item.edge
        effect = _EFFECTS[edge.effect]
        did = _DID.get((edge.type, effect), _DID_OTHERWISE[effect])
        citation = self._citation(edge)
        sentence = {}
        for language in _LANGUAGES:
            scope = () if edge.scope is None or edge.type == _SET_ASIDE else edge.scope
            where = [_IN_TRACK[each][language] for each in Track if each in scope]
            joined = (" en " if language == "nl" else " and ").join(where)
            words = " ".join(part for part in (did[language], joined, _BY[language], citation.get(language, edge.by)) if part)
            tail: list[str] = []
            if not brief and edge.type not in (_SET_ASIDE, _BY_LAW):
                undecided_for = [_FOR_TRACK[each][language] for each in Track if each not in scope]
                tail += [_OPEN_SCOPE[language]] if edge.scope is None else undecided_for
            if item.undated:
                tail.append(_UNDATED[language])
            sentence[language] = "; ".join([words, *tail]) + "."
        return sentence


_SEVERITY = {StandingValue.GOOD: 0, StandingValue.UNKNOWN: 1, StandingValue.CAUTION: 2, StandingValue.OVERTAKEN: 3}


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


@dataclass(frozen=True, slots=True)
class _Keyed:
    """An edge with a key that tells it from every other one, so that twice the same edge is one, in a fixed order."""

    key: tuple[str, ...]
    edge: Treatment

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


def _hashable(edge: Treatment) -> _Keyed:
    scope = "*" if edge.scope is None else ",".join(sorted(edge.scope))
    date = str(edge.date) if edge.date is not None else "9999-99-99"
    return _Keyed((date, edge.of, edge.by, edge.type, edge.effect, scope, edge.pinpoint or ""), edge)
