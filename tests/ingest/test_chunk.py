"""Every word is embedded, and no chunk is longer than the model reads."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import ChunkText, chunk_texts
from kb.adapters.hashing import HashingEmbedder

CONTEXT = "Afdeling, 2022-07-06, Denemarken. Zaak"


class Letters(HashingEmbedder):
    """Counts a token for every two characters: words differ in their tokens, as in a real model."""

    def count_tokens(self, texts: list[str]) -> list[int]:  # type: ignore[override]
        return [-(-len(text) // 2) for text in texts]


BODIES = st.lists(
    st.lists(st.text("abcdeéßλ", min_size=1, max_size=30), max_size=120).flatmap(
        lambda words: st.sampled_from([" ", "\n", "  ", "\t"]).map(lambda blank: blank.join(words))
    ),
    max_size=4,
)
CONTEXTS = st.text("abc ", max_size=200)


def of(chunks: list[ChunkText], passage: int) -> list[ChunkText]:
    return [chunk for chunk in chunks if chunk.passage == passage]


@settings(deadline=None)
@given(BODIES, CONTEXTS)
def test_every_word_of_every_body_is_in_a_chunk_and_none_is_over_the_limit(bodies: list[str], context: str) -> None:
    for embedder in (HashingEmbedder(max_tokens=24), Letters(max_tokens=120)):
        chunks = chunk_texts([context] * len(bodies), bodies, embedder)
        assert all(count <= embedder.space.max_tokens for count in embedder.count_tokens([chunk.text for chunk in chunks]))
        for position, body in enumerate(bodies):
            own = of(chunks, position)
            assert [chunk.number for chunk in own] == list(range(len(own)))
            assert own, "a passage without a chunk is never found"
            held = {word for chunk in own for word in chunk.text.split()}
            assert set(body.split()) <= held
        assert [chunk.passage for chunk in chunks] == sorted(chunk.passage for chunk in chunks)


@settings(deadline=None)
@given(st.integers(1, 400))
def test_the_words_of_a_long_passage_keep_their_order_and_their_number(count: int) -> None:
    words = [f"w{number}" for number in range(count)]
    chunks = chunk_texts([""], [" ".join(words)], HashingEmbedder(max_tokens=40))
    reached = 0
    for chunk in chunks:
        own = [int(word[1:]) for word in chunk.text.split()]
        assert own == list(range(own[0], own[-1] + 1))
        assert own[0] <= reached  # no gap between two parts
        assert own[-1] >= reached
        reached = own[-1] + 1
    assert reached == count


def test_a_passage_within_the_window_is_one_chunk_with_its_line_of_context_first() -> None:
    chunks = chunk_texts([CONTEXT, ""], ["De opvang.", "Zonder regel."], HashingEmbedder())
    assert chunks == [ChunkText(0, 0, f"{CONTEXT}\nDe opvang."), ChunkText(1, 0, "Zonder regel.")]


def test_each_part_of_a_long_passage_starts_with_the_line_of_context() -> None:
    body = " ".join(f"w{number}" for number in range(200))
    chunks = chunk_texts([CONTEXT], [body], HashingEmbedder(max_tokens=40))
    assert len(chunks) > 4
    assert all(chunk.text.startswith(f"{CONTEXT}\n") for chunk in chunks)


def test_parts_overlap_so_that_no_sentence_is_only_seen_in_halves() -> None:
    body = " ".join(f"w{number}" for number in range(200))
    parts = [set(chunk.text.split()) for chunk in chunk_texts([""], [body], HashingEmbedder(max_tokens=60))]
    assert all(one & other for one, other in itertools.pairwise(parts))


def test_a_context_line_that_fills_the_window_is_cut_and_the_passage_is_not() -> None:
    context = " ".join(f"c{number}" for number in range(500))
    (chunk,) = chunk_texts([context], ["w1 w2 w3"], HashingEmbedder(max_tokens=40))
    assert chunk.text.startswith("c0 c1")
    assert chunk.text.endswith("\nw1 w2 w3")
    assert len(chunk.text.split()) <= 40


@pytest.mark.parametrize("length", [1, 2, 241, 5_000])
def test_a_run_without_a_blank_is_cut_and_no_character_is_lost(length: int) -> None:
    embedder = Letters(max_tokens=120)
    chunks = chunk_texts([""], ["x" * length], embedder)
    assert "".join(chunk.text for chunk in chunks) == "x" * length
    assert max(embedder.count_tokens([chunk.text for chunk in chunks])) <= 120


def test_nothing_to_embed_is_no_chunk() -> None:
    assert chunk_texts([], [], HashingEmbedder()) == []
    with pytest.raises(ValueError):
        chunk_texts(["one line"], [], HashingEmbedder())
