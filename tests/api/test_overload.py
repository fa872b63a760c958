"""Too many at once (T24): at most so many searches run, a few wait, the others are told at once when to come back; the rest goes on."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from api.app import SEARCHES_AT_ONCE, create_app
from api.errors import Overloaded
from api.limits import Searches
from kb.wiring import KnowledgeBase


class Slow:
    """A search that takes as long as the test wants; counts how many ran at once."""

    def __init__(self, knowledge_base: KnowledgeBase) -> None:
        self._search = knowledge_base.search
        self._lock = threading.Lock()
        self.go_on = threading.Event()
        self.running = self.most = 0

    def __call__(self, query: Any) -> Any:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        assert self.go_on.wait(20)
        with self._lock:
            self.running -= 1
        return self._search(query)


def until(condition: Any, *, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_surplus_is_told_when_to_come_back_and_everything_else_goes_on(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(base)
    monkeypatch.setattr(base, "search", slow)
    monkeypatch.setattr("api.app._warm", lambda _: None)  # its question waits for no place
    app = create_app(base.settings, base)
    surplus = 30 - SEARCHES_AT_ONCE - 12
    with TestClient(app, base_url="http://127.0.0.1:8000") as client, ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(client.get, "/api/v1/search", params={"q": "overdracht"}) for _ in range(30)]
        try:
            until(lambda: sum(task.done() for task in asked) >= surplus)
            early = [task.result() for task in asked if task.done()]
            assert {(each.status_code, each.json()["code"]) for each in early} == {(503, "overloaded")}
            assert all(int(each.headers["retry-after"]) >= 1 for each in early)
            # those that run and the 12 that wait hold threads: these must not be all there are
            for address in ("/healthz", "/readyz", "/documents", "/api/v1/documents"):
                assert client.get(address).status_code == 200
        finally:
            slow.go_on.set()
        answered = [task.result(timeout=20).status_code for task in asked]
        assert (answered.count(200), answered.count(503)) == (30 - surplus, surplus)
        assert slow.most == SEARCHES_AT_ONCE
        assert client.get("/api/v1/search", params={"q": "overdracht"}).status_code == 200
        assert f'dublin_kb_problems_total{{code="overloaded"}} {surplus}.0' in client.get("/metrics").text


def test_a_crowd_is_turned_away_before_it_takes_a_thread(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 at once, none of which may wait for its turn: each gets an answer within seconds, and the probes are answered."""
    slow = Slow(base)
    monkeypatch.setattr(base, "search", slow)
    monkeypatch.setattr("api.app._warm", lambda _: None)
    app = create_app(base.settings, base)

    async def crowd() -> tuple[list[int], list[int]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            asked = [asyncio.ensure_future(client.get("/api/v1/search", params={"q": "overdracht"})) for _ in range(200)]
            done, _ = await asyncio.wait(asked, timeout=3)
            probes = [(await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")]
            slow.go_on.set()
            answered = await asyncio.gather(*asked)
        assert all(task.result().status_code == 503 for task in done)
        assert all(each.headers["retry-after"] for each in answered if each.status_code == 503)
        return [each.status_code for each in answered], probes

    answered, probes = asyncio.run(crowd())
    assert probes == [200, 200, 200]
    assert answered.count(200) == SEARCHES_AT_ONCE + 12
    assert answered.count(503) == 200 - SEARCHES_AT_ONCE - 12


def test_who_waits_too_long_is_told_to_come_back() -> None:
    searches = Searches(1, waiting=1, wait_s=0.05)
    with searches.one():
        begun = time.monotonic()
        with pytest.raises(Overloaded), searches.one():
            pass
        assert 0.04 < time.monotonic() - begun < 5
    with searches.one():
        pass


def test_a_search_that_fails_gives_its_place_back() -> None:
    searches = Searches(1, waiting=0, wait_s=0.05)
    for _ in range(3):
        with pytest.raises(RuntimeError), searches.one():
            raise RuntimeError
    with searches.one():
        pass
