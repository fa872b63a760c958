"""Too many at once (T24): at most so many searches run, a few wait, the others are told at once when to come back; the rest goes on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
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
    with TestClient(app, base_url="http://127.0.0.1:8000") as client, ThreadPoolExecutor(30) as pool:
        asked = [pool.submit(client.get, "/api/v1/search", params={"q": "overdracht"}) for _ in range(30)]
        try:
            until(lambda: sum(task.done() for task in asked) >= 14)
            early = [task.result() for task in asked if task.done()]
            assert {(each.status_code, each.json()["code"]) for each in early} == {(503, "overloaded")}
            assert all(int(each.headers["retry-after"]) >= 1 for each in early)
            # 4 run, 12 wait; their threads must not be all there are
            for address in ("/healthz", "/readyz", "/documents", "/api/v1/documents"):
                assert client.get(address).status_code == 200
        finally:
            slow.go_on.set()
        answered = [task.result(timeout=20).status_code for task in asked]
        assert (answered.count(200), answered.count(503)) == (16, 14)
        assert slow.most == 4
        assert client.get("/api/v1/search", params={"q": "overdracht"}).status_code == 200
        assert 'dublin_kb_problems_total{code="overloaded"} 14.0' in client.get("/metrics").text


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
