"""What a request may cost, decided before anything of it is parsed: host name, origin, size, depth, and searches at once."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import trace
from api.errors import BodyInvalid, BodyTooLarge, CrossSite, Overloaded, WrongHost, kb_error, unexpected
from kb.errors import KbError

JSON_MAX_BYTES = 128 * 1024  # 8,000 characters, each escaped, and the filters
JSON_MAX_DEPTH = 20
UPLOAD_PATH = "/api/v1/documents"
DRAFT_PATHS = frozenset({"/api/v1/check", "/check", "/mcp"})
DRAFT_JSON_MAX_BYTES = 2 * 1024 * 1024
DRAFT_FILE_MAX_BYTES = 20 * 1024 * 1024
_UPLOAD_OVERHEAD = 64 * 1024  # multipart headers and fields around the file
_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_AT_ONCE = 32  # below the 40 worker threads that there are: none waits for a thread
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), browsing-topics=()"),
)


class Gate:
    """The outermost layer: safe headers on every answer, hosts and origins checked, bodies bounded, nothing of an exception lost
    to a log that quotes it."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], upload_max_bytes: int) -> None:
        self._app = app
        self._hosts = hosts
        self._upload_max_bytes = upload_max_bytes
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                held = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((n, v) for n, v in HEADERS if n not in held)]
                if b"cache-control" not in held:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        request = Request(scope, receive)
        try:
            check_host(request, self._hosts)
            check_origin(request)
            await self._answered(request, scope, await self._bounded(request, receive), guarded)
        except KbError as error:
            if started:
                raise
            await kb_error(request, error)(scope, receive, guarded)
        except Exception as error:
            # never raised further: the server would log its message, which may hold the words of a case
            response = unexpected(request, error)
            if not started:
                await response(scope, receive, guarded)

    async def _answered(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises: Overloaded, at once and without a thread, so that a crowd costs next to nothing. Probes are always answered."""
        if self._answering >= MOST_AT_ONCE and request.url.path not in _PROBES:
            raise Overloaded("too many requests at once: try again in a few seconds")
        self._answering += 1  # the event loop alone counts here: no lock
        try:
            await self._app(scope, receive, send)
        finally:
            self._answering -= 1

    async def _bounded(self, request: Request, receive: Receive) -> Receive:
        """The body, counted. Uploads are counted while they stream; everything else is small and read whole first.

        Raises: BodyTooLarge, BodyInvalid.
        """
        if request.method in _SAFE_METHODS:
            return receive
        is_upload = request.method == "POST" and request.url.path.rstrip("/") == UPLOAD_PATH
        is_draft = request.method == "POST" and request.url.path.rstrip("/") in DRAFT_PATHS
        is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
        limit = self._upload_max_bytes + _UPLOAD_OVERHEAD if is_upload else JSON_MAX_BYTES
        if is_draft:
            limit = DRAFT_FILE_MAX_BYTES + _UPLOAD_OVERHEAD if is_form else DRAFT_JSON_MAX_BYTES
        declared = request.headers.get("content-length", "0")
        if not declared.isdigit() or int(declared) > limit:
            raise BodyTooLarge(_too_large(limit))
        if is_upload or (is_draft and is_form):
            return _counted(receive, limit)
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            body += message.get("body", b"")
            if len(body) > limit:
                raise BodyTooLarge(_too_large(limit))
            if not message.get("more_body", False):
                break
        if "json" in request.headers.get("content-type", "") and nesting(body) > JSON_MAX_DEPTH:
            raise BodyInvalid(f"the JSON is nested more than {JSON_MAX_DEPTH} levels deep")
        return _replayed(bytes(body), receive)


def _too_large(limit: int) -> str:
    size = f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit // 1024} KiB"
    return f"the body is larger than the {size} that this address takes"


def _counted(receive: Receive, limit: int) -> Receive:
    total = 0

    async def counting() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise BodyTooLarge(_too_large(limit))
        return message

    return counting


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def nesting(body: bytes | bytearray) -> int:
    """The deepest nesting of brackets outside strings, found in one pass without parsing."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            deepest = max(deepest, depth)
        elif byte in (0x5D, 0x7D):
            depth -= 1
    return deepest


def check_host(request: Request, hosts: frozenset[str]) -> None:
    """Raises: WrongHost for no or several Host headers, another name than ours, or anything beside a name and a port."""
    given = request.headers.getlist("host")
    match = _HOST.fullmatch(given[0]) if len(given) == 1 else None
    if match is None or match["name"].lower() not in hosts:
        raise WrongHost("this server is not reached under that name: set KB_ALLOWED_HOSTS to the names it has")


def check_origin(request: Request) -> None:
    """Raises: CrossSite for a writing request that a page of another site sent. Programs send neither header.

    With `no-referrer` a browser sends `Origin: null` also from our own pages; `Sec-Fetch-Site` then tells.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite("a page of another site sent this")
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise CrossSite("a page of another site sent this")


class Searches:
    """At most `at_once` searches run; `waiting` more wait a little; the others are told at once to come back.

    The queue is short because each who waits holds a worker thread, which everything else that is answered needs too.
    """

    def __init__(self, at_once: int, *, waiting: int = 12, wait_s: float = 10.0) -> None:
        self._slots = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + waiting)
        self._wait_s = wait_s

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises: Overloaded."""
        message = "too many searches at once: try again in a few seconds"
        if not self._places.acquire(blocking=False):
            raise Overloaded(message)
        try:
            if not self._slots.acquire(timeout=self._wait_s):
                raise Overloaded(message)
            begun = time.monotonic()
            try:
                yield
            finally:
                self._slots.release()
                trace.searched(time.monotonic() - begun)
        finally:
            self._places.release()
