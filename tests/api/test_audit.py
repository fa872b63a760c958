"""The audit log: who, when, what, which texts in which version; no question, no fact; only added to; gone after six months."""

import datetime as dt
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import builder, cli
from api.app import create_app
from api.audit import Audit, Event
from api.builder import BuilderRun
from kb.wiring import KnowledgeBase
from tests import factories
from tests.api.test_safety import opened, sha
from tests.factories import COURT_OF_JUSTICE, MARK, NEW_TEST, OLD_TEST

DAY = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
READING = {"Authorization": "Bearer reading"}
WRITING = {"Authorization": "Bearer writing"}


@pytest.fixture
def held(data_dir: Path) -> KnowledgeBase:
    """A knowledge base of this test alone: its log starts empty."""
    return factories.knowledge_base(data_dir)


@pytest.fixture
def client(held: KnowledgeBase) -> TestClient:
    return opened(held, api_keys=f"reader:{sha('reading')},editor:{sha('writing')}")


@pytest.fixture
def log(held: KnowledgeBase) -> Audit:
    return Audit(held.settings.data_dir, keep_days=184)


def events(log: Audit) -> list[dict[str, Any]]:
    return list(log.events())


def test_a_search_is_an_event_with_who_when_and_the_texts_in_their_version(client: TestClient, log: Audit) -> None:
    answered = client.get("/api/v1/search", params={"q": "overdracht", "as_of": "2026-01-02"}, headers=READING)
    (event,) = events(log)
    assert event["who"] == f"key:{sha('reading')[:12]}"
    assert (event["role"], event["action"], event["status"], event["as_of"]) == ("reader", "search", 200, "2026-01-02")
    assert event["request_id"] == answered.headers["x-request-id"]
    assert event["generation"] == "gen-000001"
    assert abs(dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(event["at"])) < dt.timedelta(minutes=1)
    hits = answered.json()["hits"]
    assert hits
    shown = {(item["document"], place) for item in event["shown"] for place in item["places"]}
    assert shown == {(hit["document"]["id"], hit["passage"]["id"].rpartition("#")[2]) for hit in hits}
    assert {item["version"] for item in event["shown"]} == {1}


def test_a_digest_and_an_official_text_of_one_document_are_told_apart(client: TestClient, log: Audit) -> None:
    client.get(f"/api/v1/documents/{COURT_OF_JUSTICE}", headers=READING)
    client.get(f"/api/v1/documents/{COURT_OF_JUSTICE}?form=digest-nl", headers=READING)
    client.get(f"/documents/{COURT_OF_JUSTICE}", headers=READING)
    told = [(item["form"], item["version"], item["places"]) for event in events(log) for item in event["shown"]]
    assert told == [("official", 1, []), ("digest-nl", 1, []), ("official", 1, [])]


