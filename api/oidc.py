"""Sign-in with the office's own accounts, by OpenID Connect: authorization code, PKCE (S256), state and nonce.

Nothing of a person is kept but a pseudonym and a role in a signed cookie that ends after some hours. The provider's address is asked
for its keys and its token endpoint, and for nothing else; it never learns what is searched.

Two cookies. The one of a sign-in under way is `SameSite=Lax`, because the provider's page leads back here; it lives ten minutes. The one
of the session is `SameSite=Strict`: no page of another site can make a browser send it. Sources: OpenID Connect Core 1.0, RFC 7636
(PKCE), RFC 9207 (`iss` in the answer), RFC 9700 (security of OAuth 2.0).
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from api.auth import Identity, Role, is_loopback
from api.errors import SignInRefused, SignInUnavailable
from api.secret import derived
from kb.errors import SettingsInvalid
from kb.settings import Settings

SESSION_COOKIE = "__Host-dublin-kb"
UNDER_WAY_COOKIE = "dublin-kb-sign-in"
UNDER_WAY_S = 600
CALLBACK = "/auth/callback"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")  # never `none`, never a shared key
_LEEWAY_S = 60
_TIMEOUT_S = 10.0
_KEYS_FOR_S = 3600.0
_KEYS_AGAIN_S = 30.0  # an unknown key id asks again, but not with every forged token


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in under way: where the browser goes, and the value of its cookie."""

    address: str
    cookie: str


