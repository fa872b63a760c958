import multiprocessing
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.adapters.qdrant_edge import EdgeEngine
from kb.domain.query import Filters
from kb.errors import StoreBusy, StoreDamaged, StoreEmpty, VectorSpaceMismatch
from kb.store.generations import Generations, Manifest, damaged_files
from tests.kb.store.samples import TEXTS, publish


def answer(generations: Generations) -> list[tuple[str, float]]:
    opened = generations.open_current(HashingEmbedder())
    try:
        found = opened.index.dense(HashingEmbedder().embed_query("overdracht Denemarken"), limit=10, filters=Filters())
        return [(item.passage_id, item.score) for item in found]
    finally:
        opened.close()


def test_an_empty_directory_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StoreEmpty, match="dublin-kb ingest"):
        Generations(tmp_path, MemoryEngine()).open_current(HashingEmbedder())


def test_what_was_published_is_what_answers(tmp_path: Path) -> None:
    generations = publish(tmp_path, EdgeEngine())
    opened = generations.open_current(HashingEmbedder())
    assert opened.name == "gen-000001"
    assert opened.library.counts()["passages"] == opened.index.count(Filters()) == sum(len(parts) for parts in TEXTS.values())
    assert opened.library.verify() == []
    opened.close()


def _fail_in_the_middle(generations: Generations) -> None:
    with generations.building() as build:
        (build.directory / "library.sqlite").write_text("half")
        raise RuntimeError("in the middle")


def test_a_build_that_fails_leaves_nothing_and_the_old_generation_answers_the_same(tmp_path: Path) -> None:
    generations = publish(tmp_path, EdgeEngine())
    before = answer(generations)
    with pytest.raises(RuntimeError, match="in the middle"):
        _fail_in_the_middle(generations)
    assert generations.names() == ["gen-000001"]
    assert not (generations.root / "gen-000002").exists()
    assert answer(generations) == before


def test_leftovers_of_a_killed_builder_are_cleared_by_the_next(tmp_path: Path) -> None:
    generations = publish(tmp_path, MemoryEngine())
    left = generations.root / "gen-000002"
    left.mkdir()
    (left / "library.sqlite").write_text("half")
    publish(tmp_path, MemoryEngine())
    assert generations.current_name() == "gen-000002"
    assert damaged_files(left, Manifest.read(left / "manifest.json")) == []


def _hold(root: str, ready: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event") -> None:
    with Generations(Path(root), MemoryEngine()).building():
        ready.set()
        done.wait(30)


def test_a_second_builder_is_refused_by_name(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), ready, done))
    other.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StoreBusy, match=f"pid {other.pid}"), Generations(tmp_path, MemoryEngine()).building():
            pass
    finally:
        done.set()
        other.join(30)
    assert other.exitcode == 0
    with Generations(tmp_path, MemoryEngine()).building():
        pass


