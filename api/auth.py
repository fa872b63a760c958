"""Who may do what. Keys are random words of which we keep the SHA-256: `KB_API_KEYS=reader:<sha256>,editor:<sha256>`.

Without keys this machine reads and nobody writes over HTTP. With keys, writing needs an `editor` key; reading needs any key as
soon as a `reader` key exists or the server listens beyond this machine. Where people sign in with their office's accounts
(`api.oidc`), reading and writing also go by the role of the account.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from starlette.requests import HTTPConnection

from api.errors import NotAllowed, NotAuthenticated
from kb.errors import SettingsInvalid
from kb.settings import Settings

_ENTRY = re.compile(r"(reader|editor):([0-9a-f]{64})")


class Role(StrEnum):
    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: `key:` and twelve digits of the key's hash, `oidc:` and a pseudonym, or `local` where reading is open to this machine."""

    who: str
    role: Role


LOCAL = Identity("local", Role.READER)


@dataclass(frozen=True, slots=True)
class Keys:
    """The known keys, and whether reading is open."""

    entries: tuple[tuple[Role, str], ...]
    reading_open: bool

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Raises: SettingsInvalid for an entry that is not `role:sha256`, without quoting it."""
        raw = settings.api_keys.get_secret_value() if settings.api_keys else ""
        entries = []
        for number, part in enumerate((p.strip() for p in raw.split(",") if p.strip()), 1):
            match = _ENTRY.fullmatch(part.lower())
            if not match:
                raise SettingsInvalid(
                    f"KB_API_KEYS: entry {number} is not `reader:<sha256>` or `editor:<sha256>` "
                    "(the SHA-256 of the key in hex: printf %s KEY | sha256sum)"
                )
            entries.append((Role(match[1]), match[2]))
        has_readers = any(role is Role.READER for role, _ in entries)
        return cls(tuple(entries), reading_open=not has_readers and is_loopback(settings.host))

    def role_of(self, secret: str | None) -> Role | None:
        """The role of a key; every entry is compared, in constant time."""
        if not secret:
            return None
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
        found = None
        for role, known in self.entries:
            if hmac.compare_digest(digest, known) and found is not Role.EDITOR:
                found = role
        return found

    def identity(self, secret: str | None) -> Identity | None:
        """Who holds this key, by what may stand in a log; None for an unknown one."""
        role = self.role_of(secret)
        if secret is None or role is None:
            return None
        return Identity(f"key:{hashlib.sha256(secret.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}", role)


@dataclass(frozen=True, slots=True)
class Access:
    """Keys, and signed-in accounts where the office has them."""

    keys: Keys
    signed_in: Callable[[HTTPConnection], Identity | None] | None = None

    def reader(self, connection: HTTPConnection) -> Identity:
        """Who reads. Raises: NotAuthenticated."""
        identity = self.keys.identity(_secret(connection)) or self._account(connection)
        if identity is not None:
            return identity
        if self.keys.reading_open and self.signed_in is None:
            return LOCAL
        raise NotAuthenticated("this server answers to those it knows: send `Authorization: Bearer <key>`, or sign in where it is offered")

    def editor(self, connection: HTTPConnection) -> Identity:
        """Who writes. Raises: NotAllowed, NotAuthenticated."""
        if not any(role is Role.EDITOR for role, _ in self.keys.entries) and self.signed_in is None:
            raise NotAllowed(
                "nobody writes over HTTP on this server: start it with KB_API_KEYS=editor:<sha256 of a key>, "
                "or use `dublin-kb ingest` and `dublin-kb forget` on the machine itself"
            )
        # a browser sends Basic by itself, also when another site asks it to: writing takes Bearer, or the session's own cookie,
        # which no other site can make a browser send (SameSite=Strict)
        identity = self.keys.identity(_bearer(connection)) or self._account(connection)
        if identity is None:
            raise NotAuthenticated("writing needs a key with role editor: send `Authorization: Bearer <key>`")
        if identity.role is not Role.EDITOR:
            raise NotAllowed("this key or account reads; writing needs the role editor")
        return identity

    def _account(self, connection: HTTPConnection) -> Identity | None:
        return self.signed_in(connection) if self.signed_in else None


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_safe_address(settings: Settings, host: str) -> None:
    """Raises: SettingsInvalid for an address beyond this machine with neither keys nor sign-in."""
    if not is_loopback(host) and not Keys.of(settings).entries and not settings.oidc_issuer:
        raise SettingsInvalid(
            f"KB_HOST={host} would open this server to others, and no KB_API_KEYS are set: "
            "set KB_API_KEYS=reader:<sha256>,editor:<sha256> (or KB_OIDC_ISSUER), or listen on 127.0.0.1"
        )


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def _secret(connection: HTTPConnection) -> str | None:
    """The key of a program (Bearer) or of a person in a browser (Basic: the key is the password)."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return _bearer(connection)
