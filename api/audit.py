"""The audit log: who, when, what kind of act, which texts in which version. Never a question, never a fact of a case.

One SQLite file in the data directory that is only added to. Each event carries a digest over itself and the event before it, so that
a changed or missing one shows. Events older than `KB_AUDIT_DAYS` are removed: longer than the law asks would be keeping for keeping's
sake. Why six months: Regulation (EU) 2024/1689, art. 26(6).
"""

import datetime as dt
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PURGE_EVERY_S = 3600.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  body TEXT NOT NULL,
  previous TEXT NOT NULL,
  digest TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_at ON events(at);
CREATE TABLE IF NOT EXISTS purging (before TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS events_remain BEFORE DELETE ON events
  WHEN NOT EXISTS (SELECT 1 FROM purging WHERE OLD.at < before)
  BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One act. `who` is a key's id, a pseudonym of an account, or `local`; see `api.auth`.

    `shown` is a list of `{document, form, version, places}`; without places the whole text. `changed` is {document: what became of it}.
    """

    who: str
    role: str
    action: str
    status: int = 200
    request_id: str | None = None
    generation: str | None = None
    as_of: str | None = None
    shown: Sequence[Mapping[str, Any]] = ()
    changed: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "who": self.who,
            "role": self.role,
            "action": self.action,
            "status": self.status,
            "request_id": self.request_id,
            "generation": self.generation,
            "as_of": self.as_of,
            "shown": [dict(item) for item in self.shown],
            "changed": dict(self.changed),
        }


class Audit:
    """The log of one data directory. The file is made at the first event, readable by its owner alone."""

    def __init__(self, data_dir: Path, *, keep_days: int) -> None:
        self.path = data_dir / "audit" / "events.sqlite"
        self.keep = dt.timedelta(days=keep_days)
        self._lock = threading.Lock()
        self._purged_at: float | None = None

    def write(self, event: Event) -> None:
        """Adds one event, durably, and now and then removes what is too old. Raises: OSError, sqlite3.Error."""
        with self._lock, self._writing() as database:
            at = _now().isoformat(timespec="milliseconds")
            body = json.dumps(event.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            last = database.execute("SELECT digest FROM events ORDER BY number DESC LIMIT 1").fetchone()
            previous = str(last[0]) if last else ""
            database.execute(
                "INSERT INTO events (at, body, previous, digest) VALUES (?, ?, ?, ?)", (at, body, previous, _digest(at, body, previous))
            )
            if self._purged_at is None or time.monotonic() - self._purged_at > _PURGE_EVERY_S:
                self._purge(database)
                self._purged_at = time.monotonic()

    def purge(self) -> int:
        """Removes the events older than the time they are kept; returns how many. Raises: OSError, sqlite3.Error."""
        if not self.path.is_file():
            return 0
        with self._lock, self._writing() as database:
            return self._purge(database)

    def events(self, *, since: dt.date | None = None) -> Iterator[dict[str, Any]]:
        """The events kept, oldest first, each with `number` and `at` (UTC). Raises: sqlite3.Error."""
        if not self.path.is_file():
            return
        with closing(self._connected()) as database:
            rows = database.execute(
                "SELECT number, at, body FROM events WHERE at >= ? ORDER BY number", (since.isoformat() if since else "",)
            )
            for number, at, body in rows:
                yield {"number": number, "at": at, **json.loads(body)}

    def broken(self) -> list[str]:
        """What is wrong with the chain of digests; empty for a sound log. Raises: sqlite3.Error."""
        if not self.path.is_file():
            return []
        problems = []
        with closing(self._connected()) as database:
            before: tuple[int, str] | None = None
            for number, at, body, previous, digest in database.execute(
                "SELECT number, at, body, previous, digest FROM events ORDER BY number"
            ):
                if digest != _digest(at, body, previous):
                    problems.append(f"event {number} is not what was written")
                if before is not None and (before[1] != previous or number != before[0] + 1):
                    problems.append(f"an event before event {number} is missing or not what was written")
                before = (number, digest)
            newest = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
            if newest and newest[0] != (before[0] if before else newest[0]):
                problems.append("the newest events are missing")
        return problems

    def _purge(self, database: sqlite3.Connection) -> int:
        before = (_now() - self.keep).isoformat(timespec="milliseconds")
        database.execute("INSERT INTO purging VALUES (?)", (before,))
        removed = database.execute("DELETE FROM events WHERE at < ?", (before,)).rowcount
        database.execute("DELETE FROM purging")
        return removed

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with closing(self._connected()) as database:
            database.executescript(_SCHEMA)
            # immediate: the digest of the last event is read and followed without another process between
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                database.execute("ROLLBACK")
                raise

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        database.execute("PRAGMA secure_delete = ON")
        return database


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _digest(at: str, body: str, previous: str) -> str:
    return hashlib.sha256(f"{previous}\n{at}\n{body}".encode()).hexdigest()
