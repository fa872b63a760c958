"""One file in, parsed documents out: the format recognised by its first bytes, the reading done in a limited child process."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.child import ChildLimits, ChildParser
from ingest.parse.model import ParsedDocument
from ingest.parse.registry import sniff

_HEAD = 4096


class ChildReader:
    """Fulfils `ingest.pipeline.FileReader`; keeps one child for many files. Use as a context manager."""

    def __init__(self, limits: ChildLimits | None = None) -> None:
        self._child = ChildParser(limits)

    def __enter__(self) -> Self:
        self._child.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._child.__exit__(kind, error, trace)

    def __call__(self, path: Path) -> Sequence[ParsedDocument]:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        return self._child.parse(sniff(head, path.name).name, path)