@pytest.mark.parametrize(
    ("method", "address", "body", "action"),
    [
        ("GET", f"/documents/{OLD_TEST}", None, "read"),
        ("GET", f"/api/v1/documents/{OLD_TEST}", None, "read"),
        ("GET", f"/api/v1/documents/{OLD_TEST}/passages", None, "read"),
        ("GET", f"/api/v1/passages/{COURT_OF_JUSTICE}%23para-90", None, "read"),
        ("GET", f"/api/v1/export/{COURT_OF_JUSTICE}%23para-90", None, "export"),
        ("GET", "/search?q=overdracht", None, "search"),
        ("POST", "/search", {"q": "overdracht"}, "search"),
        ("POST", "/api/v1/search", {"q": "overdracht"}, "search"),
        ("POST", "/api/v1/export", {"ids": [f"{COURT_OF_JUSTICE}#para-90"], "format": "md"}, "export"),
        ("POST", "/api/v1/bundle", {"ids": [f"{COURT_OF_JUSTICE}#para-90"], "format": "md"}, "export"),
        ("POST", "/api/v1/check", {"text": OLD_TEST}, "check"),
        ("POST", "/check", {"text": OLD_TEST}, "check"),
        ("POST", "/api/v1/assess", {"facts": {"nationality": "SY", "member_state": "DK", "registered_on": "2024-01-02"}}, "assess"),
        ("POST", "/case", {"nationality": "SY", "member_state": "DK", "registered_on": "2024-01-02"}, "assess"),
    ],
)  # fmt: skip
def test_every_door_that_shows_a_text_keeps_an_event(
    client: TestClient, log: Audit, method: str, address: str, body: dict[str, Any] | None, action: str
) -> None:
    is_api = address.startswith("/api/")
    sent = {"json": body} if is_api and body else {"data": body} if body else {}
    if address == "/check":
        sent = {"files": {"text": (None, OLD_TEST)}}
    assert client.request(method, address, headers=READING, **sent).status_code == 200  # type: ignore[arg-type]
    (event,) = events(log)
    assert event["action"] == action
    assert event["shown"]
    assert all(item["document"] in (OLD_TEST, NEW_TEST, COURT_OF_JUSTICE, factories.HOSTILE) for item in event["shown"])


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search", {"question": "overdracht"}),
        ("open_passage", {"id": f"{COURT_OF_JUSTICE}#para-90"}),
        ("assess", {"facts": {"nationality": "SY", "member_state": "DK", "registered_on": "2024-01-02"}}),
    ],
)
def test_what_an_assistant_was_shown_is_an_event_too(held: KnowledgeBase, log: Audit, tool: str, arguments: dict[str, Any]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    with TestClient(create_app(held.settings, held), base_url="http://127.0.0.1:8000") as client:
        answered = client.post("/mcp", json=call, headers={"Accept": "application/json, text/event-stream"})
    assert answered.status_code == 200, answered.text
    (event,) = events(log)
    assert (event["who"], event["action"]) == ("local", "assistant")
    assert event["shown"]


@pytest.mark.parametrize(
    "address", ["/", "/healthz", "/readyz", "/metrics", "/static/kb.css", "/search", "/check", "/case", "/nothing", "/api/v1/openapi.json"]
)
def test_what_shows_no_text_is_no_event(client: TestClient, log: Audit, address: str) -> None:
    client.get(address, headers=READING)
    assert events(log) == []


def test_who_is_this_machine_where_reading_is_open(held: KnowledgeBase, log: Audit) -> None:
    opened(held).get(f"/documents/{OLD_TEST}")
    assert [(event["who"], event["role"]) for event in events(log)] == [("local", "reader")]


def test_a_refused_act_of_a_known_key_is_an_event_and_strangers_cannot_fill_the_log(client: TestClient, log: Audit) -> None:
    client.delete(f"/api/v1/documents/{OLD_TEST}")
    client.delete(f"/api/v1/documents/{OLD_TEST}", headers={"Authorization": "Bearer wrong"})
    client.get("/api/v1/search?q=x")
    assert events(log) == []
    client.delete(f"/api/v1/documents/{OLD_TEST}", headers=READING)
    assert [(e["who"], e["action"], e["status"], e["changed"]) for e in events(log)] == [(f"key:{sha('reading')[:12]}", "erase", 403, {})]


def test_adding_and_erasing_tell_what_became_of_which_document(client: TestClient, log: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"input": "x", "document_id": "file:0123456789abcdef", "kind": "other", "status": "indexed", "passages": 3}
    report = {"inputs": [entry], "totals": {"inputs": 1}}
    monkeypatch.setattr(builder, "run_quietly", lambda *_, **__: BuilderRun(0, report))
    assert client.post("/api/v1/documents", files={"file": (f"{MARK}.txt", MARK.encode())}, headers=WRITING).status_code == 201
    assert client.delete(f"/api/v1/documents/{OLD_TEST}", headers=WRITING).status_code == 200
    told = [(event["action"], event["role"], event["changed"]) for event in events(log)]
    assert told == [("add", "editor", {"file:0123456789abcdef": "indexed"}), ("erase", "editor", {OLD_TEST: "erased"})]
    assert MARK not in json.dumps(events(log))


def test_no_word_of_a_question_a_draft_or_a_case_reaches_the_log(client: TestClient, log: Audit) -> None:
    for address in (f"/api/v1/search?q={MARK}", f"/search?q={MARK}+overdracht", f"/documents/{OLD_TEST}?p={MARK}", f"/documents/{MARK}"):
        client.get(address, headers={**READING, "User-Agent": MARK, "Referer": f"http://x/{MARK}"})
    facts = {"narrative": MARK, "nationality": "SY", "member_state": "DK", "registered_on": "2024-01-02"}
    client.post("/api/v1/assess", json={"facts": facts}, headers=READING)
    client.post("/case", data=facts, headers=READING)
    client.post("/api/v1/check", json={"text": f"{MARK} {OLD_TEST} ECLI:NL:RVS:2099:1"}, headers=READING)
    client.post("/api/v1/search", json={"q": f"{MARK} overdracht"}, headers=READING)
    assert len(events(log)) >= 6
    assert [path for path in log.path.parent.rglob("*") if MARK.encode() in path.read_bytes().lower()] == []
    assert "2099" not in json.dumps(events(log))


# -- the file --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Audit:
    """A log of three days."""
    log = Audit(tmp_path, keep_days=184)
    for days in (200, 100, 0):
        with time_machine.travel(DAY - dt.timedelta(days=days), tick=False):
            # a new object a day: each would purge with the clock of its day
            Audit(tmp_path, keep_days=3650).write(Event("key:a", "reader", "search", changed={f"d{days}": "indexed"}))
    return log


def test_the_file_is_its_owners_alone(kept: Audit) -> None:
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


def test_events_older_than_six_months_are_removed_and_the_others_stay(kept: Audit) -> None:
    with time_machine.travel(DAY, tick=False):
        assert kept.purge() == 1
        assert [event["changed"] for event in kept.events()] == [{"d100": "indexed"}, {"d0": "indexed"}]
        assert kept.broken() == []
        assert kept.purge() == 0


@pytest.mark.parametrize(("days", "kept_events"), [(183, 1), (184, 1), (185, 0)])
def test_an_event_is_kept_for_184_days_and_no_longer(tmp_path: Path, days: int, kept_events: int) -> None:
    log = Audit(tmp_path, keep_days=184)
    with time_machine.travel(DAY, tick=False):
        log.write(Event("local", "reader", "search"))
    with time_machine.travel(DAY + dt.timedelta(days=days), tick=False):
        log.purge()
        assert len(list(log.events())) == kept_events


def test_writing_purges_by_itself(kept: Audit) -> None:
    with time_machine.travel(DAY + dt.timedelta(days=90), tick=False):
        kept.write(Event("local", "reader", "search"))
        assert len(list(kept.events())) == 2
        assert kept.broken() == []


def test_a_clock_that_jumps_back_loses_no_event(kept: Audit) -> None:
    with time_machine.travel(DAY - dt.timedelta(days=3650), tick=False):
        kept.write(Event("local", "reader", "search"))
        assert len(list(kept.events())) == 4
    assert kept.broken() == []


@pytest.mark.parametrize("statement", ["UPDATE events SET body = '{}'", "DELETE FROM events", "DELETE FROM events WHERE number = 2"])
def test_the_log_is_only_added_to(kept: Audit, statement: str) -> None:
    with closing(sqlite3.connect(kept.path)) as database, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        database.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = replace(body, 'key:a', 'key:b') WHERE number = 2",
        "UPDATE events SET at = '2026-01-01' WHERE number = 3",
        "DELETE FROM events WHERE number = 2",
        "DELETE FROM events WHERE number = 3",
    ],
)
def test_an_event_that_was_changed_or_taken_out_shows(kept: Audit, statement: str) -> None:
    assert kept.broken() == []
    with closing(sqlite3.connect(kept.path)) as database:
        database.executescript(f"DROP TRIGGER events_stay; DROP TRIGGER events_remain; {statement};")
    assert kept.broken() != []


