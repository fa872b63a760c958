"""Alerts: valid Atom with ids that stay, new documents and new treatment on top, sent once, and nothing of a case in an address."""

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from lxml import html

from api.app import create_app
from kb.store.arrivals import Arrivals, mark, treatment_key
from kb.store.library import Library, LibraryWriter
from kb.wiring import KnowledgeBase
from tests import factories
from tests.factories import COURT_OF_JUSTICE, HOSTILE, NEW_TEST, OLD_TEST, TREATMENTS

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SEARCH = "/feeds/search?q=beschermingsbeleid+lidstaten&lang=nl"
FRAMEWORK = "/feeds/frameworks/indirect-refoulement?lang=en"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read(client: TestClient, address: str) -> ElementTree.Element:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content)  # what we wrote ourselves


def texts(feed: ElementTree.Element, path: str) -> list[str]:
    return [element.text or "" for element in feed.findall(path, ATOM)]


@pytest.mark.parametrize("address", [SEARCH, FRAMEWORK, f"/feeds/search?q={HOSTILE}"])
def test_a_feed_has_what_the_format_asks_for(client: TestClient, address: str) -> None:
    """RFC 4287, sections 4.1.1 and 4.1.2: one id, title and updated each; absolute addresses; no id twice."""
    feed = read(client, address)
    for element in (feed, *feed.findall("a:entry", ATOM)):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"a:{name}", ATOM)) == 1
        assert texts(element, "a:title")[0].strip()
        assert all(RFC_3339.fullmatch(time) for time in [*texts(element, "a:updated"), *texts(element, "a:published")])
        assert texts(element, "a:id")[0].startswith("urn:uuid:")
        assert all(link.get("href", "").startswith("http://127.0.0.1:8000/") for link in element.findall("a:link", ATOM))
    assert texts(feed, "a:author/a:name") == ["dublin-kb"]
    assert [link.get("rel") for link in feed.findall("a:link", ATOM)] == ["self", "alternate"]
    ids = texts(feed, "a:entry/a:id")
    assert len(ids) == len(set(ids))
    assert bool(ids) is (address != FRAMEWORK), "the invented documents are in no legal test"
    assert not ids or texts(feed, "a:updated")[0] == max(texts(feed, "a:entry/a:updated"))


def test_every_address_of_a_feed_leads_somewhere(client: TestClient) -> None:
    feed = read(client, SEARCH)
    for link in feed.iterfind(".//a:link", ATOM):
        assert client.get(link.get("href", "")).status_code == 200, link.get("href")


def test_a_feed_tells_documents_and_what_was_done_to_them(client: TestClient) -> None:
    feed = read(client, SEARCH)
    titles = texts(feed, "a:entry/a:title")
    assert any(title.startswith("Koerswijziging indirect refoulement") for title in titles)
    treated = next(entry for entry in feed.findall("a:entry", ATOM) if " over " in texts(entry, "a:title")[0])
    assert texts(treated, "a:title") == ["ABRvS 12 juni 2024, nr. 202400001/1/V2 over ABRvS 6 juli 2022, ECLI:NL:RVS:2022:9001"]
    assert "De toets van 2022 is in Dublinzaken verlaten." in texts(treated, "a:content")[0]
    old = next(entry for entry in feed.findall("a:entry", ATOM) if texts(entry, "a:title")[0].startswith("Moeder en kind"))
    assert "Verlaten in Dublinzaken door ABRvS 12 juni 2024" in texts(old, "a:content")[0]
    assert [link.get("href") for link in old.findall("a:link[@rel='related']", ATOM)] == [
        f"http://127.0.0.1:8000/documents/{NEW_TEST.replace('/', '%2F')}"
    ]


def test_a_legal_test_tells_what_it_names_and_what_cites_that(light_index: KnowledgeBase) -> None:
    client = TestClient(create_app(light_index.settings, light_index), base_url="http://127.0.0.1:8000")
    feed = read(client, FRAMEWORK)
    entries = feed.findall("a:entry", ATOM)
    dated = [(texts(entry, "a:updated")[0], texts(entry, "a:published")[:1] or [""]) for entry in entries]
    assert dated == sorted(dated, reverse=True), "all came at one moment: then the later document is first"
    assert any(" on " in title for title in texts(feed, "a:entry/a:title"))
    assert "http://127.0.0.1:8000/documents/C-458%2F24" in [link.get("href") for link in feed.iterfind("a:entry/a:link", ATOM)]
    assert 20 < len(entries) <= 100
    assert all(time <= dt.datetime.now(tz=dt.UTC).isoformat() for time in texts(feed, "a:entry/a:updated"))


