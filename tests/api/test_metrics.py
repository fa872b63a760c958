"""/metrics: what is counted, who may see it, and that no word of a question is in it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from kb.wiring import KnowledgeBase
from tests import factories
from tests.api.test_safety import opened, sha
from tests.factories import MARK, OLD_TEST


@pytest.fixture
def client(base: KnowledgeBase) -> TestClient:
    """A fresh application: its numbers start at nothing."""
    return TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000")


@pytest.fixture
def number(client: TestClient) -> Callable[[str], float | None]:
    """The value of one series, as printed; None where there is none."""

    def read(series: str) -> float | None:
        found = re.search(rf"^{re.escape(series)} (\S+)$", client.get("/metrics").text, re.M)
        return float(found[1]) if found else None

    return read


def test_requests_are_counted_by_template_and_status(client: TestClient, number: Callable[[str], float | None]) -> None:
    for address in (f"/api/v1/documents/{OLD_TEST}", "/api/v1/documents/none", "/api/v1/documents/other", "/nowhere", "/elsewhere"):
        client.get(address)
    template = 'method="GET",route="/api/v1/documents/{document_id:path}"'
    assert number(f'dublin_kb_requests_total{{{template},status="200"}}') == 1
    assert number(f'dublin_kb_requests_total{{{template},status="404"}}') == 2
    assert number('dublin_kb_requests_total{method="GET",route="none",status="404"}') == 2
    assert number('dublin_kb_request_seconds_count{route="/api/v1/documents/{document_id:path}"}') == 3


@pytest.mark.parametrize("address", ["/api/v1/search", "/search"])
def test_searches_and_those_that_found_nothing_are_counted(client: TestClient, number: Callable[[str], float | None], address: str) -> None:
    client.get(address, params={"q": "overdracht"})
    client.get(address, params={"q": MARK})
    assert number("dublin_kb_search_seconds_count") == 2
    assert number("dublin_kb_searches_without_result_total") == 1


def test_refusals_are_counted_by_their_code(client: TestClient, number: Callable[[str], float | None]) -> None:
    client.delete(f"/api/v1/documents/{OLD_TEST}")
    client.get("/", headers={"Host": "evil.example"})
    client.post("/search", data={"q": "x"}, headers={"Origin": "https://evil.example"})
    for code in ("not-allowed", "wrong-host", "cross-site"):
        assert number(f'dublin_kb_problems_total{{code="{code}"}}') == 1


def test_the_state_of_the_index_is_told(number: Callable[[str], float | None]) -> None:
    assert number("dublin_kb_ready") == 1
    assert number("dublin_kb_index_fallback") == 0
    assert (number("dublin_kb_documents"), number("dublin_kb_passages")) == (4, 13)
    age = number("dublin_kb_index_age_seconds")
    assert age is not None
    assert age > 0
    assert number("dublin_kb_disk_free_bytes")


def test_an_empty_store_is_a_number_and_no_error(data_dir: Path) -> None:
    base = factories.empty_knowledge_base(data_dir)
    answered = TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000").get("/metrics")
    assert answered.status_code == 200
    assert "dublin_kb_ready 0.0" in answered.text


def test_no_word_of_a_question_and_no_key_is_in_the_numbers(base: KnowledgeBase) -> None:
    client = opened(base, api_keys=f"reader:{sha(MARK)}")
    key = {"Authorization": f"Bearer {MARK}"}
    for address in (
        f"/{MARK}", f"/search?q={MARK}", f"/documents/{MARK}", f"/api/v1/{MARK}", f"/api/v1/documents/{MARK}", f"/static/{MARK}",
        f"/frameworks/{MARK}", f"/api/v1/search?{MARK}=1", f"/api/v1/export/{MARK}?style={MARK}",
    ):  # fmt: skip
        client.get(address, headers=key)
    client.post("/api/v1/search", json={"q": MARK}, headers=key)
    client.post("/api/v1/check", json={"text": MARK}, headers=key)
    client.post("/api/v1/assess", json={"facts": {"narrative": MARK}}, headers=key)
    client.request(MARK.upper(), "/", headers=key)
    told = client.get("/metrics", headers=key).text
    assert "dublin_kb_requests_total" in told
    assert MARK not in told.lower()
    assert sha(MARK)[:12] not in told
    assert 'method="other"' in told


@pytest.mark.parametrize(
    ("keys", "headers", "status"),
    [
        (None, {}, 200),
        ("editor", {}, 200),
        ("reader", {}, 401),
        ("reader", {"Authorization": "Bearer reading"}, 200),
        ("reader", {"Authorization": "Bearer wrong"}, 401),
    ],
    ids=["open", "reading-open", "no-key", "key", "wrong-key"],
)
def test_the_numbers_are_for_whoever_may_read(base: KnowledgeBase, keys: str | None, headers: dict[str, str], status: int) -> None:
    secret = {"reader": "reading", "editor": "writing"}
    changed = {"api_keys": f"{keys}:{sha(secret[keys])}"} if keys else {}
    answered = opened(base, **changed).get("/metrics", headers=headers)
    assert answered.status_code == status
    kind = answered.headers["content-type"]
    assert kind.startswith("text/plain; version=") if status == 200 else kind == "application/problem+json"


def test_two_applications_do_not_share_their_numbers(base: KnowledgeBase) -> None:
    first, second = opened(base), opened(base)
    first.get("/healthz")
    assert 'route="/healthz"' in first.get("/metrics").text
    assert 'route="/healthz"' not in second.get("/metrics").text
