"""Dutch official publications keep their articles, questions, headings and footnotes, and not a letter is lost."""

import re
from pathlib import Path

import pytest
from lxml import etree

from ingest.parse import registry
from ingest.parse.parliament import ParliamentParser, _rules
from ingest.parse.xml import local_name, parse_xml
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import PinpointKind
from kb.errors import InputRejected
from tests.ingest.parse.golden import compare
from tests.ingest.parse.holding import hold_together

HERE = Path(__file__).parents[2]
GOLDEN = HERE / "golden" / "parliament"
REAL = HERE.parent / ".." / "shared" / "real" / "overheid-xml"
PARSER = ParliamentParser()
METADATA_ONLY = {"bwb_manifest.xml", "bwb_wti.xml", "opmeta1.xml", "opmeta2.xml", "searchrec.xml"}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.xml")), ids=lambda path: path.stem)
def test_a_publication_is_read_as_reviewed(path: Path) -> None:
    (document,) = PARSER.parse(path.read_bytes(), path.name)
    hold_together(document)
    compare(document, path.with_suffix(".json"))


def by_slug(name: str) -> dict[str, tuple[str, Voice]]:
    (document,) = PARSER.parse((GOLDEN / name).read_bytes(), name)
    return {p.pinpoint.slug: (document.text[p.start : p.end], p.voice) for p in document.passages if p.pinpoint}


def test_a_paragraph_of_an_article_is_cited_by_its_printed_numbers_and_holds_its_list() -> None:
    found = by_slug("bwb-toestand.xml")
    assert found["art-30(1)"][0].startswith("1 Een aanvraag")
    assert found["art-30(1)"][0].endswith("b. zie artikel 31.")
    assert found["art-30(2)"][1] is Voice.QUOTED_LAW
    assert "lidstaat:" in found["art-30a"][0]


def test_a_letter_speaks_with_the_ministers_voice_and_a_footnote_is_tied_to_its_call() -> None:
    found = by_slug("kst-brief.xml")
    assert found["section-situatie-in-griekenland"][0].startswith("De Afdeling heeft geoordeeld dat de motivering niet volstond.1 Ik volg")
    assert found["fn-1"][0].startswith("1 ABRvS 28 juli 2021")
    (document,) = PARSER.parse((GOLDEN / "kst-brief.xml").read_bytes(), "kst-brief.xml")
    assert (document.metadata.kind, document.metadata.date) == (Kind.LETTER, "2023-05-08")
    assert {p.voice for p in document.passages} == {Voice.MINISTER}


def test_in_a_written_consultation_only_the_answer_is_the_ministers() -> None:
    (document,) = PARSER.parse((GOLDEN / "kst-verslag.xml").read_bytes(), "kst-verslag.xml")
    voices = {document.text[p.start : p.start + 25]: p.voice for p in document.passages}
    assert voices["Er keerden er twee terug."] is Voice.MINISTER
    assert voices["Kan de staatssecretaris t"] is Voice.UNKNOWN
    assert voices["De leden van de ABC-fract"] is Voice.UNKNOWN
    assert document.metadata.date == "2023-05-12"


def test_a_paper_in_xml_has_no_pages_and_is_given_none() -> None:
    for path in sorted(GOLDEN.glob("kst-*.xml")):
        (document,) = PARSER.parse(path.read_bytes(), path.name)
        assert {(p.page, p.printed_page) for p in document.passages} == {(None, None)}
        assert not [p for p in document.passages if p.pinpoint and p.pinpoint.kind in (PinpointKind.PAGE, PinpointKind.PAGE_SECTION)]


def test_answers_are_cited_by_number() -> None:
    found = by_slug("aanhangsel.xml")
    assert found["answer-1"][0] == "1\nEr zijn 44 personen overgedragen.\nHet cijfer is afgerond."
    assert found["question-2"][0].endswith("onder dwang verwijderd?")


def test_only_a_member_of_the_government_speaks_as_one_in_a_debate() -> None:
    (document,) = PARSER.parse((GOLDEN / "handelingen.xml").read_bytes(), "handelingen.xml")
    assert [(p.heading_path[-1], p.voice) for p in document.passages][-2:] == [
        ("De heer Voorbeeld (ABC)", Voice.UNKNOWN),
        ("Staatssecretaris Naam", Voice.MINISTER),
    ]


@pytest.mark.parametrize("content", [b"<record><titel>x</titel></record>", b"<officiele-publicatie><metadata/></officiele-publicatie>"])
def test_metadata_without_text_is_refused(content: bytes) -> None:
    with pytest.raises(InputRejected) as caught:
        PARSER.parse(content, "x.xml")
    assert caught.value.reason == "no-text"


def words_of(element: etree._Element) -> str:
    if local_name(element) in _rules().left_out:
        return ""
    return (element.text or "") + "".join(words_of(child) + (child.tail or "") for child in element)


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="../shared/real/overheid-xml is absent")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.xml")), ids=lambda path: path.name)
def test_every_letter_of_a_real_publication_is_in_a_passage_or_a_heading(path: Path) -> None:
    content = path.read_bytes()
    if path.name in METADATA_ONLY:
        with pytest.raises(InputRejected) as caught:
            PARSER.parse(content, path.name)
        assert caught.value.reason == "no-text"
        return
    assert registry.sniff(content[:4096], path.name).name == "parliament"
    (document,) = PARSER.parse(content, path.name)
    hold_together(document)
    source = re.sub(r"\s", "", words_of(parse_xml(content)))
    read = re.sub(r"\s", "", document.text)
    assert sorted(source) == sorted(read) or 0 <= len(read) - len(source) <= 6  # a note's number stands at its call and at the note
