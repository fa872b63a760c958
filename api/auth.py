"""Who may do what. Keys are random words of which we keep the SHA-256: `KB_API_KEYS=reader:<sha256>,editor:<sha256>`.

Without keys this machine reads and nobody writes over HTTP. With keys, writing needs an `editor` key; reading needs any key as
soon as a `reader` key exists or the server listens beyond this machine.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
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

    def require_reader(self, connection: HTTPConnection) -> None:
        """Raises: NotAuthenticated."""
        if not self.reading_open and self.role_of(_secret(connection)) is None:
            raise NotAuthenticated("this server answers to known keys only: send `Authorization: Bearer <key>`")

    def require_editor(self, connection: HTTPConnection) -> None:
        """Raises: NotAllowed, NotAuthenticated."""
        if not any(role is Role.EDITOR for role, _ in self.entries):
            raise NotAllowed(
                "nobody writes over HTTP on this server: start it with KB_API_KEYS=editor:<sha256 of a key>, "
                "or use `dublin-kb ingest` and `dublin-kb forget` on the machine itself"
            )
        # a browser sends Basic by itself, also when another site asks it to: writing takes Bearer only
        role = self.role_of(_bearer(connection))
        if role is None:
            raise NotAuthenticated("writing needs a key with role editor: send `Authorization: Bearer <key>`")
        if role is not Role.EDITOR:
            raise NotAllowed("this key reads; writing needs a key with role editor")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_safe_address(settings: Settings, host: str) -> None:
    """Raises: SettingsInvalid for an address beyond this machine without keys."""
    if not is_loopback(host) and not Keys.of(settings).entries:
        raise SettingsInvalid(
            f"KB_HOST={host} would open this server to others, and no KB_API_KEYS are set: "
            "set KB_API_KEYS=reader:<sha256>,editor:<sha256>, or listen on 127.0.0.1"
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
