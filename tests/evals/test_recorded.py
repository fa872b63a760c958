"""A TREC run of another system is scored as ours is: written out, read back, the figures are the same."""

import json
from pathlib import Path

import pytest

from tests.evals.test_cli import root, run  # noqa: F401  (the fixture)


@pytest.fixture
def written(root: Path, tmp_path: Path) -> Path:  # noqa: F811
    assert run(root, "run", "small", "--out", str(tmp_path / "out")) == 0
    path = tmp_path / "theirs.run"
    path.write_text((tmp_path / "out" / "small.kb.run").read_text("utf-8").replace(" kb\n", " theirs\n"), "utf-8")
    return path


def test_a_run_written_by_us_and_read_back_scores_the_same(root: Path, written: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    capsys.readouterr()
    assert run(root, "run", "small", "--json", "--trec-run", str(written)) == 0
    systems = json.loads(capsys.readouterr().out)["collections"][0]["systems"]
    for measure in ("nDCG@10", "MRR@10", "R@10", "hit@1"):
        assert systems["theirs"]["measures"][measure] == systems["kb"]["measures"][measure]


def test_a_worse_run_scores_worse(root: Path, written: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    first = [line for line in written.read_text("utf-8").splitlines(keepends=True) if not line.startswith("q1 ")]
    written.write_text("".join(first), "utf-8")
    capsys.readouterr()
    assert run(root, "run", "small", "--json", "--trec-run", str(written)) == 0
    systems = json.loads(capsys.readouterr().out)["collections"][0]["systems"]
    assert systems["theirs"]["by_question"]["q1"]["nDCG@10"] == 0
    assert systems["theirs"]["measures"]["nDCG@10"]["mean"] < systems["kb"]["measures"]["nDCG@10"]["mean"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "names 0 systems", id="empty"),
        pytest.param("q1 Q0 ECLI:EU:C:2019:219 1 1.0 a\nq1 Q0 ECLI:EU:C:2019:218 2 0.5 b\n", "names 2 systems", id="two systems"),
        pytest.param("q1 Q0 ECLI:EU:C:2019:219 first 1.0 a\n", "line 1", id="no rank"),
        pytest.param("q1 Q0 ECLI:EU:C:2019:219 1 1.0 kb\n", "two systems have one name", id="our own name"),
    ],
)
def test_a_run_that_cannot_be_scored_is_named(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:  # noqa: F811
    path = tmp_path / "bad.run"
    path.write_text(text, "utf-8")
    assert run(root, "run", "small", "--trec-run", str(path)) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_is_not_there_is_named(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert run(root, "run", "small", "--trec-run", str(tmp_path / "none.run")) == 2
    assert "no TREC run in" in capsys.readouterr().err
