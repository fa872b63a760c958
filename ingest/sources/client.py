"""One polite and safe client for all publishers.

From the outside in: `Client.get` follows redirects one checked step at a time and asks again what may pass; the HTTP cache
(RFC 9111) turns a second question into a conditional one; `_PoliteTransport` keeps to the listed hosts, the rate, the time and the size
limit, and lets only a document through, so that the page of a bot check is never stored anywhere; `network` connects.
"""

import datetime as dt
import email.utils
import functools
import hashlib
import sqlite3
import ssl
import time
import urllib.parse
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import httpcore2
import httpx2
import stamina
from hishel import CacheOptions, SqliteStorage
from hishel.httpx2 import CacheTransport

from ingest.provenance import HTTP_CACHE
from ingest.sources.network import CheckedBackend, Deadline
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from ingest.sources.state import State

Recognise = Callable[[bytes, Mapping[str, str], str], None]
"""(content, headers in lower case, address) -> nothing for the document that was asked for. Raises: FetchProblem."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT_HEADERS: Final = ("content-type", "content-language", "content-location", "date", "etag", "expires", "last-modified", "location")
_CHALLENGE: Final = (
    b"just a moment",
    b"challenge-platform",
    b"awswafcookiedomainlist",
    b"awswafintegration",
    b"enable javascript and cookies",
)


class Clock(Protocol):
    """Wall clock in seconds since 1970, and waiting."""

    def now(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """One document as it came. `from_cache` where the publisher said that nothing changed."""

    content: bytes
    url: str
    asked_url: str
    status: int
    headers: Mapping[str, str]
    asked_at: str
    from_cache: bool
    cache_key: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that went out: when, to whom, what, and with which status it came back (0: no answer)."""

    at: float
    host: str
    url: str
    status: int


@dataclass
class _HostInRun:
    failures: int = 0
    down: str | None = None


@dataclass
class Log:
    """Every question of this process that reached the network, in order."""

    asked: list[Asked] = field(default_factory=list)

    def per_host(self) -> dict[str, int]:
        return dict(sorted(Counter(line.host for line in self.asked).items()))


class Client:
    """Asks publishers. Use as a context manager; one thread.

    `backend` is given by tests alone: the product always looks names up itself.
    """

    def __init__(
        self,
        rules: SourceRules,
        state: State,
        data_dir: Path,
        *,
        contact: str,
        version: str,
        clock: Clock | None = None,
        backend: Callable[[Deadline], httpcore2.NetworkBackend] = CheckedBackend,
    ) -> None:
        # its notes would go to standard output, where the summary belongs; every question is in our own log
        stamina.instrumentation.set_on_retry_hooks([])
        self._rules = rules
        self._clock = clock or SystemClock()
        self._state = state
        self.log = Log()
        self._hosts: dict[str, _HostInRun] = {}
        self._agent = rules.client.user_agent.format(version=version, contact=" ".join(contact.split()))
        path = data_dir / HTTP_CACHE
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False)
        connection.execute("pragma secure_delete = on")
        self._storage = SqliteStorage(connection=connection, max_size=4 * 2**30)
        deadline = Deadline()
        pool = httpcore2.ConnectionPool(
            ssl_context=_tls(),
            max_connections=4,
            max_keepalive_connections=4,
            keepalive_expiry=30,
            network_backend=backend(deadline),
        )
        self._polite = _PoliteTransport(pool, rules, state, self._clock, deadline, self.log)
        self._transport = CacheTransport(self._polite, self._storage, rfc=CacheOptions(shared=False))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def now(self) -> float:
        return self._clock.now()

    def get(
        self,
        url: str,
        *,
        accept: str,
        recognise: Recognise,
        language: str | None = None,
        for_document: str | None = None,
    ) -> Answer:
        """The document at an address of a listed host.

        Args:
            accept: the media types that can be used, as in `Accept`.
            recognise: refuses what is not the document that was asked for.
            for_document: whose text it is: then the answer is kept for a conditional question, until it is erased with the document.
        Raises: FetchProblem, with the reason for the summary.
        """
        host = _listed_host(url, self._rules)
        in_run = self._hosts.setdefault(host, _HostInRun())
        if in_run.down:
            raise FetchProblem("source-down", f"{host} was not asked: {in_run.down}")
        limits = self._rules.client
        _, not_before, why = self._state.host(host)
        if not_before - self._clock.now() > limits.retry_after_max_s:
            raise FetchProblem("source-paused", f"{host} is left alone until {_iso(not_before)}: {why}")
        try:
            # the wait between attempts belongs to the host and is kept by the transport: the loop itself does not sleep
            for attempt in stamina.retry_context(
                on=_passing,
                attempts=limits.attempts,
                timeout=None,
                wait_initial=limits.wait_initial_s,
                wait_max=limits.wait_max_s,
            ):
                with attempt, self._delayed(host, attempt.next_wait):
                    answer = self._follow(url, accept=accept, language=language, recognise=recognise, for_document=for_document)
        except FetchProblem as problem:
            if problem.passing:
                in_run.failures += 1
                if in_run.failures >= limits.give_up_after:
                    in_run.down = f"it failed {in_run.failures} times in a row ({problem.reason})"
            else:
                in_run.failures = 0
            raise
        in_run.failures = 0
        return answer

    @contextmanager
    def _delayed(self, host: str, next_wait: float) -> Iterator[None]:
        """After a failure the host is not asked before what it said itself, or the next step of the back-off."""
        try:
            yield
        except FetchProblem as problem:
            limits = self._rules.client
            wait = problem.retry_after_s if problem.retry_after_s is not None else next_wait
            if problem.pause_s is not None:
                self._state.leave_alone(host, self._clock.now() + problem.pause_s, problem.reason)
            elif problem.passing:
                self._state.leave_alone(host, self._clock.now() + wait, problem.reason)
                if wait > limits.retry_after_max_s:
                    raise FetchProblem("source-paused", f"{host} asks to be left alone for {wait:.0f} s: {problem}") from problem
            raise

    def _follow(self, url: str, *, accept: str, language: str | None, recognise: Recognise, for_document: str | None) -> Answer:
        asked_at = dt.datetime.fromtimestamp(self._clock.now(), dt.UTC).isoformat(timespec="seconds")
        at = url
        for _ in range(self._rules.client.redirects + 1):
            _listed_host(at, self._rules)
            key = hashlib.sha256(f"{at}\n{accept}\n{language or ''}".encode()).hexdigest()
            if for_document:
                self._state.remember_answer(for_document, key)
            # `no-cache` asks the cache to ask the publisher whether its copy still holds; the copy then costs no second transfer.
            headers = {"user-agent": self._agent, "accept": accept, "accept-encoding": "gzip", "cache-control": "no-cache"}
            if language:
                headers["accept-language"] = language
            request = httpx2.Request("GET", at, headers=headers, extensions={"recognise": recognise, "caching": {"key": key}})
            # feeds and searches go past the cache: their summaries are words of rulings that may be withdrawn later
            response = (self._transport if for_document else self._polite).handle_request(request)
            try:
                content = response.read()
            finally:
                response.close()
            if response.status_code in _REDIRECTS:
                at = _target(at, response)
                continue
            from_cache = response.extensions.get("caching")
            return Answer(
                content=content,
                url=at,
                asked_url=url,
                status=response.status_code,
                headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
                asked_at=asked_at,
                from_cache=bool(from_cache and from_cache["from_cache"]),
                cache_key=key,
            )
        raise FetchProblem("too-many-redirects", f"{url} leads on more than {self._rules.client.redirects} times")


