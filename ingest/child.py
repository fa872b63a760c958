"""Foreign files are read in a child process that may fail: limited memory, time and output, an empty environment, no network.

Whatever happens in there (a bomb, an endless loop, a crash of a C library), the parent gets documents or an `InputRejected`, and goes
on with the next file. Documents come back as JSON, never as pickles: the child has read hostile bytes and is not trusted.
"""

import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import TracebackType, UnionType
from typing import IO, Any, Final, Self, TypeVar, Union, get_args, get_origin, get_type_hints

from ingest.parse.model import ParsedDocument
from ingest.parse.rows import language_identifier
from kb.errors import InputRejected

T = TypeVar("T")
_HEADER: Final = struct.Struct(">Q")
_ROOT: Final = Path(__file__).resolve().parents[1]
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from ingest.child import serve; serve()"
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_SIGNALS_OF_LIMITS: Final = (signal.SIGKILL, signal.SIGXCPU)


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one file may cost. Source: faults.T1, measured on bombs and on the largest real documents."""

    memory_bytes: int = 1_500_000_000  # address space
    cpu_s: int = 30  # per file
    wall_s: float = 60.0  # per file, the start of the process included
    input_bytes: int = 200 * 1024 * 1024
    output_bytes: int = 256 * 1024 * 1024
    files_per_child: int = 200  # then a fresh process: a leak stays small


def parse_in_child(
    parser_name: str, path: Path, limits: ChildLimits | None = None, *, file_name: str | None = None
) -> list[ParsedDocument]:
    """The documents of one file, read in a process of its own.

    Args:
        parser_name: a name of `ingest.parse.registry.PARSERS`.
        file_name: what the user called the file, where `path` is a store's name for it.
    Raises: InputRejected with the parser's own reason; `parse-limit` (`pdf-limit` for the PDF parser) where a limit was hit;
        `parser-error` for any other exception or crash; `too-large`, `unreadable-file` for the file itself.
    """
    with ChildParser(limits) as child:
        return child.parse(parser_name, path, file_name=file_name)


class ChildParser:
    """As `parse_in_child`, for many files: one process reads them in turn, replaced after a crash, a limit or `files_per_child` files."""

    def __init__(self, limits: ChildLimits | None = None) -> None:
        self.limits = limits or ChildLimits()
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def parse(self, parser_name: str, path: Path, *, file_name: str | None = None) -> list[ParsedDocument]:
        """Raises: as `parse_in_child`. The next call works, whatever this one met.

        A file that finds too little memory in a process that has read others is read once more in a fresh one: what an earlier file
        left behind is not its fault.
        """
        used = self._files > 0 and self._process is not None
        try:
            return self._parse(parser_name, path, file_name)
        except _NoMemory as problem:
            if not used:
                raise InputRejected(problem.reason, str(problem)) from None
        try:
            return self._parse(parser_name, path, file_name)
        except _NoMemory as problem:
            raise InputRejected(problem.reason, str(problem)) from None

    def _parse(self, parser_name: str, path: Path, file_name: str | None) -> list[ParsedDocument]:
        """Raises: InputRejected; `_NoMemory` where the process had too little left."""
        deadline = time.monotonic() + self.limits.wall_s
        request = {"parser": parser_name, "path": str(path.absolute()), "file_name": file_name or path.name}
        process = self._running()
        self._files += 1
        limit_reason = "pdf-limit" if parser_name == "pdf" else "parse-limit"
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, json.dumps(request).encode())
            answer = json.loads(_receive(process.stdout, self.limits.output_bytes, deadline))
        except _TooLong as problem:
            self._kill()
            raise InputRejected(limit_reason, f"{path.name}: {problem}; the file is a bomb, or too large to be read here") from None
        except (_Ended, BrokenPipeError, ValueError):
            raise self._verdict(path.name, limit_reason) from None
        if self._files >= self.limits.files_per_child:
            self.close()
        if "rejected" in answer:
            reason, message = answer["rejected"]
            if reason in ("memory", "parse-limit", limit_reason):
                self._kill()  # a process that has been at its limit, or has unpacked a bomb up to one, is not reused
                if reason == "memory":
                    raise _NoMemory(limit_reason, str(message))
                reason = limit_reason
            raise InputRejected(str(reason), str(message))
        try:
            return [from_json(ParsedDocument, entry) for entry in answer["documents"]]
        except (KeyError, TypeError, ValueError) as error:
            self._kill()
            raise InputRejected("parser-error", f"{path.name}: the reading process sent something that is no document ({error})") from None

    def close(self) -> None:
        """Ends the process; idle or not, nothing of it stays."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
        self._kill()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._kill()
        self._files = 0
        settings = json.dumps(
            {"memory_bytes": self.limits.memory_bytes, "cpu_s": self.limits.cpu_s, "input_bytes": self.limits.input_bytes}
        )
        # -I: no PYTHON* variables, no user site, no current directory on the path
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START, str(_ROOT), settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
            start_new_session=True,
        )
        return self._process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _verdict(self, name: str, limit_reason: str) -> InputRejected:
        """What a dead process tells by how it ended."""
        process = self._process
        code = process.wait() if process is not None else 0
        self._kill()
        if -code in _SIGNALS_OF_LIMITS:
            return InputRejected(limit_reason, f"{name}: reading it took more than {self.limits.cpu_s} s of work or the memory allowed")
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return InputRejected("parser-error", f"{name}: the reading process ended with {how}; please report the file")


