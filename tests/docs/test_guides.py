"""The guides in docs/: every command that they print as one to be typed is run, every address opened, every Python example executed.

Blocks marked `sh` and `python` are run against a served index of the shipped corpus, `toml file=…` is written first. Blocks marked
`text` are not: they set up machines, change an index, or need what is not here.
"""

import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import typer
import uvicorn
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as command_line
from kb.settings import Settings
from kb.wiring import KnowledgeBase

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDES = sorted(path.name for path in DOCS.glob("*.md"))
HERE = "http://127.0.0.1:8000"
_BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.M | re.S)
TWINS = (("lawyers.md", "advocaten.md"), ("caseworkers.md", "behandelaars.md"))
# commands that end with an error code on purpose, as the guide says
ENDS_WITH = {"dublin-kb check": 1}


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, kind: str) -> list[tuple[str | None, str]]:
    return [(file, body) for found, file, body in _BLOCK.findall(text(name)) if found == kind]


def lines(kind: str) -> list[tuple[str, str]]:
    """(guide, line) of every line of the blocks of a kind."""
    return [(name, line) for name in GUIDES for _, body in blocks(name, kind) for line in body.splitlines() if line.strip()]


COMMANDS = [(name, line.partition("dublin-kb ")[2]) for name, line in lines("sh") + lines("text") if "bin/dublin-kb " in line]
ADDRESSES = sorted({(name, found) for name in GUIDES for found in re.findall(rf"<{HERE}(/[^>]*)>", text(name))})


@pytest.fixture(scope="module")
def served(corpus_index: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server over the shipped corpus; its events go to a directory of its own."""
    data = tmp_path_factory.mktemp("guides")
    settings = corpus_index.settings.model_copy(update={"data_dir": data})
    server = uvicorn.Server(uvicorn.Config(create_app(settings, corpus_index), port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of the guides are typed: the files that they tell the reader to write are there."""
    path = tmp_path_factory.mktemp("desk")
    for name in GUIDES:
        for file, body in blocks(name, "toml"):
            if file:
                (path / file).write_text(body, encoding="utf-8")
    return path


def test_there_is_a_guide_for_each_reader_and_the_readme_leads_to_it() -> None:
    assert set(GUIDES) >= {"lawyers.md", "caseworkers.md", "operators.md", "developers.md", "advocaten.md", "behandelaars.md"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in GUIDES if f"docs/{name}" not in readme] == []


@pytest.mark.parametrize(("where", "printed"), COMMANDS)
def test_every_command_that_a_guide_prints_exists_with_its_options(where: str, printed: str) -> None:
    command = typer.main.get_command(command_line)
    words = shlex.split(re.split(r"\s(?:\|\|?|>|<<<|#)\s", printed.replace("…", "x"))[0])
    while subcommands := getattr(command, "commands", None):
        name = words.pop(0)
        assert name in subcommands, f"{where}: dublin-kb {printed}"
        command = subcommands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z].*", word)} <= options


@pytest.mark.slow
@pytest.mark.parametrize(("where", "line"), [(name, line) for name, line in lines("sh") if "bin/dublin-kb " in line])
def test_every_command_of_a_guide_runs(
    where: str, line: str, corpus_index: KnowledgeBase, desk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(desk)
    command, _, given = line.partition(" <<< ")
    command = re.sub(r" (?:\|\| true|> \S+)$", "", command).partition("bin/dublin-kb ")[2]
    words = shlex.split(command)
    name = f"dublin-kb {words[0]}"
    settings = corpus_index.settings
    data = settings.data_dir
    if words[0] in ("backup", "audit"):  # what they write is theirs
        data = tmp_path / "var"
        shutil.copytree(settings.data_dir, data, symlinks=True)
    environment = {"KB_DATA_DIR": str(data), "KB_CORPUS_DIR": str(settings.corpus_dir)}
    done = CliRunner().invoke(command_line, words, env=environment, input="".join(shlex.split(given)) or None)
    if " || true" in line:
        assert done.exit_code in (0, 1)
    else:
        assert done.exit_code == ENDS_WITH.get(name, 0), f"{where}: {line}: {done.output}"
    if "--out" in words:
        assert (desk / words[words.index("--out") + 1]).stat().st_size > 1000
    elif words[0] != "audit":
        assert done.output.strip()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("openssl") is None, reason="curl or openssl is not on this machine")
@pytest.mark.parametrize(("where", "line"), [(name, line) for name, line in lines("sh") if "bin/dublin-kb " not in line])
def test_every_other_line_of_a_guide_runs_in_a_shell(where: str, line: str, served: str, desk: Path) -> None:
    command = ["bash", "-euo", "pipefail", "-c", line.replace(HERE, served)]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{where}: {line}: {done.stdout}{done.stderr}"
    assert done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in GUIDES if blocks(name, "python")])
def test_every_python_example_runs(name: str, served: str, tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text("\n".join(body for _, body in blocks(name, "python")).replace(HERE, served), encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "[overtaken]" in done.stdout
    assert "departs-from RVS:202304791/1/V2 2024-06-12" in done.stdout


@pytest.mark.slow
def test_the_client_of_the_guide_tells_the_code_of_a_problem(served: str, tmp_path: Path) -> None:
    (_, body), *_ = blocks("developers.md", "python")
    path = tmp_path / "example.py"
    client = body.partition("\nkb = ")[0]
    path.write_text(f'{client}\nKnowledgeBase("{served}").ask("/documents/none")\n', encoding="utf-8")
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60, check=False)
    assert "RuntimeError: not-found: " in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("where", "address"), ADDRESSES)
def test_every_address_of_a_guide_opens(where: str, address: str, served: str) -> None:
    answered = httpx.get(served + address, timeout=30, trust_env=False)
    assert answered.status_code == 200, f"{where}: {address}"
    if "/search" in address:
        assert "nothing-relevant" not in answered.text


@pytest.mark.parametrize("name", GUIDES)
def test_every_link_of_a_guide_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", text(name)):
        path, _, anchor = target.partition("#")
        assert (DOCS / unquote(path)).resolve().exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (DOCS / path).resolve().read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}


@pytest.mark.parametrize("name", GUIDES)
def test_every_setting_and_number_that_a_guide_names_exists(name: str) -> None:
    from api.metrics import Metrics

    known = {f"KB_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"\bKB_[A-Z_]*[A-Z]\b", text(name))) <= known
    registry = Metrics(KnowledgeBase(Settings(_env_file=None))).registry  # type: ignore[call-arg]
    told = {f"{family.name}{ending}" for family in registry.collect() for ending in ("", "_total")}
    lazy = {"dublin_kb_index_age_seconds", "dublin_kb_documents", "dublin_kb_passages", "dublin_kb_disk_free_bytes"}  # with an index
    assert set(re.findall(r"\bdublin_kb_[a-z_]+", text(name))) <= told | lazy


@pytest.mark.parametrize(("english", "dutch"), TWINS)
def test_the_dutch_guide_says_what_the_english_one_says(english: str, dutch: str) -> None:
    def shape(name: str) -> list[str]:
        """Headings by level, list items, and what is linked: what both must have in the same order."""
        return [found or "list" for found in re.findall(r"^(#{1,3}) |^(?:[-*]|\d+\.) ", text(name), re.M)]

    assert shape(dutch) == shape(english)

    def paths(name: str) -> list[str]:
        return [address.partition("?")[0] for address in re.findall(rf"<{HERE}([^>]*)>", text(name))]

    assert paths(dutch) == paths(english)
