"""Words that are written as one, in their parts."""

from pathlib import Path

import pytest

from kb.domain.query import Filters
from kb.retrieval.compounds import parts_of
from kb.retrieval.lexical import stem
from tests.factories import ENTRIES, Entry
from tests.kb.retrieval.shelf import document, official, shelf


def parts(word: str, language: str, *known: str) -> tuple[str, ...]:
    stems = {stem(part, language) for part in known}
    return parts_of(word, language, lambda asked: asked & stems)


@pytest.mark.parametrize(
    ("word", "language", "first", "last"),
    [
        ("vreemdelingenrechter", "nl", "vreemdeling", "rechter"),
        ("overdrachtsbesluit", "nl", "overdracht", "besluit"),
        ("opvangcentrum", "nl", "opvang", "centrum"),
        ("überstellungsentscheidung", "de", "überstellung", "entscheidung"),
        ("eurodactreffer", "de", "eurodac", "treffer"),
        ("opholdstilladelse", "da", "ophold", "tilladelse"),
    ],
)
def test_a_compound_falls_into_the_two_words_that_are_known(word: str, language: str, first: str, last: str) -> None:
    assert parts(word, language, first, last) == (stem(first, language), stem(last, language))


@pytest.mark.parametrize(
    ("word", "language", "known"),
    [
        ("vreemdelingenrechter", "nl", ("rechter",)),
        ("vreemdelingenrechter", "nl", ()),
        ("reception", "en", ("rece", "ption")),
        ("asylrecht", "fr", ("asyl", "recht")),
        ("kst2024besluit", "nl", ("kst2024", "besluit")),
        ("ja", "nl", ("ja",)),
        ("besluitbesluit" * 10, "nl", ("besluit",)),
    ],
    ids=["one part", "no part", "English", "French", "a number", "short", "no word"],
)
def test_anything_else_stays_whole(word: str, language: str, known: tuple[str, ...]) -> None:
    assert parts(word, language, *known) == ()


def test_the_longest_last_part_is_taken() -> None:
    assert parts("grensbewakingsdienst", "nl", "grens", "bewakingsdienst", "grensbewaking", "dienst") == (
        stem("grens", "nl"),
        stem("bewakingsdienst", "nl"),
    )


def test_an_unknown_compound_finds_the_passage_that_has_its_parts(tmp_path: Path) -> None:
    rows = [
        Entry(document("a-1"), (official("De voogd verblijft elders en ziet het kind zelden."),)),
        Entry(document("a-2"), (official("De regeling over huisvesting van de minderjarige ontbreekt."),)),
    ]
    ranker = shelf(tmp_path, (*ENTRIES, *rows)).view().searcher.ranker
    stems = ranker.rank("huisvestingsregeling", "nl", Filters()).stems["nl"]
    assert {stem("huisvesting", "nl"), stem("regeling", "nl")} <= set(stems)
    best = [c.passage.document_id for c in ranker.rank("huisvestingsregeling", "nl", Filters()).candidates if c.words]
    assert best[0] == "a-2"