def test_a_removed_event_leaves_no_words_in_the_file(kept: Audit) -> None:
    assert b"d200" in kept.path.read_bytes()
    with time_machine.travel(DAY, tick=False):
        kept.purge()
    assert b"d200" not in kept.path.read_bytes()


def test_events_of_several_writers_make_one_chain(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    logs = [Audit(tmp_path, keep_days=184) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: logs[number % 4].write(Event("local", "reader", "search")), range(40)))
    assert len(list(logs[0].events())) == 40
    assert logs[0].broken() == []


def test_an_answer_goes_out_when_its_event_cannot_be_kept_and_the_operator_is_told(
    held: KnowledgeBase, log: Audit, capfd: pytest.CaptureFixture[str]
) -> None:
    log.path.parent.mkdir()
    log.path.mkdir()
    client = TestClient(create_app(held.settings, held), base_url="http://127.0.0.1:8000")
    assert client.get(f"/documents/{OLD_TEST}").status_code == 200
    assert '"event": "audit-failed"' in capfd.readouterr().err
    assert "dublin_kb_audit_failures_total 1.0" in client.get("/metrics").text


# -- the command -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def environment(kept: Audit, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KB_DATA_DIR", str(kept.path.parent.parent))
    return kept.path


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("arguments", "days"), [([], ["d100", "d0"]), (["--since", "2026-11-25"], ["d0"]), (["--since", "2026-11-26"], [])]
)
def test_the_command_prints_the_events_that_are_kept(arguments: list[str], days: list[str]) -> None:
    with time_machine.travel(DAY, tick=False):
        as_json = CliRunner().invoke(cli.app, ["audit", "--json", *arguments])
        for_people = CliRunner().invoke(cli.app, ["audit", *arguments])
    assert (as_json.exit_code, for_people.exit_code) == (0, 0)
    assert [list(json.loads(line)["changed"]) for line in as_json.stdout.splitlines()] == [[day] for day in days]
    assert [day in line for day, line in zip(days, for_people.stdout.splitlines(), strict=True)] == [True] * len(days)


