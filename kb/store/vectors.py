"""Nothing is embedded twice: vectors by vector space and text hash, kept beside the generations."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from kb.errors import StoreError
from kb.ports import Embedder, Vectors, VectorSpace

_BATCH = 256


class VectorCache:
    """A SQLite file of (space, SHA-256 of the embedded text) to vector. Used by the builder only; holds passages, never queries."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma secure_delete = on")
        self._db.execute(
            "create table if not exists vector (space text, text_sha256 text, value blob, primary key (space, text_sha256)) without rowid"
        )

    def close(self) -> None:
        self._db.close()

    def embed(self, embedder: Embedder, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Vectors:
        """Vectors of `texts`, in their order, shape `(n, dimension)`; only those not yet held are computed, each batch is kept at
        once, so that a killed run loses at most one batch. `progress(done, total)` counts the texts to compute."""
        space = space_key(embedder.space)
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        found = self._get(space, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        # long texts together: batches are padded to their longest
        order = sorted(missing, key=lambda key: (len(missing[key]), key))
        done = 0
        if progress and order:
            progress(0, len(order))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            vectors = embedder.embed_passages([missing[key] for key in batch])
            if vectors.shape != (len(batch), embedder.space.dimension):
                raise StoreError(f"the model gave {vectors.shape} for {len(batch)} texts")
            self._put(space, zip(batch, vectors, strict=True))
            found.update(zip(batch, vectors, strict=True))
            done += len(batch)
            if progress:
                progress(done, len(order))
        if not keys:
            return np.zeros((0, embedder.space.dimension), np.float32)
        return np.stack([found[key] for key in keys])

    def keep_only(self, space: VectorSpace, texts: Iterable[str]) -> int:
        """Forgets every vector whose text is not among `texts`, of any space; returns how many. The file is rewritten."""
        wanted = {(space_key(space), hashlib.sha256(text.encode()).hexdigest()) for text in texts}
        held = self._db.execute("select space, text_sha256 from vector").fetchall()
        gone = [key for key in held if key not in wanted]
        self._db.executemany("delete from vector where space = ? and text_sha256 = ?", gone)
        self._db.execute("vacuum")
        self._db.execute("pragma wal_checkpoint(truncate)")
        return len(gone)

    def _get(self, space: str, keys: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(f"select text_sha256, value from vector where space = ? and text_sha256 in ({marks})", (space, *part))
            found.update((key, np.frombuffer(value, np.float32)) for key, value in rows)
        return found

    def _put(self, space: str, rows: Iterable[tuple[str, Vectors]]) -> None:
        self._db.execute("begin")
        values = [(space, key, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in rows]
        self._db.executemany("insert or replace into vector values (?, ?, ?)", values)
        self._db.execute("commit")


def space_key(space: VectorSpace) -> str:
    """One key for a space, whatever backend runs it."""
    parts = (space.name, space.weights_sha256, str(space.dimension), space.query_prefix, space.passage_prefix)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
