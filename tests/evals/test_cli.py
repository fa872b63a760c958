"""The command from end to end, over a small knowledge base: what it prints, writes and ends with."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from evals import cli
from evals.load import read_run
from evals.run import RememberedQueries
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.wiring import KnowledgeBase
from tests import factories
from tests.evals import collections_of

QUERIES = [
    {"qid": "q1", "text": factories.OLD_TEST},
    {"qid": "q2", "text": "overdracht Denemarken beschermingsbeleid", "lang": "nl", "style": "keyword"},
]
QRELS = {"q1": {factories.OLD_TEST: 3, factories.NEW_TEST: 1}, "q2": {factories.OLD_TEST: 2, factories.COURT_OF_JUSTICE: 1}}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = tmp_path / "var"
    factories.build_store(data)

    def opened() -> tuple[KnowledgeBase, RememberedQueries]:
        embedder = RememberedQueries(HashingEmbedder(), data / "evals")
        return KnowledgeBase(factories.settings(data), embedder=embedder, engine=MemoryEngine()), embedder

    monkeypatch.setattr(cli, "open_base", opened)
    root = tmp_path / "collections"
    collections_of.write(root, "small", QUERIES, QRELS, collections_of.CARD + "gated = true\n")
    return root


def run(root: Path, *arguments: str) -> int:
    return cli.main(["--root", str(root), *arguments])


def test_a_run_prints_a_table_and_writes_every_report(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(root, "run", "small", "--systems", "kb,bm25,dense,hybrid", "--out", str(out)) == 0
    assert "| small | nDCG@10 | 2 |" in capsys.readouterr().out
    body = json.loads((out / "report.json").read_text("utf-8"))
    systems = body["collections"][0]["systems"]
    assert list(systems) == ["kb", "bm25", "dense", "hybrid"]
    assert systems["kb"]["by_question"]["q1"]["hit@1"] == 1.0
    first = read_run(out / "small.kb.run")[0]
    assert (first.qid, first.item, first.rank) == ("q1", factories.OLD_TEST, 1)
    page = (out / "report.html").read_text("utf-8")
    for plot in page.split("<svg")[1:]:
        ET.fromstring("<svg" + plot.partition("</svg>")[0] + "</svg>")
    assert page.count("<svg") >= 2


def test_a_run_as_json_is_one_document(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "run", "small", "--json") == 0
    assert json.loads(capsys.readouterr().out)["collections"][0]["name"] == "small"


def test_two_systems_of_a_report_are_compared_in_pairs(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(root, "run", "small", "--systems", "kb,bm25", "--out", str(tmp_path / "out"))
    capsys.readouterr()
    assert run(root, "compare", f"{tmp_path / 'out'}:bm25", str(tmp_path / "out")) == 0
    said = capsys.readouterr().out
    assert "2 shared questions" in said
    assert "p=" in said


def test_what_is_pinned_passes_the_gate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "pin", "small") == 0
    assert run(root, "gate") == 0
    assert "FALL" not in capsys.readouterr().out


def test_a_fall_fails_the_gate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**QUERIES[0], "qid": f"q{n}", "text": f"{factories.OLD_TEST} {'.' * n}"} for n in range(1, 9)]
    grades = {f"q{n}": {"RVS:202400001/1/V2": 1} for n in range(1, 9)}
    collections_of.write(root, "wide", rows, grades)
    run(root, "pin", "wide")
    path = root / "wide" / "expected.toml"
    lines = path.read_text("utf-8").splitlines()
    raised = [line.partition(" = ")[0] + " = 1.0" if line.startswith('"q') else line for line in lines]
    path.write_text("\n".join(raised), "utf-8")
    capsys.readouterr()
    assert run(root, "gate", "wide") == 1
    assert "FALL wide: nDCG@10 1.0000" in capsys.readouterr().out


def test_a_question_added_after_the_pin_fails_the_gate(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(root, "pin", "small")
    folder = root / "small"
    extra = json.dumps({"qid": "q3", "text": "x y z", "lang": "nl", "style": "keyword"})
    with (folder / "queries.jsonl").open("a", encoding="utf-8") as file:
        file.write(extra + "\n")
    with (folder / "qrels.txt").open("a", encoding="utf-8") as file:
        file.write(f"q3 0 {factories.OLD_TEST} 1\n")
    assert run(root, "gate") == 1
    assert "1 questions were added or taken away" in capsys.readouterr().out


def test_a_gate_without_a_pin_says_so_and_ends_with_two(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "gate") == 2
    assert "nothing is pinned for small" in capsys.readouterr().err


def test_a_collection_whose_documents_are_not_indexed_is_skipped_by_name(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = collections_of.CARD + 'needs = "real documents"\n'
    collections_of.write(root, "far", [{"qid": "q1", "text": "vraag"}], {"q1": {"ECLI:EU:C:1999:1#para-1": 3}}, card)
    assert run(root, "run", "far") == 0
    assert "Skipped: needs real documents: 1 of 1 judged ids are not in this index" in capsys.readouterr().out


def test_an_unknown_system_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "run", "small", "--systems", "kb,google") == 2
    assert "unknown system google" in capsys.readouterr().err


def test_questions_are_embedded_once(root: Path) -> None:
    run(root, "run", "small")
    _, embedder = cli.open_base()
    embedder._embedder = None  # type: ignore[assignment]  # a second embedding would fail
    assert embedder.embed_query(factories.OLD_TEST).shape == (64,)


def test_llamaindex_answers_over_the_same_texts(root: Path, tmp_path: Path) -> None:
    from evals.baselines import LlamaIndexBaseline
    from evals.load import load

    kb, embedder = cli.open_base()
    found = LlamaIndexBaseline(kb, embedder, tmp_path / "cache").answer(load("small", root).questions[1])
    assert {one.document for one in found} <= {d.id for d in kb.view().library.documents()}
    assert all(kb.view().library.text_slice(one.expression, *one.spans[0]) for one in found)
