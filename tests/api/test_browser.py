"""The pages in real Chromium: the journeys of a lawyer and a caseworker, and no document that can run. Skipped by name where Chromium
is not installed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests import factories
from tests.api.browsing import MARKS, Tab, fill_in_a_case
from tests.factories import COURT_OF_JUSTICE, HOSTILE, OLD_TEST

pytestmark = MARKS


def test_a_lawyer_finds_reads_at_the_paragraph_and_copies_the_citation(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, permissions=["clipboard-read", "clipboard-write"])
    page = tab.open("/")
    page.get_by_label("Vraag, zoekwoorden of een nummer").fill("extreme material poverty indifference")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="punt 90").first.click()
    assert page.url.endswith(f"/documents/{COURT_OF_JUSTICE}#para-90")
    target = page.locator(".passage:target")
    assert target.get_attribute("id") == "para-90"
    box = target.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 700, "the cited passage is in view"
    target.locator("summary").click()
    button = target.get_by_role("button", name="Kopieer vindplaats").first
    button.click()
    expect(page.locator("#live")).to_have_text("Gekopieerd")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "HvJ EU 19 maart 2019, C-900/17, ECLI:EU:C:2019:9002, punt 90"
    assert tab.breaches() == []
    tab.context.close()


def test_where_the_clipboard_is_closed_the_citation_is_selected(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address)
    tab.context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = tab.open(f"/documents/{COURT_OF_JUSTICE}")
    page.get_by_role("button", name="Kopieer vindplaats").first.click()
    expect(page.locator("#live")).not_to_be_empty()
    assert page.evaluate("String(window.getSelection())").startswith("HvJ EU 19 maart 2019")
    tab.context.close()


def test_one_key_copies_the_citation_of_the_passage_in_view_in_either_style(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, permissions=["clipboard-read", "clipboard-write"])
    page = tab.open(f"/documents/{COURT_OF_JUSTICE}?p=para-90")
    assert page.get_by_text("c kopieert de vindplaats in Nederlandse stijl").is_visible()
    page.keyboard.press("c")
    expect(page.locator("#live")).to_contain_text("Gekopieerd: ")
    assert page.evaluate("navigator.clipboard.readText()") == "HvJ EU 19 maart 2019, C-900/17, ECLI:EU:C:2019:9002, punt 90"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "para-91"
    page.keyboard.press("Shift+C")
    expect(page.locator("#live")).to_contain_text("para 91")
    assert page.evaluate("navigator.clipboard.readText()").endswith("para 91")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "para-90"
    assert tab.breaches() == []
    tab.context.close()


def test_keys_do_nothing_while_somebody_types_and_can_be_switched_off(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, permissions=["clipboard-read", "clipboard-write"])
    page = tab.open("/search?q=overdracht")
    page.evaluate("navigator.clipboard.writeText('before')")
    page.get_by_label("Vraag, zoekwoorden of een nummer").fill("")
    page.keyboard.type("c/jk")
    assert page.get_by_label("Vraag, zoekwoorden of een nummer").input_value() == "c/jk"
    assert page.evaluate("navigator.clipboard.readText()") == "before"
    page = tab.open(f"/documents/{COURT_OF_JUSTICE}")
    page.get_by_text("Sneltoetsen", exact=True).click()
    page.get_by_role("button", name="Sneltoetsen uitzetten").click()
    assert page.get_by_role("button", name="Sneltoetsen aanzetten").is_visible()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.evaluate("navigator.clipboard.readText()") == "before"
    assert not page.get_by_text("c kopieert de vindplaats").is_visible()
    tab.context.close()


def test_the_permanent_address_brings_the_passage_into_view_also_without_a_script(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, java_script_enabled=False, viewport={"width": 360, "height": 700})
    page = tab.open(f"/documents/{COURT_OF_JUSTICE}?p=para-91")
    box = page.locator(".passage:target").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 600
    assert page.locator(".passage:target").get_attribute("id") == "para-91"
    tab.context.close()


def test_a_caseworker_enters_a_case_and_takes_the_memo_without_a_script(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, java_script_enabled=False, accept_downloads=True)
    page = tab.page
    fill_in_a_case(page)
    assert factories.MARK not in page.url
    assert "Statushouder" in page.locator(".kicker").first.inner_text()
    sides = page.locator(".element .even > .side")
    assert sides.count() >= 4
    boxes = [side.bounding_box() for side in sides.all()[:2]]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert abs(boxes[0]["width"] - boxes[1]["width"]) < 2, "both sides have the same space"
    with page.expect_download() as download:
        page.get_by_role("button", name="Word (.docx)").click()
    assert download.value.suggested_filename == "memo-ibrahim-threshold-2026-03-02.docx"
    assert factories.MARK not in download.value.url
    tab.context.close()


def test_a_passage_is_pinned_with_a_note_in_the_memory_of_the_page_alone(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, permissions=["clipboard-read", "clipboard-write"])
    page = tab.page
    fill_in_a_case(page)
    button = page.get_by_role("button", name="Vastzetten: ").first
    cited = button.get_attribute("data-pin") or ""
    button.click()
    page.get_by_label("Aantekening").fill("belangrijk")
    page.get_by_role("button", name="Alles kopiëren").click()
    expect(page.locator("#pins-copy")).to_have_text("Gekopieerd")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(cited)
    assert copied.endswith("belangrijk")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    with page.expect_download() as download, page.expect_request("**/export") as sent:
        page.get_by_role("button", name="Bundel voor de zitting").click()
    assert download.value.suggested_filename.endswith(".docx")
    body = sent.value.post_data or ""
    assert "id=" in body, "the passages are sent by their ids"
    assert "belangrijk" not in body
    assert factories.MARK not in body
    page.get_by_role("button", name="Losmaken").click()
    assert page.locator("#pins").is_hidden()
    assert tab.breaches() == []
    tab.context.close()


def test_filters_are_applied_by_keyboard_and_taken_away_again(tab: Tab) -> None:
    page = tab.open("/search?q=overdracht+beschermingsbeleid+poverty")
    page.get_by_label("Griekenland").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**member_state=GR**")
    assert {facts for facts in page.locator("article.document .facts").all_inner_texts() if "Griekenland" not in facts} == set()
    page.get_by_role("link", name="Filter Griekenland weghalen").click()
    assert "member_state" not in page.url


def test_a_long_text_is_searched_without_an_address_and_filtered_without_one(tab: Tab) -> None:
    page = tab.open("/")
    page.get_by_text("Zoeken met de feiten van een zaak").click()
    page.get_by_label("Feiten of langere tekst").fill(
        f"{factories.MARK} Het Deense beschermingsbeleid voor Syriërs verschilt evident en fundamenteel van het Nederlandse beleid."
        "\nFeiten."
    )
    page.locator("form[method=post]").get_by_role("button").click()
    assert page.locator("article.document").count() > 0
    page.get_by_label("Uitspraak").first.check()
    page.get_by_role("button", name="Filters toepassen").first.click()
    assert page.locator("article.document").count() > 0
    assert factories.MARK not in page.url
    assert page.locator("textarea").input_value().startswith(factories.MARK)


def test_search_and_reading_work_without_a_script(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, java_script_enabled=False)
    page = tab.open("/search?q=extreme+material+poverty")
    assert "HvJ EU 19 maart 2019" in page.locator("main").inner_text()
    assert page.locator("button[data-copy]:visible").count() == 0
    page.get_by_role("link", name="punt 90").first.click()
    assert page.locator(".passage:target").count() == 1
    tab.context.close()


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(tab: Tab) -> None:
    page = tab.open("/search?q=overdracht")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(
    "path", [f"/documents/{HOSTILE}", "/search?q=tweede+blok+overdracht&kind=other", "/documents", "/", f"/documents/{OLD_TEST}"]
)
def test_a_hostile_document_runs_nothing_and_asks_for_nothing(tab: Tab, path: str) -> None:
    page = tab.open(path)
    page.wait_for_timeout(100)
    assert "Mischief" in page.locator("main").inner_text()
    for link in page.locator("main a").all():
        assert not (link.get_attribute("href") or "").lower().startswith(("javascript", "data"))


def test_a_case_is_entered_and_assessed_by_keyboard_alone_and_enter_assesses_again(tab: Tab) -> None:
    page = tab.open("/case")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))

    order = []
    for _ in range(60):
        page.keyboard.press("Tab")
        order.append(focused())
        match order[-1]:
            case "registered_on":
                page.keyboard.type("03-11-2025")
            case "decided_on":
                page.keyboard.type("2026-03-02")
            case "member_state":
                page.keyboard.type("Gri")
            case "status_there" | "status-none":
                page.keyboard.press("ArrowUp")
            case "Toon het overzicht":
                break
    assert order[-1] == "Toon het overzicht", order
    places = [
        order.index(name) for name in ("registered_on", "decided_on", "nationality", "member_state", "housing", "narrative", "compare")
    ]
    assert places == sorted(places), "the order of the keys is the order of reading"
    assert page.get_by_label("Andere lidstaat").input_value() == "GR"
    # held back once, to read what is said while a reader waits
    page.evaluate("document.getElementById('case-form').addEventListener('submit', (e) => e.preventDefault(), {once: true})")
    page.keyboard.press("Enter")
    expect(page.locator("#live")).to_contain_text("Een ogenblik")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Waarschuwingen", level=2)).to_be_visible()
    page.locator("#nationality").focus()
    page.keyboard.type("Syrië")
    page.keyboard.press("Enter")
    expect(page.locator("#nationality")).to_have_value("Syrië")
    expect(page.get_by_role("heading", name="Waarschuwingen", level=2)).to_be_visible()
    assert page.locator("#registered_on").input_value() == "2025-11-03", "the answer is the page again, not a file"


def test_the_slash_leads_to_the_search_box_also_from_a_page_without_one(tab: Tab) -> None:
    page = tab.open(f"/documents/{COURT_OF_JUSTICE}?lang=en")
    page.keyboard.press("/")
    page.wait_for_url("**/?lang=en#q")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("poverty")
    assert page.locator("#q").input_value() == "poverty"


def test_on_paper_there_is_the_text_with_its_standing_and_no_control(tab: Tab) -> None:
    page = tab.open(f"/documents/{OLD_TEST}")
    page.emulate_media(media="print")
    for part in ("h1", ".reader__head .standing", ".passage .words", "#cite-document"):
        assert page.locator(part).first.is_visible(), part
    for part in (".site-nav", ".languages", ".toc", "button", ".texts", ".keys"):
        assert page.locator(f"{part}:visible").count() == 0, part
    page = tab.open("/search?q=overdracht+beschermingsbeleid")
    page.emulate_media(media="print")
    assert page.locator("article.document").first.is_visible()
    for part in ("form", "button", ".sort", ".pager"):
        assert page.locator(f"{part}:visible").count() == 0, part
    page.emulate_media(media="screen")


def test_a_draft_file_is_checked_from_the_page_and_leaves_no_address(tab: Tab, tmp_path: Path) -> None:
    draft = tmp_path / "besluit.md"
    draft.write_text(f"# Besluit {factories.MARK}\n\nZie HvJ EU 19 maart 2019, C-900/17, punt 90, en {OLD_TEST}.\n")
    page = tab.open("/check")
    page.get_by_label("Of kies een bestand").set_input_files(draft)
    page.get_by_role("button", name="Nakijken").click()
    expect(page.locator(".check__item")).to_have_count(2)
    expect(page.get_by_role("heading", name="Uitkomst per")).to_be_visible()
    assert page.url.endswith("/check")
    assert factories.MARK not in page.content(), "what is no citation is not repeated"
