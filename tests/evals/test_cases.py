"""The table of cases over the shipped corpus: expectations of each, and recall of the judged contrary evidence."""

from collections.abc import Callable

import pytest

from evals.cases import CaseFile, Outcome, Recall, differences, examine, load
from ingest.corpus import load_corpus
from kb.law.case import Case
from kb.law.frameworks import Frameworks
from kb.wiring import KnowledgeBase
from tests.conftest import REPOSITORY

CASES = load()
Examine = Callable[[CaseFile], Outcome]


@pytest.fixture(scope="module")
def examined(corpus_index: KnowledgeBase) -> Examine:
    done: dict[str, Outcome] = {}

    def of(case: CaseFile) -> Outcome:
        if case.name not in done:
            done[case.name] = examine(corpus_index, case)
        return done[case.name]

    return of


def test_there_are_at_least_forty_cases_each_with_facts_and_expectations() -> None:
    assert len(CASES) >= 40
    for case in CASES:
        Case.parse({**case.facts, "nationality": None})
        assert {"framework", "version", "regime", "track", "warnings"} & set(case.expected), case.name


def test_what_is_judged_is_in_the_catalogue_and_in_the_legal_test() -> None:
    corpus = REPOSITORY / "corpus"
    held = {document.id for document, _, _ in load_corpus(corpus).documents}
    frameworks = Frameworks.load(corpus / "frameworks")
    for case in CASES:
        elements = {e.id for v in frameworks.framework(case.expected["framework"]).versions for e in v.elements}
        for judged in (case.contrary, case.supporting):
            assert set(judged) <= elements, case.name
            assert {document for documents in judged.values() for document in documents} <= held, case.name


@pytest.mark.slow
@pytest.mark.xdist_group("cases")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gets_what_its_file_expects(case: CaseFile, examined: Examine) -> None:
    assert not examined(case).differences


@pytest.mark.slow
@pytest.mark.xdist_group("cases")
def test_judged_contrary_evidence_stands_among_the_first_five(examined: Examine) -> None:
    total = sum((examined(case).contrary for case in CASES), Recall())
    assert total.judged >= 60
    assert total.value >= 0.8, total.missed


@pytest.mark.slow
@pytest.mark.xdist_group("cases")
def test_judged_supporting_evidence_is_not_paid_for_it(examined: Examine) -> None:
    total = sum((examined(case).supporting for case in CASES), Recall())
    assert total.value >= 0.8, total.missed


@pytest.mark.slow
@pytest.mark.xdist_group("cases")
def test_an_expectation_that_is_not_met_is_told(examined: Examine) -> None:
    outcome = examined(CASES[0])
    wrong = {"framework": "none", "warnings": ["no-such-code"], "absent_elements": [outcome.found.elements[0].element.id]}
    assert len(list(differences(outcome.found, wrong))) == 3
