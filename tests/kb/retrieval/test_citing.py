"""What close passages cite is where the rule stands."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kb.domain.documents import CitationLink
from kb.domain.query import Filters
from kb.retrieval.citing import cited_by
from tests.factories import ENTRIES, Entry, Quote
from tests.kb.retrieval.shelf import document, official, shelf

RULE = (
    "Een lidstaat handelt slechts onder bijzondere omstandigheden in strijd met het verbod wanneer onverschilligheid van zijn autoriteiten "
    "meebrengt dat iemand die volledig afhankelijk is van overheidssteun, buiten eigen wil en keuzes, terechtkomt in verregaande materiële "
    "deprivatie waardoor elementaire levensbehoeften zoals voedsel, hygiëne en huisvesting onvervuld blijven"
)


def link(target: str, pinpoint: str | None = "ro-1", *, resolved: bool = True) -> CitationLink:
    return CitationLink("x", 0, 1, "zie", target, "ecli", pinpoint, resolved)


def test_a_place_gets_the_share_of_its_witness_and_never_more_than_one() -> None:
    spoken = cited_by(
        [
            (("a", "ro-4"), 2.0, [link("rule"), link("other")]),
            (("b", "ro-4"), 1.0, [link("rule")]),
            (("c", "ro-4"), 0.5, [link("third")]),
        ]
    )
    assert spoken == {("rule", "ro-1"): 1.0, ("other", "ro-1"): 1.0, ("third", "ro-1"): 0.25}


def test_a_document_that_repeats_itself_is_one_witness() -> None:
    first = (("z", "ro-1"), 4.0, [])
    once = cited_by([first, (("a", "ro-4"), 1.0, [link("rule")])])
    assert cited_by([first, (("a", "ro-4"), 1.0, [link("rule")]), (("a", "ro-9"), 1.0, [link("rule")])]) == once == {("rule", "ro-1"): 0.25}


@pytest.mark.parametrize("of", [link("a"), link("rule", None), link("rule", resolved=False)], ids=["itself", "no place", "not held"])
def test_no_witness_for_itself_for_no_place_or_for_what_is_not_held(of: CitationLink) -> None:
    assert cited_by([(("a", "ro-4"), 1.0, [of])]) == {}


@pytest.mark.parametrize("score", [0.0, -1.0])
def test_candidates_that_are_not_close_say_nothing(score: float) -> None:
    assert cited_by([(("a", "ro-4"), score, [link("rule")])]) == {}
    assert cited_by([]) == {}


def ranked(data_dir: Path, *, without: Sequence[str] = ()) -> list[str]:
    rows = [Entry(document(name), (official(f"{RULE}."),)) for name in ("a-1", "a-2")]
    said = f"{RULE}, zoals eerder is overwogen."
    witness = Entry(document("w-1"), (official(said),), quotes=(Quote("official", "zoals eerder is overwogen", "a-2", "ro-1"),))
    kb = shelf(data_dir, (*ENTRIES, *rows, witness))
    found = kb.view().searcher.ranker.rank(RULE, "nl", Filters(without=tuple(without))).candidates
    return [c.passage.document_id for c in found if c.passage.document_id in {"a-1", "a-2", "w-1"}]


def test_of_two_that_say_the_same_the_one_that_a_third_cites_comes_first(tmp_path: Path) -> None:
    assert ranked(tmp_path)[:2] == ["a-2", "a-1"]


def test_a_document_that_is_left_out_is_no_witness(tmp_path: Path) -> None:
    assert ranked(tmp_path, without=["w-1"]) == ["a-1", "a-2"]
