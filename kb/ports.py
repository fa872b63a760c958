"""What the algorithms need from the outside, as Protocols. Adapters in `kb.adapters` fulfil them, `kb.wiring` picks one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kb.domain.query import Filters
from kb.domain.results import Scored

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


@dataclass(frozen=True, slots=True)
class Point:
    """One embedded chunk, validated before it reaches an engine: unit vector, flat payload of plain values."""

    id: str  # UUID
    vector: Vectors
    payload: Mapping[str, str | int | list[str] | list[int]]


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
class IndexBuilder(Protocol):
    """One generation being written, in the builder process only."""

    def upsert(self, points: Sequence[Point]) -> None: ...

    def delete_documents(self, document_ids: Iterable[str]) -> None: ...

    def point_ids(self) -> set[str]: ...

    def finish(self) -> None:
        """Everything on disk and closed; only then may the generation be published."""
        ...

    def abandon(self) -> None: ...


@runtime_checkable
class IndexEngine(Protocol):
    """A vendor's engine: creates, opens and removes generations of the index below a directory (or on a server)."""

    name: str

    def create(self, directory: Path, *, dimension: int) -> IndexBuilder: ...

    def extend(self, directory: Path) -> IndexBuilder:
        """Continue in a copy that the caller has made."""
        ...

    def open(self, directory: Path) -> PassageIndex: ...

    def drop(self, directory: Path) -> None: ...
