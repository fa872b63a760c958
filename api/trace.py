"""What one request did: by whom, which texts it showed or changed, how long it searched. Words of a question never come in here.

The trace lies in a context variable, so that what is deep below an endpoint can note it without being handed a request. Outside a
request (command line, tests) every note is dropped.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.domain.documents import Passage

NOBODY = "nobody"


@dataclass(slots=True)
class Trace:
    """Filled while the request is answered, read when it has been."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    who: str = NOBODY  # `key:…`, `oidc:…`, `local`; see api.auth
    role: str = ""
    shown: dict[str, list[str]] = field(default_factory=dict)  # key of a text -> places in it; none: the whole text
    changed: dict[str, str] = field(default_factory=dict)  # id of a document -> what became of it, in the ledger's words or `erased`
    as_of: str | None = None
    searches: list[float] = field(default_factory=list)  # seconds each
    found_nothing: int = 0
    code: str | None = None  # of the problem that was answered


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


@contextmanager
def begun() -> Iterator[Trace]:
    """A trace for what is called within."""
    trace = Trace()
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def current_id() -> str | None:
    """The id of the request that is being answered, for its log lines; None outside of one."""
    trace = _current.get()
    return trace.id if trace else None


def identified(who: str, role: str) -> None:
    if trace := _current.get():
        trace.who, trace.role = who, role


def showed_text(key: str) -> None:
    """A whole text, by the key of its expression."""
    if trace := _current.get():
        trace.shown.setdefault(key, [])


def showed(passages: Iterable["Passage"], *, as_of: dt.date | None = None) -> None:
    """Passages, as a result or a library gives them."""
    if trace := _current.get():
        for passage in passages:
            places = trace.shown.setdefault(_text_key(passage), [])
            place = passage.id.rpartition("#")[2]
            if place not in places:
                places.append(place)
        if as_of is not None:
            trace.as_of = as_of.isoformat()


def _text_key(passage: "Passage") -> str:
    """The key of the text a passage is of. Ids that readers see leave out the form where it can be told from the question's language."""
    key = passage.id.rpartition("#")[0]
    return key if "@" in key or passage.form == "official" else f"{passage.document_id}@{passage.form}"


def changed(document_id: str, what: str) -> None:
    if trace := _current.get():
        trace.changed[document_id] = what


def searched(seconds: float) -> None:
    if trace := _current.get():
        trace.searches.append(seconds)


def found_nothing() -> None:
    if trace := _current.get():
        trace.found_nothing += 1


def failed(code: str) -> None:
    if trace := _current.get():
        trace.code = code
