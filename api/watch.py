"""The layer around everything: each request gets an id, one log line, its numbers, and where it showed or changed something an event."""

import sqlite3
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import events, trace
from api.audit import Audit, Event
from api.metrics import METHODS, Metrics
from api.trace import NOBODY, Trace
from kb.errors import KbError

if TYPE_CHECKING:
    from kb.store.library import Library
    from kb.wiring import KnowledgeBase

API = "/api/v1"
NO_ROUTE = "none"  # an address that leads nowhere is not told: it may hold words
_REFUSED = frozenset({401, 403})
_ALWAYS = frozenset({"add", "erase", "sign-in", "sign-out"})
# what an act is called in the audit log, by the route it came through; reading that shows no text is no act
_ACTIONS: Mapping[tuple[str, str], str] = {
    ("POST", "/documents"): "add",
    ("DELETE", "/documents"): "erase",
    ("DELETE", "/documents/{document_id:path}"): "erase",
    ("GET", "/auth/callback"): "sign-in",
    ("POST", "/auth/logout"): "sign-out",
}
_ACTS: Mapping[str, str] = {
    "search": "search",
    "export": "export",
    "bundle": "export",
    "assess": "assess",
    "case": "assess",
    "check": "check",
    "feeds": "search",
    "mcp": "assistant",
}


class Watch:
    """Outermost: it also sees what the gate refuses."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, audit: Audit, knowledge_base: "KnowledgeBase") -> None:
        self._app = app
        self._metrics = metrics
        self._audit = audit
        self._base = knowledge_base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0
        with trace.begun() as seen:

            async def noted(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message["headers"], (b"x-request-id", seen.id.encode())]
                await send(message)

            try:
                await self._app(scope, receive, noted)
            finally:
                self._count(seen, scope, status, time.monotonic() - started)
                if event := event_of(seen, scope, status):
                    await run_in_threadpool(self._keep, seen, event)

    def _count(self, seen: Trace, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), method_of(scope)
        events.log("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
        label = route or NO_ROUTE
        self._metrics.requests.labels(method, label, str(status)).inc()
        self._metrics.seconds.labels(label).observe(seconds)
        for search in seen.searches:
            self._metrics.search_seconds.observe(search)
        self._metrics.nothing.inc(seen.found_nothing)
        if seen.code is not None:
            self._metrics.problems.labels(seen.code).inc()

    def _keep(self, seen: Trace, event: dict[str, Any]) -> None:
        """An event that cannot be written is told to the operator; the answer has gone out already."""
        try:
            library = self._base.view().library if seen.shown else None
        except KbError:
            library = None
        try:
            shown = texts(seen.shown, library)
            self._audit.write(Event(**event, shown=shown, generation=self._base.generations.current_name()))
        except (OSError, sqlite3.Error) as error:
            self._metrics.audit_failures.inc()
            events.log("audit-failed", error=type(error).__name__)


def route_of(scope: Scope) -> str | None:
    """The template of the address, `/api/v1/documents/{document_id:path}`; None for one that leads nowhere."""
    route: str | None = getattr(scope.get("route"), "path", None)
    if route is None:
        return None
    # the router of the API is included under its prefix, and tells its own part only
    return API + route if scope["path"].startswith(API + "/") and not route.startswith(API) else route


def method_of(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


def event_of(seen: Trace, scope: Scope, status: int) -> dict[str, Any] | None:
    """What is to be kept of a request: an act of someone known that showed or changed something, a sign-in, and what was refused."""
    if seen.who == NOBODY:  # strangers are counted and logged; an event for each would let them fill the disk
        return None
    own = (route_of(scope) or "").removeprefix(API)
    act = _ACTIONS.get((scope["method"], own)) or _ACTS.get(own.split("/")[1] if "/" in own else "")
    did = seen.shown or seen.changed or (act and (seen.searches or act in _ALWAYS))
    if not did and status not in _REFUSED:
        return None
    return {
        "who": seen.who,
        "role": seen.role,
        "action": act or "read",
        "status": status,
        "request_id": seen.id,
        "as_of": seen.as_of,
        "changed": dict(seen.changed),
    }


def texts(shown: Mapping[str, list[str]], library: "Library | None") -> list[dict[str, Any]]:
    """Each text that was shown: its document, form and version, and the places; no places for the whole text."""
    made = []
    for key, places in shown.items():
        document_id = key.partition("@")[0]
        held = library.expressions(document_id, with_text=False) if library else []
        found = next((expression for expression in held if expression.key == key), None)
        form = found.form if found else key.partition("@")[2] or "official"
        made.append({"document": document_id, "form": form, "version": found.version if found else None, "places": list(places)})
    return made
