"""The optional second stage reorders the best candidates and nothing else."""

from collections.abc import Sequence
from dataclasses import replace

from kb.domain.query import Filters
from kb.wiring import KnowledgeBase


class Backwards:
    """A second stage that prefers what the first put last."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        assert query
        return [float(place) for place in range(len(texts))]


def test_the_second_stage_decides_the_order_of_the_best_and_scores_still_fall(light_index: KnowledgeBase) -> None:
    ranker = light_index.view().searcher.ranker
    plain = ranker.rank("overdracht aan Denemarken", "nl", Filters()).candidates
    again = replace(ranker, reranker=Backwards()).rank("overdracht aan Denemarken", "nl", Filters()).candidates
    assert [c.passage.id for c in again[:30]] == [c.passage.id for c in reversed(plain[:30])]
    assert [c.passage.id for c in again[30:]] == [c.passage.id for c in plain[30:]]
    assert [c.score for c in again] == [c.score for c in plain]
    assert all("second stage" in c.signals for c in again[:30])