class SignIn:
    """The provider of these settings. Nothing is fetched before the first sign-in."""

    def __init__(self, settings: Settings) -> None:
        """Raises: SettingsInvalid for settings that do not belong together."""
        self._issuer = _required("KB_OIDC_ISSUER", settings.oidc_issuer)
        self._client_id = _required("KB_OIDC_CLIENT_ID", settings.oidc_client_id)
        self._client_secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
        self._claim = settings.oidc_roles_claim.split(".")
        self._roles = {Role.EDITOR: _listed(settings.oidc_editors), Role.READER: _listed(settings.oidc_readers)}
        self._hours = settings.session_hours
        public = _required("KB_PUBLIC_URL", settings.public_url).rstrip("/")
        for name, address in (("KB_OIDC_ISSUER", self._issuer), ("KB_PUBLIC_URL", public)):
            if not _is_safe(address):
                raise SettingsInvalid(f"{name}={address} is not an https address")
        if not any(self._roles.values()):
            raise SettingsInvalid("KB_OIDC_READERS and KB_OIDC_EDITORS are both empty: nobody could read; name the roles that may")
        self.callback_url = public + CALLBACK
        self._data_dir = settings.data_dir
        self._lock = threading.Lock()
        self._metadata: Mapping[str, Any] | None = None
        self._keys: Any = None
        self._fetched_at = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None where no provider is set. Raises: SettingsInvalid."""
        return cls(settings) if settings.oidc_issuer else None

    # -- the way in --------------------------------------------------------------------------------------------------------------

    def begin(self, back_to: str) -> Started:
        """A new sign-in; `back_to` is a path of this server. Raises: SignInUnavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._client() as client:
            endpoint = self._provider()["authorization_endpoint"]
            address, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        held = {"state": state, "nonce": nonce, "verifier": verifier, "back_to": _own_path(back_to)}
        return Started(address, self._signer("sign-in").dumps(held))

    def finish(self, answered: Mapping[str, str], cookie: str | None) -> tuple[Identity, str, str]:
        """(who signed in, the value of the session's cookie, where to go) from the provider's answer.

        Raises: SignInRefused, saying what did not fit and nothing of the person; SignInUnavailable.
        """
        held = self._read("sign-in", cookie, UNDER_WAY_S)
        if held is None:
            raise SignInRefused("this sign-in was not begun in this browser, or more than ten minutes ago: begin again")
        if not hmac.compare_digest(str(held["state"]), answered.get("state", "")):
            raise SignInRefused("the answer belongs to another sign-in: begin again")
        if "error" in answered:
            raise SignInRefused("the provider did not sign you in: begin again, or ask who manages the accounts")
        if answered.get("iss", self._issuer) != self._issuer:
            raise SignInRefused("the answer came from another provider than the one that was asked")
        claims = self._claims(answered.get("code", ""), held)
        role = self._role(claims)
        if role is None:
            raise SignInRefused("your account has no role on this server: ask who manages it")
        who = hmac.new(derived(self._data_dir, "pseudonym"), f"{self._issuer}\n{claims['sub']}".encode(), hashlib.sha256).hexdigest()
        identity = Identity(f"oidc:{who[:16]}", role)
        return identity, self._signer("session").dumps({"who": identity.who, "role": str(role)}), _own_path(str(held["back_to"]))

    # -- the session -------------------------------------------------------------------------------------------------------------

    def identity(self, connection: HTTPConnection) -> Identity | None:
        """Who the session's cookie says this is; None without one, with a changed one, or with one that has ended."""
        held = self._read("session", connection.cookies.get(SESSION_COOKIE), self._hours * 3600)
        if held is None:
            return None
        try:
            return Identity(str(held["who"]), Role(held["role"]))
        except (KeyError, ValueError):
            return None

    @property
    def session_s(self) -> int:
        return self._hours * 3600

    # -- the provider ------------------------------------------------------------------------------------------------------------

    def check_provider(self) -> str:
        """Asks the provider for what it says of itself; returns its issuer. Raises: SignInUnavailable."""
        return str(self._provider()["issuer"])

    def _claims(self, code: str, held: Mapping[str, Any]) -> Mapping[str, Any]:
        from authlib.integrations.base_client import OAuthError
        from httpx2 import HTTPError

        provider = self._provider()
        try:
            with self._client() as client:
                tokens = client.fetch_token(
                    provider["token_endpoint"], code=code, code_verifier=str(held["verifier"]), grant_type="authorization_code"
                )
        except OAuthError:
            raise SignInRefused("the provider did not accept the answer that it gave: begin again") from None
        except (HTTPError, ValueError) as error:
            raise SignInUnavailable(f"the sign-in provider does not answer ({type(error).__name__}): try again") from None
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise SignInRefused("the provider gave no ID token")
        return self._checked(token, str(held["nonce"]))

    def _checked(self, token: str, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token whose signature, issuer, audience, times and nonce fit. Raises: SignInRefused."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        try:
            try:
                decoded = jwt.decode(token, self._key_set(), algorithms=list(_ALGORITHMS))
            except InvalidKeyIdError:  # the provider may have changed its keys since
                decoded = jwt.decode(token, self._key_set(again=True), algorithms=list(_ALGORITHMS))
            claims: dict[str, Any] = decoded.claims
            jwt.JWTClaimsRegistry(
                leeway=_LEEWAY_S,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": self._client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise SignInRefused(f"the ID token is not accepted ({type(error).__name__}): begin again") from None
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != self._client_id:
            raise SignInRefused("the ID token was made for another program")
        return claims

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        """The highest role that the claim gives; None for no role."""
        value: Any = claims
        for part in self._claim:
            value = value.get(part) if isinstance(value, Mapping) else None
        given = {str(item) for item in value} if isinstance(value, list) else {value} if isinstance(value, str) else set()
        return next((role for role, names in self._roles.items() if names & given), None)

    def _provider(self) -> Mapping[str, Any]:
        """What the provider says of itself, fetched once an hour. Raises: SignInUnavailable."""
        with self._lock:
            if self._metadata is None or time.monotonic() - self._fetched_at > _KEYS_FOR_S:
                self._fetch()
            assert self._metadata is not None
            return self._metadata

    def _key_set(self, *, again: bool = False) -> Any:
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if self._keys is None or age > (_KEYS_AGAIN_S if again else _KEYS_FOR_S):
                self._fetch()
            return self._keys

    def _fetch(self) -> None:
        from httpx2 import Client, HTTPError
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            # redirects stay unfollowed and proxies of the environment unused: only the address that was set is asked
            with Client(timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
                found = client.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration").raise_for_status().json()
                if found["issuer"] != self._issuer:
                    raise SignInUnavailable("the sign-in provider calls itself by another name than KB_OIDC_ISSUER: write it exactly so")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not _is_safe(str(found[name])):
                        raise SignInUnavailable(f"the sign-in provider's {name} is not an https address")
                keys = KeySet.import_key_set(client.get(found["jwks_uri"]).raise_for_status().json())
        except (HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInUnavailable(f"the sign-in provider does not answer as it should ({type(error).__name__}): try again") from None
        self._metadata, self._keys, self._fetched_at = found, keys, time.monotonic()

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self._client_id,
            self._client_secret,
            scope="openid",
            redirect_uri=self.callback_url,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._client_secret else "none",
            timeout=_TIMEOUT_S,
            trust_env=False,
        )

    # -- signed values -----------------------------------------------------------------------------------------------------------

    def _signer(self, purpose: str) -> Any:
        from itsdangerous import URLSafeTimedSerializer

        options = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeTimedSerializer(derived(self._data_dir, purpose), salt=purpose, signer_kwargs=options)

    def _read(self, purpose: str, value: str | None, max_age_s: int) -> Mapping[str, Any] | None:
        from itsdangerous import BadData

        if not value or len(value) > 4096:
            return None
        try:
            held = self._signer(purpose).loads(value, max_age=max_age_s)
        except BadData:
            return None
        return held if isinstance(held, dict) else None


def _required(name: str, value: str | None) -> str:
    if not value:
        raise SettingsInvalid(f"{name} is not set, and sign-in needs it")
    return value


def _listed(text: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (text or "").split(",") if part.strip())


def _is_safe(address: str) -> bool:
    """https, or this machine itself."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(str(parts.hostname))))


def _own_path(path: str) -> str:
    """A path of this server without a query; the home page for anything else."""
    is_own = path.startswith("/") and not path.startswith(("//", "/auth", "/api")) and "\\" not in path and len(path) <= 500
    return urlsplit(path).path if is_own and path.isprintable() else "/"
