"""The pages: what a reader must see is there as text, in both languages, and hostile documents stay text."""

import itertools
import re

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement

from api.web.contexts import document_href, excerpt, marked, new_headings, safe_url
from tests.factories import COURT_OF_JUSTICE, HOSTILE, HOSTILE_TEXT, NEW_TEST, OLD_TEST


def page(client: TestClient, address: str, language: str = "nl", status: int = 200) -> HtmlElement:
    answered = client.get(address, headers={"Accept-Language": language})
    assert answered.status_code == status, answered.text[:500]
    return html.document_fromstring(answered.text)


def words(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def results(tree: HtmlElement) -> list[HtmlElement]:
    return list(tree.xpath("//article[@class='document']"))


@pytest.mark.parametrize(
    ("header", "language"),
    [("nl", "nl"), ("nl-BE,fr;q=0.8", "nl"), ("en-GB", "en"), ("fr", "en"), ("", "en"), ("en;q=0.3, nl;q=0.9", "nl"), (";;q=,,*", "en")],
)
def test_the_browser_chooses_the_language_and_the_address_overrules_it(client: TestClient, header: str, language: str) -> None:
    answered = client.get("/", headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in answered.text
    other = "en" if language == "nl" else "nl"
    switched = client.get(f"/?lang={other}", headers={"Accept-Language": header})
    assert f'<html lang="{other}">' in switched.text
    assert "Accept-Language" in answered.headers["vary"]


def test_a_chosen_language_is_kept_by_every_link_and_form(client: TestClient) -> None:
    tree = page(client, "/search?q=overdracht+beschermingsbeleid&lang=en", "nl")
    own = [href for href in tree.xpath("//a/@href") if href.startswith("/") and not href.startswith("/api") and "lang=nl" not in href]
    assert own
    assert all("lang=en" in href for href in own)
    for form in tree.xpath("//form"):
        assert "lang=en" in form.get("action") or form.xpath(".//input[@name='lang'][@value='en']")


def test_the_home_page_has_the_search_box_the_coverage_and_the_warning(client: TestClient) -> None:
    tree = page(client, "/")
    assert tree.xpath("//form[@role='search']//input[@name='q']")
    text = words(tree)
    assert "Leun niet op de machine" in text
    assert "4 documenten in 13 passages, gedateerd van 19 maart 2019 tot en met 12 juni 2024" in text
    assert "Denemarken" in text


def test_a_result_says_court_date_country_track_standing_successor_place_and_whose_text(client: TestClient) -> None:
    tree = page(client, "/search?q=evident+en+fundamenteel+verschil+beschermingsbeleid")
    first = results(tree)[0]
    text = words(first)
    for said in (
        "Moeder en kind",
        "Raad van State",
        "6 juli 2022",
        "Denemarken",
        "Dublinoverdracht",
        "202106999/1/V3",
        "Achterhaald",
        "Kern",
    ):
        assert said in text
    assert "Verlaten in Dublinzaken" in text
    assert "Samenvatting in eigen woorden, niet de tekst van het document" in text
    successors = first.xpath(".//*[contains(@class, 'standing__next')]//a/@href")
    assert successors == [document_href(NEW_TEST)]
    assert first.xpath(".//mark/text()")
    assert "ECLI:NL:RVS:2022:9001" in first.xpath(".//button[@data-copy]/@data-copy")[0]
    assert first.xpath(".//button[@data-copy][@hidden]"), "the button works only with the script, the text is there without"
    assert first.xpath(".//a[contains(@href, 'deeplink.rechtspraak.nl')]")


def test_official_text_is_told_from_a_digest_and_an_argument_from_a_finding(client: TestClient) -> None:
    tree = page(client, "/search?q=Greece+housing+poverty+indifference&text_status=verbatim", "en")
    text = words(tree.xpath("//main")[0])
    assert "Official text" in text
    assert "What the applicant argues, not a finding" in text
    assert "Words of the court" in text


def test_every_passage_carries_its_own_language(client: TestClient) -> None:
    tree = page(client, "/search?q=extreme+material+poverty+drempel", "nl")
    assert {quote.get("lang") for quote in tree.xpath("//blockquote")} == {"nl", "en"}


def test_filters_stand_beside_the_results_with_counts_and_keep_what_is_chosen(client: TestClient) -> None:
    tree = page(client, "/search?q=beschermingsbeleid&member_state=Denemarken&kind=judgment&as_of=2023-05-01")
    filters = tree.xpath("//aside[@id='filters']")[0]
    assert filters.xpath(".//input[@name='member_state'][@value='DK'][@checked]")
    assert filters.xpath(".//input[@name='kind'][@value='judgment'][@checked]")
    assert filters.xpath(".//input[@name='as_of']/@value") == ["2023-05-01"]
    assert filters.xpath(".//input[@name='q']/@value") == ["beschermingsbeleid"]
    label = words(filters.xpath(".//input[@value='DK']/..")[0])
    assert re.fullmatch(r"Denemarken \(\d+\)", label)
    chips = {words(chip): chip.get("href") for chip in tree.xpath("//a[@class='chip']")}
    assert set(chips) == {"Denemarken ×", "Uitspraak ×", "Peildatum: 1 mei 2023 ×"}
    assert "member_state" not in chips["Denemarken ×"]
    assert "kind=judgment" in chips["Denemarken ×"]


def test_nothing_found_says_so_says_what_was_searched_and_what_to_try(client: TestClient) -> None:
    tree = page(client, "/search?q=overdracht&member_state=FI")
    text = words(tree.xpath("//main")[0])
    assert "Niets gevonden" in text
    assert "Doorzocht: 0 documenten" in text
    assert "bewijst niet" in text
    assert not results(tree)


def test_what_was_searched_and_the_day_stand_above_the_results(client: TestClient) -> None:
    text = words(page(client, "/search?q=overdracht&as_of=2023-05-01").xpath("//main")[0])
    assert "Doorzocht:" in text
    assert "Stand van het recht en van het corpus op 1 mei 2023" in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2024&until=2023", 400),
        ("as_of=gisteren", 422),
        ("member_state=Atlantis", 400),
        ("court=Nergens", 400),
        ("kind=gedicht", 422),
        ("offset=-1", 422),
    ],
)
def test_a_wrong_filter_is_explained_on_the_search_page(client: TestClient, query: str, status: int) -> None:
    tree = page(client, f"/search?q=overdracht&{query}", status=status)
    assert tree.xpath("//*[@role='alert']")
    assert tree.xpath("//input[@name='q']/@value")[0] == "overdracht"


