"""A small OpenID Connect provider on loopback, for tests: it checks PKCE, the code and the redirect address, and signs what it is told."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "dublin-kb"
CLIENT_SECRET = "a secret of the office"


class Provider:
    """`claims` are put over those of the ID token; None takes one out."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.next_key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
        self.reset()

    def reset(self) -> None:
        """As it was at the beginning; making keys takes long."""
        self.published = self.signed_by = self.key
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.told_issuer: str | None = None
        self.asked: list[str] = []
        self.bodies: list[dict[str, list[str]]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.is_down = False

    def authorize(self, address: str) -> str:
        """What the provider's page does after a person signed in there: the address it sends the browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def token(self, given: Mapping[str, list[str]], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(given["code"][0], None)
        verifier = given["code_verifier"][0]
        challenge = _base64(hashlib.sha256(verifier.encode()).digest()).decode()
        expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET.replace(' ', '+')}".encode()).decode()
        plain = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or challenge != asked["code_challenge"] or given["redirect_uri"][0] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if authorization not in (expected, plain):
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "person-17", "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": asked["nonce"],
            "name": "Zeer Herkenbaar", "email": "z.herkenbaar@example.org", "roles": ["asylum"], **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.header["alg"] == "RS256":
            token = jwt.encode(self.header, claims, self.signed_by)
        else:
            signed = b".".join(_base64(json.dumps(part).encode()) for part in (self.header, claims))
            # the public key misused as a shared one: the old confusion of HS256 with RS256
            shared = hmac.digest(self.key.as_pem(private=False), signed, "sha256") if self.header["alg"] == "HS256" else b""
            token = (signed + b"." + _base64(shared)).decode()
        return 200, {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token}

    def keys(self) -> dict[str, Any]:
        return dict(KeySet([self.published]).as_dict(private=False))


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, answering on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            if self.path == "/.well-known/openid-configuration":
                found = {
                    "issuer": provider.told_issuer or provider.issuer,
                    "authorization_endpoint": f"{provider.issuer}/authorize",
                    "token_endpoint": f"{provider.issuer}/token",
                    "jwks_uri": f"{provider.issuer}/keys",
                }
                self._answer(200, found)
            elif self.path == "/keys":
                self._answer(200, provider.keys())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            provider.bodies.append(given)
            self._answer(*provider.token(given, self.headers.get("Authorization", "")))

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            status = 503 if provider.is_down else status
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        provider = Provider(f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            listening.shutdown()
            thread.join()