class _PoliteTransport(httpx2.BaseTransport):
    """Asks the network: one question at a time, not before the host's turn, and lets through a document, a redirect or `not changed`."""

    def __init__(
        self, pool: httpcore2.ConnectionPool, rules: SourceRules, state: State, clock: Clock, deadline: Deadline, log: Log
    ) -> None:
        self._pool, self._rules, self._state, self._clock, self._deadline, self._log = pool, rules, state, clock, deadline, log

    def close(self) -> None:
        self._pool.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = _listed_host(str(request.url), self._rules)
        rule = self._rules.hosts[host]
        self._wait_for_turn(host, rule.interval_s)
        limits = self._rules.client
        at, status = self._clock.now(), 0
        self._state.asked(host, at)
        self._deadline.start(limits.total_timeout_s)
        timeout = {"connect": limits.connect_timeout_s, "read": limits.read_timeout_s, "write": limits.read_timeout_s, "pool": 5}
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path),
            headers=[(name, value) for name, value in request.headers.raw if name.lower() != b"cache-control"],
            extensions={"timeout": timeout},
        )
        try:
            with _as_problems(host, self._deadline):
                response = self._pool.handle_request(asked)
                try:
                    status = response.status
                    headers = httpx2.Headers(response.headers)
                    content = self._read(response, headers, rule.max_bytes)
                finally:
                    response.close()
        finally:
            self._log.asked.append(Asked(at, host, str(request.url), status))
        _refuse_challenge(host, status, headers, content, self._rules.client.challenge_pause_s)
        if status == 304 or status in _REDIRECTS:
            return httpx2.Response(status, headers=headers)
        if status != 200:
            raise _status_problem(host, status, headers, self._clock.now())
        recognise: Recognise = request.extensions["recognise"]
        recognise(content, {name.lower(): value for name, value in headers.items()}, str(request.url))
        kept = [(n, v) for n, v in headers.multi_items() if n.lower() not in ("content-encoding", "content-length", "transfer-encoding")]
        return httpx2.Response(status, headers=kept, content=content)

    def _wait_for_turn(self, host: str, interval_s: float) -> None:
        asked_at, not_before, _ = self._state.host(host)
        turn = max(asked_at + interval_s, not_before)
        if (wait := turn - self._clock.now()) > 0:
            self._clock.sleep(wait)

    def _read(self, response: httpcore2.Response, headers: httpx2.Headers, max_bytes: int) -> bytes:
        """The body, decoded, never more than `max_bytes` of it. Raises: FetchProblem `too-large`, `cut-off`, `not-a-document`."""
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", ""):
            raise FetchProblem("not-a-document", f"the answer is encoded as {encoding!r}, which was not asked for")
        unzip = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > max_bytes:
            raise FetchProblem("too-large", f"the answer holds {declared} bytes; at most {max_bytes} are read from this host")
        content = bytearray()
        assert not isinstance(response.stream, bytes)
        for piece in response.iter_stream():
            self._deadline.left()
            try:
                content += unzip.decompress(piece, max_bytes + 1 - len(content)) if unzip else piece
            except zlib.error as error:
                raise FetchProblem("cut-off", f"the answer cannot be unpacked: {error}") from None
            if len(content) > max_bytes:
                raise FetchProblem("too-large", f"the answer holds more than {max_bytes} bytes, the most that is read from this host")
        if unzip and content and not unzip.eof:
            raise FetchProblem("cut-off", "the answer ends in the middle")
        return bytes(content)


