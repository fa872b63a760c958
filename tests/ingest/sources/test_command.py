"""The commands: `python -m ingest.sources`, which `dublin-kb fetch` starts, and `python -m ingest` with an identifier."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import ingest.__main__ as builder
import ingest.sources.__main__ as fetcher
from ingest.sources.client import Client
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from tests.ingest.builds import ROOT
from tests.ingest.sources.replay import Clock, Replay
from tests.ingest.sources.world import World, corpus_of


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Both commands as they are, but for the last step of a connection, the clock and the model."""
    made = World(corpus_of(tmp_path / "corpus", {"rechtspraak": 2}))
    for name in [name for name in os.environ if name.startswith("KB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KB_CORPUS_DIR", str(tmp_path / "corpus"))
    monkeypatch.setenv("KB_CONTACT", "library@example.org")
    monkeypatch.chdir(tmp_path)
    with Replay(made.answer) as replay:
        monkeypatch.setattr("ingest.sources.builder.Client", partial(Client, backend=replay.backend, clock=Clock()))
        for module in ("ingest.sources.builder", "ingest.__main__"):
            monkeypatch.setattr(f"{module}.build_embedder", lambda *_, **__: HashingEmbedder())
            monkeypatch.setattr(f"{module}.build_engine", lambda _: MemoryEngine())
        yield made


def ecli(world: World, number: int = 0) -> str:
    return world.documents[number].id


def test_fetch_all_prints_a_summary_as_json_and_ends_with_0(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetcher.main(["--all", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["totals"]["fetched"] == 2
    assert body["ledger"]["totals"]["indexed"] == 2


def test_a_failure_is_told_with_its_reason_and_ends_with_1(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.gone[ecli(world)] = "doc"
    assert fetcher.main(["--all"]) == 1
    told = capsys.readouterr().out
    assert f"failed    {ecli(world)} [xml] (not-found): data.rechtspraak.nl does not have it (HTTP 404)" in told
    assert "2 texts, 1 fetched, 1 failed; ingested: 1 inputs, 1 indexed" in told


def test_nobody_fetches_without_saying_who_asks(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    del world
    for contact in ("", "somebody", "a@b\nX-Evil: 1"):
        monkeypatch.setenv("KB_CONTACT", contact)
        assert fetcher.main(["--all"]) == 2
        assert "KB_CONTACT=library@example.org" in capsys.readouterr().err
    monkeypatch.delenv("KB_CONTACT")
    assert fetcher.main(["--all", "--dry-run"]) == 0, "a dry run asks nobody"


def test_last_needs_a_time_before(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetcher.main(["--since", "last"]) == 2
    assert "give a date" in capsys.readouterr().err
    assert fetcher.main(["--since", "gisteren"]) == 2
    assert fetcher.main(["--since", "2026-11-20"]) == 0
    capsys.readouterr()
    assert fetcher.main(["--since", "last", "--json"]) == 0
    assert {feed["status"] for feed in json.loads(capsys.readouterr().out)["feeds"]} == {"walked"}
    assert world.feed == []


def test_ingest_takes_files_and_identifiers_together(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = tmp_path / "brief.txt"
    letter.write_text((ROOT / "tests" / "golden" / "letter" / "english-letter.txt").read_text(encoding="utf-8"), encoding="utf-8")
    given = [str(letter), ecli(world), "ECLI:NL:RBDHA:2099:404", str(tmp_path / "nothing.xml")]
    assert builder.main(["--json", *given]) == 1
    body = json.loads(capsys.readouterr().out)
    assert [
        (line["input"], line["status"], line["reason"]) for line in sorted(body["inputs"], key=lambda line: given.index(line["input"]))
    ] == [
        (given[0], "indexed", None),
        (given[1], "indexed", None),
        (given[2], "failed", "not-found"),
        (given[3], "failed", "not-found"),
    ]
    assert body["totals"]["inputs"] == 4


def test_an_identifier_that_is_held_is_unchanged(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["--json", ecli(world)]) == 0
    capsys.readouterr()
    assert builder.main(["--json", ecli(world)]) == 0
    line = json.loads(capsys.readouterr().out)["inputs"][0]
    assert (line["status"], line["document_id"]) == ("unchanged", ecli(world))


def test_an_upload_never_fetches(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["--json", "--trust", "upload", ecli(world)]) == 1
    assert json.loads(capsys.readouterr().out)["inputs"][0]["reason"] == "not-fetched"


def test_the_command_line_asks_what_to_fetch() -> None:
    done = subprocess.run([sys.executable, "-m", "api.cli", "fetch"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "--all or --since DATE" in done.stderr
