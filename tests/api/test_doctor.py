"""`dublin-kb doctor` names what is wrong and how to mend it; `status` tells what is held."""

import datetime as dt
import fcntl
import json
import os
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import time_machine
from typer.testing import CliRunner

from api import cli, doctor
from api.audit import Audit, Event
from api.findings import Finding
from ingest import corpus
from ingest.catalogue_check import Report
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.errors import SettingsInvalid
from kb.settings import Settings
from kb.store.ledger import Ledger
from tests import factories

_REAL = (doctor.build_embedder, corpus.check_corpus)  # before any test puts others in their place


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Callable[..., dict[str, list[Finding]]]:
    """The findings by subject, over a store with an engine in memory."""
    # without the citations that are made up there: the doctor looks for each where it is said to stand
    factories.build_store(data_dir, [replace(entry, cites=()) for entry in factories.ENTRIES])
    monkeypatch.setattr(doctor, "build_engine", lambda _: MemoryEngine())
    monkeypatch.setattr(doctor, "build_embedder", lambda _: HashingEmbedder())
    monkeypatch.setattr("ingest.corpus.check_corpus", lambda _: [])
    agrees = Report(compared=0, unread=0, agree={}, not_comparable={}, differences=[], additions=[], confirmed=[])
    monkeypatch.setattr("ingest.catalogue_check.check_catalogue", lambda *_: agrees)  # what it finds: tests/ingest/test_catalogue_check.py

    def run(**changed: object) -> dict[str, list[Finding]]:
        elsewhere = {"corpus_dir": changed.pop("corpus_dir")} if "corpus_dir" in changed else {}
        settings = factories.settings(data_dir, **changed).model_copy(update=elsewhere)
        monkeypatch.setattr(Settings, "load", classmethod(lambda cls: settings))
        found: dict[str, list[Finding]] = {}
        for finding in doctor.examine():
            found.setdefault(finding.what, []).append(finding)
        return found

    return run


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings}


