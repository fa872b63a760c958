"""Adding and erasing over HTTP hand over to the builder process; the server keeps nothing of an upload (T14, T16)."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api import builder
from api.app import create_app
from api.errors import BuildFailed
from kb.errors import NoSpace, NotFound, StoreBusy
from kb.wiring import KnowledgeBase
from tests import factories
from tests.factories import OLD_TEST

LEDGER = {
    "inputs": [
        {"input": "x", "document_id": "file:1", "kind": "other", "status": "indexed", "reason": None, "passages": 2, "detail": None}
    ],
    "totals": {"inputs": 1, "indexed": 1},
}
Build = Callable[..., list[dict[str, Any]]]
EDITOR = {"Authorization": "Bearer writing"}


@pytest.fixture
def writer(data_dir: Path) -> TestClient:
    base = factories.knowledge_base(data_dir)
    keys = SecretStr(f"editor:{hashlib.sha256(b'writing').hexdigest()}")
    settings = base.settings.model_copy(update={"api_keys": keys, "upload_max_mb": 1})
    return TestClient(
        create_app(settings, KnowledgeBase(settings, embedder=base.embedder, engine=base.generations.engine)), base_url="http://127.0.0.1"
    )


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Build:
    """Stands in for the builder process; returns what it was called with."""

    def prepare(code: int = 0, stdout: str = json.dumps(LEDGER), stderr: str = "") -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []

        def run(command: Sequence[str], **kwargs: Any) -> subprocess.CompletedProcess[bytes]:
            path = Path(command[-1])
            calls.append(
                {"command": list(command), "env": kwargs["env"], "body": path.read_bytes() if path.is_file() else None, "path": path}
            )
            return subprocess.CompletedProcess(command, code, stdout.encode(), stderr.encode())

        monkeypatch.setattr(builder.subprocess, "run", run)
        return calls

    return prepare


def upload(client: TestClient, name: str = "letter.txt", body: bytes = b"words", **fields: str) -> Any:
    return client.post("/api/v1/documents", files={"file": (name, body)}, data=fields, headers=EDITOR)


def test_an_upload_reaches_the_builder_as_a_file_named_by_its_content_and_is_gone_afterwards(
    writer: TestClient, ends: Build, data_dir: Path
) -> None:
    calls = ends()
    answered = upload(writer, "Brief van 7 november.TXT", b"words", kind="letter")
    assert answered.status_code == 201
    assert answered.json()["inputs"][0] == {**LEDGER["inputs"][0], "input": "Brief van 7 november.TXT"}  # type: ignore[dict-item]
    assert calls[0]["body"] == b"words"
    assert calls[0]["path"].name == f"{hashlib.sha256(b'words').hexdigest()}.txt"
    assert calls[0]["command"][2:-1] == ["ingest", "--json", "--trust", "upload", "--kind", "letter", "--"]
    assert calls[0]["env"]["KB_DATA_DIR"] == str(data_dir)
    assert "KB_API_KEYS" not in calls[0]["env"]
    assert not [path for path in (data_dir / "uploads").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.txt", "..\\x.txt", "a\x00.txt", "CON", "x" * 4096 + ".pdf", "\u202etxt.exe", "-rf", ".txt", "a.tar.gz", ""]
)
def test_no_part_of_a_senders_file_name_reaches_the_disk_but_a_known_ending(
    writer: TestClient, ends: Build, data_dir: Path, name: str
) -> None:
    calls = ends()
    answered = upload(writer, name)
    assert answered.status_code in (201, 400)
    for call in calls:
        assert call["path"].is_relative_to(data_dir / "uploads")
        assert call["path"].stem == hashlib.sha256(b"words").hexdigest()
        assert call["path"].suffix in ("", ".txt", ".pdf")


def test_a_file_over_the_limit_is_refused_and_not_kept(writer: TestClient, ends: Build, data_dir: Path) -> None:
    calls = ends()
    answered = upload(writer, body=b"x" * (2**20 + 1))
    assert (answered.status_code, answered.json()["code"]) == (413, "body-too-large")
    assert not calls
    assert not [path for path in data_dir.glob("uploads/**/*") if path.is_file()]
    assert upload(writer, body=b"x" * 2**20).status_code == 201


def test_a_form_that_is_not_an_upload_is_refused(writer: TestClient, ends: Build) -> None:
    calls = ends()
    many = [("file", (f"{i}.txt", b"a")) for i in range(2)]
    for answered in (
        writer.post("/api/v1/documents", content=b"words", headers={**EDITOR, "Content-Type": "text/plain"}),
        writer.post("/api/v1/documents", data={"file": "words"}, files={"other": ("a", b"a")}, headers=EDITOR),
        writer.post("/api/v1/documents", files=many, headers=EDITOR),
        writer.post("/api/v1/documents", content=b"no boundary", headers={**EDITOR, "Content-Type": "multipart/form-data; boundary=x"}),
        writer.post("/api/v1/documents", content=b"x", headers={**EDITOR, "Content-Type": "multipart/form-data"}),
        upload(writer, kind="poem"),
        upload(writer, other="1"),
    ):
        assert (answered.status_code, answered.json()["code"]) == (400, "body-invalid")
    assert not calls


def test_a_document_that_cannot_be_read_is_told_with_its_reason(writer: TestClient, ends: Build) -> None:
    entry = {**LEDGER["inputs"][0], "status": "failed", "reason": "pdf-broken", "detail": "no page tree"}  # type: ignore[dict-item]
    ends(1, json.dumps({"inputs": [entry], "totals": {"inputs": 1, "failed": 1}}))
    answered = upload(writer)
    assert (answered.status_code, answered.json()["code"]) == (422, "input-rejected")
    assert answered.json()["errors"] == [{"reason": "pdf-broken"}]
    assert "no page tree" in answered.json()["detail"]


@pytest.mark.parametrize(
    ("code", "stderr", "status", "told"),
    [
        (3, "another process", 503, "store-busy"),
        (2, "embedding: 1/2\nno-space: too little room", 507, "no-space"),
        (2, "not-found: no document", 404, "not-found"),
        (2, "something odd", 500, "build-failed"),
        (-9, "", 500, "build-failed"),
        (0, "", 500, "build-failed"),
    ],
)
def test_every_end_of_the_builder_is_one_clear_problem(
    writer: TestClient, ends: Build, code: int, stderr: str, status: int, told: str
) -> None:
    ends(code, "" if code else "no json", stderr)
    answered = upload(writer)
    assert (answered.status_code, answered.json()["code"]) == (status, told)


def test_a_builder_that_hangs_is_stopped(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "command", lambda _: ["/bin/sleep", "30"])
    with pytest.raises(BuildFailed):
        builder.run_quietly(base.settings, [], timeout_s=0.2)


def test_errors_of_the_builder_keep_their_class() -> None:
    assert isinstance(builder._as_error("no-space: x"), NoSpace)
    assert isinstance(builder._as_error("not-found: x"), NotFound)
    assert isinstance(builder._as_error("store-busy: x"), StoreBusy)
    assert isinstance(builder._as_error("input-rejected: x"), BuildFailed)


def test_erasing_hands_the_known_id_to_the_builder_and_tells_what_was_removed(writer: TestClient, ends: Build) -> None:
    calls = ends(stdout=json.dumps({"forgotten": OLD_TEST, "removed": {"texts": 2}}))
    for way in (f"/api/v1/documents/{OLD_TEST.lower()}", f"/api/v1/documents?id={OLD_TEST}"):
        answered = writer.delete(way, headers=EDITOR)
        assert answered.json()["removed"] == {"texts": 2}
    assert all(call["command"][-1] == f"--forget={OLD_TEST}" for call in calls)
    assert writer.delete("/api/v1/documents/none", headers=EDITOR).status_code == 404
    assert len(calls) == 2
