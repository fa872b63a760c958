"""Documents, passages, citations and export over HTTP. Source: the interface, HTTP."""

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from tests.factories import COURT_OF_JUSTICE, HOSTILE, NEW_TEST, OLD_TEST

BASE = "/api/v1"


def test_a_document_has_its_text_its_texts_and_its_standing(client: TestClient) -> None:
    body = client.get(f"{BASE}/documents/{OLD_TEST}", params={"lang": "nl"}).json()
    assert body["id"] == OLD_TEST
    assert body["member_state"] == "Denemarken"
    assert body["text_form"] == "digest-nl"
    assert "beschermingsbeleid" in body["text"]
    assert {text["form"] for text in body["texts"]} == {"digest-nl", "digest-en"}
    assert body["standing"] == "overtaken"
    assert body["verification"] == {"status": "verified", "note": {"en": "Seen in full.", "nl": "Geheel gezien."}}
    assert (body["court_key"], body["deciding_state"], body["nationalities"]) == ("nl-rvs", "NL", ["SY"])


@pytest.mark.parametrize("document_id", [OLD_TEST, NEW_TEST, COURT_OF_JUSTICE, HOSTILE])
def test_an_id_is_found_in_the_path_encoded_or_not_and_as_a_parameter(client: TestClient, document_id: str) -> None:
    ways = [f"/documents/{document_id}", f"/documents/{quote(document_id, safe='')}", f"/documents?id={quote(document_id, safe='')}"]
    assert {client.get(BASE + way).json()["id"] for way in ways} == {document_id}
    for suffix in ("passages", "citations"):
        ways = [f"/documents/{document_id}/{suffix}", f"/documents/{suffix}?id={quote(document_id, safe='')}"]
        assert {client.get(BASE + way).json()["document_id"] for way in ways} == {document_id}


def test_a_document_is_found_by_its_case_number_and_in_lower_case(client: TestClient) -> None:
    assert client.get(f"{BASE}/documents/C-900/17").json()["id"] == COURT_OF_JUSTICE
    assert client.get(f"{BASE}/documents/{OLD_TEST.lower()}").json()["id"] == OLD_TEST


def test_passages_stand_in_reading_order_and_are_the_text_at_their_offsets(client: TestClient) -> None:
    body = client.get(f"{BASE}/documents/{COURT_OF_JUSTICE}/passages").json()
    assert body["form"] == "official"
    assert [passage["slug"] for passage in body["passages"]] == ["para-89", "para-90", "para-91"]
    text = client.get(f"{BASE}/documents/{COURT_OF_JUSTICE}").json()["text"]
    assert all(text[p["start_char"] : p["end_char"]] == p["text"] for p in body["passages"])
    assert body["passages"][0]["id"] == f"{COURT_OF_JUSTICE}#para-89"
    part = client.get(f"{BASE}/documents/{COURT_OF_JUSTICE}/passages", params={"limit": 1, "offset": 1}).json()
    assert (part["total"], [p["slug"] for p in part["passages"]]) == (3, ["para-90"])


def test_a_digest_beside_the_official_text_keeps_its_suffix(client: TestClient) -> None:
    body = client.get(f"{BASE}/documents/{COURT_OF_JUSTICE}/passages", params={"form": "digest-nl"}).json()
    assert body["passages"][0]["id"] == f"{COURT_OF_JUSTICE}@digest-nl#holding"
    assert client.get(f"{BASE}/passages", params={"id": body["passages"][0]["id"]}).json()["passage"]["text_status"] == "digest"


def test_a_passage_comes_with_what_stands_around_it_and_a_citation_with_its_place(client: TestClient) -> None:
    for way in (f"/passages/{quote(COURT_OF_JUSTICE)}%23para-90", f"/passages?id={quote(COURT_OF_JUSTICE)}%23para-90"):
        body = client.get(BASE + way).json()
        assert body["passage"]["pinpoint"] == "para 90"
        assert [p["slug"] for p in body["context"]["before"]] == ["para-89"]
        assert [p["slug"] for p in body["context"]["after"]] == ["para-91"]
        assert "90" in body["citation"]["nl"]
        assert {"passage", "document", "citation", "standing", "treatment", "context"} <= body.keys()


def test_a_place_that_is_none_is_not_given_a_pinpoint(client: TestClient) -> None:
    body = client.get(f"{BASE}/passages", params={"id": f"{HOSTILE}#pos-2"}).json()
    assert body["passage"]["pinpoint"] is None
    assert client.get(f"{BASE}/passages", params={"id": f"{OLD_TEST}#holding"}).json()["passage"]["pinpoint"] is None


