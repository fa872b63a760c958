"""Generations: directories that are built apart, verified, and then pointed at. A live one is never written.

$KB_DATA_DIR/store/
  CURRENT                 symlink to the generation that answers, replaced atomically
  build.lock              held by the one builder; says its pid and host
  gen-000012/manifest.json    vector space with probes, versions of stemmer, chunker and schema, counts, {file: [size, sha256]}
  gen-000012/library.sqlite   documents, texts, passages, citations, treatment
  gen-000012/index/           the engine's own files (embedded engine only)
"""

import fcntl
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.errors import NoSpace, StoreBusy, StoreDamaged, StoreEmpty, VectorSpaceMismatch
from kb.ports import Embedder, IndexEngine, PassageIndex, VectorSpace
from kb.store.library import Library

MANIFEST_VERSION = 1
PROBES = (
    "De vreemdeling wordt overgedragen aan de verantwoordelijke lidstaat.",
    "The applicant would be exposed to a real risk of ill-treatment.",
    "Die Überstellung ist wegen systemischer Mängel unzulässig.",
    "Flygtningenævnet stadfæstede Udlændingestyrelsens afgørelse.",
    "Οι δικαιούχοι διεθνούς προστασίας αντιμετωπίζουν έλλειψη στέγης.",
)
_ROOM_FACTOR = 3
_NO_INDEX = "there is no index yet: run `dublin-kb ingest` (or `make serve`, which does)"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds and how it was made."""

    generation: str
    engine: str
    space: VectorSpace
    probes: list[list[float]]
    language_means: dict[str, list[float]]  # mean vector of the passages of each language, see kb.retrieval.dense
    stemmer: str
    chunker: str
    corpus_sha256: str
    content_sha256: str  # of ids and text hashes: two builds of the same documents have the same
    documents: int
    passages: int
    points: int
    files: dict[str, tuple[int, str]]
    made_at: str

    def to_json(self) -> str:
        return json.dumps({"manifest": MANIFEST_VERSION, **asdict(self)}, ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Raises: StoreDamaged."""
        try:
            body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if body.pop("manifest") != MANIFEST_VERSION:
                raise StoreDamaged(f"{path} was written by another version of this program: run `dublin-kb ingest` to build again")
            body["space"] = VectorSpace(**body["space"])
            body["files"] = {name: (int(size), str(digest)) for name, (size, digest) in body["files"].items()}
            return cls(**body)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreDamaged(f"{path} cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class OpenGeneration:
    """One generation, verified and opened for reading."""

    name: str
    manifest: Manifest
    library: Library
    index: PassageIndex
    fallback_from: str | None = None  # the damaged one that CURRENT names, and why it is not used
    problem: str | None = None

    def close(self) -> None:
        self.index.close()
        self.library.close()


class Generations:
    """The store's directory: the pointer, the lock, and the generations below it."""

    def __init__(self, data_dir: Path, engine: IndexEngine) -> None:
        self.root = data_dir / "store"
        self.engine = engine

    @property
    def pointer(self) -> Path:
        return self.root / "CURRENT"

    def current_name(self) -> str | None:
        try:
            return self.pointer.readlink().name
        except OSError:
            return None

    def names(self) -> list[str]:
        """All complete generations, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.glob("gen-*") if (path / "manifest.json").is_file())

    def open_current(self, embedder: Embedder | None) -> OpenGeneration:
        """The generation that CURRENT names; when it is damaged, the newest sound one before it, with the reason.

        With an embedder, its vector space must be the one that wrote the index.
        Raises: StoreEmpty, StoreDamaged when none is sound, VectorSpaceMismatch.
        """
        current = self.current_name()
        names = [name for name in self.names() if current is None or name <= current]
        if current is None or not (names or (self.root / current).exists()):
            raise StoreEmpty(_NO_INDEX)
        problem: str | None = None
        for name in sorted({*names, current}, reverse=True):
            try:
                return self._open(name, embedder, fallback_from=current if name != current else None, problem=problem)
            except StoreDamaged as error:
                problem = problem or str(error)
        if self.current_name() != current:  # all were retired while this looked
            return self.open_current(embedder)
        raise StoreDamaged(f"no generation can be used; the newest says: {problem}. Run `dublin-kb ingest` to build a new one")

    def _open(self, name: str, embedder: Embedder | None, *, fallback_from: str | None, problem: str | None) -> OpenGeneration:
        directory = self.root / name
        manifest = Manifest.read(directory / "manifest.json")
        if damage := damaged_files(directory, manifest):
            raise StoreDamaged(f"{name}: {'; '.join(damage[:5])}")
        if embedder is not None:
            require_same_space(embedder, manifest)
        library = Library(directory / "library.sqlite")
        try:
            index = self.engine.open(directory / "index")
        except BaseException:
            library.close()
            raise
        return OpenGeneration(name, manifest, library, index, fallback_from, problem)

    @contextmanager
    def building(self) -> Iterator["Build"]:
        """The one builder's place to work in. What is not published is thrown away.

        Raises: StoreBusy naming the other builder; NoSpace before anything is written.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = (self.root / "build.lock").open("a+", encoding="utf-8")
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise StoreBusy(f"another process is building the index ({lock.read().strip() or 'unknown'}): wait for it to end") from None
            lock.seek(0)
            lock.truncate()
            lock.write(f"pid {os.getpid()} on {socket.gethostname()}")
            lock.flush()
            self._clear_leftovers()
            self._require_room()
            build = Build(self)
            try:
                yield build
            finally:
                build.close()
        finally:
            lock.close()

    def retire(self, keep: int) -> list[str]:
        """Removes all but the current generation and `keep` older ones; returns what was removed."""
        current = self.current_name()
        older = [name for name in self.names() if name != current]
        gone = older[: max(0, len(older) - keep)]
        for name in gone:
            self.engine.drop(self.root / name / "index")
            shutil.rmtree(self.root / name, ignore_errors=True)  # a reader that closes it may write a last time
        return gone

    def next_name(self) -> str:
        taken = [int(path.name[4:]) for path in self.root.glob("gen-*") if path.name[4:].isdigit()]
        return f"gen-{max(taken, default=0) + 1:06d}"

    def _clear_leftovers(self) -> None:
        current = self.current_name()
        for path in self.root.glob("gen-*"):
            number = path.name.removesuffix(".part")
            unpublished = path.suffix == ".part" or (current is not None and number > current) or current is None
            if unpublished:
                self.engine.drop(path / "index")
                shutil.rmtree(path)
        for path in self.root.glob(".pointer-*"):
            path.unlink()

    def _require_room(self) -> None:
        current = self.current_name()
        size = sum(file_sizes(self.root / current).values()) if current else 50_000_000
        free = shutil.disk_usage(self.root).free
        if free < _ROOM_FACTOR * size:
            needed = _ROOM_FACTOR * size // 2**20
            raise NoSpace(f"{self.root} has {free // 2**20} MiB free and a new index may need {needed}: make room, then try again")


@contextmanager
def current_library(data_dir: Path) -> Iterator[Library]:
    """The library of the generation that answers, alone: for work that asks no index. Raises: StoreEmpty, StoreDamaged."""
    path = data_dir / "store" / "CURRENT" / "library.sqlite"
    if not path.is_file():
        raise StoreEmpty(_NO_INDEX)
    library = Library(path.resolve())
    try:
        yield library
    finally:
        library.close()


class Build:
    """A generation in the making: `directory` is private until `publish`."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self.name = generations.next_name()
        self.directory = generations.root / self.name
        self.directory.mkdir()
        self._published = False

    @property
    def base_library(self) -> Path | None:
        """The library of the generation before, to start from."""
        current = self._generations.current_name()
        path = self._generations.root / current / "library.sqlite" if current else None
        return path if path and path.is_file() else None

    def publish(self, manifest: Manifest) -> None:
        """Writes the manifest, makes everything durable, and moves the pointer. Before the last step nothing is visible.

        Raises: OSError as it comes; a failed fsync is never tried again, the generation is thrown away.
        """
        for path in sorted(self.directory.rglob("*")):
            _fsync(path)
        target = self.directory / "manifest.json"
        target.write_text(manifest.to_json(), encoding="utf-8")
        _fsync(target)
        _fsync(self.directory)
        _fsync(self._generations.root)
        temporary = Path(tempfile.mktemp(prefix=".pointer-", dir=self._generations.root))
        temporary.symlink_to(self.name)
        temporary.replace(self._generations.pointer)
        _fsync(self._generations.root)
        self._published = True

    def close(self) -> None:
        if not self._published and self.directory.exists():
            self._generations.engine.drop(self.directory / "index")
            shutil.rmtree(self.directory, ignore_errors=True)


def file_sizes(directory: Path) -> dict[str, int]:
    """{relative name: size in bytes} of everything below `directory` but the manifest and what is hidden, see `_published`."""
    sizes = {}
    for path in _published(directory):
        with suppress(FileNotFoundError):
            sizes[str(path.relative_to(directory))] = path.stat().st_size
    return sizes


def file_digests(directory: Path) -> dict[str, tuple[int, str]]:
    """{relative name: (size in bytes, SHA-256)} of everything below `directory` but the manifest and what is hidden, see `_published`."""
    found = {}
    for path in _published(directory):
        with suppress(FileNotFoundError), path.open("rb") as stream:
            found[str(path.relative_to(directory))] = (os.fstat(stream.fileno()).st_size, hashlib.file_digest(stream, "sha256").hexdigest())
    return found


def _published(directory: Path) -> Iterator[Path]:
    """The files below `directory` that a generation consists of; one may go while the caller looks.

    Hidden is what an engine keeps for a moment while it opens or closes: the embedded one replaces its small files, unchanged, through
    `.atomicwrite*/tmpfile.tmp`, so another process, or one that was killed, may have left such a file.
    """
    for place, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not (name == "manifest.json" and Path(place) == directory):
                yield Path(place, name)


def damaged_files(directory: Path, manifest: Manifest) -> list[str]:
    """Each file that is missing, cut, changed or not in the manifest; empty when the generation is as it was published."""
    held = file_digests(directory)
    problems = [f"{name} is missing" for name in manifest.files if name not in held]
    problems += [f"{name} is not what was published" for name, digest in manifest.files.items() if name in held and held[name] != digest]
    return problems + [f"{name} was not published" for name in sorted(held) if name not in manifest.files]


def require_same_space(embedder: Embedder, manifest: Manifest) -> None:
    """Raises: VectorSpaceMismatch naming both models and the remedy, when names differ or the probes come out otherwise."""
    mine, theirs = embedder.space, manifest.space
    remedy = "run `dublin-kb ingest --rebuild` to embed everything again with this model, or set KB_EMBEDDER back"
    if not mine.same_as(theirs):
        held, asked = f"{theirs.name} ({theirs.weights_sha256[:12]})", f"{mine.name} ({mine.weights_sha256[:12]})"
        raise VectorSpaceMismatch(f"the index holds vectors of {held}, and the configured model is {asked}: {remedy}")
    tolerance = min(mine.tolerance, theirs.tolerance)
    stored = np.array(manifest.probes, np.float32)
    made = embedder.embed_passages(PROBES[:1])
    cosine = float((stored[:1] * made).sum(axis=1).min())
    if cosine < tolerance:
        raise VectorSpaceMismatch(
            f"the model {mine.name} gives other vectors than those in the index (cosine {cosine:.4f}, needed {tolerance}): {remedy}"
        )


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
