"""One contract for every engine: memory, the embedded engine, a server (in memory, and for real where KB_QDRANT_URL is set)."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kb.adapters.memory import MemoryEngine
from kb.adapters.qdrant_edge import EdgeEngine
from kb.adapters.qdrant_server import ServerEngine
from kb.domain.dates import LegalDate
from kb.domain.documents import Kind
from kb.domain.query import Filters
from kb.errors import StoreDamaged, StoreError
from kb.ports import IndexEngine, PassageIndex, Point, Vectors

DIMENSION = 16
WORDS = ["overdracht", "vreemdeling", "risico", "refoulement", "griekenland", "status", "opvang", "besluit"]
# what the client says of its own in-memory mode; none of it holds for a server
LOCAL_MODE = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact:UserWarning"),
]


def server() -> IndexEngine:
    return ServerEngine(os.environ.get("TEST_QDRANT_URL", ":memory:"))


ENGINES = [
    pytest.param(MemoryEngine, id="memory"),
    pytest.param(EdgeEngine, id="edge"),
    pytest.param(server, id="server", marks=LOCAL_MODE),
]


def some_points(count: int = 80, *, seed: int = 5) -> list[Point]:
    random = np.random.default_rng(seed)
    points = []
    for number in range(count):
        vector = random.normal(size=DIMENSION).astype(np.float32)
        day = 20200101 + number
        payload: dict[str, str | int | list[str]] = {
            "passage_id": f"D{number // 8}#para-{number // 2}",
            "document_id": f"D{number // 8}",
            "kind": "judgment" if number % 3 else "letter",
            "court": "Afdeling",
            "language": "nl",
            "states": ["GR", "DK"][: 1 + number % 2],
            "decided_first": day if number % 5 else 0,
            "decided_last": day if number % 5 else 99_991_231,
            "stems": " ".join(random.choice(WORDS, 6)),
        }
        points.append(Point(str(uuid.UUID(int=number)), vector / np.float32(np.linalg.norm(vector)), payload))
    return points


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> IndexEngine:
    make: Callable[[], IndexEngine] = request.param
    return make()


def built(engine: IndexEngine, root: Path, points: list[Point]) -> PassageIndex:
    directory = root / "gen-000001" / "index"
    directory.parent.mkdir(parents=True)
    assert engine.build(directory, points, dimension=DIMENSION) == len(points)
    return engine.open(directory)


FILTERS = [
    Filters(),
    Filters(states=("DK",)),
    Filters(kinds=(Kind.LETTER,)),
    Filters(states=("GR",), kinds=(Kind.JUDGMENT,), decided_from=LegalDate("2020-01-10")),
    Filters(decided_until=LegalDate("2020-01-20")),
    Filters(documents=("D3", "D4")),
    Filters(without=("D3", "D4")),
    Filters(without=("D3",), states=("DK",)),
    Filters(existing_on=LegalDate("2020-01-15")),
    Filters(states=("BE",)),
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda f: ",".join(c.field for c in f.conditions()) or "none")
def test_every_engine_ranks_as_memory_does(engine: IndexEngine, tmp_path: Path, filters: Filters) -> None:
    points = some_points()
    reference = built(MemoryEngine(), tmp_path / "memory", points)
    index = built(engine, tmp_path / "other", points)
    query: Vectors = points[3].vector
    for limit in (1, 5, 50):
        wanted, found = reference.dense(query, limit=limit, filters=filters), index.dense(query, limit=limit, filters=filters)
        assert [item.passage_id for item in found] == [item.passage_id for item in wanted]
        assert [item.score for item in found] == pytest.approx([item.score for item in wanted], abs=1e-5)
        words = ["risico", "griekenland", "nergens"]
        wanted, found = reference.lexical(words, limit=limit, filters=filters), index.lexical(words, limit=limit, filters=filters)
        assert sorted(round(item.score, 3) for item in found) == sorted(round(item.score, 3) for item in wanted)
    assert index.count(filters) == reference.count(filters)
    assert index.facet("states", filters) == {key: n for key, n in reference.facet("states", filters).items() if n}
    index.close()


def test_no_words_find_nothing(engine: IndexEngine, tmp_path: Path) -> None:
    assert built(engine, tmp_path, some_points(8)).lexical([], limit=5, filters=Filters()) == []


def test_the_same_question_has_the_same_answer_twenty_times(engine: IndexEngine, tmp_path: Path) -> None:
    points = some_points()
    twins = [Point(str(uuid.UUID(int=1000 + n)), points[0].vector, {**points[0].payload, "passage_id": f"T#{n}"}) for n in range(10)]
    index = built(engine, tmp_path, [*points, *twins])
    answers = {tuple(index.dense(points[0].vector, limit=8, filters=Filters())) for _ in range(20)}
    assert len(answers) == 1


@pytest.mark.parametrize(
    "vector",
    [
        np.full(DIMENSION, np.nan, np.float32),
        np.zeros(DIMENSION, np.float32),
        np.ones(DIMENSION, np.float32),
        np.ones(DIMENSION, np.float64) / 4,
    ],
    ids=["nan", "zero", "not-unit", "float64"],
)
def test_a_vector_that_an_engine_would_swallow_and_lose_is_refused(vector: Vectors) -> None:
    with pytest.raises(StoreError, match="D1#x"):
        Point(str(uuid.UUID(int=1)), vector, {"passage_id": "D1#x"})


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], 1.5, 2**64, [["a"]], None], ids=repr)
def test_a_payload_that_is_not_flat_is_refused(value: object) -> None:
    unit = np.zeros(DIMENSION, np.float32)
    unit[0] = 1
    with pytest.raises(StoreError, match="not a flat value"):
        Point(str(uuid.UUID(int=1)), unit, {"passage_id": "D1#x", "field": value})  # type: ignore[dict-item]


def test_a_vector_of_another_size_ends_the_build(engine: IndexEngine, tmp_path: Path) -> None:
    unit = np.zeros(DIMENSION + 1, np.float32)
    unit[0] = 1
    directory = tmp_path / "gen-000001" / "index"
    directory.parent.mkdir()
    with pytest.raises((StoreError, ValueError)):
        engine.build(directory, [*some_points(3), Point(str(uuid.uuid4()), unit, {"passage_id": "D#x"})], dimension=DIMENSION)


def test_a_directory_that_is_no_index_is_damage_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    with pytest.raises(StoreDamaged, match="index"):
        EdgeEngine().open(tmp_path / "index")


def test_keyword_scores_of_the_embedded_engine_are_textbook_bm25(tmp_path: Path) -> None:
    import bm25s

    points = some_points(60)
    texts = [str(point.payload["stems"]).split() for point in points]
    judge = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    judge.index((([[vocabulary[word] for word in text] for text in texts]), vocabulary), show_progress=False)
    scores = judge.get_scores([vocabulary["risico"], vocabulary["status"]])
    best: dict[str, float] = {}
    for point, score in zip(points, scores, strict=True):
        passage = str(point.payload["passage_id"])
        best[passage] = max(float(score), best.get(passage, 0.0))
    found = built(EdgeEngine(), tmp_path, points).lexical(["risico", "status"], limit=100, filters=Filters())
    wanted = {passage: score for passage, score in best.items() if score > 0}
    ratios = [item.score / wanted[item.passage_id] for item in found]
    assert {item.passage_id for item in found} == set(wanted)
    # bm25s leaves the constant factor (k1 + 1) out: the ratio is one number for every passage
    assert max(ratios) - min(ratios) < 1e-3
