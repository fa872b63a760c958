"""What `dublin-kb doctor` looks at around the index: files and who can read them, clock, lock, address, log of events, sign-in, server."""

import datetime as dt
import email.utils
import errno
import fcntl
import json
import os
import re
import socket
import sqlite3
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

from api.audit import Audit
from api.auth import is_loopback
from api.findings import Finding
from api.oidc import SignIn
from api.secret import is_open_to_others, secret_path
from kb.errors import KbError, SettingsInvalid
from kb.settings import Settings
from kb.store.ledger import Ledger

QDRANT_AT_LEAST = (1, 20)  # the text index that scores by BM25, as the pinned client asks for it
_PROBE_TIMEOUT_S = 2.0
_SKEW = dt.timedelta(minutes=2)
_LONG_BUILD = dt.timedelta(hours=6)
_LEFT_OVER = dt.timedelta(hours=1)
_RELEASED = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)  # no clock that runs right is before this version
_SECRETS = re.compile(rb"^\s*(?:export\s+)?(KB_API_KEYS|KB_QDRANT_API_KEY|KB_OIDC_CLIENT_SECRET)\s*=\s*\S", re.M | re.I)


def files(settings: Settings) -> Iterator[Finding]:
    """Who can read and write what is kept, and the file with the keys."""
    place = settings.data_dir
    sound = True
    if place.exists():
        if not place.is_dir() or not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            sound = False
            yield Finding(
                "problem", "files", f"{place} is not a directory that this account reads and writes", f"`chown` it to uid {os.getuid()}"
            )
        elif stat.S_IMODE(place.stat().st_mode) & stat.S_IWOTH:
            sound = False
            yield Finding("problem", "files", f"anyone on this machine can write in {place}", f"`chmod 700 {place}`")
        elif stat.S_IMODE(place.stat().st_mode) & stat.S_IROTH:
            yield Finding(
                "note", "files", f"others on this machine can read in {place}", f"`chmod 700 {place}` if documents are not public"
            )
    for path, told in ((Path(".env"), ".env holds keys"), (secret_path(settings.data_dir), "it signs the sessions")):
        if path.is_file() and is_open_to_others(path) and (path.name != ".env" or _SECRETS.search(path.read_bytes())):
            sound = False
            yield Finding("problem", "files", f"{path} can be read by others, and {told}", f"`chmod 600 {path}`, and change what is in it")
    if sound:
        yield Finding("ok", "files", "kept files are this account's to read and write")
    left = [path for path in (settings.data_dir / "uploads").glob("*") if _age(path) > _LEFT_OVER]
    if left:
        yield Finding(
            "note", "files", f"{len(left)} uploads were left by a server that was stopped", f"delete {settings.data_dir / 'uploads'}"
        )


def lock(settings: Settings) -> Iterator[Finding]:
    """Whether somebody builds, for how long, and whether the last run came to its end."""
    path = settings.data_dir / "store" / "build.lock"
    holder = _holder(path)
    if holder is not None:
        lasting = _age(path)
        message = f"the index is being built by {holder or 'an unknown process'}, for {lasting.total_seconds() / 60:.0f} minutes"
        if lasting > _LONG_BUILD or not _lives(holder):
            yield Finding("problem", "lock", message, "see whether that process still works; end it, then run `dublin-kb ingest` again")
        else:
            yield Finding("note", "lock", message, "wait for it to end")
        return
    ledger_path = settings.data_dir / "ledger.sqlite"
    if ledger_path.is_file():
        with closing(Ledger(ledger_path)) as ledger:
            runs = ledger.runs()
        if runs and runs[-1]["state"] == "running":
            yield Finding(
                "problem", "lock", f"the run of {runs[-1]['started']} was ended before it was done", "run `dublin-kb ingest` again"
            )
            return
    yield Finding("ok", "lock", "nobody is building, and the last run came to its end")


