"""What the algorithms need from the outside, as Protocols. Adapters in `kb.adapters` fulfil them, `kb.wiring` picks one."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kb.domain.documents import Document, Track, Treatment
from kb.domain.pinpoints import Pinpoint
from kb.domain.query import Filters
from kb.domain.results import Scored, Standing
from kb.errors import StoreError

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Which model wrote the vectors. Two embedders with the same `name`, `weights_sha256`, prefixes and `dimension` share a
    space, whatever backend runs them; `backend` and `tolerance` say how close their probes must come (cosine)."""

    name: str
    weights_sha256: str
    dimension: int
    query_prefix: str
    passage_prefix: str
    max_tokens: int
    backend: str
    tolerance: float  # smallest cosine of a probe against the stored one

    def same_as(self, other: "VectorSpace") -> bool:
        mine = (self.name, self.weights_sha256, self.dimension, self.query_prefix, self.passage_prefix)
        return mine == (other.name, other.weights_sha256, other.dimension, other.query_prefix, other.passage_prefix)


@runtime_checkable
class Embedder(Protocol):
    """Texts to vectors: float32, L2 norm 1, shape `(n, space.dimension)`. Prefixes are added by the embedder."""

    @property
    def space(self) -> VectorSpace: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """In the order of `texts`; a text over `space.max_tokens` must have been cut before (`count_tokens`). Empty: shape (0, d)."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Shape `(d,)`. A query over the limit is split and its vectors pooled, so that no word is lost."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as a passage, prefix and special tokens included."""
        ...


@runtime_checkable
class Reranker(Protocol):
    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Higher is better; in the order of `texts`."""
        ...


@runtime_checkable
class LanguageModel(Protocol):
    """A model that writes. `is_local`: it runs on this machine; `host` is where it does."""

    name: str
    host: str
    is_local: bool

    def complete(self, system: str, user: str) -> str:
        """The answer to one question. Raises: LanguageModelFailed."""
        ...


class StandingSource(Protocol):
    """Whether documents still stand, from curated treatment; `kb.law.treatment` fulfils it."""

    def standing(self, document_id: str, as_of: dt.date, track: Track | None) -> Standing: ...

    def treatment_of(self, document_id: str) -> tuple[Treatment, ...]:
        """What later documents did to it, oldest first."""
        ...


class Citer(Protocol):
    """A ready citation in each language (`nl`, `en`), with the pinpoint where it is a place."""

    def __call__(self, document: Document, pinpoint: Pinpoint | None) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One embedded chunk, validated before it reaches an engine: unit vector, flat payload of plain values."""

    id: str  # UUID
    vector: Vectors
    payload: Mapping[str, str | int | list[str]]

    def __post_init__(self) -> None:
        """Raises: StoreError for a vector or payload that an engine would accept and then lose (NaN, zero, nested, huge)."""
        passage = self.payload.get("passage_id", self.id)
        if self.vector.dtype != np.float32 or self.vector.ndim != 1 or not np.isfinite(self.vector).all():
            raise StoreError(f"vector of {passage} is not a row of finite float32 values")
        if abs(float(np.linalg.norm(self.vector)) - 1.0) > 1e-3:
            raise StoreError(f"vector of {passage} does not have length 1")
        for key, value in self.payload.items():
            plain = isinstance(value, str | int) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
            if not plain or "." in key or (isinstance(value, int) and abs(value) >= 2**63):
                raise StoreError(f"payload {key!r} of {passage} is not a flat value")


@runtime_checkable
class PassageIndex(Protocol):
    """One generation of the index, opened for reading. Scores are those of the engine; several chunks of a passage count once,
    with their best score."""

    def dense(self, vector: Vectors, *, limit: int, filters: Filters) -> list[Scored]: ...

    def lexical(self, stems: Sequence[str], *, limit: int, filters: Filters) -> list[Scored]: ...

    def count(self, filters: Filters) -> int:
        """Points that satisfy the filters."""
        ...

    def facet(self, field: str, filters: Filters) -> dict[str, int]:
        """Points a value of a keyword field."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class IndexEngine(Protocol):
    """A vendor's engine. An index is always built whole, from nothing, and never written again: 12,700 points a second make a
    copy-and-change path not worth its traps."""

    name: str

    def build(self, directory: Path, points: Iterable[Point], *, dimension: int) -> int:
        """Everything on disk, flushed and closed; returns the number of points. On any exception the directory is worthless."""
        ...

    def open(self, directory: Path) -> PassageIndex:
        """Raises: StoreDamaged when the engine cannot load it, StoreUnavailable when a server does not answer."""
        ...

    def drop(self, directory: Path) -> None: ...
