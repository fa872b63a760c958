"""An index in memory, for tests and for the contract suite: exact cosine, textbook BM25, the same tie-break as everywhere."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kb.domain.query import Condition, Filters
from kb.domain.results import Scored, rank
from kb.errors import StoreDamaged, StoreError
from kb.ports import Point, Vectors

_K1, _B = 1.2, 0.75  # the engine's own constants


class MemoryIndex:
    """Fulfils `kb.ports.PassageIndex` over a list of points."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = list(points)
        self._matrix = np.stack([point.vector for point in self._points]) if self._points else np.zeros((0, 1), np.float32)
        self._terms = [Counter(str(point.payload.get("stems", "")).split()) for point in self._points]
        self._lengths = [sum(terms.values()) for terms in self._terms]
        self._mean = (sum(self._lengths) / len(self._lengths)) if self._lengths else 0.0
        self._frequency = Counter(term for terms in self._terms for term in terms)

    def dense(self, vector: Vectors, *, limit: int, filters: Filters) -> list[Scored]:
        # rounded: a product of matrices gives equal rows scores that differ in their last bits, and would break ties by position
        scores = (self._matrix.astype(np.float64) @ vector).round(7).tolist() if self._points else []
        return self._top(enumerate(scores), limit, filters)

    def lexical(self, stems: Sequence[str], *, limit: int, filters: Filters) -> list[Scored]:
        wanted = set(stems)
        return self._top(((i, score) for i in range(len(self._points)) if (score := self._bm25(i, wanted)) > 0), limit, filters)

    def count(self, filters: Filters) -> int:
        return sum(self._matches(point, filters.conditions()) for point in self._points)

    def facet(self, field: str, filters: Filters) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for point in self._points:
            if self._matches(point, filters.conditions()) and field in point.payload:
                value = point.payload[field]
                counts.update(value if isinstance(value, list) else [str(value)])
        return dict(counts)

    def close(self) -> None:
        self._points = []

    def _bm25(self, index: int, wanted: set[str]) -> float:
        terms, total = self._terms[index], 0.0
        for term in sorted(wanted & terms.keys()):
            idf = math.log(1 + (len(self._points) - self._frequency[term] + 0.5) / (self._frequency[term] + 0.5))
            norm = _K1 * (1 - _B + _B * self._lengths[index] / self._mean)
            total += idf * terms[term] * (_K1 + 1) / (terms[term] + norm)
        return total

    def _top(self, scored: Iterable[tuple[int, float]], limit: int, filters: Filters) -> list[Scored]:
        conditions = filters.conditions()
        best: dict[str, float] = {}
        for i, score in scored:
            point = self._points[i]
            if self._matches(point, conditions):
                passage = str(point.payload["passage_id"])
                best[passage] = max(score, best.get(passage, -math.inf))
        return rank(Scored(passage, score) for passage, score in best.items())[:limit]

    @staticmethod
    def _matches(point: Point, conditions: Sequence[Condition]) -> bool:
        for condition in conditions:
            value = point.payload.get(condition.field)
            if value is None:
                return False
            values = set(value if isinstance(value, list) else [str(value)])
            if condition.any_of and values.isdisjoint(condition.any_of):
                return False
            if not values.isdisjoint(condition.none_of):
                return False
            if condition.at_least is not None and not (isinstance(value, int) and value >= condition.at_least):
                return False
            if condition.at_most is not None and not (isinstance(value, int) and value <= condition.at_most):
                return False
        return True


class MemoryEngine:
    """Fulfils `kb.ports.IndexEngine` with one JSON file, so that tests go through the same generations as an engine."""

    name = "memory"

    def build(self, directory: Path, points: Iterable[Point], *, dimension: int) -> int:
        directory.mkdir(parents=True)
        made = list(points)
        if any(point.vector.shape != (dimension,) for point in made):
            raise StoreError(f"a vector does not have {dimension} values")
        lines = [json.dumps({"id": p.id, "vector": [float(x) for x in p.vector], "payload": dict(p.payload)}) for p in made]
        (directory / "points.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return len(lines)

    def open(self, directory: Path) -> MemoryIndex:
        try:
            text = (directory / "points.jsonl").read_text(encoding="utf-8")
            rows = [json.loads(line) for line in text.splitlines() if line]
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"index in {directory} cannot be read: {error}") from error
        return MemoryIndex([Point(row["id"], np.array(row["vector"], np.float32), row["payload"]) for row in rows])

    def drop(self, directory: Path) -> None:
        (directory / "points.jsonl").unlink(missing_ok=True)
