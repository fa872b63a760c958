"""The JSON of an assessment, the same from the API and from `dublin-kb assess --format json`.

Names are those of the interface. Texts of the legal test are in both languages, like those of `/frameworks`; `questions`, `gaps` and
`message` are in the language asked for, with both beside them.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api import trace
from api.requests import DateText, DayText, MessageLanguage
from api.schemas import document_out, dump, hit_out, searched_out, standing_out, successor_out
from kb.domain.dates import parse_day
from kb.errors import InvalidQuery, NotFound
from kb.law.assess import AssessedElement, AssessedPosition, Assessment, Authority, SideHit
from kb.law.case import Case
from kb.law.facts import FactWords
from kb.law.frameworks import Version
from kb.law.prose import Prose, Sentence

_TWICE = ("registered_on", "narrative")  # fields that may stand beside `facts` or in it


class AssessBody(BaseModel):
    """One case. Nothing of it is kept or logged; the manifest in the answer holds it only with `save_facts`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    framework: Annotated[str | None, Field(max_length=100, description="indirect-refoulement, ibrahim-threshold; else by the facts")] = None
    as_of: Annotated[DayText | None, Field(description="The day whose law and documents answer; else the decision's, else today")] = None
    registered_on: Annotated[DateText | None, Field(description="Day of registration: it decides which law governs")] = None
    facts: Annotated[
        dict[str, Any],
        Field(
            max_length=40,
            description="decided_on, nationality, region, member_state, "
            "status_there (none, applicant, refugee, subsidiary, expired, unknown), vulnerabilities, housing, work, children, "
            "health, remedies_used, track, cites",
        ),
    ] = {}
    narrative: Annotated[str | None, Field(max_length=50_000, description="Dutch or English: facts are only proposed from it")] = None
    confirm: Annotated[list[str], Field(max_length=100, description="Ids of proposed facts to use; `all`")] = []
    prose: Annotated[
        bool, Field(strict=True, description="Text of the configured language model beside each step, every sentence checked; needs KB_LLM")
    ] = False
    send_facts: Annotated[
        bool, Field(strict=True, description="With `prose`: the facts of this case may go to a language model on another machine")
    ] = False
    save_facts: Annotated[bool, Field(strict=True, description="Keep the case in the manifest, for a replay to the letter")] = False
    lang: MessageLanguage = None

    def to_case(self, facts: FactWords) -> Case:
        """Raises: InvalidQuery, InvalidIdentifier; NotFound for a fact to confirm that is not proposed for this case."""
        beside = {name: value for name in _TWICE if (value := getattr(self, name)) is not None}
        if twice := [name for name in beside if self.facts.get(name) not in (None, beside[name])]:
            raise InvalidQuery(f"{twice[0]} stands both beside `facts` and in it, with another value")
        case = Case.parse({**self.facts, **beside}, country=facts.country)
        if not self.confirm:
            return case
        proposed = {fact.id for fact in facts.propose(case)}
        if unknown := [fact_id for fact_id in self.confirm if fact_id != "all" and fact_id not in proposed]:
            named = ", ".join(sorted(proposed)) or "no facts"
            raise NotFound(f"{len(unknown)} of the facts to confirm are not proposed for this case; proposed are {named}")
        return facts.confirm(case, self.confirm)

    def day(self) -> dt.date | None:
        """Raises: InvalidIdentifier for a day that no calendar has."""
        return parse_day(self.as_of).first_day if self.as_of else None


def note_shown(found: Assessment) -> None:
    """Tells the trace of the request which passages an assessment put before its reader."""
    sides = (side for element in found.elements for side in (*element.supporting, *element.contrary))
    trace.showed((side.hit.passage for side in sides), as_of=found.as_of)


def assessment_body(found: Assessment, language: str) -> dict[str, Any]:
    """Every part of an assessment as plain JSON values."""
    return {
        "framework": found.framework.id,
        "framework_title": dict(found.framework.title),
        "version": found.version.id,
        "version_detail": {**_version(found.version), "summary": dict(found.version.summary), "open": _text(found.version.open)},
        "possible_versions": [_version(version) for version in found.possible_versions],
        "regime": str(found.regime.id),
        "regime_detail": {
            "sentence": dict(found.regime.sentence),
            "open": _text(found.regime.open),
            "candidates": [str(candidate) for candidate in found.regime.candidates],
        },
        "track": str(found.track),
        "choice": {
            "why": dict(found.choice.why),
            "open": found.choice.is_open,
            "argued_track": str(found.choice.argued_track),
            "others": [{"framework": framework, "track": str(track)} for framework, track in found.choice.others],
        },
        "as_of": found.as_of.isoformat(),
        "registered_on": found.case.registered_on.value if found.case.registered_on else None,
        "made_on": found.made_on.isoformat(),
        "language": found.language,
        "weighs_nothing": found.weighs_nothing[language],
        "weighs_nothing_in": dict(found.weighs_nothing),
        "not_legal_advice": dict(found.framework.not_legal_advice),
        "warnings": [
            {
                "code": warning.code,
                "rule": warning.rule,
                "severity": warning.severity,
                "message": warning.message[language],
                "messages": dict(warning.message),
                "document_ids": list(warning.document_ids),
                "cited": warning.cited,
            }
            for warning in found.warnings
        ],
        "positions": [_position(item) for item in found.positions],
        "elements": [_element(item, language) for item in found.elements],
        "proposed_facts": [
            {
                "id": fact.id,
                "key": fact.key,
                "value": fact.value,
                "label": dict(fact.label),
                "words": fact.words,
                "start_char": fact.start,
                "end_char": fact.end,
            }
            for fact in found.proposed_facts
        ],
        "prose": _prose(found.prose, language) if found.prose else None,
        "searched": dump(searched_out(found.searched)),
        "replayed": found.replayed,
        "changes": [change[language] for change in found.changes],
        "changes_in": [dict(change) for change in found.changes],
        "manifest": {"id": found.manifest.id, **found.manifest.to_json()},
    }


