"""The traces of a document outside the library: originals, rendered pages, and what fetching kept (`ingest.provenance`).

An erasure that is killed half-way is finished by the next builder: what is to go is written down first.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.provenance import erase
from kb.store.library import Library

_PENDING = "erasing.json"
_ERASED = "erased.json"
# what a library's `meta` knows of texts that must not come back
FACTS = ("forgotten:", "forgotten-source:", "forgotten-part:", "withdrawn:", "replaced:")


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

    def remember(self, facts: Mapping[str, str]) -> None:
        """Keeps what the published library knows of erased texts beside it, so that a backup from before does not bring them back."""
        target = self.data_dir / _ERASED
        if facts == self.remembered():
            return
        temporary = target.with_suffix(".part")
        temporary.write_text(json.dumps(dict(sorted(facts.items())), ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(target)

    def remembered(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.data_dir / _ERASED).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def erase(self, documents: Sequence[str], sources: Iterable[str]) -> dict[str, int]:
        """Removes the originals of these files (SHA-256) with all that lies beside them, the pages drawn from them, and what fetching
        kept of the documents. Returns how many files of each."""
        hashes = sorted(set(sources))
        removed = {"originals": 0, "pages": 0}
        for digest in hashes:
            removed["originals"] += _remove((self.data_dir / "originals" / digest[:2]).glob(f"{digest}*"))
            _remove((self.data_dir / "uploads").rglob(f"{digest}*"))  # what a killed upload left
            removed["pages"] += _remove((self.data_dir / "cache" / "pages").rglob(f"{digest[:16]}*"))
        return {what: count for what, count in removed.items() if count} | erase(self.data_dir, documents, hashes)


def facts_in(library: Library) -> dict[str, str]:
    """What a library knows of texts that must not come back, by the whole key."""
    return {prefix + key: value for prefix in FACTS for key, value in library.metas(prefix).items()}


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