def test_the_empty_form_and_unknown_parameters_are_no_error(client: TestClient) -> None:
    assert page(client, "/search").xpath("//form[@role='search']")
    assert page(client, "/search?q=&kind=&from=&utm_source=x").xpath("//form[@role='search']")
    assert results(page(client, "/search?q=overdracht&kind=&from=&as_of=&utm_source=x"))


def test_the_reader_shows_each_passage_at_its_own_address_with_its_voice(client: TestClient) -> None:
    tree = page(client, f"/documents/{COURT_OF_JUSTICE}", "nl")
    passages = tree.xpath("//div[starts-with(@class, 'passage passage--')]")
    assert [passage.get("id") for passage in passages] == ["para-89", "para-90", "para-91"]
    assert [a.get("href") for a in tree.xpath("//a[@class='place']")] == ["#para-89", "#para-90", "#para-91"]
    assert "Wat de vreemdeling aanvoert, geen oordeel" in words(passages[2])
    assert passages[0].xpath(".//*[@lang='en']")
    assert tree.xpath("//h3[contains(@class, 'source-heading')]")
    assert "HvJ EU 19 maart 2019" in words(tree.xpath("//header[@class='reader__head']")[0])


def test_the_reader_shows_treatment_from_both_ends_and_who_cites_it(client: TestClient) -> None:
    old = words(page(client, f"/documents/{OLD_TEST}").xpath("//main")[0])
    assert "Verlaten · 12 juni 2024 · voor Dublinoverdracht" in old
    assert "De toets van 2022 is in Dublinzaken verlaten." in old
    assert "Wat is nagegaan: Nagegaan bij de bron" in old
    new = words(page(client, f"/documents/{NEW_TEST}").xpath("//main")[0])
    assert "Komt terug van" in new
    assert page(client, f"/documents/{OLD_TEST}").xpath(f"//section[@aria-labelledby='cited-by']//a[@href='{document_href(HOSTILE)}']")


def test_digests_can_be_switched_and_read_side_by_side(client: TestClient) -> None:
    tree = page(client, f"/documents/{OLD_TEST}", "nl")
    texts = {words(a): a.get("href") for a in tree.xpath("//nav[@class='texts']//a")}
    assert set(texts) == {"Samenvatting in het Nederlands", "Samenvatting in het Engels", "Beide samenvattingen naast elkaar"}
    english = page(client, texts["Samenvatting in het Engels"])
    assert "Danish protection policy" in words(english)
    both = page(client, texts["Beide samenvattingen naast elkaar"]).xpath("//div[@id='holding']")[0]
    assert {node.get("lang") for node in both.xpath(".//div[@lang]")} == {"nl", "en"}


