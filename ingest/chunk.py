"""Passages to chunks: what is embedded. A passage within the model's window is one chunk, with one line of context before it;
a longer one is cut at word boundaries into parts that overlap a little, each with the same line. Every word is in some chunk."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.ports import Embedder

_BATCH = 512
_OVERLAP_WORDS = 20
_CONTEXT_SHARE = 0.3  # of the window; a longer context line is cut, the passage's own words are not


@dataclass(frozen=True, slots=True)
class ChunkText:
    """What is embedded for one part of a passage: `number` counts from 0."""

    passage: int  # position in the sequence given
    number: int
    text: str


def chunk_texts(contexts: Sequence[str], bodies: Sequence[str], embedder: Embedder) -> list[ChunkText]:
    """Chunks of all passages, in order. No chunk has more than `embedder.space.max_tokens` tokens.

    Args:
        contexts: one line a passage, may be empty.
        bodies: the words of each passage.
    """
    limit = embedder.space.max_tokens
    contexts = _fitted(contexts, int(limit * _CONTEXT_SHARE), embedder)
    joined = [f"{context}\n{body}" if context else body for context, body in zip(contexts, bodies, strict=True)]
    counts = _counts(joined, embedder)
    chunks: list[ChunkText] = []
    for position, (context, body, text, count) in enumerate(zip(contexts, bodies, joined, counts, strict=True)):
        if count <= limit:
            chunks.append(ChunkText(position, 0, text))
            continue
        parts = _cut(context, body, limit, count, embedder)
        chunks += [ChunkText(position, number, part) for number, part in enumerate(parts)]
    return chunks


def _fitted(contexts: Sequence[str], limit: int, embedder: Embedder) -> list[str]:
    counts = _counts(contexts, embedder)
    fitted = []
    for context, count in zip(contexts, counts, strict=True):
        while count > limit and context:
            context = context[: int(len(context) * limit / count * 0.95)].rsplit(" ", 1)[0]
            count = embedder.count_tokens([context])[0] if context else 0
        fitted.append(context)
    return fitted


def _cut(context: str, body: str, limit: int, count: int, embedder: Embedder) -> list[str]:
    """`body` in as few parts as fit, each tried and cut again when its words turn out to be more tokens than the average."""
    words = [match.span() for match in re.finditer(r"\S+", body)]
    if len(words) < 2:
        # one unbroken run of characters: halve it, nothing is lost
        middle = max(1, len(body) // 2)
        pieces = [body[:middle], body[middle:]]
    else:
        parts = max(2, -(-count // limit))
        size = max(1, -(-len(words) // parts))
        overlap = min(_OVERLAP_WORDS, size // 4)
        pieces = []
        for start in range(0, len(words), size):
            first, last = words[max(0, start - overlap)], words[min(len(words), start + size) - 1]
            pieces.append(body[first[0] : last[1]])
    texts: list[str] = []
    for piece in pieces:
        text = f"{context}\n{piece}" if context else piece
        tokens = embedder.count_tokens([text])[0]
        texts += [text] if tokens <= limit or len(piece) < 2 else _cut(context, piece, limit, tokens, embedder)
    return texts


def _counts(texts: Sequence[str], embedder: Embedder) -> list[int]:
    counts: list[int] = []
    for start in range(0, len(texts), _BATCH):
        counts += embedder.count_tokens(list(texts[start : start + _BATCH]))
    return counts
