import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from evals.load import Card, Collection, Question, Span
from evals.measures import PINPOINT, PRECISION, RECALL, WRONG, Scores, overtaken_alone, right_pinpoint, score
from evals.run import Answer, Outcome, Shown
from kb.store.library import Library
from tests import factories

CARD = Card("t", "m", "j", "l", "s", dt.date(2026, 11, 1))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return factories.knowledge_base(tmp_path_factory.mktemp("kb")).view().library


def question(qid: str = "q1", grades: Mapping[str, int] | None = None, **more: object) -> Question:
    return Question(qid, "vraag", "nl", "question", CARD.as_of, grades=grades or {}, **more)  # type: ignore[arg-type]


def shown(item: str, **more: object) -> Shown:
    document = item.partition("#")[0]
    facts: dict[str, object] = {"expression": document, "language": "nl", "spans": ((0, 10),), "score": 1.0, **more}
    return Shown(item if "#" in item else f"{item}#holding", document, **facts)  # type: ignore[arg-type]


def scored(library: Library, questions: Sequence[Question], answers: Mapping[str, Sequence[Shown]]) -> Scores:
    given = {q.qid: Answer(tuple(answers.get(q.qid, ()))) for q in questions}
    return score(Outcome(Collection("c", CARD, tuple(questions)), tuple(questions), {"kb": given}), "kb", library)


def test_ndcg_is_the_sum_by_hand(library: Library) -> None:
    """Linear gains, as trec_eval prints nDCG: found at ranks 1 and 3 with grades 1 and 3; ideal 3, 2, 1."""
    found = scored(library, [question(grades={"A": 3, "B": 2, "C": 1})], {"q1": [shown("C"), shown("X"), shown("A")]})
    ideal = 3 + 2 / math.log2(3) + 1 / math.log2(4)
    assert found.measures["nDCG@10"].mean == pytest.approx((1 + 3 / math.log2(4)) / ideal)
    assert found.measures["MRR@10"].mean == 1.0
    assert found.measures["R@5"].mean == pytest.approx(2 / 3)


def test_an_unanswered_query_costs_its_full_share(library: Library) -> None:
    found = scored(library, [question("q1", {"A": 3}), question("q2", {"A": 3})], {"q1": [shown("A")]})
    assert (found.measures["nDCG@10"].mean, found.measures["nDCG@10"].n) == (0.5, 2)


def test_a_document_counts_once_at_its_first_passage(library: Library) -> None:
    answers = {"q1": [shown("X#1"), shown("X#2"), shown("X#3"), shown("A#1"), shown("A#2")]}
    assert scored(library, [question(grades={"A": 3})], answers).measures["MRR@10"].mean == 0.5


def test_passages_are_scored_only_where_passages_are_judged(library: Library) -> None:
    asked = [question("q1", {"A": 3, "A#ro-2": 3}), question("q2", {"A": 3})]
    found = scored(library, asked, {"q1": [shown("A#ro-1"), shown("A#ro-2")], "q2": [shown("A#ro-1")]})
    assert (found.measures["passage MRR@10"].mean, found.measures["passage MRR@10"].n) == (0.5, 1)
    assert found.measures["MRR@10"].mean == 1.0


def test_a_document_judged_not_to_answer_is_wrong_like_one_not_judged(library: Library) -> None:
    answers = {"q1": [shown("A"), shown("B"), shown("C"), shown("A#2"), shown("A#3")]}
    assert scored(library, [question(grades={"A": 1, "B": 0})], answers).measures[WRONG].mean == pytest.approx(0.4)


def test_the_pinpoint_is_right_when_the_first_place_shown_is_the_judged_one() -> None:
    asked = question(grades={"A": 3, "A#para-90": 3})
    assert right_pinpoint(asked, Answer((shown("A#holding"), shown("A#para-90"), shown("A#para-91")))) is True
    assert right_pinpoint(asked, Answer((shown("A#para-91"), shown("A#para-90")))) is False
    assert right_pinpoint(asked, Answer((shown("A#holding"),))) is False
    assert right_pinpoint(asked, Answer((shown("B#para-90"),))) is None
    assert right_pinpoint(question(grades={"A": 3}), Answer((shown("A#para-90"),))) is None