def _damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    match how:
        case "flip":
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if content else b"x")
        case "cut":
            path.write_bytes(content[: len(content) // 2] if content else b"x")
        case "remove":
            path.unlink()


def _one_of_each_kind(directory: Path) -> list[Path]:
    """A file of each kind that the engine, the library and the manifest have: the first of each name without its digits."""
    kinds = {
        re.sub(r"[0-9a-f-]{8,}|\d+", "", str(path.relative_to(directory))): path for path in sorted(directory.rglob("*")) if path.is_file()
    }
    names = {Path(kind).name: path for kind, path in kinds.items() if path.name != "manifest.json"}
    return list(names.values())


def test_every_damaged_file_is_named_and_the_generation_before_answers(tmp_path: Path) -> None:
    publish(tmp_path, EdgeEngine())
    before = answer(Generations(tmp_path, EdgeEngine()))
    generations = publish(tmp_path, EdgeEngine())
    newest = generations.root / "gen-000002"
    manifest = Manifest.read(newest / "manifest.json")
    victims = _one_of_each_kind(newest)
    assert len(victims) >= 8
    for number, path in enumerate(victims):
        content = path.read_bytes()
        how = ("flip", "cut", "remove")[number % 3]
        _damage(path, how)
        assert any(str(path.relative_to(newest)) in problem for problem in damaged_files(newest, manifest)), (path, how)
        path.write_bytes(content)
    assert damaged_files(newest, manifest) == []
    for how in ("flip", "cut", "remove"):
        content = victims[0].read_bytes()
        _damage(victims[0], how)
        opened = generations.open_current(HashingEmbedder())
        assert (opened.name, opened.fallback_from) == ("gen-000001", "gen-000002")
        assert victims[0].name in (opened.problem or "")
        opened.close()
        assert answer(generations) == before
        victims[0].write_bytes(content)
    (newest / "manifest.json").write_text("{")
    assert answer(generations) == before


def test_what_the_engine_leaves_for_a_moment_is_no_damage_and_a_stranger_is(tmp_path: Path) -> None:
    generations = publish(tmp_path, EdgeEngine())
    index = generations.root / "gen-000001" / "index"
    for folder in (index, next((index / "segments").iterdir())):
        (folder / ".atomicwriteAbCd").mkdir()
        (folder / ".atomicwriteAbCd" / "tmpfile.tmp").write_text("{")
    assert answer(generations)
    (index / "stranger.dat").write_text("x")
    with pytest.raises(StoreDamaged, match=r"index/stranger\.dat was not published"):
        generations.open_current(HashingEmbedder())


def test_a_file_that_goes_while_the_generation_is_checked_is_missing_and_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generations = publish(tmp_path, EdgeEngine())
    publish(tmp_path, EdgeEngine())
    newest = generations.root / "gen-000002"
    walk = os.walk

    def walk_and_lose(top: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for place, folders, names in walk(top):
            if Path(place) == newest / "index":
                (newest / "index" / "edge_config.json").unlink(missing_ok=True)
            yield place, folders, names

    monkeypatch.setattr(os, "walk", walk_and_lose)
    opened = generations.open_current(HashingEmbedder())
    opened.close()
    assert (opened.name, opened.fallback_from) == ("gen-000001", "gen-000002")
    assert "index/edge_config.json is missing" in str(opened.problem)


def test_when_no_generation_is_sound_the_message_says_what_to_do(tmp_path: Path) -> None:
    generations = publish(tmp_path, MemoryEngine())
    (generations.root / "gen-000001" / "index" / "points.jsonl").write_text("{")
    with pytest.raises(StoreDamaged, match=r"points\.jsonl.*dublin-kb ingest"):
        generations.open_current(HashingEmbedder())


def test_another_model_is_refused_and_both_are_named(tmp_path: Path) -> None:
    generations = publish(tmp_path, MemoryEngine(), embedder=HashingEmbedder(dimension=32))
    with pytest.raises(VectorSpaceMismatch, match=r"--rebuild"):
        generations.open_current(HashingEmbedder(dimension=64))


def test_a_model_of_the_same_name_with_other_vectors_is_refused(tmp_path: Path) -> None:
    class Lying(HashingEmbedder):
        def embed_passages(self, texts):  # type: ignore[no-untyped-def]
            return -super().embed_passages(texts)

    generations = publish(tmp_path, MemoryEngine())
    with pytest.raises(VectorSpaceMismatch, match="cosine"):
        generations.open_current(Lying())


def test_old_generations_go_and_the_current_one_stays(tmp_path: Path) -> None:
    for _ in range(4):
        generations = publish(tmp_path, MemoryEngine())
    assert generations.retire(1) == ["gen-000001", "gen-000002"]
    assert generations.names() == ["gen-000003", "gen-000004"]
    assert generations.current_name() == "gen-000004"


def _read(root: str, stop: "multiprocessing.synchronize.Event", results: "multiprocessing.Queue[object]") -> None:
    generations = Generations(Path(root), EdgeEngine())
    seen = set()
    while not stop.is_set():
        try:
            seen.add((generations.current_name(), tuple(answer(generations))))
        except Exception as error:
            results.put(repr(error))
            return
    results.put(seen)


def test_three_readers_during_builds_see_whole_generations_only(tmp_path: Path) -> None:
    publish(tmp_path, EdgeEngine())
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    readers = [context.Process(target=_read, args=(str(tmp_path), stop, results)) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(4):
        texts = dict(list(TEXTS.items())[: 1 + number % 2])
        publish(tmp_path, EdgeEngine(), texts)
    stop.set()
    outcomes = [results.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join(60)
    assert all(isinstance(seen, set) for seen in outcomes), outcomes
    lengths = {len(found) for seen in outcomes for _, found in seen}
    assert lengths <= {2, 4}


def test_the_same_question_has_the_same_bytes_in_two_processes(tmp_path: Path) -> None:
    publish(tmp_path, EdgeEngine())
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    for _ in range(2):
        process = context.Process(target=_ask_twenty, args=(str(tmp_path), results))
        process.start()
        process.join(60)
    first, second = results.get(timeout=10), results.get(timeout=10)
    assert first == second
    assert first[0] == 1


def _ask_twenty(root: str, results: "multiprocessing.Queue[object]") -> None:
    opened = Generations(Path(root), EdgeEngine()).open_current(HashingEmbedder())
    vector = HashingEmbedder().embed_query("overdracht Denemarken")
    answers = {repr(opened.index.dense(vector, limit=10, filters=Filters())) for _ in range(20)}
    opened.close()
    results.put((len(answers), sorted(answers)))
