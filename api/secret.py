"""The one secret of an installation: made at first need, in the data directory, readable by its owner alone."""

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from kb.errors import SettingsInvalid

_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secret_path(data_dir: Path) -> Path:
    return data_dir / "keys" / "secret.key"


def derived(data_dir: Path, purpose: str) -> bytes:
    """32 bytes for one purpose, the same as long as the secret stays.

    Raises: SettingsInvalid where the file is open to others or is not one of ours; OSError where it cannot be made.
    """
    return hmac.new(_secret(secret_path(data_dir)), purpose.encode(), hashlib.sha256).digest()


def is_open_to_others(path: Path) -> bool:
    """Whether group or others may do anything with the file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & _OTHERS)


def _secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if is_open_to_others(path):
            raise SettingsInvalid(f"{path} can be read by others: delete it (everyone signs in again), or `chmod 600` it") from None
        held = path.read_bytes()
        if len(held) != _BYTES:
            raise SettingsInvalid(f"{path} is not a secret of {_BYTES} bytes: delete it, and everyone signs in again") from None
        return held
    with os.fdopen(descriptor, "wb") as made:
        fresh = secrets.token_bytes(_BYTES)
        made.write(fresh)
        made.flush()
        os.fsync(descriptor)
    return fresh
