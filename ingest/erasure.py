"""The traces of a document outside the library: originals, rendered pages, kept answers of publishers, lists for review.

An erasure that is killed half-way is finished by the next builder: what is to go is written down first.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PENDING = "erasing.json"
_KEPT_CACHES = ("vectors.sqlite",)  # rows are deleted there one by one, see kb.store.vectors
_SUFFIXES = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Pending:
    """What an erasure under way still has to remove."""

    documents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # SHA-256 of files
    forget_ledger: tuple[str, ...] = ()  # documents whose ledger lines go too


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything below the data directory that holds a document and is neither a generation nor the ledger."""

    data_dir: Path
    removed: dict[str, int] = field(default_factory=dict)

    def plan(self, pending: Pending) -> None:
        """Writes down what is to go, before the first byte goes."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        target = self.data_dir / _PENDING
        temporary = target.with_suffix(".part")
        body = {"documents": pending.documents, "sources": pending.sources, "forget_ledger": pending.forget_ledger}
        temporary.write_text(json.dumps(body), encoding="utf-8")
        temporary.replace(target)

    def pending(self) -> Pending | None:
        """What an earlier erasure left undone; None when nothing was."""
        try:
            body = json.loads((self.data_dir / _PENDING).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Pending(tuple(body["documents"]), tuple(body["sources"]), tuple(body["forget_ledger"]))

    def done(self) -> None:
        (self.data_dir / _PENDING).unlink(missing_ok=True)

    def erase(self, documents: Sequence[str], sources: Iterable[str]) -> dict[str, int]:
        """Removes the originals of these files with all that lies beside them, the pages drawn from them, every kept answer of a
        publisher, and the lists for review that name one of the documents. Returns how many files of each."""
        removed = {"originals": 0, "pages": 0, "kept answers": 0, "reviews": 0}
        for digest in sorted(set(sources)):
            folder = self.data_dir / "originals" / digest[:2]
            removed["originals"] += _remove(folder.glob(f"{digest}*"))
            removed["pages"] += _remove((self.data_dir / "cache" / "pages").rglob(f"{digest[:16]}*"))
        removed["kept answers"] = _remove(self._kept_answers())
        for path in _files(self.data_dir / "review"):
            words = path.read_bytes()
            if any(name.encode() in words for name in documents):
                removed["reviews"] += _remove([path])
        return {what: count for what, count in removed.items() if count}

    def _kept_answers(self) -> list[Path]:
        """Caches can be made again by asking again; which rows of a foreign cache hold a text is not ours to know."""
        kept = {name + suffix for name in _KEPT_CACHES for suffix in _SUFFIXES}
        return [path for path in _children(self.data_dir / "cache") if path.name not in kept and path.name != "pages"]


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def _remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in list(paths):
        if path.is_dir() and not path.is_symlink():
            count += len(_files(path))
            shutil.rmtree(path)
        elif path.exists() or path.is_symlink():
            path.unlink()
            count += 1
    return count
