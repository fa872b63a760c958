"""What the pages say is so: commands, versions, guards, paths, and the README's own example."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer

from api.cli import app
from evals.cli import main as evals_main
from kb.domain.query import Query
from kb.domain.results import StandingValue
from kb.wiring import KnowledgeBase

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "DECISIONS.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "DECISIONS.md", "CHANGELOG.md")
COMMANDS = sorted(
    {(page, found) for page in PAGES for found in re.findall(r"(?:`|\$ |bin/)dublin-kb ([a-z][^`\n]*)", (ROOT / page).read_text("utf-8"))}
)
EVALS = sorted({found for page in PAGES for found in re.findall(r"dublin-kb-evals ([a-z]+)", (ROOT / page).read_text("utf-8"))})
TEXT = {".py", ".md", ".toml", ".txt", ".jsonl", ".json", ".html", ".css", ".js", ".xml", ".cfg", ".yml", ".yaml", ".sh", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_the_readme_names_the_commands_that_matter() -> None:
    named = {command.split()[0] for page, command in COMMANDS if page == "README.md"}
    assert named >= {"search", "show", "cite", "assess", "check", "ingest", "forget", "backup", "restore", "doctor", "status"}


@pytest.mark.parametrize(("where", "printed"), COMMANDS)
def test_every_command_that_is_printed_exists_with_its_options(where: str, printed: str) -> None:
    command = typer.main.get_command(app)
    words = shlex.split(printed.replace("…", "x"))
    while subcommands := getattr(command, "commands", None):
        name = words.pop(0)
        assert name in subcommands, f"{where}: dublin-kb {printed}"
        command = subcommands[name]
    assert command.params, "no command was reached"
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if re.fullmatch(r"--[a-z].*", word)} <= options


@pytest.mark.parametrize("command", EVALS)
def test_every_evaluation_command_that_is_printed_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        evals_main([command, "--help"])
    assert caught.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b", README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")))))
def test_every_make_target_that_is_printed_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def test_the_top_version_of_the_changelog_is_that_of_the_package() -> None:
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.M)
    assert headings[0] == "Unreleased"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", headings[1])


def test_versions_in_the_changelog_fall() -> None:
    versions = [tuple(map(int, found)) for found in re.findall(r"^## (\d+)\.(\d+)\.(\d+)", CHANGELOG, re.M)]
    assert versions == sorted(set(versions), reverse=True)


ENTRIES = re.split(r"^## ", DECISIONS, flags=re.M)[1:]


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(re.match(r"\d+", entry)[0]) for entry in ENTRIES] == list(range(1, len(ENTRIES) + 1))  # type: ignore[index]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.splitlines()[0][:60] for entry in ENTRIES])
def test_every_decision_is_dated_and_guarded_by_what_exists(entry: str) -> None:
    title, _, body = entry.partition("\n")
    assert re.search(r"\(\d{4}-\d\d-\d\d, (?:in force|superseded by \d+)\)", title)
    assert "**Decision.**" in body
    guard = re.search(r"\*\*Guarded by\*\* (.+)", body, re.S)
    assert guard, "an unguarded decision drifts"
    for path in re.findall(r"`((?:tests|evals|corpus|kb|api|ingest)/[^` ]+)`", guard[1]):
        assert (ROOT / path).exists(), path
        if (ROOT / path).is_dir():
            assert list((ROOT / path).glob("test_*.py")), f"{path} holds no tests"
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", guard[1]):
        assert f"def {name}(" in tests, name


MACHINE = re.compile(r"(?<![\w./])/(?:work|root|home)/\w|(?<![\w.])/tmp/\w|file:///(?:work|root|home|tmp)", re.I)
HOSTS = re.compile(
    r"https?://[^\s/\"']*(?:artifactory|nexus|devpi|pypi-proxy|\.internal|\.corp|\.local)\b|(?:--|^)(?:extra-)?index-url", re.I | re.M
)


def test_no_tracked_file_names_a_machine() -> None:
    """Tests may make up a name under /tmp or /home that is there to be refused."""
    found = []
    for path in tracked():
        if path.suffix not in TEXT or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        inside_tests = path.is_relative_to(ROOT / "tests")
        hits = [match[0] for match in MACHINE.finditer(text) if not (inside_tests and match[0].startswith(("/tmp", "/home")))]
        hits += [match[0] for match in HOSTS.finditer(text)]
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in hits]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["see {}work/main/x", "({}root/x)", '"{}home/me"', "in {}tmp/x", "file:{0}{0}{0}work/x", "https://nexus.example/x", "--index-url {}x"],
)
def test_a_machines_path_or_registry_would_be_seen(text: str) -> None:
    written = text.format("/")  # put together here, so that this file names no such path itself
    assert MACHINE.search(written) or HOSTS.search(written)


@pytest.mark.parametrize("text", ["https://example.org{}work/x", "tests{}work/x", "frame{}work/ing", "a{}tmp/x"])
def test_an_address_or_a_folder_of_ours_is_no_machines_path(text: str) -> None:
    assert not MACHINE.search(text.format("/"))


@pytest.mark.parametrize("where", PAGES)
def test_every_file_that_a_page_points_at_exists(where: str) -> None:
    text = (ROOT / where).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:kb|ingest|api|evals|corpus|tests)/[\w./-]+)`", text)) | set(re.findall(r"\b([A-Z]{4,}\.md)\b", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_no_page_holds_a_placeholder() -> None:
    assert [page for page in PAGES if re.search(r"@@\w+@@|TODO|FIXME|XXX|lorem ipsum", (ROOT / page).read_text(encoding="utf-8"))] == []


def _example() -> tuple[list[str], list[str]]:
    """(words of the command, lines printed under it) of the README's first example."""
    block = re.search(r"^    \$ dublin-kb (search .+)\n((?:    .*\n|\n)+)", README, re.M)
    assert block, "the README starts with a question and its answer"
    return shlex.split(block[1]), [line.strip() for line in block[2].splitlines() if line.strip() and line.strip() != "…"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_the_example_of_the_readme_is_answered_as_printed(corpus_index: KnowledgeBase) -> None:
    from typer.testing import CliRunner

    words, lines = _example()
    assert len(lines) >= 5
    settings = corpus_index.settings
    done = CliRunner().invoke(app, words, env={"KB_DATA_DIR": str(settings.data_dir), "KB_CORPUS_DIR": str(settings.corpus_dir)})
    assert done.exit_code == 0, done.output
    printed = _one_line(done.output)
    at = 0
    for line in lines:  # every line of the example, in its order; the terminal may break lines elsewhere
        found = printed.find(_one_line(line), at)
        assert found >= 0, f"{line!r} is not printed after {printed[max(0, at - 80) : at]!r}"
        at = found + len(_one_line(line))


@pytest.mark.slow
def test_the_example_of_the_readme_is_an_overtaken_authority_beside_its_successor(corpus_index: KnowledgeBase) -> None:
    import datetime as dt

    words, _ = _example()
    hits = corpus_index.search(Query(words[1], as_of=dt.date(2026, 11, 24), limit=int(words[words.index("--limit") + 1]))).hits
    assert [hit.document.id for hit in hits] == ["ECLI:NL:RVS:2022:1864", "RVS:202304791/1/V2"]
    assert hits[0].standing.value is StandingValue.OVERTAKEN
    assert [successor.document_id for successor in hits[0].standing.successors] == [hits[1].document.id]


def test_the_number_of_documents_that_the_pages_give_is_that_of_the_corpus() -> None:
    held = len(list((ROOT / "corpus" / "digests").glob("*.toml")))
    given = re.findall(r"(\d+) documents", README) + re.findall(r"corpus\*\* of (\d+) documents", CHANGELOG)
    assert given
    assert {int(number) for number in given} == {held}


def test_the_number_of_edges_that_the_changelog_gives_is_that_of_the_catalogue() -> None:
    import json

    lines = [line for path in (ROOT / "corpus" / "catalogue").glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()]
    held = sum(len(json.loads(line).get("treatment") or []) for line in lines if line.strip())
    (given,) = re.findall(r"(\d+) curated edges", CHANGELOG)
    assert int(given) == held
