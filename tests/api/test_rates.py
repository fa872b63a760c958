"""Too often is told with when to come back: a key or an address at a time, and the wait that is told is long enough."""

import datetime as dt
import hashlib

import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from api.rates import HEAVY, rate_of
from kb.errors import SettingsInvalid
from kb.wiring import KnowledgeBase
from tests.factories import OLD_TEST

NOON = dt.datetime(2026, 11, 25, 12, 0, 0, tzinfo=dt.UTC)
ADDRESS = f"/api/v1/documents/{OLD_TEST}"


def opened(base: KnowledgeBase, rate: str | None, *, keys: dict[str, str] | None = None, client: str = "192.0.2.7") -> TestClient:
    entries = ",".join(f"{role}:{hashlib.sha256(key.encode()).hexdigest()}" for key, role in (keys or {}).items())
    changed = {"rate_limit": rate, "api_keys": SecretStr(entries) if keys else None}
    app = create_app(base.settings.model_copy(update=changed), base)
    return TestClient(app, base_url="http://127.0.0.1:8000", client=(client, 50_000))


def test_one_too_many_is_told_when_to_come_back_and_is_then_answered(base: KnowledgeBase) -> None:
    client = opened(base, "12/minute")
    for begun in (0, 31, 59):
        with time_machine.travel(NOON + dt.timedelta(hours=begun, seconds=begun), tick=False) as clock:
            assert [client.get(ADDRESS).status_code for _ in range(13)] == [200] * 12 + [429]
            refused = client.get(ADDRESS)
            wait = int(refused.headers["retry-after"])
            assert refused.json()["code"] == "rate-limited"
            assert str(wait) in refused.json()["detail"]
            assert 1 <= wait <= 66
            clock.shift(wait)
            assert client.get(ADDRESS).status_code == 200


@pytest.mark.parametrize("seconds", [3, 20, 45, 57])
def test_the_wait_for_something_heavy_is_long_enough(base: KnowledgeBase, seconds: int) -> None:
    client = opened(base, "20/minute")
    body = {"text": "Zonder vindplaatsen."}
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(15):
            client.get(ADDRESS)
        clock.shift(seconds)
        refused = client.post("/api/v1/check", json=body)
        assert refused.status_code == 429
        clock.shift(int(refused.headers["retry-after"]))
        assert client.post("/api/v1/check", json=body).status_code == 200


def test_a_draft_counts_as_ten(base: KnowledgeBase) -> None:
    client = opened(base, f"{2 * HEAVY}/hour")
    with time_machine.travel(NOON, tick=False):
        assert [client.post("/api/v1/check", json={"text": "x"}).status_code for _ in range(3)] == [200, 200, 429]


def test_each_key_counts_for_itself_and_unknown_keys_by_address(base: KnowledgeBase) -> None:
    client = opened(base, "10/minute", keys={"one": "reader", "two": "reader"})
    with time_machine.travel(NOON, tick=False):
        for key in ("one", "two"):
            headers = {"Authorization": f"Bearer {key}"}
            assert [client.get(ADDRESS, headers=headers).status_code for _ in range(11)] == [200] * 10 + [429]
        tried = [client.get(ADDRESS, headers={"Authorization": f"Bearer guess-{n}"}).status_code for n in range(11)]
        assert tried == [401] * 10 + [429]


def test_probes_and_styles_are_free_and_a_page_says_it_in_words(base: KnowledgeBase) -> None:
    client = opened(base, "10/minute")
    with time_machine.travel(NOON, tick=False):
        for _ in range(11):
            client.get("/documents?lang=nl")
        assert [client.get(path).status_code for path in ("/healthz", "/static/kb.css")] == [200, 200]
        page = client.get("/documents?lang=nl")
        assert (page.status_code, "Te veel verzoeken" in page.text) == (429, True)
        assert page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("changed", "limited"),
    [
        ({}, False),
        ({"host": "0.0.0.0"}, True),
        ({"allowed_hosts": "kb.example.org"}, True),
        ({"api_keys": SecretStr("reader:" + "0" * 64)}, True),
        ({"host": "0.0.0.0", "rate_limit": "off"}, False),
        ({"rate_limit": "50/minute"}, True),
    ],
    ids=["this-machine", "listens-beyond", "has-a-name", "has-keys", "off", "asked-for"],
)
def test_where_others_reach_the_server_a_limit_holds(base: KnowledgeBase, changed: dict[str, object], limited: bool) -> None:
    assert (rate_of(base.settings.model_copy(update=changed)) is not None) is limited


@pytest.mark.parametrize("rate", ["many", "5/fortnight", "3/minute", "0/hour"])
def test_a_rate_that_cannot_be_is_refused_at_the_start(base: KnowledgeBase, rate: str) -> None:
    with pytest.raises(SettingsInvalid, match="KB_RATE_LIMIT"):
        opened(base, rate)
