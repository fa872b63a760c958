"""A question that is a citation with words around it names its document; a question in words that holds a number or name does not.

Run on the shipped catalogue: the examples are ways in which its own documents are asked for. What is expected follows from the catalogue.
"""

import pytest

from kb.domain.documents import Kind
from kb.retrieval.identify import ExactPath
from kb.retrieval.mentions import number_forms, plain
from kb.wiring import KnowledgeBase


@pytest.fixture(scope="module")
def exact(light_index: KnowledgeBase) -> ExactPath:
    return light_index.view().searcher._identify  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # court and day, in several languages; state, sitting or kind of document narrow what was decided that day
        ("ABRvS 9 december 2009", "RVS:2009-12-09"),
        ("AbRvS 13 sept. 2023, Kroatië", "ECLI:NL:RVS:2023:3411"),
        ("HvJEU 30 november 2023", "ECLI:EU:C:2023:934"),
        ("VG Würzburg, B. v. 17.11.2021", "VG Würzburg W 8 S 21.50304"),
        ("Higher Administrative Court of Saxony 27 April 2022", "OVG-SN-5A492/21.A"),
        ("Raad van State, 13 septembre 2023, Croatie", "ECLI:NL:RVS:2023:3411"),
        ("rb Den Haag (zp Arnhem) 13 april 2022", "ECLI:NL:RBDHA:2022:5923"),
        ("zittingsplaats Roermond 22 oktober 2025", "ECLI:NL:RBDHA:2025:19325"),
        ("persbericht Raad van State 12 juni 2024", "RVS-press-2024-06-12"),
        ("ABRvS 12 juni 2024 (Oostenrijk)", "RVS:202304791/1/V2"),
        ("Flygtningenævnet 18. februar 2021", "FLN-2021-02-18"),
        ("de Kroatië-uitspraak van 13 september 2023", "ECLI:NL:RVS:2023:3411"),
        # a number with court, date, place or remark beside it
        ("zaaknummer 202202379/1/V3, uitspraak 11 januari 2023", "RVS:202202379/1/V3"),
        ("Nds. OVG, Urteil vom 15.11.2016, 8 LB 92/15", "OVG Lüneburg 8 LB 92/15"),
        ("VG Regensburg, RN 16 K 24.32044, 1.7.2025", "VG-Regensburg-RN16K24.32044"),
        ("NL23.19257, ov. 7", "ECLI:NL:RBDHA:2023:15458"),
        ("RBDHA:2020:5959 (rolstoel)", "ECLI:NL:RBDHA:2020:5959"),
        ("CCE, arrêt n°239 971", "BE-CALL-239-971"),
        # numbers without their end, or with another court or spelling before them
        ("202304791/1", "RVS:202304791/1/V2"),
        ("OVG NRW 11 A 1564/20", "OVG-NRW-11A1564/20.A"),
        ("D-559/20", "CH-BVGer-D-559/2020"),
        ("CCPR/C/121/D/2585", "CCPR/C/121/D/2585/2015"),
        ("Rb. DH:2022:6488", "ECLI:NL:RBDHA:2022:6488"),
        ("62023CJ0560", "ECLI:EU:C:2025:978"),
        ("Græk/2023/6 FLN", "DK-FLN-Graek-2023-6"),
        ("NL23.31654/NL23.31659", "ECLI:NL:RBDHA:2024:869"),
        # a name with its place, its opponent, in capitals or compounded
        ("Jawo-dommen", "ECLI:EU:C:2019:218"),
        ("απόφαση Jawo, σκέψη 92", "ECLI:EU:C:2019:218"),
        ("BMI og NAK mod Danmark", "CCPR/C/118/D/2569/2015"),
        ("NS and ME v Secretary of State for the Home Department", "ECLI:EU:C:2011:865"),
        ("M.A. e.a./IPAT C-661/17", "ECLI:EU:C:2019:53"),
        ("Celmer / LM", "ECLI:EU:C:2018:586"),
        # an opinion where an opinion is asked for
        ("AG Medina opinion in QY", "ECLI:EU:C:2024:82"),
        ("Kokott opinion C-228/21", "ECLI:EU:C:2023:316"),
        ("conclusie C-753/22", "ECLI:EU:C:2024:82"),
        ("QY C-753/22", "ECLI:EU:C:2024:524"),
        # an article and nothing else
        ("art. 17 Dublinverordening", "Regulation (EU) No 604/2013"),
        ("Art. 33 RL 2013/32/EU", "DIR-2013/32/EU"),
        ("artikel 30a Vw", "NL-Vw2000-30a-1-a"),
    ],
)
def test_a_citation_with_words_around_it_names_its_document_first(exact: ExactPath, typed: str, meant: str) -> None:
    found = exact(typed)
    assert found is not None
    assert [i.casefold() for i in found.document_ids[:1]] == [meant.casefold()]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2021D2190S", "TK 2021D21905"),
        ("ECLI:NL:RVS:2O22:1O42", "ECLI:NL:RVS:2022:1042"),
        ("the Tang judgment, C-56O/23", "ECLI:EU:C:2025:978"),
    ],
)
def test_a_letter_typed_for_a_figure_is_mended_and_said(exact: ExactPath, typed: str, meant: str) -> None:
    found = exact(typed)
    assert found is not None
    assert found.document_ids[0] == meant
    assert found.corrected == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("arrest Ghezelbach punt 54", "ECLI:EU:C:2016:409"),
        ("the Tarakel judgment", "ECLI:CE:ECHR:2014:1104JUD002921712"),
        ("Abdulahi C-394/12", "ECLI:EU:C:2013:813"),
        ("uitspraak ABRvS 202106574/1/V3 r.o. 4", "ECLI:NL:RVS:2022:1864"),
    ],
)
def test_a_typing_error_beside_words_of_a_citation_is_mended(exact: ExactPath, typed: str, meant: str) -> None:
    found = exact(typed)
    assert found is not None
    assert found.document_ids[0] == meant


