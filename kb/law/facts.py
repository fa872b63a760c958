"""Circumstances in words: facts proposed from a narrative, and facts that a case shares with a ruling or a report.

The words are data (`corpus/patterns/facts.toml`). A proposed fact carries the words and offsets it comes from and is never used until
the user confirms it. Comparable facts order documents and are shown; they weigh no person and decide nothing.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from kb.domain import countries
from kb.domain.dates import LegalDate
from kb.domain.documents import Document
from kb.errors import CorpusInvalid, InvalidQuery
from kb.law.case import Case, StatusThere
from kb.law.days import written_dates
from kb.law.words import WordList

Text = Mapping[str, str]
CIRCUMSTANCES = ("vulnerabilities", "housing", "work", "children", "health", "remedies_used")
_EUROPEAN = ("EU", "CE")
_NEGATION_REACH = 4  # words before a find
_NEGATION_CHARACTERS = 120  # looked at for those words
_SENTENCE_CHARACTERS = 240  # of a sentence that is proposed
_DATE_CHARACTERS = 40  # looked at behind `registered on`
_SENTENCE_END = re.compile(r"[.!?;\n]")


@dataclass(frozen=True, slots=True)
class Circumstance:
    """A kind of fact, `health/mental-illness`, with the words that tell it in a narrative and in documents."""

    key: str  # field of the case
    id: str
    label: Text
    told: WordList  # Dutch and English
    anywhere: WordList  # with the other languages of documents


@dataclass(frozen=True, slots=True)
class Comparable:
    """A fact that the case and a document share."""

    key: str
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class ProposedFact:
    """A fact that a narrative seems to tell: `words == narrative[start:end]`. Not used until it is confirmed."""

    id: str  # `status_there:refugee`, for confirming
    key: str
    value: str
    label: Text
    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Spoken:
    key: str
    value: str
    label: Text
    words: WordList


@dataclass(frozen=True)
class FactWords:
    """The lists of `corpus/patterns/facts.toml`. Build it once with `load`."""

    circumstances: tuple[Circumstance, ...]
    weights: Mapping[str, int]
    member_states: tuple[str, ...]
    home_state: str
    adjectives: Mapping[str, WordList]
    states: Mapping[str, WordList]  # names and adjectives of every state that has adjectives or is a Member State
    _statuses: tuple[_Spoken, ...]
    _regions: tuple[_Spoken, ...]
    _date_leads: tuple[tuple[str, WordList], ...]
    _negations: WordList

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises: CorpusInvalid for a file that cannot be read, or an entry without its words, label or field."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            adjectives = {code: WordList.of(words) for code, words in data["adjectives"].items()}
            codes = {*adjectives, *data["member_states"]}
            made = cls(
                circumstances=tuple(_circumstance(entry) for entry in data["fact"]),
                weights={str(name): int(weight) for name, weight in data["weights"].items()},
                member_states=tuple(data["member_states"]),
                home_state=str(data["home_state"]),
                adjectives=adjectives,
                states={
                    code: WordList.of([*_names(code), *(adjectives[code].words if code in adjectives else ())]) for code in sorted(codes)
                },
                _statuses=tuple(_status(entry) for entry in data["status"]),
                _regions=tuple(_region(name) for entry in data["region"] for name in entry["names"]),
                _date_leads=tuple((str(e["key"]), WordList.of([*e["nl"], *e["en"]])) for e in data["date"]),
                _negations=WordList.of(data["negations"]),
            )
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__}: {error}") from error
        return made

    def country(self, text: str) -> str:
        """The ISO code of a country given by code, name or adjective (`SY`, `Syrië`, `Syrian`). Raises: InvalidQuery."""
        try:
            return countries.code(text)
        except InvalidQuery:
            found = [code for code, words in self.adjectives.items() if words.pattern.fullmatch(text.strip())]
            if len(found) == 1:
                return found[0]
            raise

    # --- comparable facts -------------------------------------------------------------------------------------------------------------

    def told_by(self, case: Case) -> tuple[Circumstance, ...]:
        """The circumstances that the facts of the case tell, each from its own field; the narrative is not read."""
        texts = {key: case.words_of(key) for key in CIRCUMSTANCES}
        own = [item for item in self.circumstances if texts[item.key] and self._told(item.told, texts[item.key])]
        # a vulnerability may be told under another field: a single mother under children, a depression under vulnerabilities
        facts = case.facts_text
        return tuple(own + [item for item in self.circumstances if item not in own and self._told(item.told, facts)])

    def in_document(self, text: str) -> frozenset[tuple[str, str]]:
        """(field, id) of every circumstance that `text` speaks of, in whatever language."""
        return frozenset((item.key, item.id) for item in self.circumstances if item.anywhere.found_in(text))

    def comparable(
        self, case: Case, told: Iterable[Circumstance], document: Document, spoken: frozenset[tuple[str, str]], track: str | None
    ) -> tuple[Comparable, ...]:
        """What the case and the document share, places first."""
        found = []
        if case.nationality and case.nationality in document.nationalities:
            found.append(_shared("nationality", case.nationality, _both_names(case.nationality)))
        if case.member_state and case.member_state in document.states:
            found.append(_shared("member_state", case.member_state, _both_names(case.member_state)))
        if track and document.track is not None and document.track == track:
            found.append(_shared("track", track, _TRACK_LABELS[track]))
        found += [Comparable(item.key, item.id, item.label) for item in told if (item.key, item.id) in spoken]
        return tuple(found)

    def weight(self, shared: Iterable[Comparable], document: Document) -> int:
        """How far forward a document comes: the sum of the weights of what it shares, and of being decided here or in Europe."""
        home = document.deciding_state in (self.home_state, *_EUROPEAN)
        return sum(self.weights.get(item.key, 0) for item in shared) + (self.weights.get("home_state", 0) if home else 0)

    def states_named(self, text: str) -> tuple[str, ...]:
        """ISO codes of the Member States that `text` names."""
        return tuple(code for code in self.member_states if self.states[code].found_in(text))

    def about(self, query: str, case: Case, language: str) -> str:
        """A query of a legal test, said of this case's Member State: the name of another one gives way to it."""
        if case.member_state is None:
            return query
        others = [code for code in self.states_named(query) if code not in (case.member_state, self.home_state)]
        for code in others:
            query = self.states[code].pattern.sub(countries.name(case.member_state, language), query)
        return query

    # --- proposals --------------------------------------------------------------------------------------------------------------------

    def propose(self, case: Case) -> tuple[ProposedFact, ...]:
        """Facts that the narrative seems to tell and that the case does not state yet, in the order of the text; each fact once."""
        text = case.narrative or ""
        if not text.strip():
            return ()
        found = [fact for fact in self._spoken_facts(text) if not (case.has(fact.key) and fact.key not in CIRCUMSTANCES)]
        found = [fact for fact in found if not (fact.key in CIRCUMSTANCES and fact.words.casefold() in case.facts_text.casefold())]
        unique: dict[str, ProposedFact] = {}
        for fact in sorted(found, key=lambda item: (item.start, -item.end, item.id)):
            unique.setdefault(fact.id, fact)
        return tuple(unique.values())

    def confirm(self, case: Case, wanted: Iterable[str]) -> Case:
        """The case with the proposed facts that the user confirms, by their ids; `all` confirms every one.

        Raises: InvalidQuery for an id that is not proposed for this case, and for two values of one fact (confirm one of them).
        """
        proposed = {fact.id: fact for fact in self.propose(case)}
        ids = list(dict.fromkeys(wanted))
        if "all" in ids:
            ids = list(proposed)
        for fact_id in ids:
            if fact_id not in proposed:
                raise InvalidQuery(f"{fact_id[:80]!r} is not proposed for this case; proposed are {', '.join(proposed) or 'no facts'}")
        chosen: dict[str, list[str]] = {}
        for fact_id in ids:
            chosen.setdefault(proposed[fact_id].key, []).append(proposed[fact_id].value)
        changed: dict[str, Any] = {}
        for key, values in chosen.items():
            if key == "vulnerabilities":
                changed[key] = (*case.vulnerabilities, *values)
            elif key in CIRCUMSTANCES:
                changed[key] = "; ".join(part for part in (case.words_of(key), *dict.fromkeys(values)) if part)
            elif len(set(values)) > 1:
                raise InvalidQuery(f"{key}: confirm one of {', '.join(values)}")
            elif key in ("registered_on", "decided_on"):
                changed[key] = LegalDate.parse(values[0])
            else:
                changed[key] = StatusThere(values[0]) if key == "status_there" else values[0]
        return replace(case, **changed)

    def _spoken_facts(self, text: str) -> Iterator[ProposedFact]:
        for item in self.circumstances:
            for start, end in self._affirmed(item.told, text):
                sentence = _sentence(text, start, end)
                yield ProposedFact(f"{item.key}:{item.id}", item.key, sentence, item.label, text[start:end], start, end)
                break
        for spoken in (*self._statuses, *self._regions):
            for start, end in self._affirmed(spoken.words, text):
                yield ProposedFact(f"{spoken.key}:{spoken.value}", spoken.key, spoken.value, spoken.label, text[start:end], start, end)
                break
        yield from self._places(text)
        for key, leads in self._date_leads:
            for _, end in leads.finds(text):
                if fact := _date_behind(key, text, end):
                    yield fact
                    break

    def _places(self, text: str) -> Iterator[ProposedFact]:
        """A Member State named in the text may be the state concerned; an adjective of another country, a nationality."""
        for code, words in self.states.items():
            key = "member_state" if code in self.member_states else "nationality"
            if code == self.home_state:
                continue
            for start, end in words.finds(text):
                yield ProposedFact(f"{key}:{code}", key, code, _both_names(code), text[start:end], start, end)
                break

    def _affirmed(self, words: WordList, text: str) -> Iterator[tuple[int, int]]:
        """Where the words stand without a negation before them in the same sentence; words that are a negation themselves count."""
        for start, end in words.finds(text):
            before = _SENTENCE_END.split(text[max(0, start - _NEGATION_CHARACTERS) : start])[-1].split()[-_NEGATION_REACH:]
            if not self._negations.found_in(" ".join(before)):
                yield start, end

    def _told(self, words: WordList, text: str) -> bool:
        return next(self._affirmed(words, text), None) is not None


