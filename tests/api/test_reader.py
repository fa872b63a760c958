"""The reader: places keep their address, citations are links where they stand, who cites is shown with their words, versions are told."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement

from api.app import create_app
from api.web.contexts import document_href
from api.web.reader import held_place, linked, sentence
from kb.domain.dates import LegalDate
from kb.domain.documents import CitationLink, Document, Kind, Passage, TextStatus, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from tests import factories
from tests.factories import COURT_OF_JUSTICE, ENTRIES, OLD_TEST, Entry, Quote, Text

CITING = "ECLI:NL:RBDHA:2023:9003"
LONG = "ECLI:NL:RBDHA:2023:9004"


def _para(number: int) -> Pinpoint:
    return Pinpoint(PinpointKind.PARAGRAPH, str(number), str(number))


def _ro(number: str) -> Pinpoint:
    return Pinpoint(PinpointKind.CONSIDERATION, number, number)


def _judgment(id_: str, title: str, date: str) -> Document:
    return Document(id_, Kind.JUDGMENT, "Rechtbank Den Haag", title, "nl", date=LegalDate(date), court_key="nl-rbdha", deciding_state="NL")


EXTRA = (
    Entry(
        _judgment(CITING, "Aanhaling", "2023-03-01"),
        (
            Text(
                "official",
                "nl",
                (
                    (_ro("1"), "De zaak gaat over Denemarken.", Voice.FACTS),
                    (
                        _ro("2"),
                        "Dit is een andere zin. Uit <het arrest> van het Hof, zaak\nC-900/17, punt 90, "
                        "volgt een hoge drempel. Daarna nog iets.",
                        Voice.COURT,
                    ),
                ),
            ),
            Text("official", "nl", ((_ro("1"), "De zaak gaat over Zweden.", Voice.FACTS),), version=1, current=False),
        ),
        quotes=(Quote("official", "zaak\nC-900/17, punt 90", COURT_OF_JUSTICE, "para-90"),),
    ),
    Entry(
        _judgment(LONG, "Lange uitspraak", "2023-04-01"),
        (Text("official", "nl", tuple((_ro(str(n)), f"Overweging {n} van de rechtbank.", Voice.COURT) for n in range(1, 421))),),
    ),
)
# the newer version of the same text
_first = EXTRA[0].texts[0]
EXTRA = (
    Entry(EXTRA[0].document, (Text("official", "nl", _first.parts, version=2), EXTRA[0].texts[1]), quotes=EXTRA[0].quotes),
    EXTRA[1],
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    base = factories.knowledge_base(tmp_path_factory.mktemp("reader"), (*ENTRIES, *EXTRA))
    with TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def page(client: TestClient, address: str, language: str = "nl", status: int = 200) -> HtmlElement:
    answered = client.get(address, headers={"Accept-Language": language})
    assert answered.status_code == status, answered.text[:500]
    return html.document_fromstring(answered.text)


def words(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        (f"{COURT_OF_JUSTICE}?p=para-90", f"/documents/{COURT_OF_JUSTICE}#para-90"),
        (f"{OLD_TEST}?p=holding", f"/documents/{OLD_TEST}#holding"),
        (f"{OLD_TEST}?p=holding&form=digest-en", f"/documents/{OLD_TEST}?form=digest-en#holding"),
        (f"{COURT_OF_JUSTICE}?p=holding", f"/documents/{COURT_OF_JUSTICE}?form=digest-nl#holding"),
        (f"{LONG}?p=ro-401", f"/documents/{LONG}?part=2#ro-401"),
    ],
)
def test_the_permanent_address_of_a_place_finds_the_text_and_the_part_that_hold_it(reader: TestClient, address: str, leads_to: str) -> None:
    answered = reader.get(f"/documents/{address}", headers={"Accept-Language": "nl"}, follow_redirects=False)
    assert (answered.status_code, answered.headers["location"]) == (307, leads_to)


def test_every_passage_offers_its_permanent_address(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}")
    assert f"/documents/{COURT_OF_JUSTICE}?p=para-90" in tree.xpath("//div[@id='para-90']//a/@href")


def test_every_passage_leads_to_what_says_the_same_elsewhere(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}", language="en")
    passages = tree.xpath("//*[@data-passage]")
    links = [link for each in passages for link in each.xpath(".//a") if words(link).startswith("The same elsewhere")]
    assert len(links) == len(passages) > 0
    address = str(links[0].get("href"))
    assert parse_qs(urlsplit(address).query)["without"] == [COURT_OF_JUSTICE]
    found = page(reader, address, language="en")
    assert f"Without {COURT_OF_JUSTICE}" in words(found)
    assert found.xpath(f"//input[@name='without'][@value='{COURT_OF_JUSTICE}']")
    assert not [link for link in found.xpath("//article//@href") if link.startswith(f"/documents/{COURT_OF_JUSTICE}")]


def test_a_place_that_is_not_held_is_named_with_the_way_to_the_official_text(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}?p=para-300", "en")
    said = tree.xpath("//p[@role='status']")[0]
    assert "para 300 is not in the text that is held here" in words(said)
    assert said.xpath(".//a/@href") == ["https://curia.europa.eu/x"]
    assert page(reader, f"/documents/{COURT_OF_JUSTICE}?p=%3Cscript%3E").xpath("//p[@role='status']")


@pytest.mark.parametrize(
    ("asked", "slugs", "found"),
    [
        ("para-90", ["para-89", "para-90"], "para-90"),
        ("para-90", ["holding", "para-89-91"], "para-89-91"),
        ("para-90-91", ["para-90"], "para-90"),
        ("para-92", ["para-89-91"], None),
        ("ro-90", ["para-89-91"], None),
        ("section-x", ["section-y"], None),
    ],
)
def test_a_place_within_a_range_of_a_digest_is_found_there(asked: str, slugs: list[str], found: str | None) -> None:
    assert held_place(asked, slugs) == found


def test_a_citation_in_the_text_is_a_link_to_the_place_it_names(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{CITING}")
    link = tree.xpath("//div[@id='ro-2']//div[contains(@class, 'words')]/a")[0]
    assert link.get("href") == document_href(COURT_OF_JUSTICE, place="para-90")
    assert words(link) == "zaak C-900/17, punt 90"
    assert "<het arrest>" in words(tree.xpath("//div[@id='ro-2']")[0]), "document text stays text"


def test_who_cites_is_shown_with_the_sentence_and_beside_the_place(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}")
    section = tree.xpath("//section[@aria-labelledby='cited-by']")[0]
    quote = section.xpath(".//blockquote")[0]
    assert words(quote) == "r.o. 2: Uit <het arrest> van het Hof, zaak C-900/17, punt 90, volgt een hoge drempel."
    assert quote.get("lang") == "nl"
    assert quote.xpath(".//a/@href") == [f"/documents/{CITING}?p=ro-2"]
    assert words(quote.xpath(".//b")[0]) == "zaak C-900/17, punt 90"
    assert "geciteerd door 1 document" in words(tree.xpath("//div[@id='para-90']")[0])
    assert "geciteerd door" not in words(tree.xpath("//div[@id='para-89']")[0])


def test_an_old_version_says_so_and_leads_to_the_current_one(reader: TestClient) -> None:
    now = page(reader, f"/documents/{CITING}")
    assert not now.xpath("//*[contains(text(), 'die is vervangen')]")
    versions = {words(a): a.get("href") for a in now.xpath("//nav[contains(@class, 'texts--versions')]//a")}
    assert set(versions) == {"Versie 2, geldend", "Versie 1, vervangen"}
    old = page(reader, versions["Versie 1, vervangen"])
    text = words(old.xpath("//main")[0])
    assert "Dit is versie 1 van de tekst; die is vervangen." in text
    assert "De zaak gaat over Zweden." in text
    assert "De zaak gaat over Denemarken." not in text
    assert old.xpath("//header[@class='reader__head']//a[text()='Naar de geldende versie']/@href") == [f"/documents/{CITING}"]
    assert page(reader, f"/documents/{CITING}?version=7", status=404).xpath("//main")


def test_headings_stand_beside_the_text_and_lead_to_their_place_in_every_part(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{LONG}")
    ids = set(tree.xpath("//@id"))
    entries = [a.get("href") for a in tree.xpath("//nav[@class='toc']//a")]
    assert "#h-0-0" in entries
    assert all(href[1:] in ids for href in entries if href.startswith("#"))
    second = page(reader, f"/documents/{LONG}?part=2")
    assert second.xpath("//nav[@class='toc']//a[@lang='nl']/@href") == [f"/documents/{LONG}#h-0-0"]
    assert words(second.xpath("//h3[contains(@class, 'source-heading')]")[0]) == "Beoordeling", "a part begins with the headings above it"


def test_a_voice_is_told_in_words_and_by_a_mark_that_screen_readers_pass_over(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}", "en")
    party = tree.xpath("//div[@id='para-91']")[0]
    assert "What the applicant argues, not a finding" in words(party)
    marks = {
        voice: words(tree.xpath(f"//div[@id='{slug}']//*[@class='voice-mark']")[0])
        for voice, slug in (("court", "para-90"), ("party", "para-91"))
    }
    assert marks["court"] != marks["party"]
    assert all(node.get("aria-hidden") == "true" for node in tree.xpath("//*[@class='voice-mark']"))


def test_both_styles_are_at_hand_for_the_key(reader: TestClient) -> None:
    place = page(reader, f"/documents/{COURT_OF_JUSTICE}").xpath("//div[@id='para-90']")[0]
    assert place.get("data-cite-nl") == "HvJ EU 19 maart 2019, C-900/17, ECLI:EU:C:2019:9002, punt 90"
    assert place.get("data-cite-en", "").endswith("para 90")


def test_the_picture_of_citations_says_what_the_lists_say(reader: TestClient) -> None:
    tree = page(reader, f"/documents/{COURT_OF_JUSTICE}")
    picture = tree.xpath("//section[@aria-labelledby='around']//svg[@role='img']")[0]
    assert "HvJ EU 19 maart 2019" in words(picture)
    assert "2023:9003" in words(picture), "who cites it stands on its right"
    assert tree.xpath(f"//section[@aria-labelledby='cited-by']//a[@href='{document_href(CITING)}']"), "and in the list below"
    assert picture.get("aria-labelledby") in tree.xpath("//@id")
    old = page(reader, f"/documents/{OLD_TEST}").xpath("//section[@aria-labelledby='around']//svg")[0]
    assert old.xpath(".//*[contains(@class, 'pic-box--overtaken')]"), "what overtook it is told apart by its line"
    assert not page(reader, f"/documents/{LONG}").xpath("//section[@aria-labelledby='around']"), "no picture of nothing"


def test_every_reader_says_how_to_report_an_error_with_the_id(reader: TestClient) -> None:
    section = page(reader, f"/documents/{OLD_TEST}").xpath("//section[@aria-labelledby='report']")[0]
    assert OLD_TEST in words(section)
    assert not section.xpath(".//a[starts-with(@href, 'mailto')]")


# -- citations in their place -----------------------------------------------------------------------------------------------------


def passage(text: str, display: str = "", spans: tuple[tuple[int, int], ...] = (), start: int = 100) -> Passage:
    return Passage(
        "X#ro-1", "X", "official", 0, None, (), Voice.COURT, TextStatus.VERBATIM, "nl", text, start, start + len(text), spans, display
    )


def link(text: str, words: str, *, start: int = 100, nth: int = 0, pinpoint: str | None = None) -> CitationLink:
    at = -1
    for _ in range(nth + 1):
        at = text.index(words, at + 1)
    return CitationLink("X#ro-1", start + at, start + at + len(words), words, "T", "ecli", pinpoint, resolved=True)


def test_the_second_of_two_equal_citations_is_the_one_that_becomes_a_link() -> None:
    text = "Zie Jawo. En zie Jawo weer."
    assert linked(passage(text), [link(text, "Jawo", nth=1)], None) == 'Zie Jawo. En zie <a href="/documents/T">Jawo</a> weer.'


def test_an_offset_survives_line_breaks_split_words_and_hyphens_of_another_kind() -> None:
    text = "het be-\nleid in\nC‑411/10 en C‑493/10 (N.S.)"
    shown = "het beleid in C-411/10 en C-493/10 (N.S.)"
    made = linked(passage(text, shown), [link(text, "C‑493/10", pinpoint="para-94")], "en")
    assert made == 'het beleid in C-411/10 en <a href="/documents/T?p=para-94&amp;lang=en">C-493/10</a> (N.S.)'


def test_page_furniture_between_spans_does_not_shift_a_citation() -> None:
    text = "Zie het arrest\nPagina 3 van 9\nJawo van het Hof."
    at = text.index("Pagina")
    spans = ((100, 100 + at), (100 + text.index("Jawo"), 100 + len(text)))
    made = linked(passage(text, "Zie het arrest Jawo van het Hof.", spans), [link(text, "Jawo")], None)
    assert made == 'Zie het arrest <a href="/documents/T">Jawo</a> van het Hof.'


def test_where_letters_differ_a_citation_is_found_by_its_words_or_stays_plain() -> None:
    text = "Zie Jawo en N.S. van het Hof."
    shown = "(bewerkt) Zie Jawo van het Hof."
    made = linked(passage(text, shown), [link(text, "Jawo"), link(text, "N.S.")], None)
    assert made == '(bewerkt) Zie <a href="/documents/T">Jawo</a> van het Hof.'


def test_markup_in_a_text_stays_text_also_inside_a_citation() -> None:
    text = "<b>Zie</b> <i>Jawo</i> & meer"
    made = linked(passage(text), [link(text, "<i>Jawo</i>")], None)
    assert "<b>" not in made
    assert "<i>" not in made
    assert "&amp; meer" in made
    assert html.fromstring(f"<p>{made}</p>").text_content() == text


def test_citations_that_overlap_give_one_link_and_unresolved_ones_none() -> None:
    text = "Zie Jawo, punt 91, en Ibrahim."
    first, inner = link(text, "Jawo, punt 91"), link(text, "punt 91")
    other = CitationLink("X#ro-1", 100, 103, "Zie", "U", "ecli")
    assert linked(passage(text), [inner, other, first], None).count("<a ") == 1


@pytest.mark.parametrize(
    ("text", "cited", "said"),
    [
        ("Een zin. Het Hof (Jawo) oordeelt zo. Nog een.", "Jawo", "Het Hof (<b>Jawo</b>) oordeelt zo."),
        ("CJUE, C. K., H. F. e. a., C-578/16, pt. 92. Suite.", "C-578/16", "CJUE, C. K., H. F. e. a., <b>C-578/16</b>, pt. 92."),
        ("Jawo", "Jawo", "<b>Jawo</b>"),
        ("a <x> Jawo", "Jawo", "a &lt;x&gt; <b>Jawo</b>"),
    ],
)
def test_the_sentence_around_a_citation_is_whole_and_escaped(text: str, cited: str, said: str) -> None:
    at = text.index(cited)
    assert str(sentence(text, at, at + len(cited))).startswith(said)


def test_a_long_sentence_is_cut_on_both_sides_and_says_so() -> None:
    text = "woord " * 200 + "Jawo" + " woord" * 200
    made = str(sentence(text, 1200, 1204))
    assert made.startswith("… ")
    assert made.endswith(" …")
    assert len(made) < 400
