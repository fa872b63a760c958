"""Threat T9: files spoiled at random, in every format. A parser may refuse one, with a reason; it never fails and never hangs.

A short run with fixed seeds is part of the tests. `TEST_MUTATION_SECONDS=600 pytest tests/ingest/test_mutations.py` goes on for ten
minutes with new seeds, over the real documents too where `../shared/real` is there.
"""

import os
import random
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ingest import child
from ingest.parse import registry
from ingest.parse.model import ParsedDocument
from kb.errors import InputRejected
from tests.ingest.parse.holding import hold_together
from tests.ingest.parse.tiny_pdf import paragraph, write_pdf

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
REAL = ROOT.parent / "shared" / "real"
SECONDS = float(os.environ.get("TEST_MUTATION_SECONDS", "0"))
ROUNDS = 6  # of each file in the short run
SLOWEST_S = 20.0  # of one file, on a machine that is busy with other tests
LARGEST = 200_000  # bytes of a real file that is spoiled
PIECES = [
    *(b"<", b">", b"</p>", b"<p>", b"&", b"&#0;", b"&#x1F;", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\n"),
    *(b"{", b"]", b'"', b"\\", b"'", b"1.", b"(", b"<<", b"endobj", b"stream\n", b"/Kids"),
]
KINDS = ("cut", "drop", "double", "flip", "insert", "shuffle", "long")


def spoiled(content: bytes, seed: int) -> bytes:
    """`content` with one to six faults. The same seed spoils it in the same way."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        if not data:
            break
        at = chance.randrange(len(data))
        end = min(len(data), at + chance.choice((1, 3, 40, 400, 4000)))
        match chance.choice(KINDS):
            case "cut":
                del data[at:]
            case "drop":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end]
            case "flip":
                data[at] ^= 1 << chance.randrange(8)
            case "insert":
                data[at:at] = chance.choice(PIECES) * chance.choice((1, 2, 50))
            case "shuffle":
                other = chance.randrange(len(data))
                data[at:end], data[other : other + 40] = data[other : other + 40], data[at:end]
            case _:
                data[at:at] = bytes([data[at]]) * chance.choice((1_000, 20_000))
    return bytes(data)


def seeds_of(folder: str) -> list[tuple[str, bytes]]:
    return [
        (path.name.removesuffix(".in"), path.read_bytes())
        for path in sorted((GOLDEN / folder).glob("*"))
        if path.suffix != ".json" and path.is_file()
    ]


FORMATS = ("rechtspraak", "rows", "cjeu", "hudoc", "court-html", "parliament", "html", "letter")
PDF = ("rapport.pdf", write_pdf([paragraph(70, 740, ["1 Inleiding", "Een gewone zin op een bladzijde van een rapport."]), []]))


def check(name: str, content: bytes, told: str) -> None:
    """Fails where reading ends in anything but documents that hold together or a reason of the parser's own."""
    started = time.monotonic()
    try:
        parser = registry.sniff(content[:4096], name)
    except InputRejected:
        return
    try:
        documents = list(parser.parse(content, name))
    except (InputRejected, MemoryError):  # the second is the child's limit, in the product
        return
    except Exception as error:
        raise AssertionError(f"{told}: {type(error).__name__}: {error}") from error
    assert time.monotonic() - started < SLOWEST_S, f"{told}: too slow"
    for document in documents:
        _holds(document, told)


def _holds(document: ParsedDocument, told: str) -> None:
    assert document.passages, f"{told}: a document without passages"
    try:
        hold_together(document, covered=0.9)
    except AssertionError as problem:
        raise AssertionError(f"{told}: {problem}") from problem


@pytest.mark.parametrize("folder", FORMATS)
def test_a_spoiled_file_is_read_or_refused_and_never_fails(folder: str) -> None:
    for name, content in seeds_of(folder):
        for seed in range(ROUNDS):
            check(name, spoiled(content, seed), f"{folder}/{name}, seed {seed}")


def test_a_spoiled_pdf_is_read_or_refused_and_never_fails() -> None:
    for seed in range(10 * ROUNDS):
        check(PDF[0], spoiled(PDF[1], seed), f"pdf, seed {seed}")


def test_the_answer_of_the_child_to_a_spoiled_file_is_always_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "kapot"
    for seed in range(ROUNDS):
        path.write_bytes(spoiled(PDF[1], seed))
        answer = child._answer({"parser": "pdf", "path": str(path), "file_name": "rapport.pdf"}, 10_000_000)
        assert set(answer) in ({"documents"}, {"rejected"})
        assert "parser-error" not in str(answer.get("rejected"))


def _endless() -> Iterator[tuple[str, bytes, int]]:
    files = [(name, content) for folder in FORMATS for name, content in seeds_of(folder)] + [PDF]
    if REAL.is_dir():
        files += [(p.name, p.read_bytes()) for p in sorted(REAL.rglob("*")) if p.is_file() and p.stat().st_size < LARGEST]
    for seed in count(1_000):
        name, content = files[random.Random(seed).randrange(len(files))]
        yield name, content, seed


@pytest.mark.skipif(not SECONDS, reason="TEST_MUTATION_SECONDS is not set: the long run is made by hand")
def test_a_long_run_of_spoiled_files() -> None:
    end = time.monotonic() + SECONDS
    for name, content, seed in _endless():
        if time.monotonic() > end:
            return
        check(name, spoiled(content, seed), f"{name}, seed {seed}")
