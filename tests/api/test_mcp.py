"""The MCP server, driven with the official client: in the process, and as a program over standard input and output."""

import asyncio
import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mcp import Client
from pydantic import SecretStr

from api.app import create_app
from api.mcp import create_server
from kb.wiring import KnowledgeBase
from tests.factories import MARK, NEW_TEST, OLD_TEST, REPOSITORY

PROGRAM = """
import sys
from pathlib import Path
from api.mcp import create_server
from tests import factories
create_server(factories.knowledge_base(Path(sys.argv[1]))).run("stdio")
"""


def called(server: Any, tool: str, **arguments: Any) -> tuple[bool, str]:
    async def talk() -> tuple[bool, str]:
        async with Client(server) as client:
            result = await client.call_tool(tool, arguments)
            return bool(result.is_error), str(result.content[0].text)  # type: ignore[union-attr]

    return asyncio.run(talk())


def test_the_tools_are_those_that_the_instructions_name(base: KnowledgeBase) -> None:
    async def names() -> set[str]:
        async with Client(create_server(base)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(names()) == {"search", "open_passage", "assess", "check_draft"}


def test_a_search_answers_with_citation_and_standing(base: KnowledgeBase) -> None:
    failed, text = called(create_server(base), "search", question=OLD_TEST, as_of="2026-11-01")
    assert not failed, text
    hit = json.loads(text)["hits"][0]
    assert hit["document"]["id"] == OLD_TEST
    assert hit["standing"] == "overtaken"
    assert "ABRvS" in hit["citation"]["nl"]


def test_a_passage_opens_with_what_stands_around_it(base: KnowledgeBase) -> None:
    _, found = called(create_server(base), "search", question=OLD_TEST)
    identity = json.loads(found)["hits"][0]["passage"]["id"]
    failed, text = called(create_server(base), "open_passage", id=identity)
    assert not failed, text
    assert set(json.loads(text)) >= {"passage", "document", "citation", "standing", "context"}


def test_a_draft_is_checked(base: KnowledgeBase) -> None:
    failed, text = called(create_server(base), "check_draft", text=f"ABRvS 7 juli 2022, {OLD_TEST}.", as_of="2026-11-01")
    assert not failed, text
    assert json.loads(text)["citations"][0]["verdict"] == "differs"


def test_a_case_is_assessed(base: KnowledgeBase) -> None:
    facts = {"registered_on": "2024-01-10", "member_state": "DK", "status_there": "applicant", "nationality": "SY"}
    failed, text = called(create_server(base), "assess", facts=facts, as_of="2024-09-01")
    assert not failed, text
    assert json.loads(text)["elements"]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("open_passage", {"id": "ECLI:NL:RVS:2099:1#ro-1"}, "not-found"),
        ("search", {"question": MARK, "limit": 1000}, "invalid-request"),
        ("check_draft", {"text": MARK, "as_of": "2026-02-30"}, "invalid-identifier"),
    ],
)
def test_an_error_has_a_code_and_keeps_the_question_to_itself(
    base: KnowledgeBase, tool: str, arguments: dict[str, Any], code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    failed, text = called(create_server(base), tool, **arguments)
    assert failed
    assert code in text
    assert MARK not in text
    assert MARK not in "".join(capfd.readouterr())


def test_the_program_speaks_over_standard_input(tmp_path: Path) -> None:
    from mcp import StdioServerParameters

    program = StdioServerParameters(command=sys.executable, args=["-c", PROGRAM, str(tmp_path / "var")], cwd=str(REPOSITORY))
    failed, text = called(program, "search", question=OLD_TEST)
    assert not failed, text
    assert json.loads(text)["hits"]


# -- over HTTP, inside the server ------------------------------------------------------------------------------------------------


@contextmanager
def serving(base: KnowledgeBase, **changed: Any) -> Iterator[str]:
    """The application on a free port of this machine, as `dublin-kb serve` runs it."""
    import uvicorn

    settings = base.settings.model_copy(update=changed)
    server = uvicorn.Server(uvicorn.Config(create_app(settings, base), port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def test_the_server_speaks_over_http_with_the_same_answers(base: KnowledgeBase) -> None:
    with serving(base) as address:
        failed, text = called(f"{address}/mcp", "search", question=OLD_TEST, as_of="2026-11-01")
        assert not failed, text
        assert text == called(create_server(base), "search", question=OLD_TEST, as_of="2026-11-01")[1]
        failed, text = called(f"{address}/mcp", "check_draft", text=f"ABRvS 7 juli 2022, {OLD_TEST}. " * 300, as_of="2026-11-01")
        assert not failed, text
        assert json.loads(text)["summary"]["citations"] == 300


def test_over_http_an_overtaken_authority_comes_with_its_successor(base: KnowledgeBase) -> None:
    with serving(base) as address:
        _, text = called(f"{address}/mcp", "open_passage", id=f"{OLD_TEST}#holding", as_of="2026-11-01")
    assert json.loads(text)["standing_detail"]["successors"][0]["document_id"] == NEW_TEST


def test_over_http_the_same_keys_hosts_and_origins_hold(base: KnowledgeBase) -> None:
    key = "reader:" + hashlib.sha256(b"the key").hexdigest()
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    settings = base.settings.model_copy(update={"api_keys": SecretStr(key)})
    with TestClient(create_app(settings, base), base_url="http://127.0.0.1:8000") as client:
        assert client.post("/mcp", json=body, headers=accept).status_code == 401
        known = {**accept, "Authorization": "Bearer the key"}
        assert client.post("/mcp", json=body, headers=known).status_code == 200
        assert client.post("/mcp", json=body, headers={**known, "Host": "evil.example"}).status_code == 400
        refused = client.post("/mcp", json=body, headers={**known, "Origin": "https://evil.example"})
        assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")


def test_the_command_serves_http_on_this_machine(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `dublin-kb mcp --http` runs: hosts and origins of strangers are refused by the library."""
    server = create_server(base)
    app = server.streamable_http_app(stateless_http=True)
    with TestClient(app, base_url="http://127.0.0.1:8001") as client:
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        accept = {"Accept": "application/json, text/event-stream"}
        assert client.post("/mcp", json=body, headers=accept).status_code == 200
        assert client.post("/mcp", json=body, headers={**accept, "Host": "evil.example"}).status_code in (403, 421)
