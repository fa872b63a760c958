"""The builder killed at each step: the old generation answers byte for byte the same, and the next run ends where an unbroken one does."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.adapters.qdrant_edge import EdgeEngine
from kb.domain.query import Filters
from kb.ports import IndexEngine
from kb.store.generations import Generations
from kb.store.ledger import Ledger
from tests.ingest.builds import pipeline, small_corpus
from tests.ingest.test_pipeline import letter

# (where the process dies, before or after that call)
STEPS = [
    ("kb.store.ledger.Ledger.start", "after"),
    ("kb.store.library.LibraryWriter.put_document", "after"),
    ("kb.store.library.LibraryWriter.put_expression", "before"),
    ("ingest.pipeline.Pipeline._keep_original", "after"),
    ("kb.store.vectors.VectorCache._put", "before"),
    ("kb.store.vectors.VectorCache._put", "after"),
    ("kb.store.library.LibraryWriter.finish", "before"),
    ("kb.store.library.LibraryWriter.finish", "after"),
    ("ENGINE.build", "after"),
    ("ingest.pipeline.file_digests", "after"),
    ("kb.store.generations.Manifest.to_json", "after"),
    ("pathlib.Path.symlink_to", "after"),
    ("pathlib.Path.replace", "before"),
]
AFTER_THE_SWITCH = [("kb.store.ledger.Ledger.finish", "before"), ("kb.store.generations.Generations.retire", "before")]
ENGINES: dict[str, Callable[[], IndexEngine]] = {"memory": MemoryEngine, "edge": EdgeEngine}


def _die(original: Callable[..., Any], when: str) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            original(*arguments, **options)
        os._exit(9)

    return dying


def _run(root: str, engine_name: str, target: str | None, when: str) -> None:
    engine = ENGINES[engine_name]()
    build = pipeline(Path(root) / "data", Path(root) / "corpus", engine=engine)
    if target is None:
        build.ingest([str(Path(root) / "in")])
        return
    if target == "ENGINE.build":
        target = f"{type(engine).__module__}.{type(engine).__name__}.build"
    module, _, name = target.rpartition(".")
    owner: Any = _resolve(module)
    with mock.patch.object(owner, name, _die(getattr(owner, name), when)):
        build.ingest([str(Path(root) / "in")])


def _resolve(path: str) -> Any:
    import importlib

    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)


def in_a_process(root: Path, engine_name: str, target: str | None, when: str = "before") -> int | None:
    # fork: no shard is open here, and starting Python anew thirty times would be most of the test's time
    process = multiprocessing.get_context("fork").Process(target=_run, args=(str(root), engine_name, target, when))
    process.start()
    process.join(120)
    return process.exitcode


def answers(root: Path, engine_name: str) -> tuple[str, str]:
    opened = Generations(root / "data", ENGINES[engine_name]()).open_current(HashingEmbedder())
    try:
        vector = HashingEmbedder().embed_query("overdracht aan een andere lidstaat")
        found = opened.index.dense(vector, limit=50, filters=Filters())
        texts = opened.library.passages_by_id([item.passage_id for item in found])
        return repr([(item, texts[item.passage_id].text) for item in found]), opened.manifest.content_sha256
    finally:
        opened.close()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("unbroken")
    small_corpus(root / "corpus")
    for name in ("een", "twee"):
        letter(root / "in" / f"{name}.txt", name)
    assert in_a_process(root, "memory", None) == 0
    return answers(root, "memory")[1]


@pytest.mark.parametrize("engine_name", ["memory", pytest.param("edge", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("target", "when"), STEPS, ids=lambda value: str(value).rpartition(".")[2])
def test_killed_before_the_switch_the_old_answers_stay(tmp_path: Path, unbroken: str, target: str, when: str, engine_name: str) -> None:
    small_corpus(tmp_path / "corpus")
    letter(tmp_path / "in" / "een.txt", "een")
    assert in_a_process(tmp_path, engine_name, None) == 0
    before = answers(tmp_path, engine_name)
    letter(tmp_path / "in" / "twee.txt", "twee")
    assert in_a_process(tmp_path, engine_name, target, when) == 9
    assert answers(tmp_path, engine_name) == before
    assert in_a_process(tmp_path, engine_name, None) == 0
    assert answers(tmp_path, engine_name)[1] == unbroken
    states = [run["state"] for run in Ledger(tmp_path / "data" / "ledger.sqlite").runs()]
    assert states == ["done", "interrupted", "done"]


@pytest.mark.parametrize(("target", "when"), AFTER_THE_SWITCH, ids=lambda value: str(value).rpartition(".")[2])
def test_killed_after_the_switch_the_new_answers_are_whole(tmp_path: Path, unbroken: str, target: str, when: str) -> None:
    small_corpus(tmp_path / "corpus")
    letter(tmp_path / "in" / "een.txt", "een")
    assert in_a_process(tmp_path, "memory", None) == 0
    letter(tmp_path / "in" / "twee.txt", "twee")
    assert in_a_process(tmp_path, "memory", target, when) == 9
    assert answers(tmp_path, "memory")[1] == unbroken
    assert in_a_process(tmp_path, "memory", None) == 0
    assert answers(tmp_path, "memory")[1] == unbroken


@pytest.mark.parametrize("call", ["fsync", "symlink", "mkdir"])
def test_a_call_that_fails_once_leaves_the_old_generation(tmp_path: Path, call: str) -> None:
    corpus = small_corpus(tmp_path / "corpus")
    letter(tmp_path / "in" / "een.txt", "een")
    build = pipeline(tmp_path / "data", corpus)
    build.ingest([str(tmp_path / "in")])
    before = answers(tmp_path, "memory")
    letter(tmp_path / "in" / "twee.txt", "twee")
    full = OSError(28, "No space left on device", str(tmp_path / "data"))
    with mock.patch.object(os, call, side_effect=full), pytest.raises(OSError, match="No space"):
        build.ingest([str(tmp_path / "in")])
    assert answers(tmp_path, "memory") == before
    build.ingest([str(tmp_path / "in")])
    assert answers(tmp_path, "memory") != before
