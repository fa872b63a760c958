"""How close passages are to a long text: its own words read one by one, in the passages themselves.

A text of many words is a paragraph looked for by its like: the same rule in other words, a quotation, a paragraph of a draft. The index
counts titles and headings with each passage and knows no order. Here the passage's own words count, and pairs of words that stand
beside each other in both.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

K = TypeVar("K")

_K1, _B = 1.2, 0.75  # of BM25, as the engine has them
PAIRS = 0.5  # of the weight of single words; .3 to .7 gave the same


def closeness(question: Sequence[str], texts: Mapping[K, Sequence[str]], frequencies: Mapping[str, int], passages: int) -> dict[K, float]:
    """How close each text is: 0 where no word is shared, 1 + `PAIRS` at most; copies of a paragraph come near 1.

    Args:
        question: its stems in order, repeats kept.
        texts: stems of each passage in order.
        frequencies: in how many passages of the language a stem stands.
        passages: of the language.
    """
    weight = {stem: _rarity(frequencies.get(stem, 0), passages) for stem in question}
    pairs = {pair: weight[pair[0]] + weight[pair[1]] for pair in pairwise(question)}
    whole, whole_pairs = math.fsum(weight.values()), math.fsum(pairs.values())
    average = sum(map(len, texts.values())) / max(1, len(texts)) or 1.0
    found: dict[K, float] = {}
    for key, stems in texts.items():
        counts = Counter(stem for stem in stems if stem in weight)
        damping = _K1 * (1 - _B + _B * len(stems) / average)
        single = math.fsum(weight[stem] * count / (count + damping) for stem, count in counts.items())
        beside = math.fsum(pairs[pair] for pair in {pair for pair in pairwise(stems) if pair in pairs})
        found[key] = single / (whole or 1.0) + PAIRS * beside / (whole_pairs or 1.0)
    return found


def _rarity(count: int, passages: int) -> float:
    return math.log(1 + (max(passages, count) - count + 0.5) / (count + 0.5))
