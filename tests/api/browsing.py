"""What the tests in a real browser share: a served knowledge base, a tab that remembers what it should not have done, and axe."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from api.app import create_app
from kb.wiring import KnowledgeBase
from tests import factories

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
MARKS = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),  # one Chromium at a time
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("TEST_REQUIRE_BROWSER"),  # there a missing browser is a failure
        reason="Chromium is not installed (Debian: apt-get install chromium)",
    ),
]

WATCH = """
window.__breaches = [];
document.addEventListener('securitypolicyviolation', (e) => window.__breaches.push(e.violatedDirective + ' ' + e.blockedURI));
"""


@contextmanager
def served(base: KnowledgeBase) -> Iterator[str]:
    """The address of a server over `base`, in a thread, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(base.settings, base), port=port, access_log=False, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


class Tab:
    """A page that remembers what it should not have done: dialogs, foreign requests, policy breaches, script errors."""

    def __init__(self, chromium: Browser, address: str, **options: Any) -> None:
        self.context: BrowserContext = chromium.new_context(base_url=address, **{"locale": "nl-NL", **options})
        self.context.add_init_script(WATCH)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        self.page.on("request", lambda request: self._asked(request.url, address))

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address, "blob:")):
            self.faults.append(f"request {url}")

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def breaches(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.__breaches || []")
        return found + self.faults


def fill_in_a_case(page: Page) -> None:
    """A status holder from Greece, as a caseworker would enter it."""
    page.goto("/case")
    page.get_by_label("Datum waarop de aanvraag is geregistreerd").fill("03-11-2025")
    page.get_by_label("Datum van het besluit").fill("2026-03-02")
    page.get_by_label("Nationaliteit").fill("Syrië")
    page.get_by_label("Andere lidstaat").select_option(label="Griekenland")
    page.get_by_label("de vluchtelingenstatus").check()
    page.get_by_label("Huisvesting daar").fill(f"dakloos {factories.MARK}")
    page.get_by_label("Relaas").fill("Zij kreeg geen werk en haar dochter is in Griekenland geboren.")
    page.get_by_label("Vergelijk met een andere dag").fill("2019-01-15")
    page.get_by_role("button", name="Toon het overzicht").click()
    assert page.get_by_role("heading", name="Waarschuwingen", level=2).is_visible()


OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}


def barriers(page: Page, name: str, *, dark: bool = True) -> list[str]:
    """What axe finds with every fold open, in light and (`dark`) for contrast in dark, and what is wider than the window."""
    page.emulate_media(color_scheme="light")
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    violations = Axe().run(page, options=OPTIONS).response["violations"]
    if dark:
        page.emulate_media(color_scheme="dark")
        # axe is in the page by now
        violations += page.evaluate(
            "axe.run(document, {runOnly: ['color-contrast'], resultTypes: ['violations']}).then((r) => r.violations)"
        )
    found = [f"{name}: {v['id']}: {[node['target'] for node in v['nodes']][:3]}" for v in violations]
    return [*found, *wider(page, name)]


def wider(page: Page, name: str) -> list[str]:
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{name}: {overflow} px wider than the window"] if overflow > 0 else []
