"""What every endpoint gets: the knowledge base, the view that answers this request, the language to answer in."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from fastapi import Request

from api import trace
from api.auth import Access, Keys
from api.limits import Searches
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase, View

Language = Literal["nl", "en"]
_TAG = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,35})?\s*(?:;\s*q=(\d(?:\.\d{1,3})?))?\s*")


@dataclass(frozen=True, slots=True)
class Services:
    """What `create_app` made, held on the application's state."""

    settings: Settings
    knowledge_base: "KnowledgeBase"
    keys: Keys
    searches: Searches
    access: Access


def services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def view(request: Request) -> "View":
    """One generation for the whole request. Raises: StoreEmpty, StoreDamaged, VectorSpaceMismatch."""
    return services(request).knowledge_base.view()


def reader(request: Request) -> None:
    identity = services(request).access.reader(request)
    trace.identified(identity.who, str(identity.role))


def editor(request: Request) -> None:
    identity = services(request).access.editor(request)
    trace.identified(identity.who, str(identity.role))


def negotiated(header: str, *, default: Language) -> Language:
    """Dutch or English, whichever an Accept-Language header prefers; `default` where it names neither."""
    best, quality = default, 0.0
    for part in header[:500].split(","):
        match = _TAG.fullmatch(part)
        tag = match[1].lower() if match else ""
        weight = float(match[2]) if match and match[2] else 1.0
        if tag in ("nl", "en") and weight > quality:
            best, quality = cast("Language", tag), weight
    return best


def message_language(request: Request, asked: Language | None = None) -> Language:
    """The language of an API answer's notices: asked for, else preferred by the client, else English."""
    return asked or negotiated(request.headers.get("accept-language", ""), default="en")
