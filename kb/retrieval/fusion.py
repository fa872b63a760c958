"""Joining rankings. Ours, not the engine's: the engine's own fusion breaks ties at random."""

import math
from collections.abc import Mapping, Sequence

from kb.domain.results import Scored, rank


def reciprocal_rank_fusion(rankings: Sequence[Sequence[Scored]], *, k: int = 60, weights: Sequence[float] | None = None) -> list[Scored]:
    """Join rankings by rank alone, so that their scores need no common scale.

    Args:
        rankings: one ranking a retriever, best first.
        k: rank damping, a count of ranks; the paper's 60.
        weights: one factor a ranking; 1 each by default.
    Returns:
        One ranking, best first, ties by passage id. A passage in no ranking is not in it.
    Source: Cormack, Clarke & Büttcher, SIGIR 2009, https://doi.org/10.1145/1571941.1572114
    """
    factors = weights or [1.0] * len(rankings)
    shares: dict[str, list[float]] = {}
    for factor, ranking in zip(factors, rankings, strict=True):
        for place, item in enumerate(ranking, start=1):
            shares.setdefault(item.passage_id, []).append(factor / (k + place))
    # fsum: a plain sum depends on the order of its terms, and would break ties by it
    return rank(Scored(passage, math.fsum(terms)) for passage, terms in shares.items())


def min_max(ranking: Sequence[Scored]) -> dict[str, float]:
    """Scores moved to 0..1 within one ranking; all 1.0 where they are equal."""
    if not ranking:
        return {}
    low, high = min(item.score for item in ranking), max(item.score for item in ranking)
    span = high - low
    return {item.passage_id: (item.score - low) / span if span else 1.0 for item in ranking}


def weighted(parts: Sequence[tuple[float, Mapping[str, float]]]) -> list[Scored]:
    """A weighted sum of scores already on one scale; a passage that a part does not know has 0 there."""
    passages = {passage for _, scores in parts for passage in scores}
    return rank(Scored(passage, math.fsum(weight * scores.get(passage, 0.0) for weight, scores in parts)) for passage in passages)
