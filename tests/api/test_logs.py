"""Lines on stderr: one JSON object each, with the id of the request, its template, status and time, and nothing that was asked."""

import json
import logging
import re
import warnings
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api import events
from api.app import create_app
from kb.wiring import KnowledgeBase
from tests.api.test_safety import EVERY_ADDRESS, opened, sha
from tests.factories import MARK, OLD_TEST


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


@pytest.mark.parametrize("address", EVERY_ADDRESS)
def test_every_request_is_one_line_with_its_id_template_status_and_time(
    client: TestClient, capfd: pytest.CaptureFixture[str], address: str
) -> None:
    answered = client.get(address)
    told = [line for line in lines(capfd) if line["event"] == "request"]
    assert len(told) == 1
    (line,) = told
    assert line["request_id"] == answered.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", str(line["request_id"]))
    assert (line["method"], line["status"]) == ("GET", answered.status_code)
    assert isinstance(line["ms"], float)
    assert set(line) == {"event", "timestamp", "request_id", "method", "route", "status", "ms"}
    path = address.partition("?")[0]
    assert line["route"] is None or re.fullmatch(re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(str(line["route"]))), path)


def test_what_is_refused_before_any_route_is_a_line_too(client: TestClient, capfd: pytest.CaptureFixture[str]) -> None:
    client.get("/", headers={"Host": MARK})
    (line,) = lines(capfd)
    assert (line["status"], line["route"]) == (400, None)


def test_the_lines_of_one_request_have_one_id(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_: object) -> object:
        raise RuntimeError(MARK)

    monkeypatch.setattr(KnowledgeBase, "search", breaks)
    client = TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000")
    assert client.get("/api/v1/search", params={"q": MARK}).status_code == 500
    told = lines(capfd)
    assert [line["event"] for line in told] == ["crash", "request"]
    assert len({line["request_id"] for line in told}) == 1
    assert MARK not in str(told)


def test_an_id_that_a_client_sends_is_not_taken(client: TestClient) -> None:
    assert client.get("/healthz", headers={"X-Request-Id": MARK}).headers["x-request-id"] != MARK


def test_no_line_holds_a_question_a_document_or_a_key(base: KnowledgeBase, capfd: pytest.CaptureFixture[str]) -> None:
    client = opened(base, api_keys=f"reader:{sha(MARK)},editor:{sha('w')}")
    key = {"Authorization": f"Bearer {MARK}", "User-Agent": MARK, "X-Forwarded-For": MARK}
    client.get(f"/documents/{OLD_TEST}", headers=key)
    client.get("/search", params={"q": MARK}, headers=key)
    client.post("/api/v1/check", json={"text": f"{MARK} {OLD_TEST}"}, headers=key)
    client.post("/case", data={"narrative": MARK, "nationality": MARK}, headers=key)
    client.post("/api/v1/assess", json={"facts": {"narrative": MARK, "nationality": "SY"}}, headers=key)
    client.delete(f"/api/v1/documents/{MARK}", headers={"Authorization": "Bearer w"})
    client.request(MARK.upper(), "/", headers=key)
    told = capfd.readouterr().err
    assert told.count('"event": "request"') == 7
    assert MARK not in told.lower()
    assert OLD_TEST not in told
    assert sha(MARK)[:12] not in told


@pytest.fixture
def quiet() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    disabled = {name: logging.getLogger(name).disabled for name in ("uvicorn.access", "httpx", "httpx2", "httpcore")}
    server = logging.getLogger("uvicorn")
    handlers, propagates = list(server.handlers), server.propagate
    # other tests of this process start servers that say less
    levels = {name: logging.getLogger(name).level for name in ("uvicorn", "uvicorn.error")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.NOTSET)
    # as uvicorn sets itself up where nobody tells it otherwise
    server.addHandler(logging.StreamHandler())
    server.propagate = False
    events.quiet_libraries()
    yield
    logging.captureWarnings(False)
    root.handlers = before
    server.handlers, server.propagate = handlers, propagates
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    for name, was in disabled.items():
        logging.getLogger(name).disabled = was


@pytest.mark.usefixtures("quiet")
def test_a_librarys_warning_is_told_by_name_and_place_not_by_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("somelibrary").warning("cannot parse %s", MARK)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    try:
        raise ValueError(MARK)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application %s", MARK)
    logging.getLogger("uvicorn.access").warning("GET /search?q=%s", MARK)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(MARK, UserWarning, stacklevel=1)
    told = lines(capfd)
    assert [(line["logger"], line.get("note"), line.get("error")) for line in told] == [
        ("somelibrary", None, None),
        ("uvicorn.error", "Invalid HTTP request received.", None),
        ("uvicorn.error", None, "ValueError"),
        ("py.warnings", None, None),
    ]
    assert MARK not in str(told)
