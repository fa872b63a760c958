"""Scores by the names the field prints. Ranking measures come from ir_measures; what law adds to them is counted here.

A question without an answer still counts, with 0. Ranking measures leave out only what nobody could answer; refusals count those.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import ir_measures
from ir_measures import RR, R, Success, nDCG

from evals.load import Question
from evals.run import Answer, Outcome, Shown
from evals.significance import Estimate, bootstrap
from kb.domain.identifiers import PassageId
from kb.errors import KbError
from kb.store.library import Library

CUT = 10
_RANKING = {"nDCG@10": nDCG @ 10, "MRR@10": RR @ 10, "R@5": R @ 5, "R@10": R @ 10, "hit@1": Success @ 1}
PASSAGE = "passage "  # before the name of a measure at passage level
WRONG = "wrong documents@5"
PINPOINT = "pinpoint"
PRECISION, RECALL = "char precision@5", "char recall@5"
NAMES = (*_RANKING, *(PASSAGE + name for name in _RANKING), WRONG, PINPOINT, PRECISION, RECALL)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often a system said that nothing was found, and how often that was right."""

    refused: int
    rightly: int
    unanswerable: int
    asked: int

    @property
    def precision(self) -> float | None:
        return self.rightly / self.refused if self.refused else None

    @property
    def recall(self) -> float | None:
        return self.rightly / self.unanswerable if self.unanswerable else None


@dataclass(frozen=True, slots=True)
class Scores:
    """One system on one collection. `by_question` holds every value by question and measure, so that systems can be paired."""

    measures: Mapping[str, Estimate]
    by_question: Mapping[str, Mapping[str, float]]
    by_style: Mapping[str, Mapping[str, Estimate]]
    by_language: Mapping[str, Mapping[str, Estimate]]
    pairs: Mapping[tuple[str, str], Estimate]  # (question's language, passage's language) -> R@10
    refusals: Refusals
    overtaken_alone: tuple[tuple[str, str], ...]  # (qid, document) shown in the first ten without any of its successors
    cited_places: int = 0
    printed_places: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # median a question


