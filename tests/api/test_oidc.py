"""Sign-in with an office's accounts (T23): the whole way with a provider on loopback, and everything that must not let anyone in."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from fastapi.testclient import TestClient
from pydantic import SecretStr

from api.app import create_app
from api.audit import Audit
from api.oidc import SESSION_COOKIE, UNDER_WAY_COOKIE
from api.secret import secret_path
from kb.errors import SettingsInvalid
from kb.wiring import KnowledgeBase
from tests import factories
from tests.api import provider as fake
from tests.api.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.factories import OLD_TEST

PUBLIC = "https://kb.example.org"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with fake.running() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The one provider as it was at the beginning."""
    running.reset()
    return running


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return factories.knowledge_base(tmp_path_factory.mktemp("oidc"))


@pytest.fixture
def opened(held: KnowledgeBase, provider: Provider) -> Callable[..., TestClient]:
    def make(**changed: Any) -> TestClient:
        given = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_readers": "asylum, legal",
            "oidc_editors": "kb-editors",
            "public_url": PUBLIC,
            **changed,
        }
        settings = held.settings.model_copy(update=given)
        return TestClient(create_app(settings, held), base_url=PUBLIC, follow_redirects=False)

    return make


def begun(client: TestClient, address: str = "/auth/login") -> str:
    answered = client.get(address)
    assert answered.status_code == 303
    return answered.headers["location"]


def signed_in(client: TestClient, provider: Provider, address: str = "/auth/login") -> Any:
    """The answer of the callback after a sign-in at the provider."""
    back = provider.authorize(begun(client, address))
    return client.get(back.removeprefix(PUBLIC))


def test_a_reader_signs_in_reads_and_signs_out(opened: Callable[..., TestClient], provider: Provider) -> None:
    client = opened()
    away = client.get(f"/documents/{OLD_TEST}?as_of=2024-01-01")
    assert (away.status_code, away.headers["location"]) == (303, f"/auth/login?next=/documents/{OLD_TEST}")
    answered = signed_in(client, provider, away.headers["location"])
    assert answered.status_code == 200
    assert answered.headers["refresh"] == f"0; url=/documents/{OLD_TEST}"
    assert f'href="/documents/{OLD_TEST}"' in answered.text
    assert "code=" not in answered.text, "what the provider sent is in no link"
    assert client.get(f"/documents/{OLD_TEST}").status_code == 200
    assert client.get("/api/v1/search?q=overdracht").status_code == 200
    assert client.delete(f"/api/v1/documents/{OLD_TEST}").status_code == 403
    account = client.get("/auth", headers={"Accept-Language": "nl"}).text
    assert "U bent aangemeld" in account
    assert 'action="/auth/logout"' in account
    assert 'href="/auth"' in client.get("/").text
    assert client.post("/auth/logout", headers={"Origin": PUBLIC}).status_code == 303
    assert client.get("/api/v1/search?q=overdracht").status_code == 401


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"roles": ["asylum"]}, "reader"),
        ({"roles": "legal"}, "reader"),
        ({"roles": ["asylum", "kb-editors"]}, "editor"),
        ({"roles": ["kb-editors"]}, "editor"),
        ({"roles": ["other"]}, None),
        ({"roles": ["ASYLUM"]}, None),
        ({"roles": []}, None),
        ({"roles": None}, None),
        ({"roles": {"asylum": True}}, None),
        ({"roles": None, "groups": ["asylum"]}, None),
    ],
)
def test_the_role_follows_from_the_claim(
    opened: Callable[..., TestClient], provider: Provider, claims: dict[str, Any], role: str | None
) -> None:
    provider.claims = claims
    client = opened()
    answered = signed_in(client, provider)
    assert answered.status_code == (200 if role else 403)
    assert client.get("/api/v1/documents").status_code == (200 if role else 401)
    # an editor's request comes as far as the document, which is not there
    assert client.delete("/api/v1/documents/none").status_code == {"editor": 404, "reader": 403, None: 401}[role]