def test_an_alias_and_a_passage_id_lead_to_the_place(client: TestClient) -> None:
    moved = client.get("/documents/C-900/17", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (307, f"/documents/{COURT_OF_JUSTICE}")
    passage = client.get(f"/documents/{COURT_OF_JUSTICE}%23para-90", follow_redirects=False)
    assert passage.headers["location"] == f"/documents/{COURT_OF_JUSTICE}#para-90"


def test_a_citation_found_in_a_text_leads_to_its_document_only_when_it_is_held(client: TestClient) -> None:
    tree = page(client, f"/documents/{HOSTILE}")
    cites = tree.xpath("//section[@aria-labelledby='cites']")[0]
    assert cites.xpath(f".//a[@href='{document_href(OLD_TEST)}']")
    assert "ECLI:NL:RVS:1999:1 (niet in dit corpus)" in words(cites)


def test_a_document_that_is_not_here_is_told_with_what_to_do(client: TestClient) -> None:
    text = words(page(client, "/documents/ECLI:NL:RVS:1900:1", status=404).xpath("//main")[0])
    assert "Niet in dit corpus" in text
    assert "not-found" in text


@pytest.mark.parametrize("address", ["/search?q=tweede+blok+overdracht&kind=other", f"/documents/{HOSTILE}", "/documents", "/"])
def test_a_hostile_document_is_shown_as_text_and_nothing_of_it_is_markup(client: TestClient, address: str) -> None:
    tree = page(client, address)
    scripts = tree.xpath("//script[not(@type='application/ld+json')]")
    assert all(script.get("src", "").startswith("/static/") for script in scripts)
    assert not tree.xpath("//img | //iframe | //i | //b | //svg[not(ancestor::div[@class='picture'])]")
    assert not tree.xpath("//svg//a | //svg//script | //svg//foreignObject | //svg//image"), "our own picture holds lines and words"
    assert not tree.xpath("//@href[starts-with(., 'javascript')]")
    text = tree.text_content()
    assert "<b>Court</b>" in text
    if "Een tweede" in text:
        assert HOSTILE_TEXT in re.sub(r"\n", " ", tree.xpath("//*[contains(@class, 'words')][contains(., 'onerror')]")[0].text_content())
        assert "Tekst van een bestand" in text or "Bestand" in text
    assert tree.xpath("//main"), "the page's own structure is whole"


def test_the_query_is_shown_back_as_text(client: TestClient) -> None:
    tree = page(client, "/search?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg%20src=x%3E+overdracht")
    assert not tree.xpath("//script[not(@src)] | //img")
    assert tree.xpath("//input[@name='q']/@value")[0].startswith("<script>")


def test_words_are_marked_by_place_and_escaped_piece_by_piece() -> None:
    assert marked("a <b>Toets</b> & toetsen", frozenset({"toets"})) == "a &lt;b&gt;<mark>Toets</mark>&lt;/b&gt; &amp; toetsen"
    assert marked("", frozenset({"x"})) == ""
    assert marked("mark script", frozenset({"mark", "script"})) == "<mark>mark</mark> <mark>script</mark>"


def test_an_excerpt_is_cut_at_blanks_around_the_first_match_and_says_so() -> None:
    long = "lead " * 500 + "target " + "tail " * 500
    shown, is_cut = excerpt(long, frozenset({"target"}))
    assert is_cut
    assert "target" in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert excerpt("short", frozenset()) == ("short", False)
    assert excerpt("x" * 5000, frozenset())[1]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "vbscript:x",
        "https:",
        "http://[",
        "",
        None,
        "file:///etc/passwd",
    ],
)
def test_only_web_addresses_become_links(address: str | None) -> None:
    assert safe_url(address) is None


def test_headings_are_shown_where_they_begin() -> None:
    assert new_headings((), ("A", "B")) == ["A", "B"]
    assert new_headings(("A", "B"), ("A", "C")) == ["C"]
    assert new_headings(("A", "B"), ("A", "B")) == []
    assert new_headings(("A",), ("B", "A")) == ["B", "A"]


