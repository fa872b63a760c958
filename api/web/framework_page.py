"""One legal test at a day, for its page: the same facts as its JSON, with links."""

from typing import Any

from fastapi import Request

from api import countries, deps
from api.frameworks import framework_body
from api.requests import day_or, today
from api.web.contexts import Link, document_href
from api.web.i18n import Words
from kb.domain.dates import parse_optional
from kb.domain.documents import Track
from kb.domain.pinpoints import Pinpoint
from kb.errors import InvalidQuery


def framework_context(request: Request, framework_id: str, t: Words, lang: str | None) -> dict[str, Any]:
    """Raises: NotFound, InvalidIdentifier, InvalidQuery."""
    held = deps.services(request).knowledge_base
    asked = request.query_params
    track = asked.get("track") or None
    if track is not None and track not in {str(each) for each in Track}:
        raise InvalidQuery("there is no such kind of case")
    as_of = day_or(asked.get("as_of") or None, today())
    registered_on = parse_optional(asked.get("registered_on"))
    body = framework_body(held.frameworks, held.view(), framework_id, as_of, registered_on, Track(track) if track else None)

    def ref(authority: dict[str, Any]) -> dict[str, Any]:
        place = Pinpoint.parse(authority["pinpoint"]) if authority["pinpoint"] else None
        known = authority["citation"] is not None
        name = authority["citation"][t.language] if known else authority["document_id"]
        return {
            **authority,
            "link": Link(document_href(authority["document_id"], slug=place.slug if place else None, lang=lang), name) if known else None,
            "name": name,
            "label": t(f"standing.{authority['standing']}"),
        }

    def refs(authorities: list[dict[str, Any]], side: str) -> list[dict[str, Any]]:
        return [ref(authority) for authority in authorities if authority["side"] == side]

    tracks = sorted({version["track"] for version in body["versions"]})
    return {
        "body": body,
        "refs": refs,
        "ref": ref,
        "span": lambda version: t(
            "framework.valid",
            **{
                "from": t.date(version["valid_from"]) if version["valid_from"] else t("framework.valid_start"),
                "until": t.date(version["valid_until"]) if version["valid_until"] else t("framework.valid_now"),
            },
        ),
        "country": lambda code: countries.name(code, t.language),
        "tracks": tracks,
        "as_of": as_of.isoformat(),
        "registered_on": asked.get("registered_on") or "",
        "action": f"/frameworks/{body['id']}",
        "document_href": lambda document_id: document_href(document_id, lang=lang),
    }
