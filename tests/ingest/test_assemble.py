"""From a parser's answer to what the store holds: ids, languages, versions of a text, and who a text may claim to be."""

from collections.abc import Set
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.assemble import Assembled, Assembler
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage
from kb.domain.courts import Courts
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, TextStatus, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.domain.references import ReferenceFinder

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
FINDER = ReferenceFinder(CORPUS / "patterns")
COURTS = Courts.load(CORPUS / "courts" / "courts.toml")
SHA = "ab" * 32
LETTER = Document(
    "kst-30573-195", Kind.LETTER, "Ministerie", "Brief", "nl", date=LegalDate("2022-11-07"), catalogued=True, official_url="https://x"
)
SECTIONS = {"section-deense-dublinzaken", "section-griekse-statushouders", "section-begeleiding-van-amv-s"}
TEXT = "Kop\n\nDe overdracht, zie ECLI:NL:RVS:2021:1626.\n\nNog een alinea zonder nummer."


def para(number: str) -> Pinpoint:
    return Pinpoint(PinpointKind.PARAGRAPH, number, number)


def parsed(passages: list[ParsedPassage] | None = None, text: str = TEXT, **stated: object) -> ParsedDocument:
    return ParsedDocument(
        text=text,
        passages=[ParsedPassage(0, 3), ParsedPassage(5, 46, para("1")), ParsedPassage(48, len(TEXT))] if passages is None else passages,
        metadata=Metadata(**stated),  # type: ignore[arg-type]
        parser="test/1",
    )


def assembler(known: Document | None = None, sections: Set[str] = frozenset()) -> Assembler:
    return Assembler(
        courts=COURTS,
        finder=FINDER,
        resolver=lambda kind, value: value,
        catalogued=lambda document_id: known if known and known.id == document_id else None,
        sections_of=lambda date: [(known.id, sections)] if known and known.date == date else [],
    )


def assembled(document: ParsedDocument, maker: Assembler | None = None, **more: object) -> Assembled:
    return (maker or assembler()).assemble(document, source_sha256=SHA, source_name="a.txt", **more)  # type: ignore[arg-type]


def test_a_text_without_an_official_id_is_named_by_its_bytes_and_its_place_in_the_file() -> None:
    assert assembled(parsed()).document.id == "file:abababababababab"
    assert assembled(parsed(), position=2).document.id == "file:abababababababab-3"


def test_an_id_that_the_source_states_is_kept_in_its_canonical_spelling() -> None:
    assert assembled(parsed(id="ecli:nl:rvs:2021:1626")).document.id == "ECLI:NL:RVS:2021:1626"
    assert assembled(parsed(id="x"), document_id="kst-1-2").document.id == "kst-1-2"


def test_every_passage_is_its_slice_and_its_id_holds_its_place() -> None:
    made = assembled(parsed(id="kst-1"))
    assert [p.id for p in made.passages] == ["kst-1#pos-1", "kst-1#para-1", "kst-1#pos-3"]
    assert all(p.text == made.expression.text[p.start_char : p.end_char] for p in made.passages)
    assert [p.ordinal for p in made.passages] == [0, 1, 2]
    assert {p.voice for p in made.passages} == {Voice.UNKNOWN}
    # a position is no pinpoint: nothing was printed there
    assert [p.pinpoint for p in made.passages] == [None, para("1"), None]


def test_a_number_that_stands_twice_gets_two_ids() -> None:
    made = assembled(parsed([ParsedPassage(0, 3, para("12")), ParsedPassage(5, 46, para("12")), ParsedPassage(48, 50, para("12"))], id="k"))
    assert [p.id for p in made.passages] == ["k#para-12", "k#para-12~2", "k#para-12~3"]


def test_a_passage_over_a_page_break_keeps_its_spans_and_is_read_without_what_lies_between() -> None:
    text = "De over-\n\nPagina 2\n\ndracht is toegestaan."
    part = ParsedPassage(0, len(text), para("1"), spans=((0, 8), (20, len(text))), page=1)
    (made,) = assembled(parsed([part], text)).passages
    assert made.text == text
    assert made.spans == ((0, 8), (20, len(text)))
    assert "Pagina" not in made.display
    assert "toegestaan" in made.display