_TRACK_LABELS: Mapping[str, Text] = {
    "dublin-transfer": {"nl": "Dublinoverdracht", "en": "Dublin transfer"},
    "status-holder": {"nl": "statushouder", "en": "status holder"},
}
_STATUS_LABELS: Mapping[str, Text] = {
    "refugee": {"nl": "vluchtelingenstatus in de andere lidstaat", "en": "refugee status in the other Member State"},
    "subsidiary": {"nl": "subsidiaire bescherming in de andere lidstaat", "en": "subsidiary protection in the other Member State"},
    "expired": {"nl": "verlopen of ingetrokken documenten of status", "en": "lapsed or withdrawn documents or status"},
    "applicant": {"nl": "aanvraag in de andere lidstaat", "en": "application in the other Member State"},
    "unknown": {"nl": "Eurodac: status niet vastgesteld", "en": "Eurodac: status not established"},
}


def _shared(key: str, value: str, label: Text) -> Comparable:
    return Comparable(key, value, label)


@lru_cache(maxsize=512)
def _both_names(code: str) -> Text:
    return {language: countries.name(code, language) for language in countries.LANGUAGES}


def _names(code: str) -> list[str]:
    return list(dict.fromkeys(countries.name(code, language) for language in countries.LANGUAGES))


def _circumstance(entry: Mapping[str, Any]) -> Circumstance:
    if entry["key"] not in CIRCUMSTANCES:
        raise ValueError(f"{entry['id']!r}: {entry['key']!r} is no field in words; known are {', '.join(CIRCUMSTANCES)}")
    told = [*entry["nl"], *entry["en"]]
    return Circumstance(entry["key"], entry["id"], _label(entry), WordList.of(told), WordList.of([*told, *entry.get("other", [])]))