def score(outcome: Outcome, system: str, library: Library) -> Scores:
    """Everything about one system's answers to one collection."""
    answers = outcome.answers[system]
    ranked = [question for question in outcome.questions if question.answerable]
    values = {question.qid: _of_question(question, answers[question.qid], library) for question in ranked}
    for prefix, rows in (("", _ranking(ranked, answers, passages=False)), (PASSAGE, _ranking(ranked, answers, passages=True))):
        for qid, row in rows.items():
            values[qid] |= {prefix + name: value for name, value in row.items()}
    cited = [shown.printed for answer in answers.values() for shown in answer.shown[:CUT] if shown.printed is not None]
    times = sorted(answer.seconds for answer in answers.values())
    return Scores(
        measures=_means(values.values()),
        by_question=values,
        by_style=_grouped(values, {question.qid: question.style for question in ranked}),
        by_language=_grouped(values, {question.qid: question.lang for question in ranked}),
        pairs=_pairs(ranked, answers, library),
        refusals=_refusals(outcome.questions, answers),
        overtaken_alone=tuple((qid, document) for qid, answer in answers.items() for document in overtaken_alone(_page(answer.shown))),
        cited_places=len(cited),
        printed_places=sum(cited),
        failed={qid: answer.failed for qid, answer in answers.items() if answer.failed},
        seconds=times[len(times) // 2] if times else 0.0,
    )


def _ranking(questions: Sequence[Question], answers: Mapping[str, Answer], *, passages: bool) -> dict[str, dict[str, float]]:
    grades = {q.qid: q.passage_grades() if passages else q.document_grades() for q in questions}
    grades = {qid: judged for qid, judged in grades.items() if any(grade > 0 for grade in judged.values())}
    qrels = [ir_measures.Qrel(qid, item, grade) for qid, judged in grades.items() for item, grade in judged.items()]
    run = [
        # scores fall with the rank: tools break ties by id
        ir_measures.ScoredDoc(qid, item, float(1000 - place))
        for qid in grades
        for place, item in enumerate(answers[qid].items() if passages else answers[qid].documents())
    ]
    rows: dict[str, dict[str, float]] = {qid: dict.fromkeys(_RANKING, 0.0) for qid in grades}
    names = {measure: name for name, measure in _RANKING.items()}
    for found in ir_measures.iter_calc(list(names), qrels, run) if qrels else ():
        rows[found.query_id][names[found.measure]] = float(found.value)
    return rows


def _of_question(question: Question, answer: Answer, library: Library) -> dict[str, float]:
    found: dict[str, float] = {}
    right = {document for document, grade in question.document_grades().items() if grade > 0}
    if top := answer.shown[:5]:
        found[WRONG] = sum(shown.document not in right for shown in top) / len(top)
    if (pinpoint := right_pinpoint(question, answer)) is not None:
        found[PINPOINT] = float(pinpoint)
    if characters := _characters(question, answer.shown[:5], library):
        found[PRECISION], found[RECALL] = characters
    return found


def right_pinpoint(question: Question, answer: Answer) -> bool | None:
    """Whether the first passage shown of a document that has a judged place is a judged one.

    None where no such place is judged, or no document that holds one is among the first ten. The summary of a digest is no place:
    it does not count as a wrong one, the first passage after it does.
    """
    judged = {item for item, grade in question.passage_grades().items() if grade > 0}
    holding = {PassageId.parse(item).document for item in judged if _is_place(item)}
    first = next((document for document in answer.documents()[:CUT] if document in holding), None)
    if first is None:
        return None
    own = [shown.item for shown in answer.shown if shown.document == first and shown.item and _is_place(shown.item)]
    return bool(own) and own[0] in judged


def _is_place(item: str) -> bool:
    return not PassageId.parse(item).slug.startswith(("holding", "pos-"))


def _page(shown: Sequence[Shown]) -> Sequence[Shown]:
    """The first ten as a reader gets them: our search ends a page before an overtaken authority whose successor comes right after."""
    page, follow = list(shown[:CUT]), {one.document for one in shown[CUT : CUT + 3]}
    while page and set(page[-1].overtaken_by) & follow and not set(page[-1].overtaken_by) & {one.document for one in page}:
        page.pop()
    return page


def overtaken_alone(shown: Sequence[Shown]) -> list[str]:
    """Documents shown as overtaken with none of what overtook them beside them."""
    here = {one.document for one in shown}
    alone = {one.document: None for one in shown if one.overtaken_by and not here & set(one.overtaken_by)}
    return list(alone)


def _characters(question: Question, shown: Sequence[Shown], library: Library) -> tuple[float, float] | None:
    """Precision and recall in characters over the first five passages, as LegalBench-RAG counts them.

    Source: Pipitone & Houir Alami 2024, https://arxiv.org/abs/2408.10343. A judged passage that exists in several texts (a digest
    in two languages) counts in the text that was shown.
    """
    gold: dict[str, list[tuple[int, int]]] = {}
    for span in question.spans:
        gold.setdefault(span.expression, []).append((span.start, span.end))
    if not gold:
        preferred = {one.document: one.expression for one in reversed(shown)}
        for item, grade in question.passage_grades().items():
            passage = _passage(item, preferred, library) if grade > 0 else None
            if passage:
                gold.setdefault(passage[0], []).extend(passage[1])
    if not gold:
        return None
    found: dict[str, list[tuple[int, int]]] = {}
    for one in shown:
        found.setdefault(one.expression, []).extend(one.spans)
    both = sum(_length(_common(spans, found.get(expression, []))) for expression, spans in gold.items())
    return both / max(1, sum(map(_length, found.values()))), both / sum(map(_length, gold.values()))


def _passage(item: str, preferred: Mapping[str, str], library: Library) -> tuple[str, list[tuple[int, int]]] | None:
    asked = PassageId.parse(item)
    expression = preferred.get(asked.document, asked.document)
    held = library.passages_by_id([f"{expression}#{asked.slug}"])
    try:
        passage = next(iter(held.values()), None) or library.resolve_passage(item, language="en")
    except KbError:
        return None
    key = passage.id.rpartition("#")[0]
    return key, list(passage.spans or ((passage.start_char, passage.end_char),))


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _length(spans: Sequence[tuple[int, int]]) -> int:
    return sum(end - start for start, end in _merged(spans))


def _common(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    crossings = ((max(s, t), min(e, f)) for s, e in _merged(a) for t, f in _merged(b))
    return [(start, end) for start, end in crossings if start < end]


def _refusals(questions: Sequence[Question], answers: Mapping[str, Answer]) -> Refusals:
    refused = [question for question in questions if answers[question.qid].refused and not answers[question.qid].failed]
    return Refusals(
        refused=len(refused),
        rightly=sum(not question.answerable for question in refused),
        unanswerable=sum(not question.answerable for question in questions),
        asked=len(questions),
    )


def _pairs(questions: Sequence[Question], answers: Mapping[str, Answer], library: Library) -> dict[tuple[str, str], Estimate]:
    """R@10 by the languages of question and judged document: the languages it is held in, or the one that answers were limited to."""
    held: dict[str, str] = {}
    rows: dict[tuple[str, str], list[float]] = {}
    for question in questions:
        shown = set(answers[question.qid].documents()[:CUT])
        relevant: dict[str, list[str]] = {}
        for document, grade in question.document_grades().items():
            if grade > 0:
                if document not in held:
                    languages = {e.language for e in library.expressions(document, with_text=False) if e.current}
                    held[document] = "+".join(sorted(languages)) or "none"
                relevant.setdefault(question.answer_language or held[document], []).append(document)
        for language, documents in relevant.items():
            rows.setdefault((question.lang, language), []).append(sum(d in shown for d in documents) / len(documents))
    return {pair: estimate for pair, values in sorted(rows.items()) if (estimate := bootstrap(values))}


def _grouped(values: Mapping[str, Mapping[str, float]], group: Mapping[str, str]) -> dict[str, dict[str, Estimate]]:
    return {name: _means([row for qid, row in values.items() if group[qid] == name]) for name in sorted(set(group.values()))}


def _means(rows: Iterable[Mapping[str, float]]) -> dict[str, Estimate]:
    listed = list(rows)
    found: dict[str, Estimate] = {}
    for name in NAMES:
        estimate = bootstrap([row[name] for row in listed if name in row])
        if estimate and not math.isnan(estimate.mean):
            found[name] = estimate
    return found
