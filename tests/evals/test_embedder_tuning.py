"""The recipe that tunes the embedder: what it learns from, and how the learnt weights are laid beside the old."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from evals.embedder_tuning import Pair, batches, blend, pairs_of
from evals.load import load, names
from kb.wiring import KnowledgeBase

PAIRS = st.lists(st.integers(0, 9), max_size=60).map(
    lambda documents: [Pair("terms", f"question {number}", "text", f"document {each}") for number, each in enumerate(documents)]
)


@given(PAIRS, st.integers(1, 8))
def test_every_pair_comes_once_and_no_document_twice_in_a_batch(pairs: list[Pair], size: int) -> None:
    made = list(batches(pairs, size, random.Random(1)))
    assert sorted(pair.query for batch in made for pair in batch) == sorted(pair.query for pair in pairs)
    for batch in made:
        assert len(batch) <= size
        assert len({pair.document for pair in batch}) == len(batch)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_lies_between_the_old_weights_and_the_new(tmp_path: Path, share: float) -> None:
    for name, value in (("base", 1.0), ("tuned", 3.0)):
        (tmp_path / name).mkdir()
        save_file({"w": np.full((2, 2), value, np.float32)}, tmp_path / name / "model.safetensors")
        (tmp_path / name / "config.json").write_text(f'"{name}"')
    blend(tmp_path / "base", tmp_path / "tuned", tmp_path / "out", share)
    assert load_file(tmp_path / "out" / "model.safetensors")["w"].tolist() == [[1 + 2 * share] * 2] * 2
    assert (tmp_path / "out" / "config.json").read_text() == '"base"'


def test_no_question_of_a_collection_is_learnt_and_every_kind_is_there(light_index: KnowledgeBase) -> None:
    pairs = pairs_of(light_index)
    asked = {question.text for name in names() for question in load(name).questions}
    assert {pair.kind for pair in pairs} == {"translation", "title", "framework", "terms"}
    assert not asked & {pair.query for pair in pairs}
    assert pairs == pairs_of(light_index)
    assert len({pair.document for pair in pairs}) > 100