def test_an_overtaken_document_is_alone_unless_a_successor_is_shown_with_it() -> None:
    old = shown("OLD", overtaken_by=("NEW", "NEWER"))
    assert overtaken_alone([old, shown("A")]) == ["OLD"]
    assert overtaken_alone([shown("NEWER"), old]) == []


def test_refusals_are_counted_over_all_questions(library: Library) -> None:
    asked = [question("a", {"A": 1}), question("b", {"A": 1}), question("u", answerable=False), question("v", answerable=False)]
    refusals = scored(library, asked, {"a": [shown("A")], "v": [shown("A")]}).refusals
    assert (refusals.refused, refusals.precision, refusals.recall) == (2, 0.5, 0.5)


def test_an_error_is_no_refusal_but_is_told(library: Library) -> None:
    asked = question("u", answerable=False)
    outcome = Outcome(Collection("c", CARD, (asked,)), (asked,), {"kb": {"u": Answer((), 0.1, "store-damaged")}})
    found = score(outcome, "kb", library)
    assert (found.refusals.refused, found.failed) == (0, {"u": "store-damaged"})


def test_characters_are_counted_over_the_first_five_passages(library: Library) -> None:
    asked = question(grades={"A": 3}, spans=(Span("A", 5, 25),))
    answers = {"q1": [shown("A#1", spans=((0, 10),)), shown("A#2", spans=((5, 15),)), shown("B#1", spans=((0, 5),))]}
    found = scored(library, [asked], answers).measures
    assert found[PRECISION].mean == pytest.approx(10 / 20)  # 0-15 of A and 5 of B are shown; 5-15 of them is judged
    assert found[RECALL].mean == pytest.approx(10 / 20)


def test_a_judged_passage_counts_in_the_text_that_was_shown(library: Library) -> None:
    """A digest in two languages: the judged place is the same, its characters are not."""
    passage = next(p for _, e, p in library.searchable() if e.form == "digest-en" and p.pinpoint)
    plain = f"{passage.document_id}#{passage.id.rpartition('#')[2]}"
    own = shown(plain, expression=passage.id.rpartition("#")[0], spans=((passage.start_char, passage.end_char),))
    found = scored(library, [question(grades={plain: 3})], {"q1": [own]}).measures
    assert (found[PRECISION].mean, found[RECALL].mean) == (1.0, 1.0)


def test_questions_without_a_judged_place_have_no_pinpoint(library: Library) -> None:
    assert PINPOINT not in scored(library, [question(grades={"A": 3})], {"q1": [shown("A#para-1")]}).measures


def test_recall_is_told_by_language_pair(library: Library) -> None:
    asked = question("q1~en", {"A": 3, "B": 3}, answer_language="en")
    assert scored(library, [asked], {"q1~en": [shown("A")]}).pairs[("nl", "en")].mean == 0.5


def test_our_scores_are_those_of_ir_measures_on_the_written_files(library: Library, tmp_path: Path) -> None:
    import ir_measures

    from evals.load import write_qrels, write_run

    asked = [question("q1", {"A": 3, "B b": 1}), question("q2", {"C": 2})]
    answers = {"q1": Answer((shown("X"), shown("B b"), shown("A"))), "q2": Answer((shown("A"), shown("C")))}
    outcome = Outcome(Collection("c", CARD, tuple(asked)), tuple(asked), {"kb": answers})
    write_qrels(tmp_path / "qrels.txt", {q.qid: q.grades for q in asked})
    write_run(tmp_path / "kb.run", outcome.run_lines("kb"))
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "qrels.txt")))
    run = list(ir_measures.read_trec_run(str(tmp_path / "kb.run")))
    outside = ir_measures.calc_aggregate([ir_measures.nDCG @ 10, ir_measures.RR @ 10], qrels, run)
    ours = score(outcome, "kb", library).measures
    assert ours["nDCG@10"].mean == pytest.approx(outside[ir_measures.nDCG @ 10])
    assert ours["MRR@10"].mean == pytest.approx(outside[ir_measures.RR @ 10])
