"""A publisher on loopback: answers that a test writes, and a log of what was asked. The client's own path is taken in full: names are
looked up (by a resolver that knows one public address), checked, connected; only the last step leads here, and without TLS."""

import datetime as dt
import gzip
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore2

from ingest.sources.network import CheckedBackend, Deadline

PUBLIC = "151.101.1.1"


@dataclass
class Clock:
    """Wall clock of the test: waiting costs no time and is remembered."""

    at: float = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC).timestamp()
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def pass_(self, **span: float) -> None:
        self.at += dt.timedelta(**span).total_seconds()


@dataclass(frozen=True)
class Question:
    host: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """`cut`: the connection breaks after so many bytes. `drip_s`: seconds between bytes. `etag`: made from the body unless empty."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/xml"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip_s: float = 0
    etag: bool = True
    zipped: bool = False
    wait: threading.Event | None = None


Handler = Callable[[Question], Reply]


class Replay:
    """The server; `answer` may be changed while it runs. Use as a context manager."""

    def __init__(self, answer: Handler | None = None) -> None:
        self.answer: Handler = answer or (lambda _: Reply(b"not here", 404, "text/plain"))
        self.asked: list[Question] = []
        self.sent: list[int] = []
        outer = self

        class Here(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._reply(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:  # a client that went away is what some tests are about
                pass

        self._server = Server(("127.0.0.1", 0), Here)
        self.port = self._server.server_port

    def __enter__(self) -> "Replay":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self, host: str | None = None) -> list[str]:
        return [question.path for question in self.asked if host in (None, question.host)]

    def backend(self, deadline: Deadline) -> CheckedBackend:
        """What `Client(backend=…)` gets: every name is a public address, and that address is here."""
        return CheckedBackend(deadline, resolver=lambda _host, _port: [PUBLIC], connect=self.connect)

    def connect(self, address: str, _port: int, **options: Any) -> httpcore2.NetworkStream:
        assert address == PUBLIC, f"a connection to {address}"
        return _NoTls(httpcore2.SyncBackend().connect_tcp("127.0.0.1", self.port, options.get("timeout"), None, None))

    def _reply(self, here: BaseHTTPRequestHandler) -> None:
        question = Question(here.headers.get("host", ""), here.path, {k.lower(): v for k, v in here.headers.items()})
        self.asked.append(question)
        reply = self.answer(question)
        if reply.wait is not None:
            reply.wait.wait(30)
        body = gzip.compress(reply.body) if reply.zipped else reply.body
        etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
        if reply.status == 200 and reply.etag and question.headers.get("if-none-match") == etag:
            self.sent.append(304)
            here.send_response(304)
            here.send_header("ETag", etag)
            here.end_headers()
            return
        self.sent.append(reply.status)
        here.send_response(reply.status)
        here.send_header("Content-Type", reply.kind)
        if reply.etag and reply.status == 200:
            here.send_header("ETag", etag)
        if reply.zipped:
            here.send_header("Content-Encoding", "gzip")
        for name, value in reply.headers.items():
            here.send_header(name, value)
        if reply.status not in (204, 304):
            here.send_header("Content-Length", str(len(body)))
        here.end_headers()
        if reply.drip_s:
            for number in range(len(body)):
                here.wfile.write(body[number : number + 1])
                here.wfile.flush()
                time.sleep(reply.drip_s)
        elif reply.cut is not None:
            here.wfile.write(body[: reply.cut])
            here.wfile.flush()
            here.close_connection = True
            here.connection.shutdown(socket.SHUT_RDWR)
        else:
            here.wfile.write(body)


class _NoTls(httpcore2.NetworkStream):
    """A connection that takes the handshake for done."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def in_turn(replies: Iterable[Reply]) -> Handler:
    """The replies one after the other; the last one for good."""
    waiting = list(replies)

    def answer(_: Question) -> Reply:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return answer