def _label(entry: Mapping[str, Any]) -> Text:
    label = dict(entry["label"])
    if set(label) != {"nl", "en"}:
        raise ValueError(f"{entry['id']!r} needs a Dutch (nl) and an English (en) label")
    return label


def _status(entry: Mapping[str, Any]) -> _Spoken:
    value = str(StatusThere(entry["value"]))
    return _Spoken("status_there", value, _STATUS_LABELS[value], WordList.of([*entry["nl"], *entry["en"]]))


def _region(name: str) -> _Spoken:
    return _Spoken("region", name, {"nl": name, "en": name}, WordList.of([name]))


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence round a find, with its blanks folded, at most 240 characters."""
    head = _SENTENCE_END.split(text[max(0, start - _SENTENCE_CHARACTERS) : start])[-1]
    tail = _SENTENCE_END.split(text[end : end + _SENTENCE_CHARACTERS])[0]
    return " ".join(f"{head}{text[start:end]}{tail}".split())[:_SENTENCE_CHARACTERS]


def _date_behind(key: str, text: str, position: int) -> ProposedFact | None:
    """The day within a few words behind `registered on`."""
    for written in written_dates(text, position, min(len(text), position + _DATE_CHARACTERS)):
        if written.date.precision != "day":
            continue
        value = written.date.value
        label = {"nl": value, "en": value}
        return ProposedFact(f"{key}:{value}", key, value, label, text[written.start : written.end], written.start, written.end)
    return None