def test_citations_are_shown_from_both_ends(client: TestClient) -> None:
    body = client.get(f"{BASE}/documents/{HOSTILE}/citations").json()
    assert {(link["target"], link["resolved"]) for link in body["cites"]} == {(OLD_TEST, True), ("ECLI:NL:RVS:1999:1", False)}
    assert [link["document_id"] for link in client.get(f"{BASE}/documents/{OLD_TEST}/citations").json()["cited_by"]] == [HOSTILE]
    assert client.get(f"{BASE}/documents/{OLD_TEST}/citations").json()["treatment"][0]["by"] == NEW_TEST
    assert client.get(f"{BASE}/documents/{NEW_TEST}/citations").json()["treats"][0]["of"] == OLD_TEST


def test_documents_are_listed_newest_first_and_filtered(client: TestClient) -> None:
    body = client.get(f"{BASE}/documents").json()
    assert [document["id"] for document in body["documents"]] == [NEW_TEST, OLD_TEST, HOSTILE, COURT_OF_JUSTICE]
    assert body["total"] == 4
    assert sum(court["documents"] for court in body["courts"]) == 4
    for asked, ids in (
        ({"member_state": "Griekenland"}, [COURT_OF_JUSTICE]),
        ({"kind": "other"}, [HOSTILE]),
        ({"court": "eu-cjeu"}, [COURT_OF_JUSTICE]),
        ({"from": "2022", "until": "2023-12-31"}, [OLD_TEST]),
        ({"track": "status-holder"}, [COURT_OF_JUSTICE]),
        ({"topic": "mutual trust"}, [OLD_TEST]),
        ({"limit": 1, "offset": 1}, [OLD_TEST]),
    ):
        assert [d["id"] for d in client.get(f"{BASE}/documents", params=asked).json()["documents"]] == ids, asked


@pytest.mark.parametrize(("style", "says"), [("nl", "HvJ EU 19 maart 2019"), ("oscola", "Case C-900/17")])
def test_a_citation_is_exported_in_the_style_asked_for(client: TestClient, style: str, says: str) -> None:
    answered = client.get(f"{BASE}/export/{COURT_OF_JUSTICE}%23para-90", params={"style": style})
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert says in answered.text
    assert "90" in answered.text
    assert client.get(f"{BASE}/export/{COURT_OF_JUSTICE}", params={"style": "apa"}).json()["code"] == "invalid-query"


@pytest.mark.parametrize(
    "odd",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "%00",
        "a%00b",
        "\\\\server\\share",
        "CON",
        "%E2%80%AEABC",
        "a" * 4096,
        "'%20or%201=1--",
        "%ff%fe",
        "ECLI:NL:RVS:2022:9001%0d%0aX-Injected:1",
    ],
)
def test_an_odd_id_is_simply_not_here(client: TestClient, odd: str) -> None:
    for way in (
        f"{BASE}/documents/{odd}",
        f"{BASE}/passages/{odd}%23p",
        f"{BASE}/export/{odd}",
        f"/documents/{odd}",
        f"/static/{odd}",
        f"/frameworks/{odd}",
    ):
        answered = client.get(way)
        assert answered.status_code in (400, 404, 422), way
        assert "root:" not in answered.text
        assert "x-injected" not in answered.headers


def test_the_openapi_document_names_every_endpoint_and_no_interactive_page_is_served(client: TestClient) -> None:
    paths = client.get(f"{BASE}/openapi.json").json()["paths"]
    expected = {
        "/search",
        "/documents",
        "/documents/{document_id}",
        "/documents/{document_id}/passages",
        "/documents/{document_id}/citations",
    }
    assert {BASE + path for path in expected | {"/passages", "/frameworks", "/export/{id_}"}} <= paths.keys()
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_frameworks_are_served_at_a_day(client: TestClient) -> None:
    listed = client.get(f"{BASE}/frameworks").json()["frameworks"]
    assert {"indirect-refoulement", "ibrahim-threshold"} <= {framework["id"] for framework in listed}
    then = client.get(f"{BASE}/frameworks/indirect-refoulement", params={"as_of": "2023-01-15"}).json()
    later = client.get(f"{BASE}/frameworks/indirect-refoulement", params={"as_of": "2025-01-15"}).json()
    assert then["version"]["id"] != later["version"]["id"]
    assert then["elements"]
    assert {"id", "title", "burden", "authorities", "standard", "rule", "questions"} <= then["elements"][0].keys()
    assert client.get(f"{BASE}/frameworks/none").json()["code"] == "not-found"
