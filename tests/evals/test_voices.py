"""The measure of voices, checked by hand on a small collection."""

import json
from pathlib import Path

import pytest

from evals.voices import ALL, as_table, read_labels, score_voices, wilson
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage
from kb.domain.documents import Voice


def _documents(path: Path) -> list[ParsedDocument]:
    voices = {"a": [Voice.COURT, Voice.COURT, Voice.FACTS], "b": [Voice.COURT, Voice.UNKNOWN, Voice.UNKNOWN]}[path.name]
    passages = [ParsedPassage(i * 10, i * 10 + 9, voice=voice) for i, voice in enumerate(voices)]
    return [ParsedDocument("x" * 30, passages, Metadata(id=path.name.upper()), "fake/1")]


def _labels(tmp_path: Path, rows: list[tuple[str, int, str]]) -> Path:
    file = tmp_path / "labels.jsonl"
    lines = (
        json.dumps({"document": name.upper(), "file": name, "start": start, "end": start + 9, "voice": voice, "format": name})
        for name, start, voice in rows
    )
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_precision_counts_what_was_said_and_recall_what_was_there(tmp_path: Path) -> None:
    labels = read_labels(
        _labels(tmp_path, [("a", 0, "court"), ("a", 10, "facts"), ("a", 20, "facts"), ("b", 0, "court"), ("b", 10, "court")])
    )
    scores = score_voices(labels, tmp_path, parse=_documents)
    court = scores.row(Voice.COURT)
    assert (court.labelled, court.predicted, court.right) == (3, 3, 2)
    assert court.precision == pytest.approx(2 / 3)
    assert court.recall == pytest.approx(2 / 3)
    assert scores.row(Voice.COURT, "b").precision == 1.0
    assert scores.row(Voice.FACTS).recall == 0.5
    assert {(label.start, voice) for label, voice in scores.wrong} == {(10, Voice.COURT), (10, Voice.UNKNOWN)}


def test_a_label_whose_passage_is_cut_otherwise_is_missing_not_right(tmp_path: Path) -> None:
    labels = read_labels(_labels(tmp_path, [("a", 5, "court")]))
    scores = score_voices(labels, tmp_path, parse=_documents)
    assert scores.rows == ()
    assert scores.missing == tuple(labels)


def test_the_table_has_a_row_a_voice_and_format(tmp_path: Path) -> None:
    labels = read_labels(_labels(tmp_path, [("a", 0, "court"), ("b", 0, "court")]))
    table = as_table(score_voices(labels, tmp_path, parse=_documents))
    assert f"| {ALL} | court | 2 | 2 | 1.000 (0.342 to 1.000) | 1.000 |" in table.splitlines()


def test_a_label_that_is_none_names_its_line(tmp_path: Path) -> None:
    file = _labels(tmp_path, [("a", 0, "court"), ("a", 10, "judge")])
    with pytest.raises(ValueError, match="line 2"):
        read_labels(file)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (8, 10, 0.4902, 0.9433), (103, 104, 0.9475, 0.9983)],
)
def test_wilson_agrees_with_published_values(right: int, total: int, low: float, high: float) -> None:
    assert wilson(right, total) == pytest.approx((low, high), abs=5e-4)


def test_wilson_refuses_what_is_no_share() -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson(3, 2)
