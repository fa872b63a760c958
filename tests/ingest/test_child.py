"""Whatever a file does to the process that reads it, the next file is read."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from ingest import child
from ingest.child import ChildLimits, ChildParser, from_json, parse_in_child, to_json
from ingest.parse import registry
from ingest.parse.letter import LetterParser
from ingest.parse.model import ParsedDocument, SourceLink
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

LETTER = Path(__file__).parents[1] / "golden" / "letter" / "migratiebrief.txt"


@pytest.fixture(scope="module")
def long_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "lang.txt"
    path.write_text("De Afdeling overweegt dat de situatie moeilijk is.1 Dat blijkt\nuit het rapport.\n\n" * 100_000, encoding="utf-8")
    return path


def rejected(parser: ChildParser, path: Path, name: str = "letter") -> str:
    with pytest.raises(InputRejected) as caught:
        parser.parse(name, path)
    return caught.value.reason


def test_a_file_read_in_a_child_is_what_it_is_in_this_process() -> None:
    assert parse_in_child("letter", LETTER) == list(LetterParser().parse(LETTER.read_bytes(), LETTER.name))


def test_every_field_of_a_document_survives_the_way_back() -> None:
    (document,) = LetterParser().parse(LETTER.read_bytes(), LETTER.name)
    document.links.append(SourceLink(0, 4, "ECLI:EU:C:2019:219", Pinpoint(PinpointKind.PARAGRAPH, "90", "punt 90")))
    document.metadata.relations.append(("replaces", "BT7141"))
    assert from_json(ParsedDocument, to_json(document)) == document


@pytest.mark.parametrize(
    "change",
    [{"text": 3}, {"passages": {"start": 0}}, {"furniture": [[1, 2, 3]]}, {"furniture": [[1, "2"]]}, {"unknown": 1}, {"metadata": None}],
)
def test_an_answer_that_is_no_document_is_refused(change: dict[str, object]) -> None:
    (document,) = LetterParser().parse(LETTER.read_bytes(), LETTER.name)
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_json(ParsedDocument, {**to_json(document), **change})


def test_the_parsers_own_reason_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "fout.txt"
    path.write_text("404 Not Found", encoding="utf-8")
    with ChildParser() as parser:
        assert rejected(parser, path) == "error-text"
        assert rejected(parser, tmp_path / "weg.txt") == "unreadable-file"
        assert rejected(parser, path, "nonesuch") == "unknown-format"
        assert parser.parse("letter", LETTER)


def test_too_much_work_ends_the_child_and_not_the_batch(long_text: Path) -> None:
    with ChildParser(ChildLimits(cpu_s=0)) as parser:
        assert rejected(parser, long_text) == "parse-limit"
        assert parser.parse("letter", LETTER)


def test_too_long_a_wait_ends_the_child_and_not_the_batch(long_text: Path) -> None:
    with ChildParser(ChildLimits(wall_s=2.0)) as parser:
        started = time.monotonic()
        assert rejected(parser, long_text) == "parse-limit"
        assert time.monotonic() - started < 8
        assert parser.parse("letter", LETTER)


def test_too_much_memory_is_a_limit(long_text: Path) -> None:
    with ChildParser(ChildLimits(memory_bytes=120_000_000)) as parser:
        assert rejected(parser, long_text) == "parse-limit"


def test_too_long_an_answer_is_a_limit() -> None:
    with ChildParser(ChildLimits(output_bytes=500)) as parser:
        assert rejected(parser, LETTER) == "parse-limit"


def test_too_large_a_file_is_not_read() -> None:
    with ChildParser(ChildLimits(input_bytes=100)) as parser:
        assert rejected(parser, LETTER) == "too-large"


def test_a_limit_in_the_pdf_parser_has_the_pdf_word(long_text: Path) -> None:
    with ChildParser(ChildLimits(output_bytes=0)) as parser:
        assert rejected(parser, LETTER, "pdf") == "pdf-limit"


def test_a_crash_is_this_files_failure_only(long_text: Path) -> None:
    with ChildParser() as parser:
        assert parser.parse("letter", LETTER)
        process = parser._process
        assert process is not None
        timer = threading.Timer(0.2, process.send_signal, [signal.SIGSEGV])
        timer.start()
        assert rejected(parser, long_text) == "parser-error"
        timer.join()
        assert parser.parse("letter", LETTER)


def test_any_exception_of_a_parser_becomes_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Flawed:
        def parse(self, content: bytes, file_name: str) -> list[ParsedDocument]:
            raise RecursionError("too deep")

    monkeypatch.setattr(registry, "parser", lambda name: Flawed())
    answer = child._answer({"parser": "x", "path": str(LETTER), "file_name": "x"}, 10_000_000)
    assert answer == {"rejected": ["parser-error", "x: RecursionError: too deep"]}


def test_a_child_is_replaced_after_its_share_of_files() -> None:
    with ChildParser(ChildLimits(files_per_child=1)) as parser:
        parser.parse("letter", LETTER)
        assert parser._process is None
        parser.parse("letter", LETTER)


def test_nothing_of_a_child_stays(long_text: Path) -> None:
    parser = ChildParser()
    parser.parse("letter", LETTER)
    assert parser._process is not None
    pid = parser._process.pid
    parser.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_sees_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_API_KEYS", "editor:geheim")
    with ChildParser() as parser:
        parser.parse("letter", LETTER)
        assert parser._process is not None
        assert b"geheim" not in Path(f"/proc/{parser._process.pid}/environ").read_bytes()


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[1] / "golden" / "rows").glob("*.json.in")), ids=lambda p: p.name)
def test_a_language_can_be_told_inside_the_limits(path: Path) -> None:
    # the language model unpacks itself through a file of its own, which the child may no longer write once it reads foreign bytes
    assert all(document.text for document in parse_in_child("rows", path, file_name=path.name.removesuffix(".in")))
