"""Voices of European and foreign decisions against labels given by hand."""

from pathlib import Path

import pytest

from evals.voices import read_labels, score_voices
from kb.domain.documents import Voice

ROOT = Path(__file__).resolve().parents[2]
LABELS = ROOT / "evals" / "collections" / "voices" / "labels-eu.jsonl"
REAL = ROOT.parent / "shared" / "real"


def test_labels_are_enough_and_over_enough_formats() -> None:
    labels = read_labels(LABELS)
    assert len(labels) >= 250
    assert len({label.format for label in labels}) >= 6
    assert sum(label.voice is Voice.COURT for label in labels) >= 200


def test_no_passage_is_labelled_twice() -> None:
    places = [(label.file, label.start) for label in read_labels(LABELS)]
    assert len(set(places)) == len(places)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "cjeu-xhtml").is_dir(), reason="../shared/real is absent")
def test_the_label_court_is_right_in_98_of_100_on_both_halves() -> None:
    labels = read_labels(LABELS)
    for held_out in (False, True):
        scores = score_voices([label for label in labels if label.held_out is held_out], REAL)
        row = scores.row(Voice.COURT)
        assert row.precision is not None
        assert row.precision >= 0.98, [(label.file, label.start, str(guess)) for label, guess in scores.wrong]
        assert row.predicted >= 100
        assert scores.missing == (), "the parser cuts these texts otherwise now: label their passages anew"
