"""The address of a language model: this machine or another, through a real server on the loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from kb.adapters.llm import ChatModel
from kb.errors import LanguageModelFailed, SettingsInvalid
from kb.ports import LanguageModel
from kb.settings import Settings
from kb.wiring import build_language_model


@contextmanager
def serving(status: int = 200, *, location: str | None = None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers `echo: <last message>` in the chat protocol; yields its address and what it was sent."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = {name.lower(): value for name, value in self.headers.items()}
            seen.append({"path": self.path, "key": told["authorization"], "headers": told, **body})
            words = "echo: " + str(body["messages"][-1]["content"])
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": words}}
            answer = json.dumps(
                {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
            ).encode()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_it_asks_and_answers_over_the_chat_protocol() -> None:
    with serving() as (address, seen):
        model = ChatModel(address, "tiny", key="k", timeout_s=10)
        assert isinstance(model, LanguageModel)
        assert model.complete("rules", "question") == "echo: question"
    assert seen[0]["path"] == "/v1/chat/completions"
    assert (seen[0]["model"], seen[0]["key"], seen[0]["temperature"]) == ("tiny", "Bearer k", 0.0)
    assert [message["content"] for message in seen[0]["messages"]] == ["rules", "question"]


def test_nothing_of_the_environment_goes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/qzqsecretqzq")
    with serving() as (address, seen):
        assert ChatModel(address, "tiny", timeout_s=10).complete("rules", "question") == "echo: question"
    assert "qzqsecretqzq" not in json.dumps(seen)


def test_a_redirect_is_not_followed() -> None:
    with serving() as (other, sent_there), serving(307, location=f"{other}/chat/completions") as (address, _):
        with pytest.raises(LanguageModelFailed):
            ChatModel(address, "tiny", timeout_s=10).complete("rules", "question")
        assert sent_there == []


def test_a_fault_is_told_without_what_was_sent() -> None:
    with serving(400) as (address, _), pytest.raises(LanguageModelFailed) as raised:
        ChatModel(address, "tiny", timeout_s=10).complete("rules", "secret question")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_nobody_listening_is_a_fault_with_a_name() -> None:
    with pytest.raises(LanguageModelFailed, match=r"127\.0\.0\.1"):
        ChatModel("http://127.0.0.1:9/v1", "tiny", timeout_s=2).complete("rules", "question")


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("https://llm.example/v1", False),
        ("https://127.0.0.1.example/v1", False),
        ("https://10.0.0.5/v1", False),
    ],
)
def test_only_the_loopback_is_this_machine(address: str, local: bool) -> None:
    assert ChatModel(address, "tiny").is_local is local


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://llm.example/v1", "https"),
        ("http://10.0.0.5/v1", "https"),
        ("llm.example", "no address"),
        ("ftp://127.0.0.1/v1", "no address"),
        ("https://user:pass@llm.example/v1", "KB_LLM_API_KEY"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_with_what_to_do(address: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words) as raised:
        ChatModel(address, "tiny")
    assert "pass@" not in str(raised.value)


def test_it_is_off_unless_it_is_configured() -> None:
    assert build_language_model(Settings(_env_file=None)) is None  # type: ignore[call-arg]
    made = build_language_model(Settings(_env_file=None, llm="http://127.0.0.1:1/v1", llm_model="m", llm_api_key="k"))  # type: ignore[call-arg,arg-type]
    assert made is not None
    assert (made.name, made.host, made.is_local) == ("m", "127.0.0.1", True)
