"""Pinpoints as the digests print them, each a place or none, and their slugs."""

import re
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.domain.identifiers import PassageId, canonical_document_id
from kb.domain.pinpoints import HOLDING, Pinpoint, PinpointKind

DIGESTS = sorted((Path(__file__).resolve().parents[3] / "corpus" / "digests").glob("*.toml"))
HELD = sorted(
    {
        (canonical_document_id(table["id"]), passage["ref"])
        for table in (tomllib.loads(path.read_text(encoding="utf-8")) for path in DIGESTS)
        for passage in table["passage"]
        if passage["ref"] != "holding"
    }
)


@pytest.mark.parametrize(
    ("ref", "slug"),
    [
        ("para 90", "para-90"),
        ("§ 254", "para-254"),
        ("§§ 341-345", "para-341-345"),
        ("§§ 342 ff.", "para-342-ff"),
        ("paras 77 and 99", "para-77,99"),
        ("paras 78, 80 and 100-105", "para-78,80,100-105"),
        ("punten 89 en 90", "para-89,90"),
        ("point 2", "para-2"),
        ("r.o. 5.2", "ro-5.2"),
        ("r.o.\u00a05.2", "ro-5.2"),
        ("ro 5.2", "ro-5.2"),
        ("R.O. 5.2", "ro-5.2"),
        ("rechtsoverweging 5.2", "ro-5.2"),
        ("onder 8 t/m 9.3", "ro-8-9.3"),
        ("onder 4.3.2 en 4.3.3", "ro-4.3.2,4.3.3"),
        ("Rn. 19-20, 22", "rn-19-20,22"),
        ("Rdnr. 40", "rn-40"),
        ("art. 33(2)(a)", "art-33(2)(a)"),
        ("article 29(1)-(2)", "art-29(1)-(2)"),
        ("art. 30a lid 1 onder a Vw", "art-30a-lid-1-onder-a-vw"),
        ("recital 1", "recital-1"),
        ("answers 2-4", "answer-2-4"),
        ("question 1", "question-1"),
        ("Leitsatz 2 and 3", "headnote-2,3"),
        ("operative part 1", "operative-1"),
        ("section 'Griekse statushouders'", "section-griekse-statushouders"),
        ("section 'Het niet tijdig ophalen van vreemdelingen door DV&O'", "section-het-niet-tijdig-ophalen-van-vreemdelingen-door-dv-o"),
        ("p. 12", "page-12"),
        ("voetnoot 3", "fn-3"),
        ("4.3.3", "4.3.3"),
        ("4.1 t/m 4.1.3", "4.1-4.1.3"),
    ],
)
def test_a_printed_place_has_its_slug(ref: str, slug: str) -> None:
    found = Pinpoint.parse(ref)
    assert found is not None
    assert found.slug == slug
    assert found.is_place


@pytest.mark.parametrize(
    "ref",
    [
        "outcome",
        "operative outcome",
        "operative part",
        "operative part, no para number seen",
        "operative part (evidence), no para number seen",
        "operative part 2 (number not seen)",
        "r.o. 5 (number not seen)",
        "section 3, no numbered paragraphs",
        "reasons, no para number seen",
        "no numbered paragraphs seen (decision)",
        "(number not seen)",
        "text just before r.o. 5",
        "findings as restated in the letter of 7 November 2022 (report not opened)",
        "Inbreng PVV-fractie",
        "r.o.",
        "para",
        "paragraph about housing",
        "onder de aandacht",
        "",
        "holding",
    ],
)
def test_a_reference_without_a_number_seen_is_no_place(ref: str) -> None:
    assert Pinpoint.parse(ref) is None


def test_the_corpus_has_places_to_read() -> None:
    assert len(HELD) > 200


@pytest.mark.parametrize(("document", "ref"), HELD)
def test_each_place_of_the_digests_keeps_its_numbers_and_survives_its_passage_id(document: str, ref: str) -> None:
    found = Pinpoint.parse(ref)
    printed = re.findall(r"\d+", ref)
    if found is None:
        says_none = re.search(r"not? (?:para )?number|not seen|outcome|operative part|findings|text just|inbreng", ref, re.I)
        assert says_none, f"{document}: {ref!r} names a place that is not read"
        return
    assert found.printed == " ".join(ref.replace("\u00a0", " ").split())
    assert re.findall(r"\d+", found.slug) == printed  # none lost, none invented
    for form in ("", "digest-nl", "v3"):
        made = PassageId(document, form, found.slug)
        assert PassageId.parse(str(made)) == made


@given(st.text(max_size=60))
def test_a_reference_never_gets_a_number_that_it_does_not_print(ref: str) -> None:
    found = Pinpoint.parse(ref)
    if found is not None:
        printed = unicodedata.normalize("NFC", ref)
        assert all(number in printed for number in re.findall(r"\d+", found.value))
        assert all(number in printed.lower() for number in re.findall(r"\d+", found.slug))


@given(
    st.sampled_from(["para", "§", "punt", "r.o.", "onder", "Rn.", "art.", "recital", "answer"]),
    st.lists(st.integers(1, 400), min_size=1, max_size=3),
    st.sampled_from([" ", "\u00a0", "  "]),
)
def test_reading_a_printed_reference_again_gives_the_same_slug(word: str, numbers: list[int], blank: str) -> None:
    found = Pinpoint.parse(f"{word}{blank}{'.'.join(map(str, numbers))}")
    assert found is not None
    again = Pinpoint.parse(found.printed)
    assert again == found
    assert found.value == ".".join(map(str, numbers))


@given(st.text(min_size=1, max_size=200))
def test_a_heading_as_a_slug_holds_nothing_that_an_address_or_an_id_would_split(heading: str) -> None:
    slug = Pinpoint(PinpointKind.SECTION, heading, heading).slug
    assert len(slug) <= 130
    assert not set(slug) & set("#@/?& \n\t%")


def test_a_summary_and_a_position_are_no_places_that_can_be_cited() -> None:
    assert HOLDING.slug == "holding"
    assert not HOLDING.is_place
    position = Pinpoint(PinpointKind.POSITION, "12", "")
    assert position.slug == "pos-12"
    assert not position.is_place
