"""The embedded default: Qdrant's engine in this process. Traps and decisions: DECISIONS.md, "The store".

One directory is written once by the builder and only read afterwards. No HNSW: search is exact, so that the same question has the
same answer. No WAL, no sparse vectors: both were seen to end in a shard that never opens again.
"""

import math
import shutil
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import qdrant_edge as edge

from kb.adapters.qdrant_fields import INTEGERS, KEYWORDS
from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.errors import StoreDamaged, StoreError
from kb.ports import Point, Vectors

T = TypeVar("T")

_FLOOR = (0, 9, 0)  # 0.7 and 0.8 lost every unflushed point when killed
_BATCH = 500
_OVERSAMPLE = 4  # chunks of one passage count once; ask for more so that `limit` passages are left

if tuple(int(part) for part in version("qdrant-edge-py").split(".")[:3]) < _FLOOR:
    raise ImportError("qdrant-edge-py 0.9.0 or newer is needed: older ones lose points when the process is killed")


def _guarded(action: str, path: Path, call: Callable[[], T]) -> T:
    """The engine raises bare exceptions, and panics as BaseException: both become ours, with the path."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise StoreDamaged(f"index in {path} failed to {action}: {str(error)[:300]}") from error


def _config(dimension: int) -> edge.EdgeConfig:
    return edge.EdgeConfig(
        vectors={"dense": edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine)},
        hnsw_config=edge.HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=10_000),
        optimizers=edge.EdgeOptimizersConfig(deleted_threshold=0.001, vacuum_min_vector_number=100),
        wal_enabled=False,
    )


def _filter(filters: Filters) -> edge.Filter | None:
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in filters.conditions():
        if condition.none_of:
            must_not.append(edge.FieldCondition(condition.field, match=edge.MatchAny(list(condition.none_of))))
        if condition.any_of:
            must.append(edge.FieldCondition(condition.field, match=edge.MatchAny(list(condition.any_of))))
        if condition.at_least is not None or condition.at_most is not None:
            bounds = edge.RangeFloat(
                gte=float(condition.at_least) if condition.at_least is not None else None,
                lte=float(condition.at_most) if condition.at_most is not None else None,
            )
            must.append(edge.FieldCondition(condition.field, range=bounds))
    return edge.Filter(must=must, must_not=must_not) if must or must_not else None


class EdgeIndex:
    """Fulfils `kb.ports.PassageIndex`. Several processes may read one directory, because nobody writes it."""

    def __init__(self, shard: edge.EdgeShard, path: Path) -> None:
        self._shard, self._path = shard, path

    def dense(self, vector: Vectors, *, limit: int, filters: Filters) -> list[Scored]:
        query = edge.Query.Nearest(vector.tolist(), using="dense")
        return self._query(query, limit, filters, exact=True)

    def lexical(self, stems: Sequence[str], *, limit: int, filters: Filters) -> list[Scored]:
        return self._query(edge.TextQuery("stems", " ".join(stems)), limit, filters, exact=False) if stems else []

    def count(self, filters: Filters) -> int:
        request = edge.CountRequest(filter=_filter(filters), exact=True)
        return int(_guarded("count", self._path, lambda: self._shard.count(request)))

    def facet(self, field: str, filters: Filters) -> dict[str, int]:
        request = edge.FacetRequest(field, limit=10_000, exact=True, filter=_filter(filters))
        response = _guarded("count values", self._path, lambda: self._shard.facet(request))
        return {str(hit.value): int(hit.count) for hit in response.hits}

    def close(self) -> None:
        self._shard.close()

    def _query(self, query: Any, limit: int, filters: Filters, *, exact: bool) -> list[Scored]:
        wanted = limit
        while True:
            request = edge.QueryRequest(
                limit=wanted * _OVERSAMPLE,
                query=query,
                filter=_filter(filters),
                params=edge.SearchParams(exact=True) if exact else None,
                with_payload=True,
            )
            points = _guarded("search", self._path, lambda r=request: self._shard.query(r))  # type: ignore[misc]
            best: dict[str, float] = {}
            for point in points:
                passage = str((point.payload or {})["passage_id"])
                best[passage] = max(float(point.score), best.get(passage, -math.inf))
            if len(best) >= limit or len(points) < wanted * _OVERSAMPLE:
                return rank(Scored(passage, score) for passage, score in best.items())[:limit]
            wanted *= 2


class EdgeEngine:
    """Fulfils `kb.ports.IndexEngine`."""

    name = "qdrant-edge"

    def build(self, directory: Path, points: Iterable[Point], *, dimension: int) -> int:
        directory.mkdir(parents=True)
        shard = _guarded("be created", directory, lambda: edge.EdgeShard.create(str(directory), _config(dimension)))
        total = 0
        try:
            for field in KEYWORDS:
                self._index(shard, directory, field, edge.PayloadSchemaType.Keyword)
            for field in INTEGERS:
                self._index(shard, directory, field, edge.PayloadSchemaType.Integer)
            self._index(shard, directory, "stems", edge.TextIndexParams(tokenizer=edge.TokenizerType.Word, scoring=True))
            source = iter(points)
            while batch := list(islice(source, _BATCH)):
                for point in batch:
                    if point.vector.shape != (dimension,):
                        raise StoreError(f"vector of {point.payload.get('passage_id')} has {point.vector.shape[0]} values, not {dimension}")
                made = [edge.Point(p.id, {"dense": p.vector.tolist()}, dict(p.payload)) for p in batch]
                _guarded("take points", directory, lambda m=made: shard.update(edge.UpdateOperation.upsert_points(m)))  # type: ignore[misc]
                total += len(batch)
            _guarded("optimize", directory, shard.optimize)
            _guarded("flush", directory, shard.flush)
        finally:
            shard.close()
        # the first load rewrites the engine's own configuration file: do it before anything is hashed
        again = _guarded("open", directory, lambda: edge.EdgeShard.load(str(directory)))
        count = int(_guarded("count", directory, lambda: again.count(edge.CountRequest(exact=True))))
        again.close()
        if count != total:
            raise StoreDamaged(f"index in {directory} holds {count} points after writing {total}")
        return total

    def open(self, directory: Path) -> EdgeIndex:
        return EdgeIndex(_guarded("open", directory, lambda: edge.EdgeShard.load(str(directory))), directory)

    def drop(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)

    @staticmethod
    def _index(shard: edge.EdgeShard, directory: Path, field: str, schema: Any) -> None:
        _guarded(f"index {field}", directory, lambda: shard.update(edge.UpdateOperation.create_field_index(field, schema)))