def test_the_command_fails_when_the_log_was_tampered_with(environment: Path) -> None:
    with closing(sqlite3.connect(environment)) as database:
        database.executescript("DROP TRIGGER events_remain; DELETE FROM events WHERE number = 3;")
    with time_machine.travel(DAY, tick=False):
        done = CliRunner().invoke(cli.app, ["audit"])
    assert done.exit_code == 1
    assert "missing" in done.stderr


def test_erasing_on_the_command_line_is_an_event_of_the_machines_account(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import subprocess

    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    for code in (0, 2):
        monkeypatch.setattr(subprocess, "run", lambda *_, code=code, **__: subprocess.CompletedProcess([], code))
        assert CliRunner().invoke(cli.app, ["forget", OLD_TEST]).exit_code == code
    log = Audit(data_dir, keep_days=184)
    told = [(event["who"], event["action"], event["status"], event["changed"]) for event in log.events()]
    assert told == [(f"uid:{os.getuid()}", "erase", 0, {OLD_TEST: "erased"}), (f"uid:{os.getuid()}", "erase", 2, {})]


def test_what_the_builder_added_is_an_event(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    from kb.store.ledger import Entry, Ledger

    def built(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        with closing(Ledger(data_dir / "ledger.sqlite")) as ledger:
            run = ledger.start()
            entries = [
                Entry("a", "a", "other", "indexed"),
                Entry("b", "b", "other", "unchanged"),
                Entry("c", None, None, "failed", "empty"),
            ]
            ledger.finish(run, entries, "gen-000002")
        return subprocess.CompletedProcess([], 1)

    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    monkeypatch.setattr(subprocess, "run", built)
    assert CliRunner().invoke(cli.app, ["ingest", "x"]).exit_code == 1
    assert [(e["action"], e["changed"]) for e in Audit(data_dir, keep_days=184).events()] == [("add", {"a": "indexed"})]
