"""When nothing was found: decided on what both retrievers say together, never on a raw cosine (e5 gives .7 to .9 to anything)."""

from kb.retrieval.ranking import Ranking


def is_relevant(ranking: Ranking) -> bool:
    """Whether the best candidates answer the question at all."""
    return bool(ranking.candidates)