class _NoMemory(Exception):
    """The process had too little memory left for a file: the ledger's word for it, and the message."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class _TooLong(Exception):
    """More output or more time than allowed."""


class _Ended(Exception):
    """The process closed its end in the middle of a message."""


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_HEADER.pack(len(message)) + message)
    pipe.flush()


def _receive(pipe: IO[bytes], limit: int, deadline: float) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        (size,) = _HEADER.unpack(_exactly(pipe, _HEADER.size, selector, deadline))
        if size > limit:
            raise _TooLong(f"its text takes {size} bytes, more than {limit}")
        return _exactly(pipe, size, selector, deadline)


def _exactly(pipe: IO[bytes], size: int, selector: selectors.BaseSelector, deadline: float) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise _TooLong("reading it took longer than the wall clock allows")
        part = os.read(pipe.fileno(), min(size, 1 << 20))
        if not part:
            raise _Ended
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# --- the child's side ---------------------------------------------------------------------------------------------------------------


def serve() -> None:
    """The child's loop: a request, an answer, until its input closes. Not for the parent."""
    settings = json.loads(sys.argv[2])
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # a library that prints must not write into the answers
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    # the language model unpacks itself through a temporary file, which the limits below forbid
    language_identifier()
    _restrict(settings["memory_bytes"])
    while True:
        header = requests.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        request = json.loads(requests.read(_HEADER.unpack(header)[0]))
        _arm_clock(settings["cpu_s"])
        answer = _answer(request, settings["input_bytes"])
        try:
            encoded = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
        except MemoryError:
            encoded = json.dumps({"rejected": ["memory", "its text does not fit into the memory allowed"]}).encode()
        _send(answers, encoded)
        del answer, encoded


def _restrict(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    # no network, where the kernel lets an ordinary user give it up; elsewhere the parsers simply do not use it
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _arm_clock(cpu_s: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_s, hard))


def _answer(request: Mapping[str, str], input_bytes: int) -> dict[str, object]:
    from ingest.parse import registry  # loaded here, after the limits

    name = request["file_name"]
    try:
        with Path(request["path"]).open("rb") as file:
            content = file.read(input_bytes + 1)
        if len(content) > input_bytes:
            return {"rejected": ["too-large", f"{name} is larger than {input_bytes} bytes"]}
        documents = registry.parser(request["parser"]).parse(content, name)
        return {"documents": [to_json(document) for document in documents]}
    except InputRejected as problem:
        return {"rejected": [problem.reason, str(problem)]}
    except MemoryError:
        return {"rejected": ["memory", f"{name} does not fit into the memory allowed"]}
    except OSError as error:
        return {"rejected": ["unreadable-file", f"{name}: {error.strerror or error}"]}
    except Exception as error:  # any flaw of a parser is this file's failure, not the run's
        return {"rejected": ["parser-error", f"{name}: {type(error).__name__}: {str(error)[:300]}"]}


# --- documents as JSON --------------------------------------------------------------------------------------------------------------


def to_json(value: Any) -> Any:
    """A dataclass of the parse model as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], value: Any) -> T:
    """The reverse of `to_json`, every value checked against the field's type.

    Raises: TypeError, ValueError, KeyError where `value` is not a `kind`.
    """
    decoded: T = _decode(kind, value)
    return decoded


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and type(None) in arguments:
            return None
        (other,) = [argument for argument in arguments if argument is not type(None)]
        return _decode(other, value)
    if origin is tuple:
        items = _list(value)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_decode(arguments[0], item) for item in items)
        return tuple(_decode(argument, item) for argument, item in zip(arguments, items, strict=True))
    if origin is list:
        return [_decode(arguments[0], item) for item in _list(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise TypeError(f"not a mapping: {type(value).__name__}")
        return {_decode(arguments[0], key): _decode(arguments[1], item) for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise TypeError(f"not a {kind.__name__}: {type(value).__name__}")
        hints = _hints(kind)
        return kind(**{key: _decode(hints[key], item) for key, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"not {kind.__name__}: {type(value).__name__}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"not a list: {type(value).__name__}")
    return value