def test_a_claim_inside_a_claim_can_hold_the_roles(opened: Callable[..., TestClient], provider: Provider) -> None:
    provider.claims = {"roles": None, "realm_access": {"roles": ["asylum"]}}
    assert signed_in(opened(oidc_roles_claim="realm_access.roles"), provider).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-program"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another-program"]},
        {"aud": [CLIENT_ID, "another-program"], "azp": "another-program"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
        {"sub": None},
    ],
    ids=[
        "other-nonce", "no-nonce", "other-issuer", "no-issuer", "other-audience", "no-audience", "several-audiences", "made-for-another",
        "expired", "without-end", "from-the-future", "not-yet", "nobody",
    ],
)  # fmt: skip
def test_a_token_that_does_not_fit_lets_nobody_in(opened: Callable[..., TestClient], provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    client = opened()
    answered = signed_in(client, provider)
    assert answered.status_code == 403
    assert "sign-in-refused" in answered.text
    assert SESSION_COOKIE not in client.cookies
    assert client.get("/api/v1/documents").status_code == 401


@pytest.mark.parametrize("how", ["stranger", "none", "shared-key"])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(opened: Callable[..., TestClient], provider: Provider, how: str) -> None:
    provider.header["alg"] = {"stranger": "RS256", "none": "none", "shared-key": "HS256"}[how]
    if how == "stranger":
        provider.signed_by = provider.next_key  # under the name of the provider's own
    client = opened()
    assert signed_in(client, provider).status_code == 403
    assert client.get("/api/v1/documents").status_code == 401


def test_a_provider_that_changed_its_keys_is_asked_again(
    opened: Callable[..., TestClient], provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = opened()
    assert signed_in(client, provider).status_code == 200
    provider.published = provider.signed_by = provider.next_key
    provider.header["kid"] = "two"
    assert signed_in(client, provider).status_code == 403, "within half a minute an unknown key is not asked for"
    monkeypatch.setattr("api.oidc._KEYS_AGAIN_S", 0.0)
    assert signed_in(client, provider).status_code == 200


def _without_cookie(client: TestClient, back: str) -> Any:
    client.cookies.clear()
    return client.get(back)


def _with_other_state(client: TestClient, back: str) -> Any:
    return client.get(re.sub(r"state=[^&]+", "state=another", back))


def _without_state(client: TestClient, back: str) -> Any:
    return client.get(re.sub(r"&state=[^&]+", "", back))


def _of_another_browser(client: TestClient, back: str) -> Any:
    begun(client)  # a new sign-in: the cookie is that of the new one
    return client.get(back)


def _with_other_code(client: TestClient, back: str) -> Any:
    return client.get(re.sub(r"code=[^&]+", "code=guessed", back))


def _twice(client: TestClient, back: str) -> Any:
    cookie = client.cookies[UNDER_WAY_COOKIE]
    assert client.get(back).status_code == 200
    client.cookies.clear()
    client.cookies.set(UNDER_WAY_COOKIE, cookie, domain="kb.example.org", path="/auth")
    return client.get(back)


def _from_another_provider(client: TestClient, back: str) -> Any:
    return client.get(re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", back))


def _with_an_error(client: TestClient, back: str) -> Any:
    return client.get(back + "&error=access_denied&error_description=<script>zqxmarkerzq</script>")


def _too_late(client: TestClient, back: str) -> Any:
    with time_machine.travel(time.time() + 700, tick=True):
        return client.get(back)


def _changed_cookie(client: TestClient, back: str) -> Any:
    cookie = client.cookies[UNDER_WAY_COOKIE]
    client.cookies.clear()
    client.cookies.set(UNDER_WAY_COOKIE, "x" + cookie[1:], domain="kb.example.org", path="/auth")
    return client.get(back)


@pytest.mark.parametrize(
    "trick",
    [
        _without_cookie, _with_other_state, _without_state, _of_another_browser, _with_other_code, _twice, _from_another_provider,
        _with_an_error, _too_late, _changed_cookie,
    ],
)  # fmt: skip
def test_an_answer_that_does_not_belong_to_this_sign_in_lets_nobody_in(
    opened: Callable[..., TestClient], provider: Provider, trick: Callable[[TestClient, str], Any]
) -> None:
    client = opened()
    back = provider.authorize(begun(client)).removeprefix(PUBLIC)
    answered = trick(client, back)
    assert answered.status_code == 403
    assert "<script>zqxmarkerzq" not in answered.text
    assert SESSION_COOKIE not in answered.cookies


def test_a_parameter_given_twice_is_refused(opened: Callable[..., TestClient], provider: Provider) -> None:
    client = opened()
    back = provider.authorize(begun(client)).removeprefix(PUBLIC)
    assert client.get(back + "&state=another").status_code == 400


def test_each_sign_in_has_its_own_state_nonce_and_challenge(opened: Callable[..., TestClient]) -> None:
    client = opened()
    asked = [parse_qs(urlsplit(begun(client)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({values[name][0] for values in asked}) == 2
        assert all(len(values[name][0]) >= 43 for values in asked)
    assert [values["redirect_uri"] for values in asked] == [[f"{PUBLIC}/auth/callback"]] * 2


def test_the_cookies_say_how_they_may_be_sent(opened: Callable[..., TestClient], provider: Provider) -> None:
    client = opened()
    under_way = client.get("/auth/login").headers["set-cookie"]
    session = next(value for value in signed_in(client, provider).headers.get_list("set-cookie") if value.startswith(SESSION_COOKIE))
    for cookie, same_site, path in ((under_way, "lax", "/auth"), (session, "strict", "/")):
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "secure", f"samesite={same_site}", f"path={path}"} <= attributes
        assert not [attribute for attribute in attributes if attribute.startswith("domain")]
    assert session.startswith("__Host-")
    assert "Max-Age=28800" in session


def test_the_cookie_the_log_and_the_disk_name_no_person(
    opened: Callable[..., TestClient], provider: Provider, held: KnowledgeBase, capfd: pytest.CaptureFixture[str]
) -> None:
    import base64

    client = opened()
    signed_in(client, provider)
    client.get(f"/documents/{OLD_TEST}")
    told = capfd.readouterr().err
    events = list(Audit(held.settings.data_dir, keep_days=184).events())
    cookie = client.cookies[SESSION_COOKIE]
    inside = base64.urlsafe_b64decode(cookie.split(".")[0] + "==").decode()
    files = b"".join(path.read_bytes() for path in held.settings.data_dir.rglob("*") if path.is_file())
    for word in ("person-17", "Herkenbaar", "herkenbaar@"):
        assert word not in told + str(events) + inside + client.get("/metrics").text
        assert word.encode() not in files
    who = [event["who"] for event in events][-2:]
    assert [event["action"] for event in events][-2:] == ["sign-in", "read"]
    assert len(set(who)) == 1
    assert re.fullmatch(r"oidc:[0-9a-f]{16}", who[0])


def test_two_people_have_two_pseudonyms_and_each_keeps_theirs(
    opened: Callable[..., TestClient], provider: Provider, held: KnowledgeBase
) -> None:
    for subject in ("anna", "berend", "anna"):
        provider.claims = {"sub": subject}
        signed_in(opened(), provider)
    who = [event["who"] for event in Audit(held.settings.data_dir, keep_days=184).events() if event["action"] == "sign-in"][-3:]
    assert who[0] == who[2] != who[1]


def test_a_session_ends(opened: Callable[..., TestClient], provider: Provider) -> None:
    client = opened(session_hours=2)
    signed_in(client, provider)
    cookie = {"Cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"}
    with time_machine.travel(time.time() + 7100, tick=True):
        assert client.get("/api/v1/documents", headers=cookie).status_code == 200
    with time_machine.travel(time.time() + 7300, tick=True):
        assert client.get("/api/v1/documents", headers=cookie).status_code == 401


@pytest.mark.parametrize("how", ["changed", "cut", "of-a-sign-in", "of-another-server", "long", "empty"])
def test_a_session_that_we_did_not_sign_is_none(opened: Callable[..., TestClient], provider: Provider, how: str, tmp_path: Path) -> None:
    client = opened()
    under_way = client.get("/auth/login").cookies[UNDER_WAY_COOKIE]
    signed_in(client, provider)
    good = client.cookies[SESSION_COOKIE]
    other = opened(data_dir=tmp_path)
    signed_in(other, provider)
    value = {
        "changed": ("A" if good[5] != "A" else "B").join([good[:5], good[6:]]), "cut": good[:-1], "of-a-sign-in": under_way,
        "of-another-server": other.cookies[SESSION_COOKIE], "long": good + "x" * 5000, "empty": "",
    }[how]  # fmt: skip
    client.cookies.clear()
    assert client.get("/api/v1/documents", headers={"Cookie": f"{SESSION_COOKIE}={good}"}).status_code == 200
    assert client.get("/api/v1/documents", headers={"Cookie": f"{SESSION_COOKIE}={value}"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": PUBLIC}, 404), ({"Origin": "https://evil.example"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403)],
    ids=["own", "other", "cross-site"],
)
def test_an_editors_session_writes_from_our_own_pages_only(
    opened: Callable[..., TestClient], provider: Provider, headers: dict[str, str], status: int
) -> None:
    provider.claims = {"roles": ["kb-editors"]}
    client = opened()
    signed_in(client, provider)
    assert client.delete("/api/v1/documents/none", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/documents", "/documents"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/"),
        ("/auth/login", "/"),         ("/search?q=zqxmarkerzq", "/search"), ("", "/"), ("/a\r\nSet-Cookie: x=1", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 600, "/"),
    ],
)  # fmt: skip
def test_after_signing_in_a_person_stays_on_this_server(
    opened: Callable[..., TestClient], provider: Provider, asked: str, path: str
) -> None:
    from urllib.parse import quote

    answered = signed_in(opened(), provider, f"/auth/login?next={quote(asked, safe='')}")
    assert answered.headers["refresh"] == f"0; url={path}"
    assert "zqxmarkerzq" not in str(provider.asked) + str(provider.bodies)


def test_the_search_words_do_not_go_along_to_the_sign_in(opened: Callable[..., TestClient]) -> None:
    answered = opened().get("/search?q=zqxmarkerzq")
    assert answered.headers["location"] == "/auth/login?next=/search"
    assert "www-authenticate" not in answered.headers


def test_a_program_without_a_key_gets_a_problem_and_no_redirect(opened: Callable[..., TestClient]) -> None:
    answered = opened().get("/api/v1/search?q=x")
    assert (answered.status_code, answered.json()["code"]) == (401, "not-authenticated")


def test_keys_go_on_working_beside_sign_in(opened: Callable[..., TestClient]) -> None:
    from tests.api.test_safety import sha

    client = opened(api_keys=SecretStr(f"editor:{sha('k')}"))
    assert client.get("/api/v1/documents", headers={"Authorization": "Bearer k"}).status_code == 200
    assert client.get("/api/v1/documents").status_code == 401


@pytest.mark.parametrize("how", ["down", "other-name"])
def test_a_provider_that_does_not_answer_as_it_should_is_said(opened: Callable[..., TestClient], provider: Provider, how: str) -> None:
    provider.is_down = how == "down"
    provider.told_issuer = "https://evil.example" if how == "other-name" else None
    answered = opened().get("/auth/login")
    assert answered.status_code == 503
    assert "sign-in-unavailable" in answered.text
    assert answered.headers["retry-after"]


def test_the_provider_is_asked_for_itself_once(opened: Callable[..., TestClient], provider: Provider) -> None:
    client = opened()
    for _ in range(3):
        signed_in(client, provider)
    assert sorted(set(provider.asked)) == ["/.well-known/openid-configuration", "/keys", "/token"]
    assert provider.asked.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"oidc_client_id": None}, "KB_OIDC_CLIENT_ID"),
        ({"public_url": None}, "KB_PUBLIC_URL"),
        ({"public_url": "http://kb.example.org"}, "KB_PUBLIC_URL"),
        ({"oidc_issuer": "http://login.example.org"}, "KB_OIDC_ISSUER"),
        ({"oidc_issuer": "login.example.org"}, "KB_OIDC_ISSUER"),
        ({"oidc_readers": None, "oidc_editors": " , "}, "KB_OIDC_READERS"),
    ],
)
def test_half_a_configuration_does_not_start(opened: Callable[..., TestClient], changed: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsInvalid, match=word):
        opened(**changed)


def test_without_a_provider_there_is_no_sign_in(held: KnowledgeBase, tmp_path: Path) -> None:
    settings = held.settings.model_copy(update={"data_dir": tmp_path})
    client = TestClient(create_app(settings, held), base_url="http://127.0.0.1:8000")
    assert [client.get(f"/auth{path}").status_code for path in ("", "/login", "/callback")] == [404, 404, 404]
    assert 'href="/auth"' not in client.get("/").text
    assert client.post("/auth/logout").status_code == 404
    assert not secret_path(tmp_path).exists()


def test_a_secret_that_others_can_read_is_refused(opened: Callable[..., TestClient], tmp_path: Path) -> None:
    client = opened(data_dir=tmp_path)
    begun(client)
    assert secret_path(tmp_path).stat().st_mode & 0o777 == 0o600
    secret_path(tmp_path).chmod(0o644)
    assert client.get("/auth/login").status_code == 500