def test_a_citation_is_found_with_its_place_in_the_text() -> None:
    made = assembled(parsed(id="kst-1", language="nl"))
    (link,) = made.citations
    assert link.target == "ECLI:NL:RVS:2021:1626"
    assert TEXT[link.start_char : link.end_char] == link.text
    assert link.passage_id == "kst-1#para-1"


def test_an_upload_never_takes_an_official_id_and_is_told() -> None:
    made = assembled(parsed(id="ECLI:NL:RVS:2021:1626"), assembler(replace(LETTER, id="ECLI:NL:RVS:2021:1626")), trust="upload")
    assert made.document.id.startswith("file:")
    assert not made.document.catalogued
    assert any("cannot claim ECLI:NL:RVS:2021:1626" in warning for warning in made.warnings)


def test_the_catalogue_keeps_its_words_and_gets_what_it_lacks() -> None:
    made = assembled(
        parsed(id=LETTER.id, title="Een andere titel", date="2022-11-08", official_url="https://y", sitting="Den Haag", language="nl"),
        assembler(LETTER),
    )
    assert (made.document.title, made.document.date, made.document.official_url) == ("Brief", LegalDate("2022-11-07"), "https://x")
    assert made.document.sitting == "Den Haag"
    assert made.document.catalogued


def test_a_text_in_another_language_than_the_catalogued_one_is_kept_beside_the_official_text() -> None:
    made = assembled(parsed(id=LETTER.id, language="en"), assembler(LETTER))
    assert (made.expression.form, made.expression.language) == ("tr-en", "en")
    assert all(passage.id.startswith(f"{LETTER.id}@tr-en#") for passage in made.passages)


def test_a_translation_that_says_so_is_no_verbatim_text() -> None:
    made = assembled(parsed(id="kst-1", language="en", extra={"translation": "unofficial"}))
    assert (made.expression.form, made.expression.text_status) == ("tr-en", TextStatus.TRANSLATION)
    assert {passage.text_status for passage in made.passages} == {TextStatus.TRANSLATION}


@pytest.mark.parametrize("date", ["2020-02-30", "niet bekend", "", None])
def test_an_impossible_date_stays_unknown(date: str | None) -> None:
    assert assembled(parsed(id="kst-1", date=date)).document.date is None


def headed(*headings: str, date: str | None = "2022-11-07", **stated: object) -> ParsedDocument:
    parts = [ParsedPassage(0, 3, heading_path=(heading,)) for heading in headings]
    return parsed(parts, date=date, **stated)


ALL = ("Deense Dublinzaken", "Griekse statushouders", "Begeleiding van amv's", "Iets anders")


def test_the_catalogued_letter_is_recognised_by_its_day_and_all_its_cited_sections() -> None:
    made = assembled(headed(*ALL), assembler(LETTER, SECTIONS))
    assert made.document.id == LETTER.id
    assert any("recognised as kst-30573-195" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("document", "sections"),
    [
        (headed(*ALL, date="2022-11-08"), SECTIONS),
        (headed(*ALL, date="2022-11"), SECTIONS),
        (headed(*ALL, date=None), SECTIONS),
        (headed(*ALL[:2]), SECTIONS),
        (headed(*ALL), {"section-deense-dublinzaken", "section-griekse-statushouders"}),  # two sections tell too little
        (headed(*ALL), set()),
    ],
    ids=["another day", "month only", "undated", "a section missing", "too few sections", "none cited"],
)
def test_anything_less_is_no_identity(document: ParsedDocument, sections: Set[str]) -> None:
    assert assembled(document, assembler(LETTER, sections)).document.id.startswith("file:")


def test_an_upload_is_never_recognised_as_an_official_document() -> None:
    assert assembled(headed(*ALL), assembler(LETTER, SECTIONS), trust="upload").document.id.startswith("file:")


def test_a_court_named_in_the_source_is_known_by_its_key() -> None:
    made = assembled(parsed(id="ECLI:NL:RVS:2021:1626", court="Afdeling bestuursrechtspraak van de Raad van State"))
    assert made.document.court_key == "nl-rvs"
    assert made.document.deciding_state == "NL"


def test_the_same_input_gives_the_same_result() -> None:
    assert assembled(parsed(id="kst-1")) == assembled(parsed(id="kst-1"))
