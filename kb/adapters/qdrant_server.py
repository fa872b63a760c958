"""The same port against a Qdrant server. One collection a generation (`kb_000012`), named after the generation's directory.

Tested through the client's `:memory:` mode, and against a server where `KB_QDRANT_URL` is set. Reads are exact and retried;
one builder writes, with ids that make a repeat harmless.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from qdrant_client import QdrantClient
from qdrant_client import models as m
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from kb.adapters.qdrant_fields import INTEGERS, KEYWORDS
from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.errors import StoreError, StoreUnavailable
from kb.ports import Point, Vectors

T = TypeVar("T")

_TIMEOUT_S = 10
_RETRIES = 2
_BATCH = 256
_OVERSAMPLE = 4


def _patiently(call: Callable[[], T]) -> T:
    """Two more tries on a transport failure, then StoreUnavailable. A refusal by the server is not retried."""
    for attempt in range(_RETRIES + 1):
        try:
            return call()
        except ResponseHandlingException as error:  # the client's word for every failure on the way
            if attempt == _RETRIES:
                raise StoreUnavailable(f"the Qdrant server does not answer: {str(error)[:200]}") from error
            time.sleep(0.1 * 2**attempt)
        except (UnexpectedResponse, ValueError) as error:
            raise StoreError(f"the Qdrant server refused: {str(error)[:200]}") from error
    raise AssertionError("unreachable")


def _filter(filters: Filters) -> m.Filter | None:
    must: list[m.Condition] = []
    must_not: list[m.Condition] = []
    for condition in filters.conditions():
        if condition.none_of:
            must_not.append(m.FieldCondition(key=condition.field, match=m.MatchAny(any=list(condition.none_of))))
        if condition.any_of:
            must.append(m.FieldCondition(key=condition.field, match=m.MatchAny(any=list(condition.any_of))))
        if condition.at_least is not None or condition.at_most is not None:
            must.append(m.FieldCondition(key=condition.field, range=m.Range(gte=condition.at_least, lte=condition.at_most)))
    return m.Filter(must=must, must_not=must_not) if must or must_not else None


class ServerIndex:
    """Fulfils `kb.ports.PassageIndex`."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client, self._collection = client, collection

    def dense(self, vector: Vectors, *, limit: int, filters: Filters) -> list[Scored]:
        return self._query(vector.tolist(), "dense", limit, filters)

    def lexical(self, stems: Sequence[str], *, limit: int, filters: Filters) -> list[Scored]:
        return self._query(m.TextQuery(text=" ".join(stems)), "stems", limit, filters) if stems else []

    def count(self, filters: Filters) -> int:
        return int(_patiently(lambda: self._client.count(self._collection, count_filter=_filter(filters), exact=True)).count)

    def facet(self, field: str, filters: Filters) -> dict[str, int]:
        found = _patiently(lambda: self._client.facet(self._collection, key=field, facet_filter=_filter(filters), limit=10_000, exact=True))
        return {str(hit.value): int(hit.count) for hit in found.hits}

    def close(self) -> None:
        """The client is shared by the generations and closed with its engine."""

    def _query(self, query: Any, using: str, limit: int, filters: Filters) -> list[Scored]:
        wanted = limit
        while True:
            size = wanted * _OVERSAMPLE
            found = _patiently(
                lambda n=size: self._client.query_points(  # type: ignore[misc]
                    self._collection,
                    query=query,
                    using=using,
                    query_filter=_filter(filters),
                    search_params=m.SearchParams(exact=True),
                    limit=n,
                    with_payload=["passage_id"],
                )
            )
            best: dict[str, float] = {}
            for point in found.points:
                passage = str((point.payload or {})["passage_id"])
                best[passage] = max(float(point.score), best.get(passage, -math.inf))
            if len(best) >= limit or len(found.points) < size:
                return rank(Scored(passage, score) for passage, score in best.items())[:limit]
            wanted *= 2


class ServerEngine:
    """Fulfils `kb.ports.IndexEngine`. `location` is an address or `:memory:` (tests only)."""

    name = "qdrant-server"

    def __init__(self, location: str, api_key: str | None = None) -> None:
        self._client = QdrantClient(location) if location == ":memory:" else QdrantClient(url=location, api_key=api_key, timeout=_TIMEOUT_S)

    def build(self, directory: Path, points: Iterable[Point], *, dimension: int) -> int:
        name = self._collection(directory)
        _patiently(lambda: self._client.delete_collection(name))
        _patiently(
            lambda: self._client.create_collection(
                name,
                vectors_config={"dense": m.VectorParams(size=dimension, distance=m.Distance.COSINE)},
                hnsw_config=m.HnswConfigDiff(m=0),
            )
        )
        for field in KEYWORDS:
            _patiently(lambda f=field: self._client.create_payload_index(name, f, m.PayloadSchemaType.KEYWORD))  # type: ignore[misc]
        for field in INTEGERS:
            _patiently(lambda f=field: self._client.create_payload_index(name, f, m.PayloadSchemaType.INTEGER))  # type: ignore[misc]
        stems = m.TextIndexParams(type=m.TextIndexType.TEXT, tokenizer=m.TokenizerType.WORD, scoring=m.TextScoringParams(type="bm25"))
        _patiently(lambda: self._client.create_payload_index(name, "stems", stems))
        total, source = 0, iter(points)
        while batch := list(islice(source, _BATCH)):
            made = [m.PointStruct(id=p.id, vector={"dense": p.vector.tolist()}, payload=dict(p.payload)) for p in batch]
            _patiently(lambda b=made: self._client.upsert(name, b, wait=True))  # type: ignore[misc]
            total += len(batch)
        held = int(_patiently(lambda: self._client.count(name, exact=True)).count)
        if held != total:
            raise StoreError(f"collection {name} holds {held} points after writing {total}")
        return total

    def open(self, directory: Path) -> ServerIndex:
        name = self._collection(directory)
        if not _patiently(lambda: self._client.collection_exists(name)):
            raise StoreError(f"the Qdrant server has no collection {name}: run `dublin-kb ingest` to build it again")
        return ServerIndex(self._client, name)

    def drop(self, directory: Path) -> None:
        _patiently(lambda: self._client.delete_collection(self._collection(directory)))

    @staticmethod
    def _collection(directory: Path) -> str:
        return "kb_" + directory.parent.name.removeprefix("gen-")
