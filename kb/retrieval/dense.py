"""Nearest passages in every language alike.

A multilingual model puts texts of one language together, whatever they say: an English question finds any English passage before the
Dutch one that answers it. Taking the mean vector of its language from every passage removes that common part. Because
`q . (p - mean) = q . p - q . mean`, it is one number a language and a question: nothing in the index changes.
Source: Yang, Yang, Cer & Darve, "A Simple and Effective Method To Eliminate the Self Language Bias in Multilingual Representations",
EMNLP 2021, https://aclanthology.org/2021.emnlp-main.470
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kb.domain.query import Filters
from kb.domain.results import Scored, rank
from kb.ports import PassageIndex, Vectors


def language_means(vectors: Vectors, languages: Sequence[str]) -> dict[str, list[float]]:
    """The mean vector of the passages of each language.

    Args:
        vectors: shape `(n, dimension)`.
        languages: of each row.
    """
    labels = np.array(languages)
    return {str(language): vectors[labels == language].mean(axis=0).tolist() for language in sorted(set(languages))}


def search_all_languages(
    index: PassageIndex,
    vector: Vectors,
    languages: Sequence[str],
    means: Mapping[str, Sequence[float]],
    *,
    limit: int,
    filters: Filters,
) -> tuple[list[Scored], float]:
    """The nearest passages, scores freed of what their language alone gives them, best first; and the best score as it was.

    Each language is searched for itself and gives at most `limit`; a language without a mean is compared as it is. Nothing found:
    an empty list and 0.0.
    """
    found: list[Scored] = []
    nearest = 0.0
    for language in languages:
        if filters.languages and language not in filters.languages:
            continue
        mean = means.get(language)
        bias = float(np.dot(vector, np.array(mean, np.float32))) if mean is not None else 0.0
        own = index.dense(vector, limit=limit, filters=replace(filters, languages=(language,)))
        nearest = max([nearest, *(item.score for item in own[:1])])
        found += [Scored(item.passage_id, item.score - bias) for item in own]
    return rank(found)[:limit], nearest
