"""The legal tests as JSON: the version that governs a day, with its authorities cited and assessed."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from api.schemas import standing_out, successor_out
from kb.domain.dates import LegalDate
from kb.domain.documents import Track
from kb.law.known import known_since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.law.frameworks import AuthorityRef, Element, Framework, Frameworks, Position, Version
    from kb.law.regimes import Regime
    from kb.wiring import View

    Dates = Mapping[str, LegalDate | None]


def framework_list(held: "Frameworks") -> dict[str, Any]:
    """Every legal test with its versions and their dates."""
    return {"frameworks": [{**_head(framework), "versions": [_span(v) for v in framework.versions]} for framework in held.frameworks]}


def framework_body(
    held: "Frameworks", view: "View", framework_id: str, as_of: dt.date, registered_on: LegalDate | None, track: Track | None
) -> dict[str, Any]:
    """One legal test as it could be written on a day: later authorities are left out. Raises: NotFound."""
    framework = held.framework(framework_id)
    dates = known_since(view.library)
    version = held.version_at(framework_id, as_of, registered_on, track).known_on(as_of, dates)
    regime = held.regime(framework_id, as_of, registered_on, version.track)
    others = held.versions_at(framework_id, as_of, registered_on, track)
    return {
        **_head(framework),
        "as_of": as_of.isoformat(),
        "registered_on": registered_on.value if registered_on else None,
        "track": str(version.track),
        "regime": _regime(regime),
        "version": {
            **_span(version),
            "summary": dict(version.summary),
            "open": dict(version.open) if version.open else None,
            "replaced": {
                "by": version.replaced.by,
                "because": dict(version.replaced.because),
                "authorities": _authorities(view, version.replaced.authorities, as_of, version.track, dates),
            }
            if version.replaced
            else None,
        },
        "possible_versions": [_span(other) for other in others],
        "versions": [_span(other) for other in framework.versions],
        "positions": [_position(view, position, as_of, version.track, dates) for position in version.positions_at(as_of)],
        "elements": [_element(view, element, as_of, version.track, dates) for element in version.elements],
        "lines": [
            {
                "country": line.country,
                "title": dict(line.title),
                "note": dict(line.note),
                "own_test": line.own_test,
                "positions": [_position(view, position, as_of, version.track, dates) for position in line.positions_at(as_of)],
            }
            for line in framework.lines
        ],
        "sources": list(framework.sources),
        "not_legal_advice": dict(framework.not_legal_advice),
    }


def _head(framework: "Framework") -> dict[str, Any]:
    return {
        "id": framework.id,
        "title": dict(framework.title),
        "summary": dict(framework.summary),
        "default_track": str(framework.default_track),
    }


def _span(version: "Version") -> dict[str, Any]:
    return {
        "id": version.id,
        "title": dict(version.title),
        "track": str(version.track),
        "regime": str(version.regime) if version.regime else None,
        "valid_from": version.valid_from.isoformat() if version.valid_from else None,
        "valid_until": version.valid_until.isoformat() if version.valid_until else None,
    }


def _regime(regime: "Regime") -> dict[str, Any]:
    return {"id": str(regime.id), "sentence": dict(regime.sentence), "candidates": [str(candidate) for candidate in regime.candidates]}


def _element(view: "View", element: "Element", as_of: dt.date, track: Track, dates: "Dates") -> dict[str, Any]:
    return {
        "id": element.id,
        "title": dict(element.title),
        "burden": str(element.burden),
        "bears": dict(element.bears),
        "standard": dict(element.standard),
        "rule": dict(element.rule),
        "counts": {language: list(texts) for language, texts in element.counts.items()},
        "does_not_count": {language: list(texts) for language, texts in element.does_not_count.items()},
        "questions": {language: list(texts) for language, texts in element.questions.items()},
        "fact_keys": list(element.fact_keys),
        "open": dict(element.open) if element.open else None,
        "authorities": _authorities(view, element.authorities, as_of, track, dates),
        "factors": [
            {
                "id": factor.id,
                "title": dict(factor.title),
                "fact_keys": list(factor.fact_keys),
                "note": dict(factor.note) if factor.note else None,
                "authorities": _authorities(view, factor.authorities, as_of, track, dates),
            }
            for factor in element.factors
        ],
        "sources": list(element.sources),
    }


def _position(view: "View", position: "Position", as_of: dt.date, track: Track, dates: "Dates") -> dict[str, Any]:
    return {
        "id": position.id,
        "text": dict(position.text),
        "since": position.since.value if position.since else None,
        "until": position.until.value if position.until else None,
        "member_states": list(position.member_states),
        "nationalities": list(position.nationalities),
        "authorities": _authorities(view, position.authorities, as_of, track, dates),
    }


def _authorities(view: "View", refs: Iterable["AuthorityRef"], as_of: dt.date, track: Track, dates: "Dates") -> list[dict[str, Any]]:
    """Each authority that was there on that day, with its citation and whether it stands then for that track; one not in the corpus
    has neither."""
    made = []
    for ref in refs:
        document = view.library.find_document(ref.document_id)
        since = dates.get(document.id) if document else None
        if since is not None and since.first_day > as_of:
            continue
        standing = view.standing(document.id, as_of, track) if document else None
        made.append(
            {
                "document_id": document.id if document else ref.document_id,
                "pinpoint": ref.pinpoint,
                "side": str(ref.side),
                "verification": str(ref.verification),
                "note": dict(ref.note) if ref.note else None,
                "citation": dict(view.citation(document, ref.place)) if document else None,
                "standing": str(standing.value) if standing else "unknown",
                "standing_detail": standing_out(standing).model_dump(mode="json") if standing else None,
                "successor": successor_out(standing.successors[0]).model_dump(mode="json") if standing and standing.successors else None,
            }
        )
    return made
