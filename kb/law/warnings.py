"""The warnings that a careful colleague would give: rules as data (`corpus/warnings.toml`), evaluated against a case and what is shown.

A rule holds when everything under its `when` is true. Conditions about a document must all be met by one document; such a rule warns
once for each document that meets them. The head of the file is the vocabulary.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kb.domain import countries
from kb.domain.dates import LegalDate, parse_day
from kb.domain.documents import Document, TextStatus, Track
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import Pinpoint
from kb.domain.results import Standing
from kb.errors import CorpusInvalid, InvalidIdentifier
from kb.law.case import FIELDS, Case
from kb.law.regimes import in_words
from kb.law.treatment import undecided
from kb.law.words import WordList

Text = Mapping[str, str]
SEVERITIES = ("stop", "look")
_LANGUAGES = ("nl", "en")
_BODIES = ("EU", "CE", "UN")
_UNTOLD = "…"  # a placeholder whose fact is not known

_OF_THE_CASE = {
    "track", "argued_track", "regime", "status_there", "member_state", "nationality", "framework", "version", "has", "lacks", "words",
    "without_words", "decided_from", "decided_until", "registered_from", "registered_until", "element_open", "framework_open",
    "date_imprecise", "member_state_not", "registered_after_decision",
}  # fmt: skip
_OF_A_DOCUMENT = {
    "cited", "documents", "standing", "kinds", "subtypes", "not_subtypes", "topics", "undecided", "document_track", "outside_state",
    "undated", "too_old", "facts_end_before", "verification", "text_status",
}  # fmt: skip
CONDITIONS = _OF_THE_CASE | _OF_A_DOCUMENT

_TRACKS: Mapping[Track, Text] = {
    Track.DUBLIN_TRANSFER: {"nl": "een Dublinoverdracht", "en": "a Dublin transfer"},
    Track.STATUS_HOLDER: {"nl": "een statushouder", "en": "a status holder"},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that the case cites or the assessment shows, as it stands at the as-of day for the track."""

    document: Document
    standing: Standing
    citation: Text
    cited: bool = False  # named by the user's own text or case
    verification: str | None = None  # of the place cited, else of the document
    text_status: TextStatus | None = None  # of the text that is held of it
    pinpoint: Pinpoint | None = None  # of the place that the user names


@dataclass(frozen=True, slots=True)
class Situation:
    """What the rules look at."""

    case: Case
    framework: str
    version: str
    regime: str
    track: Track
    argued_track: Track  # that the user's framework or case asks for; the same where nobody asked
    as_of: dt.date
    shown: Sequence[Shown] = ()
    open_points: Sequence[Text] = ()  # titles of elements, or of the version, where the law is open
    framework_open: bool = False
    date_imprecise: bool = False


@dataclass(frozen=True, slots=True)
class Caution:
    """One warning in words, with the documents that it is about."""

    rule: str
    code: str
    severity: str
    message: Text
    document_ids: tuple[str, ...]
    cited: bool = False  # about something that the user names
    pinpoint: str | None = None  # as printed, where it is about a place
    subject: Text | None = None  # citation of the document that it is about


@dataclass(frozen=True, slots=True)
class TurningPoint:
    id: str
    state: str
    date: LegalDate
    text: Text


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    code: str
    severity: str
    when: Mapping[str, Any]
    message: Text
    documents: tuple[str, ...]
    sources: tuple[str, ...]
    words: WordList | None
    without_words: WordList | None
    severity_shown: str | None = None  # where the user does not name the document, and the assessment only shows it
    example: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def about_documents(self) -> bool:
        return bool(set(self.when) & _OF_A_DOCUMENT)