@pytest.mark.parametrize(
    ("document_id", "href"),
    [
        ("kst-30573-195", "/documents/kst-30573-195"),
        ("RVS:1/1/V2", "/documents/RVS:1/1/V2"),
        ("Regulation (EU) No 604/2013", "/documents/Regulation%20(EU)%20No%20604/2013"),
        ('a"b?c#d&e%', "/documents/a%22b%3Fc%23d%26e%25"),
        ("§ 1 ü", "/documents/%C2%A7%201%20%C3%BC"),
    ],
)
def test_an_id_becomes_an_address_that_leads_back_to_it(document_id: str, href: str) -> None:
    from urllib.parse import unquote, urlsplit

    assert document_href(document_id) == href
    assert unquote(urlsplit(href).path) == f"/documents/{document_id}"


def test_a_framework_page_shows_elements_burden_and_both_sides(client: TestClient) -> None:
    tree = page(client, "/frameworks/indirect-refoulement?as_of=2023-01-15")
    text = words(tree.xpath("//main")[0])
    for said in ("Elementen", "Wie moet dit aannemelijk maken", "Voor de vreemdeling", "Tegen de vreemdeling", "Versies"):
        assert said in text
    assert tree.xpath("//input[@name='as_of']/@value") == ["2023-01-15"]
    assert page(client, "/frameworks/none", status=404).xpath("//main")


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/search",
        "/search?q=overdracht",
        f"/documents/{OLD_TEST}",
        f"/documents/{COURT_OF_JUSTICE}",
        "/documents",
        "/frameworks",
        "/frameworks/ibrahim-threshold",
        "/nothing",
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_page_is_well_made(client: TestClient, address: str, language: str) -> None:
    answered = client.get(address, headers={"Accept-Language": language})
    tree = html.document_fromstring(answered.text)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    assert len(tree.xpath("//h1")) == 1
    assert len(tree.xpath("//main")) == 1
    assert tree.xpath("//a[@class='skip'][@href='#main']")
    for field in tree.xpath("//input[not(@type='hidden')] | //textarea | //select"):
        assert tree.xpath(f"//label[@for='{field.get('id')}']"), html.tostring(field)
    for reference in tree.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
        assert reference in ids
    levels = [int(node.tag[1]) for node in tree.xpath("//h1 | //h2 | //h3 | //h4 | //h5")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    assert len(answered.content) < 150_000


def test_results_by_date_stand_newest_first_at_an_address_of_their_own(client: TestClient) -> None:
    plain = page(client, "/search?q=beschermingsbeleid+overdracht+poverty")
    links = {words(a): a.get("href") for a in plain.xpath("//div[@class='sort']//a")}
    assert list(links) == ["nieuwste eerst"]
    tree = page(client, links["nieuwste eerst"])
    facts = [words(item) for article in results(tree) for item in article.xpath(".//ul[@class='facts']/li")]
    years = [int(found[1]) for fact in facts if (found := re.fullmatch(r"(?:\d+ [a-z]+ )?(20\d\d)", fact))]
    assert len(years) >= 3
    assert years == sorted(years, reverse=True)
    assert "Op datum gezet" in words(tree.xpath("//main")[0])
    assert tree.xpath("//form[@id='filter-form']//input[@name='sort']/@value") == ["newest"], "a filter keeps the order"
    assert page(client, "/search?q=x&sort=oldest", status=422).xpath("//*[@role='alert']")


def test_every_result_has_a_place_to_stop_at_and_both_citations_for_the_key(client: TestClient) -> None:
    tree = page(client, "/search?q=extreme+material+poverty")
    stops = tree.xpath("//article//div[@data-passage]")
    assert stops
    for stop in stops:
        assert stop.xpath(".//a[@data-stop]")
        assert stop.get("data-cite-nl")
        assert stop.get("data-cite-en")
    assert tree.xpath("//*[@data-needs-keys][@hidden]"), "the hint is shown where the keys work"


def test_what_was_found_can_be_taken_along_as_a_file(client: TestClient) -> None:
    tree = page(client, "/search?q=extreme+material+poverty&kind=judgment&sort=newest")
    links = {words(a): a.get("href") for a in tree.xpath("//p[contains(@class, 'exports-line')]/a")}
    assert list(links) == ["Word", "Markdown", "RIS"]
    answered = client.get(links["Markdown"])
    assert answered.status_code == 200
    assert "C-900/17" in answered.text
    long = client.post("/search", data={"q": "extreme material poverty"})
    assert not html.document_fromstring(long.text).xpath("//p[contains(@class, 'exports-line')]"), "facts of a case get no address"