def _element(item: AssessedElement, language: str) -> dict[str, Any]:
    element = item.element
    return {
        "id": element.id,
        "title": dict(element.title),
        "burden": str(element.burden),
        "bears": dict(element.bears),
        "standard": dict(element.standard),
        "rule": dict(element.rule),
        "counts": _lists(element.counts),
        "does_not_count": _lists(element.does_not_count),
        "open": _text(element.open),
        "questions": list(element.questions[language]),
        "questions_in": _lists(element.questions),
        "fact_keys": list(element.fact_keys),
        "lacking": list(item.lacking),
        "authorities": [_authority(authority) for authority in item.authorities],
        "supporting": [_hit(hit, language) for hit in item.supporting],
        "contrary": [_hit(hit, language) for hit in item.contrary],
        "gaps": list(item.gaps[language]),
        "gaps_in": _lists(item.gaps),
    }


def _prose(prose: Prose, language: str) -> dict[str, Any]:
    """Text of a language model. `text` is null where a sentence was withheld; `problems` are keys of `problems` of the whole."""
    return {
        "model": prose.model,
        "host": prose.host,
        "local": prose.is_local,
        "facts_sent": prose.facts_sent,
        "notices": [notice[language] for notice in prose.notices],
        "notices_in": [dict(notice) for notice in prose.notices],
        "problems": {code: dict(words) for code, words in prose.problems.items()},
        "elements": [
            {
                "id": item.element,
                "sentences": [_sentence(sentence, language) for sentence in item.sentences],
                "problems": list(item.problems),
                "withheld": item.withheld,
                "left_out": list(item.left_out),
            }
            for item in prose.elements
        ],
    }


def _sentence(sentence: Sentence, language: str) -> dict[str, Any]:
    return {
        "text": sentence.text or None,
        "verdict": str(sentence.verdict),
        "problems": list(sentence.problems),
        "passages": list(sentence.passages),
        "citations": [citation[language] for citation in sentence.citations],
        "notes": [note[language] for note in sentence.notes],
    }


def _hit(item: SideHit, language: str) -> dict[str, Any]:
    return {
        **dump(hit_out(item.hit, language)),
        "comparable": [{"key": shared.key, "value": shared.value, "label": dict(shared.label)} for shared in item.comparable],
        "marked": item.marked,
        "reviewed": item.reviewed,
        "note": _text(item.note),
    }


def _authority(item: Authority) -> dict[str, Any]:
    standing = item.standing
    successors = [dump(successor_out(successor)) for successor in standing.successors] if standing else []
    return {
        "document_id": item.document_id,
        "pinpoint": item.ref.pinpoint,
        "side": str(item.ref.side),
        "verification": str(item.ref.verification),
        "note": _text(item.ref.note),
        "citation": dict(item.citation),
        "standing": str(standing.value) if standing else "unknown",
        "standing_detail": dump(standing_out(standing)) if standing else None,
        "successor": successors[0] if successors else None,
        "successors": successors,
        "held": item.document is not None,
        "document": dump(document_out(item.document)) if item.document else None,
    }


def _position(item: AssessedPosition) -> dict[str, Any]:
    position = item.position
    return {
        "id": position.id,
        "text": dict(position.text),
        "since": position.since.value if position.since else None,
        "until": position.until.value if position.until else None,
        "country": item.country,
        "authorities": [_authority(authority) for authority in item.authorities],
    }


def _version(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "title": dict(version.title),
        "track": str(version.track),
        "regime": str(version.regime) if version.regime else None,
        "valid_from": version.valid_from.isoformat() if version.valid_from else None,
        "valid_until": version.valid_until.isoformat() if version.valid_until else None,
    }


def _text(text: Mapping[str, str] | None) -> dict[str, str] | None:
    return dict(text) if text else None


def _lists(texts: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {language: list(items) for language, items in texts.items()}
