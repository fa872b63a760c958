"""The pages of a PDF beside its text: drawn outside the server, only for what is held, gone with what was erased."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement
from playwright.sync_api import Browser, expect

from api import page_images
from api.app import create_app
from api.page_images import is_pdf, png
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.errors import InputRejected, NotFound
from kb.settings import Settings
from kb.wiring import KnowledgeBase
from tests.api.browsing import MARKS, Tab, barriers, served
from tests.ingest import builds
from tests.ingest.parse.tiny_pdf import paragraph, write_pdf

SENTENCE = "De rechtbank overweegt dat de overdracht aan Denemarken niet in strijd is met het beginsel van wederzijds vertrouwen."


def report() -> bytes:
    """Three pages, the second without a numbered heading of its own."""
    pages = []
    for number, heading in ((1, "1. Inleiding"), (2, None), (3, "2. Beoordeling")):
        lines = [SENTENCE[:60], SENTENCE[60:], f"Bladzijde met nummer {number}."] * 6
        top = [*paragraph(70, 780, [heading], size=14, bold=True)] if heading else []
        pages.append([*top, *paragraph(70, 740, lines)])
    return write_pdf(pages, title="Rapport over Denemarken", language="nl")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[KnowledgeBase, str]:
    root = tmp_path_factory.mktemp("pdf")
    (root / "report.pdf").write_bytes(report())
    corpus = builds.small_corpus(root / "corpus")
    made = builds.pipeline(root / "var", corpus).ingest([str(root / "report.pdf")])
    (entry,) = made.entries
    assert entry.status == "indexed", entry
    assert entry.document_id is not None
    settings = Settings(_env_file=None, data_dir=root / "var", corpus_dir=corpus)  # type: ignore[call-arg]
    return KnowledgeBase(settings, embedder=HashingEmbedder(), engine=MemoryEngine()), entry.document_id


@pytest.fixture(scope="module")
def client(held: tuple[KnowledgeBase, str]) -> Iterator[TestClient]:
    base, _ = held
    with TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def page(client: TestClient, address: str) -> HtmlElement:
    answered = client.get(address, headers={"Accept-Language": "en"})
    assert answered.status_code == 200, answered.text[:300]
    return html.document_fromstring(answered.text)


def test_every_page_stands_beside_the_passages_that_begin_on_it(client: TestClient, held: tuple[KnowledgeBase, str]) -> None:
    tree = page(client, f"/documents/{held[1]}")
    images = tree.xpath("//div[@class='page-row']//img")
    assert [image.get("alt") for image in images] == [f"Page {n} of the original" for n in (1, 2, 3)], "no page is left out"
    assert all(image.get("loading") == "lazy" and image.get("width") and image.get("height") for image in images)
    last = tree.xpath("//div[@class='page-row'][last()]")[0]
    assert "Beoordeling" in last.text_content()
    assert last.xpath(".//img/@src") == [images[-1].get("src")]
    for image in images:
        answered = client.get(image.get("src"))
        assert (answered.status_code, answered.headers["content-type"]) == (200, "image/png")
        assert answered.content.startswith(b"\x89PNG")


def test_the_pages_can_be_left_out_at_an_address_of_its_own(client: TestClient, held: tuple[KnowledgeBase, str]) -> None:
    href = page(client, f"/documents/{held[1]}").xpath("//p[contains(@class, 'pages-switch')]/a/@href")[0]
    without = page(client, href)
    assert not without.xpath("//img")
    back = without.xpath("//p[contains(@class, 'pages-switch')]/a/@href")[0]
    assert page(client, back).xpath("//img")


def test_a_picture_is_asked_for_again_and_answered_with_not_modified(client: TestClient, held: tuple[KnowledgeBase, str]) -> None:
    first = client.get("/page-image", params={"id": held[1], "page": "1"})
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/page-image", params={"id": held[1], "page": "1"}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"page": "4"}, 404),
        ({"page": "0"}, 400),
        ({"page": "../1"}, 400),
        ({"page": "१"}, 400),
        ({"page": "1", "size": "9999"}, 400),
        ({"page": "1", "version": "9"}, 404),
        ({"page": "1", "version": "x"}, 400),
        ({"page": "1", "id": "ECLI:NL:RVS:1900:1"}, 404),
        ({"page": "1", "id": "../../etc/passwd"}, 404),
        ({"page": "1", "id": builds.CATALOGUED}, 404),
    ],
)
def test_another_page_than_one_that_is_held_is_refused(
    client: TestClient, held: tuple[KnowledgeBase, str], asked: dict[str, str], status: int
) -> None:
    assert client.get("/page-image", params={"id": held[1], **asked}).status_code == status


def test_nothing_of_a_picture_reaches_the_disk(client: TestClient, held: tuple[KnowledgeBase, str]) -> None:
    client.get("/page-image", params={"id": held[1], "page": "2", "size": "large"})
    data_dir = held[0].settings.data_dir
    assert not [path for path in data_dir.rglob("*") if path.is_file() and path.read_bytes().startswith(b"\x89PNG")]


def test_a_picture_in_memory_is_not_given_when_its_original_was_erased(tmp_path: Path) -> None:
    path = tmp_path / "original"
    path.write_bytes(report())
    assert png(path, 1, 300).startswith(b"\x89PNG")
    path.unlink()
    with pytest.raises(NotFound):
        png(path, 1, 300)
    assert not [key for key in page_images._kept if key[0] == str(path)]


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.5\n%%EOF",
        b"%PDF-1.5\n" + b"[" * 200_000,
        write_pdf([[]], contents=[b"q\n" * 400_000 + b"BT /F9 12 Tf ET"]),
        write_pdf([[]]).replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 1 90000]"),
    ],
    ids=["empty", "nested", "broken content", "a strip"],
)
def test_a_broken_pdf_is_refused_or_drawn_and_the_server_lives(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "original"
    path.write_bytes(content)
    begun = time.monotonic()
    with contextlib.suppress(InputRejected, NotFound):
        assert png(path, 1, 300).startswith(b"\x89PNG")
    assert time.monotonic() - begun < 25


def test_what_is_no_pdf_is_never_handed_to_the_process_that_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_images, "_draw", lambda *_: pytest.fail("handed over"))
    path = tmp_path / "original"
    path.write_bytes(b"<html>" + b" " * 2000 + b"%PDF-")
    assert not is_pdf(path)
    with pytest.raises(NotFound):
        png(path, 1, 300)


class TestInABrowser:
    pytestmark = MARKS

    def test_the_page_is_seen_beside_its_text_where_there_is_room_and_asked_for_only_there(
        self, chromium: Browser, held: tuple[KnowledgeBase, str]
    ) -> None:
        base, document_id = held
        with served(base) as address:
            tab = Tab(chromium, address, viewport={"width": 1280, "height": 800}, bypass_csp=True)
            page = tab.open(f"/documents/{document_id}")
            image = page.locator(".page-image img").first
            image.scroll_into_view_if_needed()
            expect(image).to_have_js_property("complete", True)
            expect(image).not_to_have_js_property("naturalWidth", 0)
            picture, text = image.bounding_box(), page.locator(".page-row .words").first.bounding_box()
            assert picture is not None
            assert text is not None
            assert picture["x"] > text["x"] + text["width"], "beside it, not below"
            assert barriers(page, "with pages") == []
            assert tab.faults == []
            tab.context.close()

            tab = Tab(chromium, address, viewport={"width": 360, "height": 800}, bypass_csp=True)
            asked: list[str] = []
            tab.page.on("request", lambda request: asked.append(request.url))
            page = tab.open(f"/documents/{document_id}")
            assert barriers(page, "narrow") == []
            assert page.locator(".page-image:visible").count() == 0
            assert page.get_by_role("link", name="pagina als afbeelding").first.is_visible()
            assert [url for url in asked if "/page-image" in url] == [], "a telephone does not load what it does not show"
            assert tab.faults == []
            tab.context.close()
