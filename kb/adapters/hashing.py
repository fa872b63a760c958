"""A fake embedder for tests: no model, no randomness, texts that share words come out near each other."""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from kb.adapters.texts import clean
from kb.ports import Vectors, VectorSpace


class HashingEmbedder:
    """Counts of the character trigrams of the words, hashed to `dimension` signed buckets. A token is a word."""

    def __init__(self, dimension: int = 64, *, max_tokens: int = 512) -> None:
        self._space = VectorSpace(
            name="hashing-trigrams",
            weights_sha256=hashlib.sha256(f"hashing-trigrams {dimension}".encode()).hexdigest(),
            dimension=dimension,
            query_prefix="",
            passage_prefix="",
            max_tokens=max_tokens,
            backend="hashing",
            tolerance=0.999999,
        )

    @property
    def space(self) -> VectorSpace:
        return self._space

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._space.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for trigram in _trigrams(text):
                digest = hashlib.blake2b(trigram.encode(), digest_size=8).digest()
                row[int.from_bytes(digest[:4], "big") % self._space.dimension] += 1.0 if digest[4] & 1 else -1.0
            norm = float(np.linalg.norm(row))
            if norm == 0.0:  # no word at all, or signs that cancel: still a unit vector
                row[0], norm = 1.0, 1.0
            row /= norm
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Counts add up over any length, so a long query needs no pooling."""
        return np.asarray(self.embed_passages([text])[0], dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(clean(text).split()) for text in texts]


def _trigrams(text: str) -> Iterator[str]:
    for word in clean(text).casefold().split():
        marked = f"^{word}$"
        yield from (marked[at : at + 3] for at in range(max(len(marked) - 2, 1)))
