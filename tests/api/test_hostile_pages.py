"""Forty documents that would run, hide or reorder something if a page built markup of their words: every page shows them as text.

Each payload stands in a text, a title, a court, a heading and a case number. Over HTTP the markup is looked at; in Chromium nothing may
run, ask for anything, or leave the place that the page gave it (T11 and T12 of the list of faults).
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement
from playwright.sync_api import Browser

from api.app import create_app
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.wiring import KnowledgeBase
from tests import factories
from tests.api.browsing import MARKS, Tab, served
from tests.factories import COURT_OF_JUSTICE, ENTRIES, Entry, Quote, Text

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(3)>",
    "<img src='x' onerror='alert(4)'",
    "<svg/onload=alert(5)>",
    "<svg><script>alert(6)</script></svg>",
    "<svg><animate onbegin=alert(7) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(8)>",
    "<iframe srcdoc='<script>alert(9)</script>'>",
    "<iframe src=javascript:alert(10)>",
    "<body onload=alert(11)>",
    "<details open ontoggle=alert(12)>",
    "<input autofocus onfocus=alert(13)>",
    "<a href=javascript:alert(14)>lees verder</a>",
    "<form action=//evil.example><button>stuur</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example/x)}</style>",
    "<object data=//evil.example/x></object>",
    "<embed src=//evil.example/x>",
    "<template><script>alert(15)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(16)>'>",
    "<!-- <img src=x onerror=alert(17)> -->",
    "<![CDATA[<script>alert(18)</script>]]>",
    "</mark></blockquote></article></main><h1>Vals</h1>",
    "</textarea></title><script>alert(19)</script>",
    "\" onmouseover=\"alert(20)\" x=\"",
    "' onmouseover='alert(21)' x='",
    "&lt;script&gt;alert(22)&lt;/script&gt;",
    "&#60;script&#62;alert(23)&#60;/script&#62;",
    "javascript:alert(24)//",
    "{{ 7*7 }} {% include 'base.html' %} {{ config }}",
    "${alert(25)} #{alert(26)} <%= 7*7 %>",
    "\u202etxet desrever\u202c na",
    "\u2066links\u2069 \u2067rechts\u2069",
    "ove\u200brdra\u200dcht ver\u2060bor\ufeffgen \u00adzacht",
    "<member of the panel> a < b && c > d",
    "＜script＞alert(27)＜/script＞ ﹤img﹥",
    "<a member of> <ECLI:NL:RVS:2022:9001>",
    "line\u2028separator\u2029paragraph\u0085next",
)  # fmt: skip
COMMON = "overdracht verdraagt beschermingsbeleid"


def _entry(number: int, payload: str) -> Entry:
    words = f"{COMMON} {number} {payload} einde, zie C-900/17, punt 90."
    return Entry(
        Document(
            f"file:{number:016x}",
            Kind.OTHER,
            f"Gerecht {payload}",
            f"Titel {number} {payload}",
            "nl",
            date=LegalDate("2022-03-01"),
            official_url=f"javascript:alert({number})",
            case_numbers=(f"nr {payload}",),
            states=("DK",),
        ),
        (
            Text(
                "official",
                "nl",
                (
                    (Pinpoint(PinpointKind.CONSIDERATION, "1", "1"), words, Voice.UNKNOWN),
                    (Pinpoint(PinpointKind.OTHER, "x", payload), f"{COMMON} tweede deel {number}", Voice.APPLICANT),
                ),
            ),
        ),
        quotes=(Quote("official", "C-900/17, punt 90", COURT_OF_JUSTICE, "para-90"),),
    )


HOSTILE = tuple(_entry(number, payload) for number, payload in enumerate(PAYLOADS, 1))


@pytest.fixture(scope="module")
def hostile_base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return factories.knowledge_base(tmp_path_factory.mktemp("hostile"), (*ENTRIES, *HOSTILE))


@pytest.fixture(scope="module")
def client(hostile_base: KnowledgeBase) -> Iterator[TestClient]:
    with TestClient(create_app(hostile_base.settings, hostile_base), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def tree_of(text: str) -> HtmlElement:
    return html.document_fromstring(text)


def faults(text: str) -> list[str]:
    """Whatever of a page is not of its templates: elements, handlers, addresses, a second heading or main."""
    tree = tree_of(text)
    found = [
        f"<{node.tag}>" for node in tree.xpath("//iframe | //object | //embed | //base | //style | //link[not(starts-with(@href, '/'))]")
    ]
    found += [f"<{node.tag}>" for node in tree.xpath("//math | //animate | //img | //svg[not(ancestor::div[contains(@class, 'picture')])]")]
    found += [
        f"script {node.get('src')}" for node in tree.xpath("//script[not(starts-with(@src, '/static/'))][not(@type='application/ld+json')]")
    ]
    found += [f"@{attribute.attrname}" for attribute in tree.xpath("//@*") if attribute.attrname.startswith("on")]
    found += [f"meta {node.get('http-equiv')}" for node in tree.xpath("//meta[@http-equiv]")]
    found += [
        str(href)
        for href in tree.xpath("//@href | //@action | //@src")
        if str(href).split(":")[0].lower() in ("javascript", "data", "vbscript")
    ]
    found += [str(href) for href in tree.xpath("//@href | //@action | //@src") if str(href).startswith(("//", "\\"))]
    found += [
        f"{len(tree.xpath('//' + tag))} {tag}" for tag in ("h1", "main", "title") if len(tree.xpath(f"//{tag}[not(ancestor::svg)]")) != 1
    ]
    return found


def as_shown(text: str) -> str:
    """Without what HTML itself folds: line ends and blanks."""
    return "".join(text.split())


@pytest.mark.parametrize("number", range(1, len(PAYLOADS) + 1))
def test_a_hostile_document_is_read_as_the_text_that_it_is(client: TestClient, number: int) -> None:
    answered = client.get(f"/documents/file:{number:016x}", headers={"Accept-Language": "nl"})
    assert answered.status_code == 200
    assert faults(answered.text) == []
    tree = tree_of(answered.text)
    payload = PAYLOADS[number - 1]
    shown = "".join(tree.xpath("//div[contains(@class, 'passages')]")[0].itertext())
    assert as_shown(payload) in as_shown(shown), "every character of it is there to read"
    assert tree.xpath("//div[contains(@class, 'passages')]//div[contains(@class, 'words')]/a"), "the page's own link in it still works"
    for isolated in tree.xpath("//h1 | //ul[@class='facts']/li"):
        assert isolated.xpath("./bdi"), "what comes from a document cannot turn the words around it"


@pytest.mark.parametrize("start", range(0, 50, 10))
def test_results_show_hostile_documents_as_text(client: TestClient, start: int) -> None:
    answered = client.get("/search", params={"q": COMMON, "kind": "other", "offset": str(start)}, headers={"Accept-Language": "nl"})
    assert answered.status_code == 200
    assert faults(answered.text) == []
    tree = tree_of(answered.text)
    assert tree.xpath("//article[@class='document']")
    for shown in tree.xpath("//blockquote"):
        assert {node.tag for node in shown.iterdescendants()} <= {"mark"}, "of our own there is nothing but the mark"


def test_every_list_shows_hostile_documents_as_text(client: TestClient) -> None:
    for address in (
        "/",
        "/documents",
        "/documents?kind=other",
        "/coverage",
        f"/documents/{COURT_OF_JUSTICE}",
        "/frameworks/indirect-refoulement",
    ):
        answered = client.get(address, headers={"Accept-Language": "nl"})
        assert answered.status_code == 200, address
        assert faults(answered.text) == [], address
    citing = "".join(
        tree_of(client.get(f"/documents/{COURT_OF_JUSTICE}").text).xpath("//section[@aria-labelledby='cited-by']")[0].itertext()
    )
    assert "<script>alert(1)</script>" in citing, "who cites is shown with their words, as text"


@pytest.mark.parametrize("number", range(1, len(PAYLOADS) + 1))
def test_what_somebody_types_comes_back_as_text(client: TestClient, number: int) -> None:
    payload = PAYLOADS[number - 1]
    answers = [
        client.get("/search", params={"q": COMMON, "court": payload[:200]}),
        client.post("/check", files={"text": (None, f"{payload} zie HvJ EU 19 maart 2019, C-900/17, punt 90: “{payload}”.")}),
        client.get(f"/documents/{COURT_OF_JUSTICE}", params={"p": payload}),
        client.get(f"/documents/{quote(payload, safe='')}"),
    ]
    for answered in answers:
        assert answered.status_code < 500
        assert faults(answered.text) == [], answered.request.url


def test_a_question_and_a_case_full_of_markup_come_back_as_text(client: TestClient) -> None:
    everything = "\n".join(PAYLOADS)
    for answered in (
        client.get("/search", params={"q": everything[:2000]}),
        client.post("/search", data={"q": f"{COMMON} {everything}"}),
        client.post(
            "/case", data=dict.fromkeys(("region", "narrative", "housing", "vulnerabilities", "cites", "children"), everything[:2000])
        ),
    ):
        assert answered.status_code == 200
        assert faults(answered.text) == []


def test_the_look_at_a_page_sees_markup_that_was_let_through(client: TestClient) -> None:
    page = client.get("/documents").text
    seen = [payload for payload in PAYLOADS if faults(page.replace("</main>", f'<div>{payload}</div><p title="{payload}">x</p></main>'))]
    assert len(seen) >= 24, "otherwise the tests above prove nothing"


@pytest.mark.browser
@pytest.mark.slow
class TestInABrowser:
    pytestmark = MARKS

    def test_nothing_runs_nothing_is_asked_for_and_nothing_leaves_its_place(self, chromium: Browser, hostile_base: KnowledgeBase) -> None:
        with served(hostile_base) as address:
            tab = Tab(chromium, address)
            pages = [f"/documents/file:{number:016x}" for number in range(1, len(PAYLOADS) + 1, 3)]
            pages += [f"/search?q={COMMON.replace(' ', '+')}&kind=other&offset={start}" for start in range(0, 50, 10)]
            pages += ["/documents", "/coverage", f"/documents/{COURT_OF_JUSTICE}"]
            for path in pages:
                page = tab.open(path)
                assert tab.breaches() == [], path
                assert page.evaluate("document.querySelectorAll('h1').length") == 1, path
                assert page.evaluate("document.activeElement.tagName") == "BODY", path
            page = tab.open("/case")
            page.get_by_label("Relaas").fill("\n".join(PAYLOADS))
            page.locator("#region").fill(PAYLOADS[0])
            page.get_by_role("button", name="Toon het overzicht").click()
            assert page.locator("#narrative").input_value().startswith(PAYLOADS[0])
            assert tab.breaches() == []
            page = tab.open("/check")
            page.locator("#draft-text").fill("\n".join(f"{payload} HvJ EU 19 maart 2019, C-900/17" for payload in PAYLOADS))
            page.locator(".check-form button[type=submit]").click()
            assert page.locator(".check__item").count() > 0
            assert tab.breaches() == []
            tab.context.close()
