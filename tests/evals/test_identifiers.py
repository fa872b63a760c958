from pathlib import Path

import pytest

from evals.identifiers import RULES, Rule, catalogue, generate

DOCUMENTS = catalogue(Path(__file__).parents[2] / "corpus" / "catalogue")


def test_every_rule_gives_something_and_nothing_is_typed_twice() -> None:
    rows = list(generate(DOCUMENTS))
    assert {rule for _, _, rule in rows} == {rule.name for rule in RULES}
    assert len({typed for typed, _, _ in rows}) == len(rows) >= 150


def test_the_same_catalogue_gives_the_same_rows() -> None:
    assert list(generate(DOCUMENTS)) == list(generate(list(reversed(DOCUMENTS))))


def test_a_number_that_fits_two_documents_is_not_drawn() -> None:
    one = {"id": "ECLI:EU:C:2024:1", "kind": "judgment", "case_numbers": ["C-1/23"], "aliases": []}
    two = {"id": "ECLI:EU:C:2024:2", "kind": "judgment", "case_numbers": ["C-1/23"], "aliases": []}
    opinion = {"id": "ECLI:EU:C:2024:3", "kind": "opinion", "case_numbers": ["C-1/23"], "aliases": []}
    assert not [row for row in generate([one, two]) if "Court of Justice" in row[2]]
    assert {row[1] for row in generate([one, opinion]) if "Court of Justice" in row[2]} == {"ECLI:EU:C:2024:1"}


def test_a_slip_that_makes_another_documents_number_is_not_drawn() -> None:
    pair = [{"id": f"ECLI:NL:RVS:2022:18{n}", "kind": "judgment", "case_numbers": [], "aliases": []} for n in (46, 64)]
    assert not [row for row in generate(pair) if "swapped" in row[2]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_which_form_it_is_about(rule: Rule) -> None:
    assert rule.field in ("ecli", "case-number", "name")