@functools.cache
def _tls() -> ssl.SSLContext:
    """The authorities that are trusted, read once a process."""
    return httpcore2.default_ssl_context()


def _passing(error: Exception) -> bool | float:
    return 0.0 if isinstance(error, FetchProblem) and error.passing else False


def _listed_host(url: str, rules: SourceRules) -> str:
    """The host of an address that may be asked. Raises: FetchProblem `address-refused`."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise FetchProblem("address-refused", f"not an address: {url[:200]!r}") from None
    if parts.scheme != "https" or port not in (None, 443) or parts.username is not None or parts.password is not None:
        raise FetchProblem("address-refused", f"{url[:200]} is not a plain https address")
    if host not in rules.hosts:
        raise FetchProblem("address-refused", f"{host!r} is not among the sources in corpus/sources.toml, so it is not asked")
    return host


def _target(at: str, response: httpx2.Response) -> str:
    """Where a redirect leads; `_follow` checks it as any address. A step back from https to http on the same host is taken as https."""
    location = response.headers.get("location", "")
    if not location:
        raise FetchProblem("changed-schema", f"{at} leads on without saying where")
    target = urllib.parse.urlsplit(urllib.parse.urljoin(at, location))
    here = urllib.parse.urlsplit(at)
    if target.scheme == "http" and target.hostname == here.hostname and target.port in (None, 80):
        target = target._replace(scheme="https", netloc=here.netloc)
    return urllib.parse.urlunsplit(target._replace(fragment=""))


def _refuse_challenge(host: str, status: int, headers: httpx2.Headers, content: bytes, pause_s: float) -> None:
    """Raises: FetchProblem `challenge` for the page of a bot check: no document, and no sign that there is none."""
    marked = "x-amzn-waf-action" in headers or headers.get("cf-mitigated", "").lower() == "challenge"
    head = content[:4000].lower()
    if marked or status == 202 or (status in (200, 403, 405, 429, 503) and any(mark in head for mark in _CHALLENGE)):
        raise FetchProblem(
            "challenge", f"{host} answered with a bot check (HTTP {status}): not a document; ask again much later", pause_s=pause_s
        )


def _status_problem(host: str, status: int, headers: httpx2.Headers, now: float) -> FetchProblem:
    if status in (404, 410):
        return FetchProblem("not-found", f"{host} does not have it (HTTP {status})")
    if status in (300, 406):
        return FetchProblem("not-in-this-form", f"{host} does not have it in this language or format (HTTP {status})")
    if status == 204:
        return FetchProblem("no-text", f"{host} answers without a text (HTTP 204)")
    if status == 429 or status >= 500 or status == 408:
        after = _retry_after(headers.get("retry-after"), now)
        return FetchProblem(
            "busy" if status == 429 else "unavailable",
            f"{host} is {_BUSY.get(status, 'not answering')} (HTTP {status})",
            retry_after_s=after,
        )
    return FetchProblem("refused", f"{host} refuses the question (HTTP {status})")


_BUSY: Final = {429: "asked too often", 503: "not available for now"}


def _retry_after(text: str | None, now: float) -> float | None:
    """Seconds to wait, from either form of the header; None where it says nothing. Source: RFC 9110, 10.2.3."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


@contextmanager
def _as_problems(host: str, deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except httpcore2.TimeoutException as error:
        deadline.left()  # a wait that the total limit cut short
        raise FetchProblem("timeout", f"{host} does not answer in time ({type(error).__name__})") from error
    except (httpcore2.ConnectError, ssl.SSLError) as error:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
            raise FetchProblem("certificate", f"{host} does not prove who it is: {error}") from error
        raise FetchProblem("no-connection", f"{host} cannot be reached: {error}") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise FetchProblem("cut-off", f"{host} broke off: {error}") from error


def _iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="minutes")