def clock(settings: Settings) -> Iterator[Finding]:
    """Standing, deadlines and sessions follow this machine's clock."""
    now = dt.datetime.now(dt.UTC)
    remedy = "set the clock (`timedatectl set-ntp true`); until then give --as-of with every question"
    if now < _RELEASED:
        yield Finding("problem", "clock", f"it says {now:%Y-%m-%d}, which is before this version was made", remedy)
        return
    for what, made in _moments(settings):
        if made - now > _SKEW:
            yield Finding("problem", "clock", f"it says {now:%Y-%m-%d %H:%M} UTC, and {what} was made at {made:%Y-%m-%d %H:%M} UTC", remedy)
            return
    yield Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M} UTC")


def port(settings: Settings) -> Iterator[Finding]:
    """Whether the server could listen where it is told to."""
    host = settings.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        yield Finding("problem", "port", f"{settings.host} is no address of this machine", "correct KB_HOST")
        return
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
            trial.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = f"something listens on {settings.host}:{settings.port}: this server, or another program"
                yield Finding("note", "port", message, "where it is another program, set KB_PORT")
            else:
                yield Finding(
                    "problem",
                    "port",
                    f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}",
                    "correct KB_HOST or KB_PORT",
                )
            return
    yield Finding("ok", "port", f"{settings.host}:{settings.port} is free")


def require_free_port(settings: Settings) -> None:
    """Raises: SettingsInvalid where the server could not listen, before anything is loaded."""
    for finding in port(settings):
        if finding.level != "ok":
            raise SettingsInvalid(f"{finding.message}; {finding.remedy}")


def audit(settings: Settings) -> Iterator[Finding]:
    """Whether the log of events is whole and can be added to."""
    log = Audit(settings.data_dir, keep_days=settings.audit_days)
    remedy = f"keep a copy of {log.path}, find out who had access, then move it away: a new one begins"
    if not log.path.exists():
        yield Finding("ok", "audit", "no events yet")
        return
    try:
        broken = log.broken()
    except (OSError, sqlite3.Error) as error:
        yield Finding("problem", "audit", f"{log.path} cannot be read ({type(error).__name__})", remedy)
        return
    for problem in broken[:5]:
        yield Finding("problem", "audit", f"{log.path}: {problem}", remedy)
    if is_open_to_others(log.path):
        yield Finding("problem", "audit", f"{log.path} can be read by others", f"`chmod 600 {log.path}`")
    elif not os.access(log.path, os.W_OK):
        yield Finding("problem", "audit", f"{log.path} cannot be written", f"`chown` it to uid {os.getuid()}")
    elif not broken:
        yield Finding("ok", "audit", f"{sum(1 for _ in log.events())} events, kept for {settings.audit_days} days")
    if settings.audit_days < 184:
        yield Finding(
            "note", "audit", f"events are kept for {settings.audit_days} days", "a public body keeps them six months: KB_AUDIT_DAYS=184"
        )


def sign_in(settings: Settings) -> Iterator[Finding]:
    """Whether the office's provider is set as it should be, and answers."""
    try:
        held = SignIn.of(settings)
        if held is None:
            yield Finding("ok", "sign-in", "no provider: keys only")
            return
        issuer = held.check_provider()
    except KbError as error:
        yield Finding(
            "problem", "sign-in", str(error), "correct the KB_OIDC_* settings, or see whether the provider can be reached from here"
        )
        return
    yield Finding("ok", "sign-in", f"{issuer} answers; register {held.callback_url} there as the address to come back to")


