"""What several test packages share: one index of the shipped corpus, built once by the real pipeline."""

import fcntl
from collections.abc import Sequence
from pathlib import Path

import pytest

from kb.settings import Settings
from kb.wiring import KnowledgeBase, build_embedder, build_engine

REPOSITORY = Path(__file__).parent.parent


def _reads_nothing(path: Path) -> Sequence[object]:
    raise AssertionError(f"the corpus alone is indexed, not {path}")


@pytest.fixture(scope="session")
def corpus_index(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> KnowledgeBase:
    """A knowledge base over the shipped corpus with the bundled model: about ten seconds for the first worker that asks, none for others.

    Tests that use it are marked `slow`. It is read only: nobody builds into it.
    """
    root = tmp_path_factory.getbasetemp()
    shared = (root if worker_id == "master" else root.parent) / "corpus-index"
    shared.mkdir(exist_ok=True)
    settings = Settings(_env_file=None, data_dir=shared / "var", corpus_dir=REPOSITORY / "corpus")  # type: ignore[call-arg]
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one run build it once
        if not (shared / "built").exists():
            from ingest.pipeline import Pipeline

            pipeline = Pipeline(
                settings,
                embedder=lambda: build_embedder(settings, bulk=True),
                engine=build_engine(settings),
                read=_reads_nothing,  # type: ignore[arg-type]
            )
            assert pipeline.ingest([]).generation is not None
            (shared / "built").touch()
    # the backend that reads a library fastest answers questions in the same vector space
    return KnowledgeBase(settings, embedder=build_embedder(settings, bulk=True))


@pytest.fixture(scope="session")
def light_index(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The shipped corpus behind a hashing embedder and an engine in memory: real documents and law, words instead of meaning."""
    from ingest.pipeline import Pipeline
    from kb.adapters.hashing import HashingEmbedder
    from kb.adapters.memory import MemoryEngine

    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("light"), corpus_dir=REPOSITORY / "corpus")  # type: ignore[call-arg]
    engine = MemoryEngine()
    pipeline = Pipeline(settings, embedder=HashingEmbedder, engine=engine, read=_reads_nothing)  # type: ignore[arg-type]
    assert pipeline.ingest([]).generation is not None
    return KnowledgeBase(settings, embedder=HashingEmbedder(), engine=engine)