@dataclass(frozen=True, slots=True)
class WarningRules:
    """Every warning of the corpus, in the order of the file."""

    rules: tuple[Rule, ...]
    turning_points: tuple[TurningPoint, ...]
    home_state: str
    report_max_age_days: int

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads `corpus/warnings.toml`. Raises: CorpusInvalid, naming the rule, for an unknown condition or a missing text."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(
                rules=tuple(_rule(entry) for entry in data["warning"]),
                turning_points=tuple(
                    TurningPoint(e["id"], e["state"], LegalDate.parse(e["date"]), _both(e["text"], e["id"])) for e in data["turning_point"]
                ),
                home_state=str(data["settings"]["home_state"]),
                report_max_age_days=int(data["settings"]["report_max_age_days"]),
            )
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, InvalidIdentifier, KeyError, TypeError, ValueError) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__}: {error}") from error

    def evaluate(self, situation: Situation) -> tuple[Caution, ...]:
        """Every warning that holds: those that stop a step first, then those about what the user cites, then in the file's order."""
        found: list[Caution] = []
        for rule in self.rules:
            if not self._holds_for_case(rule, situation):
                continue
            if not rule.about_documents:
                found.append(self.word(rule, situation, None))
                continue
            found += [self.word(rule, situation, item) for item in situation.shown if self._holds_for_document(rule, situation, item)]
        unique = {(w.rule, w.document_ids, w.message["en"]): w for w in found}
        return tuple(sorted(unique.values(), key=lambda w: (SEVERITIES.index(w.severity), not w.cited)))

    def _holds_for_case(self, rule: Rule, s: Situation) -> bool:
        case = s.case
        values = {
            "track": str(s.track),
            "argued_track": str(s.argued_track),
            "regime": s.regime,
            "status_there": str(case.status_there) if case.status_there else None,
            "member_state": case.member_state,
            "nationality": case.nationality,
            "framework": s.framework,
            "version": s.version,
        }
        text = case.all_text
        registered = case.registered_on
        tests: dict[str, Callable[[Any], bool]] = {
            **{name: _one_of(value) for name, value in values.items()},
            "has": lambda names: all(case.has(name) for name in names),
            "lacks": lambda names: not any(case.has(name) for name in names),
            "words": lambda _: rule.words is not None and rule.words.found_in(text),
            "without_words": lambda _: rule.without_words is not None and not rule.without_words.found_in(text),
            "decided_from": lambda day: s.as_of >= parse_day(day).first_day,
            "decided_until": lambda day: s.as_of <= parse_day(day).first_day,
            # a registration in words as coarse as a year holds only where every day of it does
            "registered_from": lambda day: registered is not None and registered.first_day >= parse_day(day).first_day,
            "registered_until": lambda day: registered is not None and registered.last_day <= parse_day(day).first_day,
            "element_open": lambda wanted: bool(s.open_points) is wanted,
            "framework_open": lambda wanted: s.framework_open is wanted,
            "date_imprecise": lambda wanted: s.date_imprecise is wanted,
            "member_state_not": lambda codes: case.member_state is not None and case.member_state not in codes,
            "registered_after_decision": lambda wanted: _registered_late(case) is wanted,
        }
        return all(tests[name](wanted) for name, wanted in rule.when.items() if name in _OF_THE_CASE)

    def _holds_for_document(self, rule: Rule, s: Situation, item: Shown) -> bool:
        document = item.document
        tests: dict[str, Callable[[Any], bool]] = {
            "cited": lambda wanted: item.cited is wanted,
            "documents": lambda ids: document.id in {canonical_document_id(each) for each in ids} or bool(set(document.aliases) & set(ids)),
            "standing": lambda values: str(item.standing.value) in values,
            "kinds": lambda kinds: str(document.kind) in kinds,
            "subtypes": lambda subtypes: document.subtype in subtypes,
            "not_subtypes": lambda subtypes: document.subtype not in subtypes,
            "topics": lambda topics: bool(set(topics) & set(document.topics)),
            "undecided": lambda wanted: (undecided(document) is not None) is wanted,
            "document_track": lambda tracks: _track_matches(tracks, document.track, s.track),
            "outside_state": lambda wanted: _is_outside(document, self.home_state) is wanted,
            "undated": lambda wanted: (document.date is None and document.published_on is None) is wanted,
            "too_old": lambda wanted: (self.age_days(document, s.as_of) > self.report_max_age_days) is wanted,
            "facts_end_before": lambda wanted: (self.turning_point(document, s) is not None) is wanted,
            "verification": lambda values: item.verification in values,
            "text_status": lambda values: item.text_status is not None and str(item.text_status) in values,
        }
        return all(tests[name](wanted) for name, wanted in rule.when.items() if name in _OF_A_DOCUMENT)

    def age_days(self, document: Document, as_of: dt.date) -> int:
        """Days from the end of the period that the document describes, else from its publication or date; 0 where none is known."""
        end = _end_of_facts(document)
        return max(0, (as_of - end).days) if end is not None else 0

    def turning_point(self, document: Document, s: Situation) -> TurningPoint | None:
        """The turning point in a state that both the case and the document are about, passed by the as-of day, that the document's facts
        end before; the latest one."""
        end = _end_of_facts(document)
        states = (s.case.nationality, s.case.member_state)
        about = (*document.nationalities, *document.states)
        points = [p for p in self.turning_points if p.state in states and p.state in about and p.date.last_day <= s.as_of]
        passed = [p for p in points if end is not None and end < p.date.last_day]
        return max(passed, key=lambda point: point.date.last_day, default=None)

    def word(self, rule: Rule, s: Situation, item: Shown | None) -> Caution:
        """A rule in words, about `item` where it is about a document; a fact that is not known leaves `…`."""
        message = {language: self._filled(rule.message[language], s, item, language) for language in _LANGUAGES}
        ids = (item.document.id,) if item else rule.documents
        if item:
            ids = (*ids, *(successor.document_id for successor in item.standing.successors if "{successor}" in rule.message["en"]))
        place = item.pinpoint.printed if item and item.pinpoint else None
        cited, subject = bool(item and item.cited), item.citation if item else None
        severity = rule.severity if cited or item is None else rule.severity_shown or rule.severity
        return Caution(rule.id, rule.code, severity, message, tuple(dict.fromkeys(ids)), cited, place, subject)

    def _filled(self, template: str, s: Situation, item: Shown | None, language: str) -> str:
        document = item.document if item else None
        point = self.turning_point(document, s) if document else None
        successors = [successor.citation[language] for successor in item.standing.successors] if item else []
        values = {
            "document": item.citation[language] if item else _UNTOLD,
            "successor": _joined(successors, language),
            "track": _TRACKS[document.track][language] if document and document.track else _UNTOLD,
            "date": in_words(s.as_of, language),
            "days": str(self.age_days(document, s.as_of)) if document else _UNTOLD,
            "point": point.text[language] if point else _UNTOLD,
            "member_state": countries.name(s.case.member_state, language) if s.case.member_state else _UNTOLD,
            "registered_on": in_words(s.case.registered_on, language) if s.case.registered_on else _UNTOLD,
            "decided_on": in_words(s.case.decided_on, language) if s.case.decided_on else _UNTOLD,
            "element": "; ".join(dict.fromkeys(open_point[language] for open_point in s.open_points)) or _UNTOLD,
        }
        return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], template)


