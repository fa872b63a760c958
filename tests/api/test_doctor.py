"""`dublin-kb doctor` names what is wrong and how to mend it; `status` tells what is held."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import cli, doctor
from api.doctor import Finding
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.settings import Settings
from tests import factories


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Callable[..., dict[str, list[Finding]]]:
    """The findings by subject, over a store with an engine in memory."""
    factories.build_store(data_dir)
    monkeypatch.setattr(doctor, "build_engine", lambda _: MemoryEngine())
    monkeypatch.setattr(doctor, "build_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr("ingest.corpus.check_corpus", lambda _: [])

    def run(**changed: object) -> dict[str, list[Finding]]:
        monkeypatch.setattr(Settings, "load", classmethod(lambda cls: factories.settings(data_dir, **changed)))
        found: dict[str, list[Finding]] = {}
        for finding in doctor.examine():
            found.setdefault(finding.what, []).append(finding)
        return found

    return run


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings}


def test_a_sound_installation_has_no_problem(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    found = examined()
    assert set(found) >= {"python", "packages", "settings", "address", "corpus", "disk", "qdrant", "model", "store"}
    problems = [f for findings in found.values() for f in findings if f.level == "problem" and f.what not in ("corpus", "disk", "packages")]
    assert problems == []


@pytest.mark.parametrize("how", ["flipped", "cut", "gone", "added"])
@pytest.mark.parametrize("name", ["library.sqlite", "index/points.jsonl"])
def test_every_damaged_file_is_named_with_its_remedy(
    examined: Callable[..., dict[str, list[Finding]]], data_dir: Path, name: str, how: str
) -> None:
    path = data_dir / "store" / "gen-000001" / name
    body = path.read_bytes()
    if how == "flipped":
        path.write_bytes(body[:100] + bytes([body[100] ^ 1]) + body[101:])
    elif how == "cut":
        path.write_bytes(body[:-1])
    elif how == "gone":
        path.unlink()
    else:
        path.with_name("added").write_bytes(b"x")
    problems = [finding for finding in examined()["store"] if finding.level == "problem"]
    assert problems
    assert (path.name if how != "added" else "added") in problems[0].message
    assert "ingest --rebuild" in problems[0].remedy


def test_no_index_an_unknown_setting_and_another_model_are_problems(
    examined: Callable[..., dict[str, list[Finding]]], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "build_embedder", lambda _: HashingEmbedder(32))
    assert any("--rebuild" in finding.message for finding in examined()["store"] if finding.level == "problem")
    (data_dir / "store" / "CURRENT").unlink()
    assert "dublin-kb ingest" in examined()["store"][0].remedy
    monkeypatch.undo()
    monkeypatch.setenv("KB_LIMT", "1")
    settings = [finding for finding in doctor.examine() if finding.what == "settings"]
    assert "KB_LIMT" in settings[0].message


def test_an_address_beyond_this_machine_without_keys_is_a_problem(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    assert levels(examined(host="0.0.0.0")["address"]) == {"problem"}
    assert levels(examined(host="0.0.0.0", api_keys=f"reader:{'a' * 64}")["address"]) == {"ok", "note"}


@contextmanager
def server(status: int) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "level"), [(200, "problem"), (401, "ok"), (403, "ok")])
def test_a_qdrant_server_that_asks_for_no_key_is_a_problem(
    examined: Callable[..., dict[str, list[Finding]]], status: int, level: str
) -> None:
    with server(status) as url:
        assert levels(examined(qdrant_url=url)["qdrant"]) == {level}


def test_a_qdrant_server_that_does_not_answer_is_a_problem(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    assert levels(examined(qdrant_url="http://127.0.0.1:9")["qdrant"]) == {"problem"}


def test_the_command_ends_with_1_on_a_problem_and_0_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for level, code in (("ok", 0), ("note", 0), ("problem", 1)):
        finding = Finding(level, "disk", "message", "remedy")  # type: ignore[arg-type]
        monkeypatch.setattr(doctor, "examine", lambda finding=finding: [finding])
        done = CliRunner().invoke(cli.app, ["doctor"])
        assert done.exit_code == code
        assert "remedy" in done.stdout


def test_status_tells_what_is_held(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    base = factories.knowledge_base(data_dir)
    monkeypatch.setattr("kb.wiring.build_engine", lambda _: MemoryEngine())
    held = doctor.state(base.settings)
    assert (held["generation"], held["documents"], held["passages"]) == ("gen-000001", 4, 13)
    assert held["kinds"] == ["3 judgment", "1 other"]
    assert doctor.state(factories.settings(data_dir / "none"))["generation"] is None