def test_a_sound_installation_has_no_problem(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    found = examined()
    assert set(found) >= {"python", "packages", "settings", "address", "corpus", "disk", "qdrant", "model", "store"}
    problems = [f for findings in found.values() for f in findings if f.level == "problem" and f.what not in ("corpus", "disk", "packages")]
    assert problems == []


@pytest.mark.parametrize("how", ["flipped", "cut", "gone", "added"])
@pytest.mark.parametrize("name", ["library.sqlite", "index/points.jsonl"])
def test_every_damaged_file_is_named_with_its_remedy(
    examined: Callable[..., dict[str, list[Finding]]], data_dir: Path, name: str, how: str
) -> None:
    path = data_dir / "store" / "gen-000001" / name
    body = path.read_bytes()
    if how == "flipped":
        path.write_bytes(body[:100] + bytes([body[100] ^ 1]) + body[101:])
    elif how == "cut":
        path.write_bytes(body[:-1])
    elif how == "gone":
        path.unlink()
    else:
        path.with_name("added").write_bytes(b"x")
    problems = [finding for finding in examined()["store"] if finding.level == "problem"]
    assert problems
    assert (path.name if how != "added" else "added") in problems[0].message
    assert "ingest --rebuild" in problems[0].remedy


def test_no_index_an_unknown_setting_and_another_model_are_problems(
    examined: Callable[..., dict[str, list[Finding]]], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "build_embedder", lambda _: HashingEmbedder(32))
    assert any("--rebuild" in finding.message for finding in examined()["store"] if finding.level == "problem")
    (data_dir / "store" / "CURRENT").unlink()
    assert "dublin-kb ingest" in examined()["store"][0].remedy
    monkeypatch.undo()
    monkeypatch.setenv("KB_LIMT", "1")
    settings = [finding for finding in doctor.examine() if finding.what == "settings"]
    assert "KB_LIMT" in settings[0].message


def test_an_address_beyond_this_machine_without_keys_is_a_problem(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    assert levels(examined(host="0.0.0.0")["address"]) == {"problem"}
    assert levels(examined(host="0.0.0.0", api_keys=f"reader:{'a' * 64}")["address"]) == {"ok", "note"}


@contextmanager
def server(*, version: str = "1.20.0", key: str | None = None, away_s: float = 0) -> Iterator[str]:
    """A server that answers like Qdrant: its version to anyone, the rest to who has the key, its clock so far from ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                body = json.dumps({"title": "qdrant - vector search engine", "version": version} if version else {}).encode()
                self.send_response(200)
            else:
                body = b"{}"
                self.send_response(200 if key is None or self.headers.get("api-key") == key else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + away_s)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("given", "ours", "level", "word"),
    [
        ({"key": "k"}, "k", "ok", "closed to strangers"),
        ({}, None, "problem", "without a key"),
        ({}, "k", "problem", "without a key"),
        ({"key": "k"}, None, "problem", "asks for a key"),
        ({"key": "k"}, "other", "problem", "does not take ours"),
        ({"key": "k", "version": "1.19.4"}, "k", "problem", "1.19.4"),
        ({"key": "k", "version": "1.21.0"}, "k", "ok", "1.21.0"),
        ({"key": "k", "version": ""}, "k", "problem", "does not say that it is Qdrant"),
    ],
    ids=["sound", "open", "open-to-us-too", "no-key-here", "other-key-here", "too-old", "newer", "something-else"],
)
def test_a_qdrant_server_is_asked_who_it_is_and_who_may_ask(
    examined: Callable[..., dict[str, list[Finding]]], given: dict[str, Any], ours: str | None, level: str, word: str
) -> None:
    with server(**given) as url:
        found = examined(qdrant_url=url, qdrant_api_key=ours)["qdrant"]
    assert levels(found) == {level}
    assert word in found[0].message
    assert bool(found[0].remedy) is (level == "problem")


@pytest.mark.parametrize("away_s", [3600, -3600])
def test_two_clocks_that_differ_are_a_problem(examined: Callable[..., dict[str, list[Finding]]], away_s: float) -> None:
    with server(key="k", away_s=away_s) as url:
        found = examined(qdrant_url=url, qdrant_api_key="k")
    assert "60 minutes apart" in next(finding for finding in found["clock"] if finding.level == "problem").message


# -- one thing broken at a time ---------------------------------------------------------------------------------------------------


def _unsafe_address(data_dir: Path) -> dict[str, Any]:
    return {"host": "0.0.0.0"}


def _bad_keys(data_dir: Path) -> dict[str, Any]:
    return {"api_keys": "editor:secret"}


def _no_index(data_dir: Path) -> dict[str, Any]:
    (data_dir / "store" / "CURRENT").unlink()
    return {}


def _damaged_index(data_dir: Path) -> dict[str, Any]:
    (data_dir / "store" / "gen-000001" / "library.sqlite").write_bytes(b"")
    return {}


def _no_manifest(data_dir: Path) -> dict[str, Any]:
    (data_dir / "store" / "gen-000001" / "manifest.json").write_text("{")
    return {}


def _no_room(data_dir: Path) -> dict[str, Any]:
    return {"_disk": (100 * 2**20, 99 * 2**20, 2**20)}


def _data_is_a_file(data_dir: Path) -> dict[str, Any]:
    shutil.rmtree(data_dir)
    data_dir.write_text("")
    return {}


def _data_open_to_writing(data_dir: Path) -> dict[str, Any]:
    data_dir.chmod(0o777)
    return {}


def _secret_open(data_dir: Path) -> dict[str, Any]:
    from api.secret import derived, secret_path

    derived(data_dir, "session")
    secret_path(data_dir).chmod(0o644)
    return {}


def _env_file_open(data_dir: Path) -> dict[str, Any]:
    path = Path(".env")
    path.write_text(f"KB_API_KEYS=reader:{'a' * 64}\n")
    path.chmod(0o644)
    return {}


def _interrupted_run(data_dir: Path) -> dict[str, Any]:
    with closing(Ledger(data_dir / "ledger.sqlite")) as ledger:
        ledger.start()
    return {}


def _damaged_ledger(data_dir: Path) -> dict[str, Any]:
    (data_dir / "ledger.sqlite").write_bytes(b"x" * 5000)
    return {}


def _lock_of_a_dead_process(data_dir: Path) -> dict[str, Any]:
    path = data_dir / "store" / "build.lock"
    path.write_text(f"pid 4194999 on {socket.gethostname()}")
    return {"_locked": path}


def _lock_for_hours(data_dir: Path) -> dict[str, Any]:
    path = data_dir / "store" / "build.lock"
    path.write_text(f"pid {os.getpid()} on {socket.gethostname()}")
    os.utime(path, (time.time() - 30_000, time.time() - 30_000))
    return {"_locked": path}


def _tampered_log(data_dir: Path) -> dict[str, Any]:
    log = Audit(data_dir, keep_days=184)
    for _ in range(2):
        log.write(Event("local", "reader", "search"))
    with closing(sqlite3.connect(log.path)) as database:
        database.executescript("DROP TRIGGER events_remain; DELETE FROM events WHERE number = 2;")
    return {}


def _log_open(data_dir: Path) -> dict[str, Any]:
    log = Audit(data_dir, keep_days=184)
    log.write(Event("local", "reader", "search"))
    log.path.chmod(0o644)
    return {}


def _log_is_none(data_dir: Path) -> dict[str, Any]:
    log = Audit(data_dir, keep_days=184)
    log.path.parent.mkdir()
    log.path.write_bytes(b"x" * 5000)
    return {}


def _clock_behind(data_dir: Path) -> dict[str, Any]:
    return {"_now": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}


def _clock_behind_the_index(data_dir: Path) -> dict[str, Any]:
    path = data_dir / "store" / "gen-000001" / "manifest.json"
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "made_at": (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).isoformat()}))
    return {}


def _no_such_address(data_dir: Path) -> dict[str, Any]:
    return {"host": "192.0.2.1", "api_keys": f"reader:{'a' * 64}"}


def _no_provider(data_dir: Path) -> dict[str, Any]:
    given = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "x", "oidc_readers": "r", "public_url": "https://kb.example.org"}
    return dict(given)


def _half_a_provider(data_dir: Path) -> dict[str, Any]:
    return {"oidc_issuer": "https://login.example.org"}


def _no_server(data_dir: Path) -> dict[str, Any]:
    return {"qdrant_url": "http://127.0.0.1:9"}


def _no_server_address(data_dir: Path) -> dict[str, Any]:
    return {"qdrant_url": "127.0.0.1:6333"}


def _no_such_model(data_dir: Path) -> dict[str, Any]:
    return {"embedder": "sentence-transformers:nowhere/at-all", "_real_model": True}


def _no_corpus(data_dir: Path) -> dict[str, Any]:
    return {"corpus_dir": data_dir / "nothing", "_real_corpus": True}


@pytest.mark.parametrize(
    ("broken", "what", "word", "remedy"),
    [
        (_unsafe_address, "address", "0.0.0.0", "KB_API_KEYS"),
        (_bad_keys, "address", "KB_API_KEYS: entry 1", "KB_API_KEYS"),
        (_no_such_address, "port", "192.0.2.1", "KB_HOST"),
        (_no_index, "store", "no index yet", "dublin-kb ingest"),
        (_damaged_index, "store", "library.sqlite is not what was published", "--rebuild"),
        (_no_manifest, "store", "manifest.json cannot be read", "--rebuild"),
        (_no_room, "disk", "1 MiB free", "make room"),
        (_data_is_a_file, "files", "is not a directory", "chown"),
        (_data_open_to_writing, "files", "anyone on this machine can write", "chmod 700"),
        (_secret_open, "files", "secret.key can be read by others", "chmod 600"),
        (_env_file_open, "files", ".env can be read by others", "chmod 600"),
        (_interrupted_run, "lock", "ended before it was done", "dublin-kb ingest"),
        (_damaged_ledger, "lock", "DatabaseError", "ledger.sqlite"),
        (_lock_of_a_dead_process, "lock", "pid 4194999", "end it"),
        (_lock_for_hours, "lock", "for 500 minutes", "end it"),
        (_tampered_log, "audit", "the newest events are missing", "who had access"),
        (_log_open, "audit", "can be read by others", "chmod 600"),
        (_log_is_none, "audit", "cannot be read", "move it away"),
        (_clock_behind, "clock", "2020-01-01", "timedatectl"),
        (_clock_behind_the_index, "clock", "the index was made at", "timedatectl"),
        (_no_provider, "sign-in", "does not answer", "KB_OIDC_"),
        (_half_a_provider, "sign-in", "KB_OIDC_CLIENT_ID", "KB_OIDC_"),
        (_no_server, "qdrant", "does not answer", "KB_QDRANT_URL"),
        (_no_server_address, "qdrant", "no http address", "http://host:6333"),
        (_no_such_model, "model", "nowhere/at-all", "KB_EMBEDDER"),
        (_no_corpus, "corpus", "", "corpus"),
    ],
)  # fmt: skip
def test_what_is_broken_is_named_with_what_to_do(
    examined: Callable[..., dict[str, list[Finding]]], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[Path], dict[str, Any]], what: str, word: str, remedy: str,
) -> None:  # fmt: skip
    data_dir.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    real_model, real_check = _REAL
    given = broken(data_dir)
    if "_disk" in given:
        monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _, usage=given["_disk"]: shutil._ntuple_diskusage(*usage))
    if given.get("_real_model"):
        monkeypatch.setattr(doctor, "build_embedder", real_model)
    if given.get("_real_corpus"):
        monkeypatch.setattr("ingest.corpus.check_corpus", real_check)
    changed = {name: value for name, value in given.items() if not name.startswith("_")}
    with ExitStack() as stack:
        if "_now" in given:
            stack.enter_context(time_machine.travel(given["_now"], tick=False))
        if "_locked" in given:
            fcntl.flock(stack.enter_context(given["_locked"].open()), fcntl.LOCK_EX)
        found = examined(**changed)
    problems = [finding for finding in found[what] if finding.level == "problem"]
    assert problems
    assert any(word in finding.message and remedy in finding.remedy for finding in problems), problems
    every = [finding for findings in found.values() for finding in findings if finding.level == "problem"]
    assert all(finding.remedy for finding in every)
    assert "a" * 64 not in str(every)
    assert "editor:secret" not in str(every)


@pytest.mark.parametrize(("name", "held"), [("docs.env", True), (".env", False)], ids=["another-file", "no-key-in-it"])
def test_only_a_file_with_keys_must_be_closed(
    examined: Callable[..., dict[str, list[Finding]]],
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    held: bool,
) -> None:
    data_dir.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("KB_API_KEYS=x" if held else "KB_PORT=8001\n# KB_API_KEYS=x\n")
    Path(name).chmod(0o644)
    assert levels(examined()["files"]) == {"ok"}


def test_a_port_that_is_taken_is_said(examined: Callable[..., dict[str, list[Finding]]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        (finding,) = examined(port=taken.getsockname()[1])["port"]
    assert (finding.level, "KB_PORT" in finding.remedy) == ("note", True)


def test_the_server_says_at_once_that_its_port_is_taken(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_DATA_DIR", str(data_dir))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        done = CliRunner().invoke(cli.app, ["serve", "--port", str(taken.getsockname()[1])])
    assert isinstance(done.exception, SettingsInvalid)
    assert "KB_PORT" in str(done.exception)


def test_a_builder_at_work_is_no_problem(examined: Callable[..., dict[str, list[Finding]]], data_dir: Path) -> None:
    path = data_dir / "store" / "build.lock"
    path.write_text(f"pid {os.getpid()} on {socket.gethostname()}")
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (finding,) = examined()["lock"]
    assert (finding.level, str(os.getpid()) in finding.message) == ("note", True)
    assert levels(examined()["lock"]) == {"ok"}


def test_looking_changes_nothing(examined: Callable[..., dict[str, list[Finding]]], data_dir: Path) -> None:
    def state() -> dict[str, tuple[int, float]]:
        return {str(path): (path.stat().st_size, path.stat().st_mtime) for path in data_dir.rglob("*") if path.is_file()}

    before = state()
    examined()
    assert state() == before


def test_the_command_ends_with_1_on_a_problem_and_0_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for level, code in (("ok", 0), ("note", 0), ("problem", 1)):
        finding = Finding(level, "disk", "message", "remedy")  # type: ignore[arg-type]
        monkeypatch.setattr(doctor, "examine", lambda finding=finding: [finding])
        done = CliRunner().invoke(cli.app, ["doctor"])
        assert done.exit_code == code
        assert "remedy" in done.stdout


def test_status_tells_what_is_held(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    base = factories.knowledge_base(data_dir)
    monkeypatch.setattr("kb.wiring.build_engine", lambda _: MemoryEngine())
    held = doctor.state(base.settings)
    assert (held["generation"], held["documents"], held["passages"]) == ("gen-000001", 4, 13)
    assert held["kinds"] == ["3 judgment", "1 other"]
    assert doctor.state(factories.settings(data_dir / "none"))["generation"] is None