def test_a_saved_address_of_the_search_page_is_a_feed_of_today(client: TestClient) -> None:
    address = "/feeds/search?q=beschermingsbeleid+lidstaten&lang=nl&as_of=2023-01-01&offset=1&limit=1"
    assert texts(read(client, address), "a:entry/a:id") == texts(read(client, SEARCH), "a:entry/a:id")
    assert texts(read(client, address), "a:id") == texts(read(client, SEARCH), "a:id")


def test_a_feed_is_sent_once(client: TestClient) -> None:
    tag = client.get(SEARCH).headers["etag"]
    again = client.get(SEARCH, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_found_is_an_empty_feed_and_a_wrong_question_a_problem(client: TestClient) -> None:
    assert texts(read(client, "/feeds/search?q=zqxv"), "a:entry/a:id") == []
    for address, status in (("/feeds/search", 422), ("/feeds/search?q=x&court=nergens", 400), ("/feeds/frameworks/none", 404)):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.post("/feeds/search", json={"q": "x"}).status_code == 405


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        (
            "/search?q=overdracht&as_of=2026-01-01&kind=judgment&lang=nl",
            "/feeds/search?q=overdracht&kind=judgment&lang=nl",
        ),
        ("/frameworks/indirect-refoulement?lang=nl", "/feeds/frameworks/indirect-refoulement?lang=nl"),
    ],
    ids=["search", "framework"],
)
def test_a_page_leads_to_its_feed(client: TestClient, page: str, feed: str) -> None:
    tree = html.document_fromstring(client.get(page).text)
    (found,) = tree.xpath("//head/link[@rel='alternate'][@type='application/atom+xml']/@href")
    assert sorted(re.split(r"[?&]", found)) == sorted(re.split(r"[?&]", feed))
    assert client.get(found).status_code == 200


def test_the_page_of_a_question_with_facts_has_no_feed(client: TestClient) -> None:
    tree = html.document_fromstring(client.post("/search", data={"q": "overdracht"}).text)
    assert not tree.xpath("//link[@type='application/atom+xml'] | //a[contains(@href, '/feeds/')]")


# -- since when something is known -----------------------------------------------------------------------------------------------


def marked(
    path: Path, entries: list[factories.Entry], base: Path | None, day: int, treatments: tuple[factories.Treatment, ...] = ()
) -> Path:
    writer = LibraryWriter.copy_of(base, path)
    for held in writer.documents():
        if held.id not in {entry.document.id for entry in entries}:
            writer.drop_document(held.id)
    for entry in entries:
        writer.put_document(entry.document)
    writer.replace_treatments(treatments)
    mark(writer, dt.datetime(2026, 11, day, tzinfo=dt.UTC))
    writer.finish()
    return path


def test_what_arrives_later_is_newer_and_what_is_gone_leaves_no_trace(tmp_path: Path) -> None:
    first, second, third = factories.ENTRIES[:3]
    one = marked(tmp_path / "one.sqlite", [first, second], None, 1)
    two = marked(tmp_path / "two.sqlite", [first, second, third], one, 2, TREATMENTS)
    three = marked(tmp_path / "three.sqlite", [first, third], two, 3)
    held = Arrivals.of(Library(two))
    assert held.documents == {
        OLD_TEST: "2026-11-01T00:00:00+00:00",
        NEW_TEST: "2026-11-01T00:00:00+00:00",
        COURT_OF_JUSTICE: "2026-11-02T00:00:00+00:00",
    }
    assert held.treatments == {treatment_key(TREATMENTS[0]): "2026-11-02T00:00:00+00:00"}
    assert set(Arrivals.of(Library(three)).documents) == {OLD_TEST, COURT_OF_JUSTICE}
    assert Arrivals.of(Library(three)).treatments == {}


def test_the_newest_knowledge_stands_on_top(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    times = {OLD_TEST: "2026-11-20T08:00:00+00:00", NEW_TEST: "2026-11-01T08:00:00+00:00"}
    monkeypatch.setattr(Arrivals, "of", classmethod(lambda cls, library: Arrivals(times, {})))
    feed = read(TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000"), SEARCH)
    titles = texts(feed, "a:entry/a:title")
    assert titles[0].startswith("Moeder en kind")
    assert texts(feed, "a:entry/a:updated")[:2] == ["2026-11-20T08:00:00Z", "2026-11-01T08:00:00Z"]