def _registered_late(case: Case) -> bool:
    registered, decided = case.registered_on, case.decided_on
    return registered is not None and decided is not None and registered.first_day > decided.last_day


def _one_of(value: str | None) -> Callable[[Any], bool]:
    return lambda wanted: value in wanted


def _track_matches(wanted: Sequence[str], own: Track | None, of_case: Track) -> bool:
    if own is None:
        return False
    return str(own) in wanted or ("other" in wanted and own is not of_case)


def _is_outside(document: Document, home_state: str) -> bool:
    return document.deciding_state is not None and document.deciding_state not in (home_state, *_BODIES)


def _end_of_facts(document: Document) -> dt.date | None:
    date = document.facts_until or document.published_on or document.date
    return date.last_day if date is not None else None


def _joined(items: Sequence[str], language: str) -> str:
    if len(items) < 2:
        return items[0] if items else _UNTOLD
    return f"{', '.join(items[:-1])} {'en' if language == 'nl' else 'and'} {items[-1]}"


def _rule(entry: Mapping[str, Any]) -> Rule:
    name, when = str(entry["id"]), dict(entry["when"])
    if stray := set(when) - CONDITIONS:
        raise ValueError(f"warning {name!r}: unknown conditions {sorted(stray)}")
    if not when:
        raise ValueError(f"warning {name!r}: a warning without a condition is always given")
    if entry["severity"] not in SEVERITIES:
        raise ValueError(f"warning {name!r}: severity {entry['severity']!r} is not one of {', '.join(SEVERITIES)}")
    if entry.get("severity_shown", entry["severity"]) not in SEVERITIES:
        raise ValueError(f"warning {name!r}: severity_shown {entry['severity_shown']!r} is not one of {', '.join(SEVERITIES)}")
    if stray := {*when.get("has", ()), *when.get("lacks", ())} - set(FIELDS):
        raise ValueError(f"warning {name!r}: {sorted(stray)} are no fields of a case")
    for day in ("decided_from", "decided_until", "registered_from", "registered_until"):
        if day in when:
            parse_day(when[day])
    return Rule(
        id=name,
        code=str(entry["code"]),
        severity=str(entry["severity"]),
        when=when,
        message=_both(entry["message"], name),
        documents=tuple(canonical_document_id(each) for each in entry["documents"]),
        sources=tuple(entry["sources"]),
        words=WordList.of(when["words"]) if "words" in when else None,
        without_words=WordList.of(when["without_words"]) if "without_words" in when else None,
        severity_shown=entry.get("severity_shown"),
        example=entry.get("example", {}),
    )


def _both(texts: Mapping[str, str], name: str) -> Text:
    if set(texts) != set(_LANGUAGES) or not all(text.strip() for text in texts.values()):
        raise ValueError(f"{name!r} needs a Dutch (nl) and an English (en) text")
    return dict(texts)