def server(settings: Settings) -> Iterator[Finding]:
    """The Qdrant server: reachable, new enough, closed to strangers, open to us, and on the same clock."""
    if not settings.qdrant_url:
        yield Finding("ok", "qdrant", "the engine runs in this process; no server")
        return
    base = settings.qdrant_url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        yield Finding("problem", "qdrant", "KB_QDRANT_URL is no http address", "write it as http://host:6333")
        return
    key = {"api-key": settings.qdrant_api_key.get_secret_value()} if settings.qdrant_api_key else {}
    try:
        told, headers, _ = _asked(base + "/", key)
        _, _, stranger = _asked(base + "/collections", {})
        _, _, ours = _asked(base + "/collections", key)
    except OSError as error:
        yield Finding("problem", "qdrant", f"the server does not answer: {error}", "start it, or unset KB_QDRANT_URL")
        return
    sound = True
    version = str(told.get("version", ""))
    parts = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    wanted = ".".join(str(part) for part in QDRANT_AT_LEAST)
    if len(parts) < 2:
        sound = False
        yield Finding("problem", "qdrant", "what answers there does not say that it is Qdrant", "correct KB_QDRANT_URL")
    elif parts < QDRANT_AT_LEAST:
        sound = False
        yield Finding("problem", "qdrant", f"the server is version {version}, and {wanted} is needed", f"upgrade it to {wanted} or later")
    if stranger == 200:
        sound = False
        remedy = "set QDRANT__SERVICE__API_KEY there and KB_QDRANT_API_KEY here, and let it listen on 127.0.0.1 (QDRANT__SERVICE__HOST)"
        yield Finding("problem", "qdrant", "the server gives everything to anyone who reaches it, without a key", remedy)
    elif ours != 200:
        sound = False
        message = f"the server asks for a key and does not take ours ({ours})" if key else f"the server asks for a key ({stranger})"
        yield Finding("problem", "qdrant", message, "set KB_QDRANT_API_KEY to the key of the server (QDRANT__SERVICE__API_KEY)")
    if key and base.startswith("http://") and not is_loopback(str(urlsplit(base).hostname)):
        yield Finding("note", "qdrant", "the key goes over the network in the clear", "use https, or a network that nobody else is on")
    away = _skew(headers)
    if away is not None and away > _SKEW:
        sound = False
        message = f"the server's clock and ours are {away.total_seconds() / 60:.0f} minutes apart"
        yield Finding("problem", "clock", message, "set both clocks (`timedatectl set-ntp true`)")
    if sound:
        yield Finding("ok", "qdrant", f"version {version}, closed to strangers")


def _asked(address: str, headers: Mapping[str, str]) -> tuple[dict[str, object], Mapping[str, str], int]:
    """(JSON, headers, status) of an answer. Raises: OSError for none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=dict(headers)), timeout=_PROBE_TIMEOUT_S) as answered:
            body, held, status = answered.read(65536), dict(answered.headers), answered.status
    except urllib.error.HTTPError as error:
        return {}, dict(error.headers), error.code
    try:
        found = json.loads(body)
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}, held, status


def _skew(headers: Mapping[str, str]) -> dt.timedelta | None:
    try:
        theirs = email.utils.parsedate_to_datetime(headers["Date"] or "")
    except (KeyError, ValueError, TypeError):
        return None
    return abs(dt.datetime.now(dt.UTC) - theirs)


def _moments(settings: Settings) -> Iterator[tuple[str, dt.datetime]]:
    """When things that are kept here were made, by the clock of then."""
    manifest = settings.data_dir / "store" / "CURRENT" / "manifest.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        yield "the index", dt.datetime.fromisoformat(str(json.loads(manifest.read_text(encoding="utf-8"))["made_at"]))
    path = settings.data_dir / "ledger.sqlite"
    if path.is_file():
        with closing(Ledger(path)) as ledger:
            for run in ledger.runs()[-1:]:
                yield "the last run", dt.datetime.fromisoformat(str(run["started"]))


def _holder(path: Path) -> str | None:
    """Who holds the lock, as it says; None where nobody does."""
    try:
        with path.open(encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return held.read(200).strip()
    except OSError:
        return None
    return None


def _lives(holder: str) -> bool:
    """False only where the lock names a process of this machine that is gone: its child, or another machine, then holds the lock."""
    match = re.fullmatch(r"pid (\d+) on (.+)", holder)
    return match is None or match[2] != socket.gethostname() or Path(f"/proc/{match[1]}").exists()


def _age(path: Path) -> dt.timedelta:
    try:
        return dt.datetime.now(dt.UTC) - dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except OSError:
        return dt.timedelta(0)
