"""The case workspace: the facts stay out of addresses, both sides stand beside each other, what is wrong is said at its field."""

import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from lxml import html
from lxml.html import HtmlElement

from tests.factories import MARK

SYRIAN_IN_DENMARK = {
    "registered_on": "03-11-2023",
    "decided_on": "2024-01-15",
    "nationality": "Syrian",
    "region": "Damascus",
    "member_state": "DK",
    "status_there": "applicant",
    "vulnerabilities": f"alleenstaande moeder\r\n{MARK}",
    "cites": "ECLI:NL:RVS:2022:9001",
}


def send(client: TestClient, facts: dict[str, Any], *, path: str = "/case", language: str = "nl", status: int = 200) -> HtmlElement:
    answered = client.post(path, data=facts, headers={"Accept-Language": language})
    assert answered.status_code == status, answered.text[:400]
    return html.document_fromstring(answered.text)


def words(node: HtmlElement) -> str:
    return " ".join(node.text_content().split())


def test_the_form_asks_in_the_caseworkers_order_and_explains_hard_terms(client: TestClient) -> None:
    tree = html.document_fromstring(client.get("/case", headers={"Accept-Language": "nl"}).text)
    order = [node.get("name") for node in tree.xpath("//form[@id='case-form']//*[@name]") if node.get("name") != "status_there"]
    assert order[:4] == ["registered_on", "decided_on", "nationality", "region"]
    assert order.index("member_state") < order.index("housing") < order.index("narrative") < order.index("framework")
    text = words(tree.xpath("//main")[0])
    assert "Een verlopen verblijfsvergunning is geen verlopen status" in text
    assert "Niets wordt bewaard" in text
    form = tree.xpath("//form[@id='case-form']")[0]
    assert form.get("method") == "post"
    for field in form.xpath(".//input[not(@type='hidden')] | .//textarea | .//select"):
        assert tree.xpath(f"//label[@for='{field.get('id')}']"), html.tostring(field)


def test_the_answer_puts_warnings_and_gaps_before_the_steps_and_both_sides_in_equal_columns(client: TestClient) -> None:
    tree = send(client, SYRIAN_IN_DENMARK)
    sections = tree.xpath("//main//section/@aria-labelledby")
    assert sections.index("warnings") < sections.index("gaps") < sections.index("steps") < sections.index("export")
    for step in tree.xpath("//ol[@class='elements']/li"):
        even = step.xpath("./div[@class='even'][1]/div[@role='group']")
        assert [words(side.xpath("./h4")[0]).partition(" (")[0] for side in even] == ["Voor de vreemdeling", "Tegen de vreemdeling"]
    text = words(tree.xpath("//main")[0])
    assert "weegt niets en beslist niets" in text
    assert "Het dossier vermeldt niet:" in text
    assert "15 januari 2024" in text


def test_a_warning_names_its_document_and_says_how_grave_it_is(client: TestClient) -> None:
    tree = send(client, {**SYRIAN_IN_DENMARK, "decided_on": "2024-09-01"})
    stops = [words(item) for item in tree.xpath("//li[contains(@class, 'warning--stop')]")]
    assert any(item.startswith("Stop") and "ECLI:NL:RVS:2022:9001" in item for item in stops)
    assert tree.xpath("//li[contains(@class, 'warning')]//a/@href")


def test_the_facts_are_in_no_address_and_the_answer_is_not_to_be_stored(client: TestClient) -> None:
    answered = client.post("/case", data=SYRIAN_IN_DENMARK, headers={"Accept-Language": "nl"})
    assert answered.headers["cache-control"] == "no-store"
    tree = html.document_fromstring(answered.text)
    assert not [address for address in tree.xpath("//@href | //@action | //@formaction | //@src") if MARK in address]
    assert MARK in tree.xpath("//textarea[@id='vulnerabilities']")[0].text


