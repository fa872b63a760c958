"""Every page in every state in real Chromium: nothing for axe to find in light and dark, nothing wider than the window, no breach of
the content policy. Skipped by name where Chromium is not installed."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.browsing import MARKS, Tab, barriers, fill_in_a_case, wider
from tests.factories import COURT_OF_JUSTICE, HOSTILE, OLD_TEST

pytestmark = MARKS

PAGES = {
    "home": "/",
    "results": "/search?q=verschil+beschermingsbeleid+overdracht&kind=judgment&as_of=2026-01-01",
    "results by date": "/search?q=beschermingsbeleid+overdracht+poverty&sort=newest",
    "nothing": "/search?q=overdracht&member_state=FI",
    "wrong": "/search?q=overdracht&as_of=gisteren",
    "empty": "/search",
    "digest": f"/documents/{OLD_TEST}",
    "side by side": f"/documents/{OLD_TEST}?form=digests",
    "judgment": f"/documents/{COURT_OF_JUSTICE}#para-90",
    "place not held": f"/documents/{COURT_OF_JUSTICE}?p=para-300",
    "hostile": f"/documents/{HOSTILE}",
    "documents": "/documents",
    "frameworks": "/frameworks",
    "framework": "/frameworks/indirect-refoulement?as_of=2023-01-15",
    "case": "/case",
    "check": "/check",
    "coverage": "/coverage",
    "not found": "/documents/none",
}


def long_text(page: Page) -> None:
    page.goto("/")
    page.locator("details.long-box summary").click()
    page.locator("#facts").fill("Het Deense beschermingsbeleid voor Syriërs verschilt evident en fundamenteel.\nFeiten.")
    page.locator("form[method=post] button").click()
    assert page.locator("article.document").count() > 0


def wrong_case(page: Page) -> None:
    page.goto("/case")
    page.locator("#registered_on").fill("31-02-2024")
    page.locator("#case-form > p button").click()
    expect(page.get_by_role("alert")).to_be_visible()


def assessed(page: Page) -> None:
    fill_in_a_case(page)
    page.get_by_role("button", name="Vastzetten: ").first.click()


def checked_draft(page: Page) -> None:
    page.goto("/check")
    page.locator("#draft-text").fill(f"Zie ABRvS 7 juli 2022, {OLD_TEST}, r.o. 99, en HvJ EU 19 maart 2019, C-900/17, punt 90.")
    page.locator(".check-form button[type=submit]").click()
    assert page.locator(".check__item").count() > 0


def wrong_draft(page: Page) -> None:
    page.goto("/check")
    page.locator(".check-form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_be_visible()


STATES = {
    "long text": long_text,
    "a field that cannot be read": wrong_case,
    "assessment": assessed,
    "checked draft": checked_draft,
    "no draft": wrong_draft,
}


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [("nl", 320), ("en", 1280)])
def test_axe_finds_nothing_on_any_page_in_light_and_dark_and_nothing_overflows(
    chromium: Browser, address: str, language: str, width: int
) -> None:
    tab = Tab(chromium, address, viewport={"width": width, "height": 800}, bypass_csp=True)
    found = []
    for name, path in PAGES.items():
        head, hash_, slug = path.partition("#")
        page = tab.open(f"{head}{'&' if '?' in head else '?'}lang={language}{hash_}{slug}")
        found += barriers(page, name, dark=width == 320)  # colours are the same at every width
    tab.context.close()
    assert found == []


@pytest.mark.slow
def test_axe_finds_nothing_in_what_a_form_answers_and_nothing_overflows(chromium: Browser, address: str) -> None:
    tab = Tab(chromium, address, viewport={"width": 320, "height": 800}, bypass_csp=True)
    found = []
    for name, act in STATES.items():
        act(tab.page)
        found += barriers(tab.page, name)
        tab.page.set_viewport_size({"width": 1280, "height": 800})
        found += wider(tab.page, f"{name} at 1280")
        tab.page.set_viewport_size({"width": 320, "height": 800})
    tab.context.close()
    assert found == []


def test_no_page_breaks_its_own_content_policy(tab: Tab) -> None:
    found = {}
    for name, path in PAGES.items():
        page = tab.open(path)
        page.wait_for_load_state("load")
        assert page.evaluate("getComputedStyle(document.querySelector('.site-header')).backgroundColor") != "rgba(0, 0, 0, 0)", name
        found[name] = tab.breaches()
    for name, act in STATES.items():
        act(tab.page)
        found[name] = tab.breaches()
    assert {name: breaches for name, breaches in found.items() if breaches} == {}
