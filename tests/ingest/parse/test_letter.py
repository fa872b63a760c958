"""A letter keeps its subjects, its paragraphs over page breaks, and its footnotes with what calls them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise import clean
from ingest.parse.letter import LetterParser, find_dates, find_numeric_date, page_number, question_or_answer
from ingest.parse.model import ParsedDocument, ParsedPassage
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import PinpointKind
from kb.errors import InputRejected
from tests.ingest.parse.holding import hold_together

HERE = Path(__file__).parents[2]
GOLDEN = HERE / "golden" / "letter"
REAL = HERE.parent / ".." / "shared" / "real" / "letter"
PARSER = LetterParser()


def read(text: str) -> ParsedDocument:
    return PARSER.parse_text(text)


def display(document: ParsedDocument, passage: ParsedPassage) -> str:
    return clean(document.text, passage.spans or ((passage.start, passage.end),)).text


def as_json(document: ParsedDocument) -> dict[str, object]:
    meta = document.metadata
    return {
        "kind": meta.kind,
        "court": meta.court,
        "title": meta.title,
        "date": meta.date,
        "language": meta.language,
        "extra": meta.extra,
        "warnings": document.warnings,
        "furniture": [document.text[a:b] for a, b in document.furniture],
        "passages": [
            {
                "slug": p.pinpoint.slug if p.pinpoint else None,
                "heading_path": list(p.heading_path),
                "voice": p.voice,
                "page": p.page,
                "printed_page": p.printed_page,
                "footnotes": list(p.footnotes),
                "pieces": len(p.spans) or 1,
                "display": display(document, p),
            }
            for p in document.passages
        ],
    }


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_a_letter_is_read_as_reviewed(path: Path) -> None:
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    hold_together(document)
    expected = path.with_suffix(".json")
    found = json.dumps(as_json(document), ensure_ascii=False, indent=1) + "\n"
    if not expected.exists():
        expected.write_text(found, encoding="utf-8")
        pytest.fail(f"{expected.name} was written: review it")
    assert json.loads(found) == json.loads(expected.read_text(encoding="utf-8"))


def test_there_are_golden_letters() -> None:
    assert len(list(GOLDEN.glob("*.txt"))) >= 4


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("7 november 2022", ["2022-11-07"]),
        ("7 november 20224 oktober 2022", ["2022-11-07", "2022-10-04"]),
        ("24. Juni 2023", ["2023-06-24"]),
        ("31 februari 2022", []),
        ("geen datum", []),
    ],
)
def test_dates_in_words(text: str, days: list[str]) -> None:
    assert find_dates(text) == days


def test_dates_in_figures_are_day_first() -> None:
    assert find_numeric_date("07-11-2022") == "2022-11-07"
    assert find_numeric_date("13-13-2022") is None


@pytest.mark.parametrize(
    ("line", "number"), [("Pagina 4 van 1", "4"), ("Page 12 of 30", "12"), ("- 7 -", "7"), ("Pagina van de brief", None)]
)
def test_a_page_number_stands_alone_on_its_line(line: str, number: str | None) -> None:
    assert page_number(line) == number


def test_text_without_a_signatory_has_no_voice() -> None:
    document = read("Notitie over de opvang\n\nDe opvang is in de afgelopen maanden verder onder druk komen te staan.\n")
    assert document.metadata.kind is Kind.OTHER
    assert {p.voice for p in document.passages} == {Voice.UNKNOWN}
    assert document.passages[0].heading_path == ("Notitie over de opvang",)


def test_form_feeds_give_pages_and_places_on_them() -> None:
    document = read(
        "Datum 3 maart 2023\nBetreft Overdrachten\n\nDe overdrachten zijn hervat en lopen door.\n\n1\f"
        "Over de stand van zaken bericht ik u nader.\n\nHet aantal daalt.\n\nDe Minister voor Migratie,\n\nPagina 2 van 2"
    )
    assert [(p.page, p.printed_page, p.pinpoint.slug if p.pinpoint else None) for p in document.passages][-2:] == [
        (2, "2", "p-2.1"),
        (2, "2", "p-2.2"),
    ]


def test_a_sentence_over_a_page_break_is_one_passage_around_its_furniture() -> None:
    document = read(
        "Datum 3 maart 2023\n\nDe Griekse autoriteiten hebben laten weten dat de opvang van\nstatushouders op dit moment\n\n"
        "Pagina 1 van 2\n\nDirectoraat-Generaal\nMigratie\n\nDatum\n3 maart 2023\n\nwordt uitgebreid naar alle eilanden.\n\n"
        "De Staatssecretaris van Justitie en Veiligheid,"
    )
    hold_together(document)
    (passage,) = document.passages
    assert len(passage.spans) == 2
    assert display(document, passage).endswith("statushouders op dit moment wordt uitgebreid naar alle eilanden.")
    assert passage.voice is Voice.MINISTER


def test_a_number_inside_a_reference_calls_no_footnote() -> None:
    document = read(
        "Geachte voorzitter,\n\nIn artikel 3.1 en onder 5.2 staat dat 2,5 uur genoeg is, nr.1 en art.1 zeggen niets.\n\n"
        "1 maart is de dag waarop dit ingaat voor alle betrokken vreemdelingen.\n"
    )
    assert all(p.pinpoint and p.pinpoint.kind is not PinpointKind.FOOTNOTE for p in document.passages)


def test_a_footnote_of_several_lines_stays_whole_and_is_tied_to_its_call() -> None:
    document = read(
        "Geachte voorzitter,\n\nDe motie is aangenomen.1 Over de uitvoering is overleg gevoerd met de ketenpartners in het veld.\n\n"
        "1  Kamerstukken II 2021/22, 19637, nr. 2929, over de uitvoering waarvan eerder is bericht aan de Kamer in \n\n"
        "afwachting van het rapport.\n"
    )
    call, note = document.passages[-2:]
    assert call.footnotes == ("fn-1",)
    assert display(document, note).endswith("aan de Kamer in afwachting van het rapport.")


def test_a_file_of_nothing_is_refused() -> None:
    with pytest.raises(InputRejected) as caught:
        PARSER.parse(b" \n ", "leeg.txt")
    assert caught.value.reason == "empty"


@given(
    st.lists(
        st.sampled_from(
            [
                "",
                " ",
                "\f",
                "Datum 7 november 2022",
                "Onderwerp Opvang",
                "Pagina 2 van 3",
                "Directoraat-Generaal",
                "Ons kenmerk4242",
                "Griekse statushouders",
                "De situatie is moeilijk gebleken.1 Dat blijkt uit het rapport van de",
                "Afdeling, die daarover heeft geoordeeld.2",
                " de Raad van State heeft uitspraak gedaan.",
                "1 ABRvS 28 juli 2021.",
                "2 Zie (hierna",
                "\uf0b7 We zorgen voor opvang",
                "- een streepje",
                "1. eerste punt",
                "De Minister van Asiel en Migratie,",
                "M. Naam",
                "wordt vervolgd",
            ]
        ),
        min_size=1,
        max_size=25,
    )
)
def test_no_character_is_lost_or_held_twice_whatever_the_lines(lines: list[str]) -> None:
    try:
        document = read("\n".join(lines))
    except InputRejected:
        return
    hold_together(document)
    for passage in document.passages:
        assert display(document, passage) or passage.pinpoint


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="../shared/real/letter is absent")
def test_the_real_letter_has_its_eight_subjects_and_seven_footnotes() -> None:
    path = next(REAL.glob("*.txt"))
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    hold_together(document)
    paths = [p.heading_path[0] for p in document.passages if p.heading_path]
    assert list(dict.fromkeys(paths)) == [
        "Het niet tijdig ophalen van vreemdelingen door DV&O",
        "Implementatie Afdelingsuitspraak blijvende gebondenheid",
        "Motie Toorenburg/ Groothuizen over casemanagement in complexe asielzaken",
        "Deense Dublinzaken",
        "Griekse statushouders",
        "Begeleiding van amv’s",
        "Veranderopgave migratieketen",
        "Verhuisbewegingen van asielzoekers",
    ]
    meta = document.metadata
    assert (meta.date, meta.title, meta.court, meta.kind, meta.language) == (
        "2022-11-07",
        "Diverse onderwerpen migratiebeleid",
        "De Staatssecretaris van Justitie en Veiligheid",
        Kind.LETTER,
        "nl",
    )
    assert meta.extra["Ons kenmerk"] == "4242124"
    assert any(warning.startswith("two-dates") for warning in document.warnings)
    calls = {note: p.heading_path[0] for p in document.passages for note in p.footnotes}
    assert list(calls) == [f"fn-{n}" for n in range(1, 8)]
    assert calls["fn-3"] == "Griekse statushouders"
    shown = {p.pinpoint.slug: display(document, p) for p in document.passages if p.pinpoint}
    assert "is van vele factoren afhankelijk. Ook wil ik" in shown["pos-17"]
    assert shown["fn-4"].endswith(
        "beslistermijn geldt van 15 maanden op grond van het generiek verlengen van alle beslistermijnen in asielzaken (WBV 2022/22)."
    )
    assert "Het niet-ontvankelijk verklaren" in shown["pos-16"]
    assert "Een niet-ontvankelijkheidverklaring en terugkeer" in shown["pos-16"]
    assert "het standaard amv-opvangmodel" in shown["pos-22"]
    assert {p.voice for p in document.passages} == {Voice.MINISTER}
    assert all(p.page is None for p in document.passages)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_line_ends_of_another_system_change_nothing_but_the_offsets(path: Path) -> None:
    plain = path.read_text(encoding="utf-8")
    one, other = read(plain), read(plain.replace("\n", "\r\n"))
    hold_together(other)
    assert [(p.pinpoint, p.heading_path, p.footnotes, display(one, p)) for p in one.passages] == [
        (p.pinpoint, p.heading_path, p.footnotes, display(other, p)) for p in other.passages
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Vraag 1", (PinpointKind.QUESTION, "1")),
        ("Antwoord op vragen 2 en 3", (PinpointKind.ANSWER, "2,3")),
        ("Antwoord vraag 2 t/m 4:", (PinpointKind.ANSWER, "2-4")),
        ("Antwoord", (PinpointKind.ANSWER, "")),
        ("Vraag van het lid Voorbeeld", None),
    ],
)
def test_questions_and_answers_are_announced_by_a_line_of_their_own(line: str, found: tuple[PinpointKind, str] | None) -> None:
    assert question_or_answer(line) == found


def test_a_signature_named_in_the_middle_of_a_debate_makes_nobody_speak() -> None:
    document = read("Verslag\n\nDe Minister van Justitie,\n\n" + "De heer Voorbeeld sprak lang over de opvang van kinderen.\n\n" * 10)
    assert {p.voice for p in document.passages} == {Voice.UNKNOWN}
