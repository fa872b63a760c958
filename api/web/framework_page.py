"""One legal test at a day, for its page: the same facts as its JSON, with links, and its authorities in time."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Request

from api import countries, deps
from api.frameworks import framework_body
from api.requests import day_or, today
from api.web.contexts import AuthorityView, Link, badge, document_href
from api.web.i18n import Words
from api.web.pictures import Mark, Timeline, timeline
from kb.domain.dates import LegalDate, parse_optional
from kb.domain.documents import Document, Track
from kb.domain.pinpoints import Pinpoint
from kb.errors import InvalidQuery, NotFound

if TYPE_CHECKING:
    from kb.law.frameworks import AuthorityRef, Framework, Frameworks, Version
    from kb.wiring import View


def framework_context(request: Request, framework_id: str, t: Words, lang: str | None) -> dict[str, Any]:
    """Raises: NotFound, InvalidIdentifier, InvalidQuery."""
    held = deps.services(request).knowledge_base
    view = held.view()
    asked = request.query_params
    track = asked.get("track") or None
    if track is not None and track not in {str(each) for each in Track}:
        raise InvalidQuery("there is no such kind of case")
    as_of = day_or(asked.get("as_of") or None, today())
    registered_on = parse_optional(asked.get("registered_on") or None)
    body = framework_body(held.frameworks, view, framework_id, as_of, registered_on, Track(track) if track else None)
    framework = held.frameworks.framework(framework_id)
    law = Law(view, t, lang, as_of, Track(body["track"]))
    tracks = sorted({version["track"] for version in body["versions"]})
    marks = law.marks(framework)
    return {
        "body": body,
        "feed_href": f"/feeds/frameworks/{body['id']}?lang={t.language}",
        "refs": lambda authorities, side: [law.authority(each) for each in authorities if each["side"] == side],
        "ref": law.authority,
        "span": lambda version: _span(version, t),
        "country": lambda code: countries.name(code, t.language),
        "tracks": tracks,
        "as_of": as_of.isoformat(),
        "day": as_of,
        "registered_on": asked.get("registered_on") or "",
        "action": f"/frameworks/{body['id']}",
        "version_hrefs": {version.id: _version_href(held.frameworks, framework, version, lang) for version in framework.versions},
        "timeline": law.timeline(framework, marks),
        "rows": law.rows(marks),
        "elements": [(element["id"], element["title"][t.language]) for element in body["elements"]],
    }


def _span(version: dict[str, Any], t: Words) -> str:
    words = {
        "from": t.date(version["valid_from"]) if version["valid_from"] else t("framework.valid_start"),
        "until": t.date(version["valid_until"]) if version["valid_until"] else t("framework.valid_now"),
    }
    return t("framework.valid", **words)


def _version_href(frameworks: "Frameworks", framework: "Framework", version: "Version", lang: str | None) -> str | None:
    """An address at which this version governs: its last day, or today, with a registration that leads to it; None where none does."""
    day = min(version.valid_until or today(), today())
    begins = [each.valid_from for each in framework.versions if each.track is version.track and each.valid_from and each.valid_from <= day]
    for registered in (None, *(min(day, start) for start in begins), *(start - dt.timedelta(days=1) for start in begins)):
        try:
            found = frameworks.version_at(framework.id, day, LegalDate.of(registered) if registered else None, version.track)
        except NotFound:
            continue
        if found.id == version.id:
            given = {
                "as_of": day.isoformat(),
                "track": str(version.track),
                "registered_on": registered and registered.isoformat(),
                "lang": lang,
            }
            return f"/frameworks/{framework.id}?{urlencode({name: value for name, value in given.items() if value})}"
    return None


class Law:
    """Authorities as a page shows them, at one day and for one track."""

    def __init__(self, view: "View", t: Words, lang: str | None, as_of: dt.date, track: Track) -> None:
        self._view, self._t, self._lang, self._as_of, self._track = view, t, lang, as_of, track

    def authority(self, item: dict[str, Any]) -> AuthorityView:
        """From the JSON of a legal test."""
        t = self._t
        known = item["citation"] is not None
        place = Pinpoint.parse(item["pinpoint"]) if item["pinpoint"] else None
        marked = item["standing"] in ("caution", "overtaken")
        return AuthorityView(
            name=item["citation"][t.language] if known else item["document_id"],
            href=document_href(item["document_id"], place=place.slug if place else None, lang=self._lang) if known else None,
            side=item["side"],
            verification=t.or_self("framework.verification", item["verification"]),
            badge=badge(self._view.standing(item["document_id"], self._as_of, self._track), t, self._lang) if marked else None,
            note=item["note"][t.language] if item["note"] else None,
        )

    def marks(self, framework: "Framework") -> list[tuple[Document, Mark]]:
        """The authorities on the rule in every version for this kind of case, with all that were overtaken and what overtook them."""
        refs: list[AuthorityRef] = []
        named: list[AuthorityRef] = []
        for version in framework.versions:
            if version.track is not self._track:
                continue
            every = [ref for element in version.elements for ref in _of_element(element)]
            positions = [ref for position in version.positions for ref in position.authorities]
            refs += [ref for ref in every if str(ref.side) == "rule"] + list(version.replaced.authorities if version.replaced else ())
            named += [*every, *positions]
        found: dict[str, Document] = {}
        for ref in refs:
            self._add(found, ref.document_id)
        for ref in named:
            document = self._view.library.find_document(ref.document_id)
            if document and (edges := self._overtaking(document.id)):
                self._add(found, document.id)
                for by, _ in edges:
                    self._add(found, by)
        made = []
        for document in found.values():
            edges = self._overtaking(document.id)
            days = [day for _, day in edges if day]
            name = self._view.citation(document, None)[self._t.language]
            assert document.date is not None
            mark = Mark(document.id, name, document.date.first_day, min(days) if days else None, tuple(by for by, _ in edges))
            made.append((document, mark))
        return sorted(made, key=lambda item: (item[1].day, item[1].key))

    def _add(self, found: dict[str, Document], document_id: str) -> None:
        document = self._view.library.find_document(document_id)
        if document and document.date and document.date.first_day <= self._as_of:
            found.setdefault(document.id, document)

    def _overtaking(self, document_id: str) -> list[tuple[str, dt.date | None]]:
        """(id, day) of what overtook it for this kind of case, by the day asked for."""
        made = []
        for edge in self._view.standings.treatment_of(document_id, as_of=self._as_of):
            if edge.effect == "overtaken" and (edge.scope is None or self._track in edge.scope):
                by = self._view.library.find_document(edge.by)
                date = edge.date or (by.date if by else None)
                made.append((by.id if by else edge.by, date.last_day if date else None))
        return made

    def timeline(self, framework: "Framework", marks: Iterable[tuple[Document, Mark]]) -> Timeline | None:
        turns = [(f"{v.valid_from.year}", v.valid_from) for v in framework.versions if v.track is self._track and v.valid_from]
        return timeline([mark for _, mark in marks], turns, self._as_of)

    def rows(self, marks: Iterable[tuple[Document, Mark]]) -> list[dict[str, Any]]:
        """The same as the picture, for a table."""
        t = self._t
        made = []
        for document, mark in marks:
            successors = []
            for by in mark.by:
                later = self._view.library.find_document(by)
                name = self._view.citation(later, None)[t.language] if later else by
                successors.append(Link(document_href(by, lang=self._lang), name))
            made.append(
                {
                    "date": t.date(document.date),
                    "link": Link(document_href(document.id, lang=self._lang), mark.label),
                    "badge": badge(self._view.standing(document.id, self._as_of, self._track), t, self._lang),
                    "until": t.date(mark.overtaken) if mark.overtaken else None,
                    "by": successors,
                }
            )
        return made


def _of_element(element: Any) -> list["AuthorityRef"]:
    return [*element.authorities, *(ref for factor in element.factors for ref in factor.authorities)]
