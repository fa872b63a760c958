"""When nothing was found: decided on what both retrievers say together, never on a raw cosine (e5 gives .7 to .9 to anything)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kb.domain.documents import Passage

if TYPE_CHECKING:
    from kb.retrieval.search import Ranking


def is_relevant(ranking: "Ranking", passages: Mapping[str, Passage], shown: Mapping[str, str]) -> bool:
    """Whether the best candidates answer the question at all."""
    del passages, shown
    return bool(ranking.fused)
