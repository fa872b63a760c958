"""How far a score can be trusted: bootstrap intervals for one system, paired tests for two. Fixed seeds: the same numbers again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SEED = 20261124
_RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` questions with its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is B minus A over the questions both answered; `p` of the two-sided and `p_fall` of the one-sided test (B < A)."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float
    p_fall: float
    n: int


def bootstrap(values: Sequence[float]) -> Estimate | None:
    """The mean with its percentile interval over questions drawn again with replacement; None for no value.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), ch. 13.
    """
    if not values:
        return None
    data = np.asarray(values, dtype=np.float64)
    low, high = _interval(data)
    return Estimate(float(data.mean()), low, high, len(values))


def compare(a: Sequence[float], b: Sequence[float]) -> Comparison:
    """Two systems on the same questions, in the same order: Fisher's randomisation test, which assumes no distribution.

    Every question's difference keeps its size and gets a random sign; `p` is the share of such worlds at least as far from zero.
    Source: Smucker, Allan & Carterette, CIKM 2007, https://doi.org/10.1145/1321440.1321528
    Raises: ValueError for different lengths or no question.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"{len(a)} and {len(b)} values: both systems must have answered the same questions, and at least one")
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    difference = second - first
    observed = float(difference.mean())
    low, high = _interval(difference)
    signs = np.random.default_rng(_SEED).integers(0, 2, size=(_RESAMPLES, len(a)), dtype=np.int8) * 2 - 1
    worlds = (signs * difference).mean(axis=1)
    slack = 1e-12  # sums in another order must not decide
    # the observed world is one of them: p is never 0
    two_sided = float((np.abs(worlds) >= abs(observed) - slack).sum() + 1) / (_RESAMPLES + 1)
    fall = float((worlds <= observed + slack).sum() + 1) / (_RESAMPLES + 1)
    return Comparison(float(first.mean()), float(second.mean()), observed, low, high, two_sided, fall, len(a))


def _interval(data: NDArray[np.float64]) -> tuple[float, float]:
    rng = np.random.default_rng(_SEED)
    means = data[rng.integers(0, len(data), size=(_RESAMPLES, len(data)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
