"""What a stranger, a browser or a careless setting can do: nothing. Numbers name the faults of the list (T14, T15, T17, T23, T50, T54)."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.limits import JSON_MAX_BYTES, nesting
from kb.errors import SettingsInvalid
from kb.wiring import KnowledgeBase
from tests import factories
from tests.factories import COURT_OF_JUSTICE, MARK, OLD_TEST


def sha(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def opened(base: KnowledgeBase, **changed: Any) -> TestClient:
    settings = base.settings.model_copy(update={name: _secret(name, value) for name, value in changed.items()})
    return TestClient(create_app(settings, base), base_url="http://127.0.0.1:8000")


def _secret(name: str, value: Any) -> Any:
    from pydantic import SecretStr

    return SecretStr(value) if name == "api_keys" else value


EVERY_PAGE = (
    "/",
    "/search",
    "/search?q=overdracht",
    f"/documents/{OLD_TEST}",
    "/documents",
    "/frameworks",
    "/frameworks/indirect-refoulement",
    "/case",
    "/check",
    "/coverage",
)
EVERY_ADDRESS = (
    *EVERY_PAGE,
    "/nothing",
    "/documents/none",
    "/search?q=x&as_of=bad",
    "/api/v1/search?q=overdracht",
    "/api/v1/nothing",
    "/healthz",
    "/readyz",
    "/static/kb.css",
    "/static/none",
)


# -- headers ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", EVERY_ADDRESS)
def test_every_answer_carries_the_safe_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    if not address.startswith("/static/kb"):
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", [*EVERY_PAGE, "/nothing"])
def test_no_page_holds_inline_script_style_or_a_foreign_address(client: TestClient, address: str) -> None:
    from lxml import html

    tree = html.document_fromstring(client.get(address).text)
    # a data block is no script: it cannot run, and the policy does not regard it
    assert not tree.xpath("//script[not(@src)][not(@type='application/ld+json')]"), "inline script"
    assert not tree.xpath("//style | //@style"), "inline style"
    assert not [a for a in tree.xpath("//@*") if a.attrname.startswith("on")], "inline handler"
    loaded = tree.xpath("//script/@src | //link/@href | //img/@src | //form/@action")
    assert loaded
    assert all(each.startswith("/") and not each.startswith("//") for each in loaded)
    assert not [href for href in tree.xpath("//a/@href") if not href.startswith(("/", "#", "https://", "http://"))]


# -- hosts, origins (T15, T23) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1/@evil",
        "127.0.0.1:8000/x?y=",
        "127.0.0.1#x",
        "user@127.0.0.1",
        "",
        "127.0.0.1 ",
        "[::2]",
        "localhost:abc",
    ],
)
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    for address in ("/", "/api/v1/search?q=x", "/healthz"):
        assert client.get(address, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
def test_our_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_the_servers_public_names_are_a_setting(base: KnowledgeBase) -> None:
    client = opened(base, allowed_hosts="kb.example.org, other.example")
    assert client.get("/healthz", headers={"Host": "kb.example.org"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "third.example"}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://127.0.0.1:8000"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1:9999"}, False),
        ({"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_a_page_of_another_site_cannot_post(client: TestClient, headers: dict[str, str], allowed: bool) -> None:
    for answered in (
        client.post("/api/v1/search", json={"q": "overdracht"}, headers=headers),
        client.post("/search", data={"q": "overdracht"}, headers=headers),
    ):
        assert answered.status_code == (200 if allowed else 403)


# -- sizes (T14, T17) --------------------------------------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_refused_unread(client: TestClient) -> None:
    answered = client.post("/api/v1/search", content=b"x" * (JSON_MAX_BYTES + 1), headers={"Content-Type": "application/json"})
    assert (answered.status_code, answered.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize(("path", "limit"), [("/api/v1/search", JSON_MAX_BYTES), ("/search", JSON_MAX_BYTES), ("/api/v1/documents", 2**20)])
def test_a_body_without_a_length_is_counted_while_it_comes(base: KnowledgeBase, path: str, limit: int) -> None:
    """What is read stays within the limit and 64 KiB for the part that passed it (and the multipart around an upload)."""
    settings = base.settings.model_copy(update={"upload_max_mb": 1, "api_keys": _secret("api_keys", f"editor:{sha('k')}")})
    app = create_app(settings, base)
    read, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        piece = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' if read == 0 else b"a" * 16384
        read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"multipart/form-data; boundary=b"), (b"authorization", b"Bearer k")]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 413
    assert read <= limit + 2 * 64 * 1024 + 16384


def test_deep_json_is_refused_before_it_is_parsed(client: TestClient) -> None:
    for depth, status in ((21, 400), (10_000, 400), (20, 422)):
        body = '{"q": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"
        assert client.post("/api/v1/search", content=body, headers={"Content-Type": "application/json"}).status_code == status


def test_brackets_in_words_are_no_nesting() -> None:
    assert nesting(b'{"q": "[[[[{{{{\\"[["}') == 1
    assert nesting(b'[[{"a": []}]]') == 4


def test_broken_json_is_told_without_being_echoed(client: TestClient) -> None:
    answered = client.post("/api/v1/search", content='{"q": "' + MARK, headers={"Content-Type": "application/json"})
    assert answered.status_code == 422
    assert MARK not in answered.text


def test_a_static_file_is_one_of_a_fixed_list(client: TestClient) -> None:
    assert client.get("/static/kb.css").headers["content-type"].startswith("text/css")
    for name in ("../pages.py", "..%2fpages.py", "KB.CSS", "kb.css%00", ".", "%2e%2e%2f%2e%2e%2fapp.py"):
        assert client.get(f"/static/{name}").status_code == 404
    many = client.get("/static/kb.css", headers={"Range": "bytes=" + ",".join(f"{i}-{i + 1}" for i in range(0, 20_000, 2))})
    assert many.status_code == 200


# -- keys (T54) -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "keys", "starts"),
    [
        ("127.0.0.1", None, True),
        ("localhost", None, True),
        ("::1", None, True),
        ("127.0.0.5", None, True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("192.168.1.5", None, False),
        ("kb.example.org", None, False),
        ("0.0.0.0", f"reader:{'a' * 64}", True),
        ("kb.example.org", f"reader:{'a' * 64},editor:{'b' * 64}", True),
        ("127.0.0.1", "editor:short", False),
        ("127.0.0.1", f"admin:{'a' * 64}", False),
        ("127.0.0.1", "a" * 64, False),
    ],
)
def test_the_server_is_open_to_others_only_with_keys(base: KnowledgeBase, host: str, keys: str | None, starts: bool) -> None:
    changed = {"host": host, **({"api_keys": keys} if keys else {})}
    if starts:
        opened(base, **changed)
    else:
        with pytest.raises(SettingsInvalid) as refused:
            opened(base, **changed)
        assert keys is None or keys not in str(refused.value)


def test_without_keys_nobody_writes_and_the_answer_says_what_to_do(client: TestClient) -> None:
    for answered in (client.post("/api/v1/documents", files={"file": ("a.txt", b"a")}), client.delete(f"/api/v1/documents/{OLD_TEST}")):
        assert (answered.status_code, answered.json()["code"]) == (403, "not-allowed")
        assert "KB_API_KEYS" in answered.json()["detail"]
    assert client.get(f"/api/v1/documents/{OLD_TEST}").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer wrong", 401), ("Bearer reading", 403), ("Basic OnJlYWRpbmc=", 401), ("Bearer ", 401), ("Bearer é", 401)],
)
def test_writing_needs_the_key_of_an_editor(base: KnowledgeBase, authorization: str | None, status: int) -> None:
    client = opened(base, api_keys=f"reader:{sha('reading')},editor:{sha('writing')}")
    headers = {"Authorization": authorization.encode()} if authorization else {}
    assert client.delete("/api/v1/documents/none", headers=headers).status_code == status
    assert client.delete("/api/v1/documents/none", headers={"Authorization": "Bearer writing"}).status_code == 404


@pytest.mark.parametrize(
    ("keys", "host", "reading_is_open"),
    [
        (f"editor:{sha('w')}", "127.0.0.1", True),
        (f"reader:{sha('r')}", "127.0.0.1", False),
        (f"editor:{sha('w')}", "0.0.0.0", False),
    ],
)
def test_reading_needs_a_key_once_readers_have_keys_or_others_can_reach_the_server(
    base: KnowledgeBase, keys: str, host: str, reading_is_open: bool
) -> None:
    client = opened(base, api_keys=keys, host=host)
    addresses = ("/api/v1/search?q=x", "/api/v1/documents", "/", "/search?q=overdracht", f"/documents/{OLD_TEST}")
    assert {client.get(address).status_code for address in addresses} == ({200} if reading_is_open else {401})
    key = "w" if "editor" in keys else "r"
    assert {client.get(address, headers={"Authorization": f"Bearer {key}"}).status_code for address in addresses} == {200}
    assert client.get("/", auth=("anyone", key)).status_code == 200
    assert client.get("/healthz").status_code == 200


# -- privacy (T50) ----------------------------------------------------------------------------------------------------------------


def test_no_word_of_a_question_reaches_a_log_or_the_disk(
    data_dir: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    base = factories.knowledge_base(data_dir)
    caplog.set_level("DEBUG")
    with TestClient(create_app(base.settings, base), base_url="http://127.0.0.1:8000") as client:
        for address in (
            f"/api/v1/search?q={MARK}", f"/api/v1/search?q={MARK}&court={MARK}", f"/api/v1/search?q={MARK}&as_of={MARK}",
            f"/api/v1/search?{MARK}=1",
            f"/api/v1/documents?court={MARK}", f"/api/v1/documents/{MARK}", f"/api/v1/passages/{MARK}%23x", f"/api/v1/export/{MARK}",
            f"/api/v1/frameworks/{MARK}", f"/api/v1/{MARK}", f"/search?q={MARK}", f"/search?q={MARK}&kind={MARK}", f"/documents/{MARK}",
            f"/frameworks/{MARK}", f"/{MARK}", f"/static/{MARK}", f"/documents/{COURT_OF_JUSTICE}?form={MARK}", f"/?lang={MARK}",
        ):  # fmt: skip
            client.get(address, headers={"Referer": f"http://x/{MARK}", "User-Agent": MARK, "Cookie": MARK})
        for body in ({"q": MARK}, {"q": MARK, "limit": MARK}, {MARK: MARK}, {"q": {"a": MARK}}, [MARK], {"q": MARK * 1000}):
            client.post("/api/v1/search", json=body)
        client.post("/api/v1/search", content=f'{{"q": "{MARK}', headers={"Content-Type": "application/json"})
        client.post("/api/v1/search", content=MARK, headers={"Content-Type": MARK})
        client.post("/search", data={"q": MARK})
        client.post("/search", content=MARK)
        client.post("/api/v1/documents", files={"file": (MARK, MARK.encode())})
        client.delete(f"/api/v1/documents/{MARK}")
        client.get("/", headers={"Host": MARK})
        client.get("/", headers={"Authorization": MARK})
    said = "".join(capfd.readouterr()) + "".join(
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith("http")  # the test's own client
    )
    assert '"event": "request"' in said
    assert MARK not in said
    assert not [path for path in data_dir.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def test_validation_problems_never_echo_what_was_sent(client: TestClient) -> None:
    for body in ({"q": "a", "limit": MARK}, {"q": "a", MARK: 1}, {"q": {"x": MARK}}, {"q": "a", "kind": [MARK]}, {"q": "a", "lang": MARK}):
        assert MARK not in client.post("/api/v1/search", json=body).text
    assert MARK not in client.get("/api/v1/search", params={"q": "a", MARK: MARK, "limit": MARK}).text


def test_a_long_text_has_no_shareable_address(client: TestClient) -> None:
    answered = client.post("/search", data={"q": f"{MARK} overdracht"})
    assert answered.status_code == 200
    assert answered.headers["cache-control"] == "no-store"
    from lxml import html

    tree = html.document_fromstring(answered.text)
    assert not [address for address in tree.xpath("//@href | //form/@action") if MARK in address]
    assert [form.get("method") for form in tree.xpath("//form[.//textarea or @id='filter-form']")] == ["post", "post"]
    assert MARK not in str(tree.xpath("string(//title)"))