def test_nothing_of_a_case_is_logged(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    send(client, SYRIAN_IN_DENMARK)
    send(client, {**SYRIAN_IN_DENMARK, "nationality": MARK}, status=422)
    client.post("/case/export", data={**SYRIAN_IN_DENMARK, "format": "md"})
    out, err = capfd.readouterr()
    assert MARK not in out + err


def test_the_form_comes_back_as_it_was_filled_in(client: TestClient) -> None:
    tree = send(client, SYRIAN_IN_DENMARK)
    assert tree.xpath("//input[@id='registered_on']/@value") == ["2023-11-03"], "a Dutch date is read as one"
    assert tree.xpath("//input[@id='nationality']/@value") == ["Syrian"]
    assert tree.xpath("//select[@id='member_state']/option[@selected]/@value") == ["DK"]
    assert tree.xpath("//input[@name='status_there'][@checked]/@value") == ["applicant"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("decided_on", "31-02-2024", "datum van het besluit"),
        ("registered_on", "gisteren", "datum van registratie"),
        ("nationality", "Atlantis", "nationaliteit"),
        ("as_of", "2024-13-01", "Peildatum"),
        ("compare", "x", "Vergelijk"),
        ("status_there", "happy", "status"),
        ("framework", "none", "niet worden gelezen"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field_and_nothing_is_lost(client: TestClient, field: str, value: str, said: str) -> None:
    tree = send(client, {**SYRIAN_IN_DENMARK, field: value}, status=422)
    alert = tree.xpath("//*[@role='alert']")[0]
    assert said.casefold() in words(alert).casefold()
    assert tree.xpath("//input[@id='region']/@value") == ["Damascus"]
    assert not tree.xpath("//ol[@class='elements']")


def test_a_marked_field_is_told_to_screen_readers(client: TestClient) -> None:
    tree = send(client, {**SYRIAN_IN_DENMARK, "nationality": "Atlantis"}, status=422)
    assert tree.xpath("//*[@role='alert']//a/@href") == ["#nationality"]
    assert tree.xpath("//input[@id='nationality']/@aria-invalid") == ["true"]


def test_an_empty_form_is_a_case_of_which_everything_is_lacking(client: TestClient) -> None:
    tree = send(client, {"region": ""})
    lacking = tree.xpath("//section[@aria-labelledby='gaps']//li")
    assert len(lacking) > 3
    ids = set(tree.xpath("//@id"))
    assert all(href[1:] in ids for href in tree.xpath("//section[@aria-labelledby='gaps']//a/@href")), "each leads to its field"


def test_a_fact_is_only_proposed_from_the_account_until_it_is_ticked(client: TestClient) -> None:
    facts = {"narrative": "De vreemdeling is ernstig depressief en vreest overdracht aan Denemarken."}
    tree = send(client, facts)
    proposed = {node.get("value"): words(node.getparent()) for node in tree.xpath("//input[@name='confirm']")}
    assert "member_state:DK" in proposed
    assert tree.xpath("//select[@id='member_state']/option[@selected]/@value") == [], "not used"
    again = send(client, {**facts, "confirm": ["member_state:DK"]})
    assert again.xpath("//select[@id='member_state']/option[@selected]/@value") == ["DK"]
    assert "member_state:DK" not in again.xpath("//input[@name='confirm']/@value")
    wrong = send(client, {**facts, "confirm": ["member_state:ZZ"]}, status=422)
    assert wrong.xpath("//*[@role='alert']")


def test_two_days_stand_beside_each_other_with_what_differs(client: TestClient) -> None:
    tree = send(client, {**SYRIAN_IN_DENMARK, "as_of": "2023-01-15", "compare": "2024-09-01"})
    section = tree.xpath("//section[@aria-labelledby='comparison']")[0]
    assert "15 januari 2023 naast 1 september 2024" in words(section)
    rows = {words(row.xpath("./h3")[0]): row for row in section.xpath(".//div[@class='compare-row']")}
    version = rows["Versie van het kader"].xpath(".//div[@class='compare-side']")
    assert len(version) == 2
    assert words(version[0]) != words(version[1])
    assert [words(side.xpath("./h4")[0]) for side in version] == ["15 januari 2023", "1 september 2024"]
    same = send(client, {**SYRIAN_IN_DENMARK, "as_of": "2023-01-15", "compare": "2023-01-15"})
    assert not same.xpath("//div[@class='compare-side']"), "what is the same on both days is counted, not repeated"


def test_the_memo_leaves_as_word_markdown_and_json_and_is_not_stored(client: TestClient) -> None:
    for shape, check in (("docx", _is_word), ("md", _is_markdown), ("json", _is_record)):
        answered = client.post("/case/export", data={**SYRIAN_IN_DENMARK, "format": shape}, headers={"Accept-Language": "nl"})
        assert answered.status_code == 200
        assert answered.headers["cache-control"] == "no-store"
        assert re.fullmatch(rf'attachment; filename="memo-[a-z-]+-2024-01-15\.{shape}"', answered.headers["content-disposition"])
        check(answered.content)


def _is_word(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as held:
        assert "Damascus" in held.read("word/document.xml").decode()


def _is_markdown(content: bytes) -> None:
    assert "Damascus" in content.decode()


def _is_record(content: bytes) -> None:
    body = json.loads(content)
    assert body["as_of"] == "2024-01-15"
    assert MARK not in content.decode(), "the record holds the facts only where that was asked for"


def test_the_record_holds_the_facts_where_that_was_asked_for(client: TestClient) -> None:
    answered = client.post("/case/export", data={**SYRIAN_IN_DENMARK, "format": "json", "save_facts": "1"})
    assert MARK in answered.text


@pytest.mark.parametrize("format_", ["", "exe"])
def test_an_unknown_format_leads_back_to_the_form(client: TestClient, format_: str) -> None:
    assert send(client, {**SYRIAN_IN_DENMARK, "format": format_}, path="/case/export", status=422).xpath("//form[@id='case-form']")


def test_another_body_than_the_form_is_refused(client: TestClient) -> None:
    assert client.post("/case", json={"nationality": "SY"}).status_code == 400


def test_what_is_written_in_the_form_is_shown_as_text(client: TestClient) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)> \u202e'
    tree = send(client, {"region": hostile, "narrative": hostile, "housing": f"</textarea>{hostile}", "cites": hostile})
    assert not tree.xpath("//script[not(@src)] | //main//img")
    assert tree.xpath("//input[@id='region']/@value") == [hostile.strip()]


def test_unknown_fields_and_repeated_ones_change_nothing(client: TestClient) -> None:
    body = urlencode([("region", "Damascus"), ("region", "Aleppo"), ("utm", "x"), ("__proto__", "y")])
    answered = client.post("/case", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answered.status_code == 200
    assert html.document_fromstring(answered.text).xpath("//input[@id='region']/@value") == ["Damascus"]