def test_a_name_that_was_mended_is_said(exact: ExactPath) -> None:
    found = exact("arrest Ghezelbach punt 54")
    assert found is not None
    assert found.corrected == "Ghezelbash"


@pytest.mark.parametrize(
    "question",
    [
        "wat volgt uit Jawo voor alleenstaande mannen",
        "Jawo en Ibrahim vergeleken",
        "Tarakhel Jawo",
        "in welke zaak NL22.6989 vroeg de rechtbank om uitleg",
        "moet de Afdeling na 6 juli 2022 nog toetsen aan indirect refoulement",
        "Hasan kwam op 25 januari 2018 aan in Griekenland",
        "Mohammed uit Syrië heeft in Denemarken bescherming",
        "woman from Daraa",
        "article 17 Dublin III discretion medical reasons",
        "What did the Council of State decide on 6 July 2022?",
        "Italië opvang 2023",
        "rapport Griekenland 2023",
        "Greece housing 2024",
        "uitspraak opvang",
        "arrest Zweden",
        "zaak Ahmadi",
        "lm ro ma",  # names of cases, in small letters: words
        "Rechtbank Den Haag 6 juli 2022",  # that day another court decided
    ],
)
def test_a_question_in_words_names_no_document(exact: ExactPath, question: str) -> None:
    assert exact(question) is None


@pytest.mark.parametrize("typed", ["VG Berlin 22 K 3139/23.A", "VG Hamburg 1 C 18.24", "OVG Hamburg 11 A 1564/20.A"])
def test_the_same_number_of_another_court_is_another_case(exact: ExactPath, typed: str) -> None:
    found = exact(typed)
    assert found is None or found.document_ids == ()


def test_the_place_beside_a_number_is_asked_for(exact: ExactPath) -> None:
    found = exact("HvJ EU 19-3-2019 in de zaak Jawo, punt 92")
    assert found is not None
    assert (found.document_ids[0], found.slug) == ("ECLI:EU:C:2019:218", "para-92")


def test_several_rulings_of_one_day_are_all_named_before_the_press_release_on_them(exact: ExactPath) -> None:
    found = exact("AbRvS 6 juli 2022 Denemarken")
    assert found is not None
    assert set(found.document_ids[:2]) == {"ECLI:NL:RVS:2022:1863", "ECLI:NL:RVS:2022:1864"}
    assert found.document_ids[2:] == ("RVS-press-2022-07-06",)


def test_umlauts_accents_and_their_transcriptions_are_one() -> None:
    assert plain("Düsseldorf") == plain("Duesseldorf") == plain("DUSSELDORF")
    assert plain("Græk") == plain("Graek")


def test_a_docket_is_known_without_its_chamber() -> None:
    assert {"202304791/1/V2", "202304791/1", "202304791"} <= set(number_forms("RVS:202304791/1/V2", Kind.JUDGMENT, {}))
