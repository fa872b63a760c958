"""A builder over a small corpus, the hashing model and real files read in this process: fast enough to run hundreds of times."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.corpus import safe_file_name
from ingest.parse.model import ParsedDocument
from ingest.parse.registry import sniff
from ingest.pipeline import Pipeline
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.ports import Embedder, IndexEngine
from kb.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def read_here(path: Path) -> Sequence[ParsedDocument]:
    """As `ingest.reader.ChildReader`, without the child: these files are ours."""
    content = path.read_bytes()
    return sniff(content[:4096], path.name).parse(content, path.name)


CATALOGUED = "ECLI:NL:RBDHA:2018:10010"


def small_corpus(folder: Path) -> Path:
    """A corpus directory with one document of the real catalogue; rules and patterns are those that ship."""
    for name in ("catalogue", "digests", "guides"):
        (folder / name).mkdir(parents=True)
    for name in ("courts", "patterns", "lexicon", "frameworks"):
        (folder / name).symlink_to(ROOT / "corpus" / name)
    lines = (ROOT / "corpus" / "catalogue" / "nl-rbdha.jsonl").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if json.loads(line)["id"] == CATALOGUED)
    (folder / "catalogue" / "nl-rbdha.jsonl").write_text(line + "\n", encoding="utf-8")
    name = safe_file_name(CATALOGUED)
    (folder / "digests" / name).write_bytes((ROOT / "corpus" / "digests" / name).read_bytes())
    return folder


def pipeline(
    data_dir: Path,
    corpus_dir: Path,
    *,
    embedder: Callable[[], Embedder] = HashingEmbedder,
    engine: IndexEngine | None = None,
) -> Pipeline:
    settings = Settings(data_dir=data_dir, corpus_dir=corpus_dir)
    return Pipeline(settings, embedder=embedder, engine=engine or MemoryEngine(), read=read_here)
