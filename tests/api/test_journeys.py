"""The journeys that the pages are for, over the shipped corpus in real Chromium and by keyboard: a lawyer, a caseworker, a slow line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kb.wiring import KnowledgeBase
from tests import factories
from tests.api.browsing import MARKS, Tab, fill_in_a_case, served

pytestmark = [*MARKS, pytest.mark.slow]

DANISH_POLICY = "ECLI:NL:RVS:2022:1864"


@pytest.fixture(scope="module")
def there(light_index: KnowledgeBase) -> Iterator[str]:
    with served(light_index) as address:
        yield address


def stopped_at(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('[data-passage]')?.dataset.citeNl || ''"))


def test_a_lawyer_finds_the_passage_on_danish_policy_by_keyboard_and_copies_its_citation(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there, permissions=["clipboard-read", "clipboard-write"])
    page = tab.open("/")
    page.keyboard.press("/")
    page.keyboard.type("evident en fundamenteel verschil in beschermingsbeleid Denemarken Damascus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.get_by_text("j en k door de passages")).to_be_visible()
    places = []
    for _ in range(20):
        page.keyboard.press("j")
        places.append(stopped_at(page))
        if DANISH_POLICY in places[-1]:
            break
    assert DANISH_POLICY in places[-1], places
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert stopped_at(page) == places[-1], "k goes back to where j came from"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/documents/{DANISH_POLICY}**")
    target = page.locator(".passage:target")
    box = target.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 700, "the cited passage is in view"
    expect(page.locator(".reader__head .badge").first).to_have_text("Achterhaald")
    page.keyboard.press("c")
    expect(page.locator("#live")).to_contain_text("Gekopieerd: ")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == target.get_attribute("data-cite-nl")
    assert copied.startswith("ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864")
    page.keyboard.press("Shift+C")
    expect(page.locator("#live")).to_contain_text(target.get_attribute("data-cite-en") or "?")
    assert tab.breaches() == []
    tab.context.close()


def test_an_overtaken_authority_is_followed_by_its_successor_and_leads_there(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there)
    page = tab.open(f"/search?q={DANISH_POLICY}")
    first = page.locator("article.document").first
    expect(first.locator(".badge").first).to_have_text("Achterhaald")
    successor = first.locator(".standing__next a").first
    assert page.locator("article.document").count() > 1, "what overtook it stands beside it"
    name = successor.inner_text()
    successor.click()
    expect(page.locator("#cite-document")).to_contain_text(name.partition(",")[0])
    assert tab.breaches() == []
    tab.context.close()


def test_a_caseworker_enters_a_greek_status_holder_and_exports_the_memo(chromium: Browser, there: str, tmp_path: Path) -> None:
    tab = Tab(chromium, there, accept_downloads=True)
    page = tab.page
    fill_in_a_case(page)
    assert factories.MARK not in page.url
    expect(page.locator(".kicker").first).to_contain_text("Statushouder")
    for_and_against = page.locator(".element .even > .side")
    assert for_and_against.count() >= 6
    assert page.locator("#comparison").is_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown (.md)").click()
    memo = tmp_path / "memo.md"
    download.value.save_as(memo)
    text = memo.read_text()
    assert factories.MARK in text
    assert "C-297/17" in text
    assert tab.breaches() == []
    tab.context.close()


def test_nothing_found_and_a_wrong_date_say_what_to_do(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there)
    page = tab.open("/search?q=zqxmarkerzq+wqxyz")
    expect(page.get_by_role("heading", name="Niets gevonden")).to_be_visible()
    expect(page.locator("main")).to_contain_text("bewijst niet")
    expect(page.locator("main")).to_contain_text("Doorzocht: ")
    page = tab.open("/search?q=overdracht&as_of=31-02-2024")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("Vraag, zoekwoorden of een nummer").input_value() == "overdracht"
    tab.context.close()


# -- what assistive technology is told ------------------------------------------------------------------------------------------------


def test_the_accessibility_tree_names_landmarks_results_marks_and_both_sides(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there)
    page = tab.open(f"/search?q={DANISH_POLICY}")
    for role, name in (("banner", None), ("main", None), ("contentinfo", None), ("search", None)):
        assert page.get_by_role(role, name=name).count() == 1, role  # type: ignore[arg-type]
    assert page.get_by_role("navigation", name="Hoofdmenu").count() == 1
    expect(page.get_by_role("complementary", name="Filters")).to_have_count(1)
    group = page.get_by_role("group", name="Soort document")
    assert group.get_by_role("checkbox").count() >= 1
    assert page.get_by_role("article").first.get_by_role("heading", level=2).count() == 1
    page = tab.open(f"/documents/{DANISH_POLICY}")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("img", name="Verwijzingen rond")).to_have_count(1)
    expect(page.get_by_role("navigation", name="Op deze pagina")).to_have_count(1)
    fill_in_a_case(page)
    first = page.locator(".element").first
    expect(first.get_by_role("group", name="Voor de vreemdeling")).to_have_count(1)
    expect(first.get_by_role("group", name="Tegen de vreemdeling")).to_have_count(1)
    expect(page.get_by_role("region", name="Waarschuwingen")).to_have_count(1)
    tab.context.close()


def test_every_control_of_the_results_is_reached_by_tab_and_shows_its_focus(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there)
    page = tab.open(f"/search?q={DANISH_POLICY}")
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const e = document.activeElement, b = e.getBoundingClientRect(), s = getComputedStyle(e);"
            " return [b.width > 0 || e.className === 'skip', e.closest('main') !== null, s.outlineStyle, e.className]; })()"
        )
        assert at[0], "a stop that nobody can see"
        assert at[2] != "none", f"no focus is shown on {at[3]}"
        if at[1]:
            seen.append(at[3])
    assert len(seen) > 20
    tab.context.close()


# -- a slow line ----------------------------------------------------------------------------------------------------------------------


def late_script(route: Route) -> None:
    import time

    time.sleep(0.4)
    route.continue_()


def test_the_first_page_is_below_150_kb_and_no_page_shifts_when_its_script_comes_late(chromium: Browser, there: str) -> None:
    tab = Tab(chromium, there)
    tab.context.add_init_script(
        "window.__moved = []; new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput)"
        " window.__moved.push([e.value, e.sources.map((s) => s.node && (s.node.className || s.node.nodeName)).join(' ')]); })"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    session = tab.context.new_cdp_session(tab.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page = tab.open("/")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < 150_000
    tab.context.route("**/static/*.js*", late_script)
    moved = {}
    for path in (
        "/",
        f"/search?q={DANISH_POLICY}",
        f"/documents/{DANISH_POLICY}",
        "/case",
        "/check",
        "/coverage",
        "/frameworks/indirect-refoulement",
    ):
        page = tab.open(path)
        page.wait_for_timeout(150)
        shifts = page.evaluate("window.__moved")
        if sum(value for value, _ in shifts) > 0.01:
            moved[path] = shifts
    assert moved == {}
    tab.context.close()
