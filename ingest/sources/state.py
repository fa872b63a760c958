"""What was asked, what came of it, and which hosts are left alone for now: `fetch.sqlite`, one short transaction an answer.

A run that is killed loses at most the answer it was reading; the next run goes on where it stopped, because what was answered is not
asked again for `ask_again_after_s`, and what was fetched and is not yet in the store waits under `fetched/`.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.provenance import SPOOL, STATE_FILE, write_whole

Status = Literal["fetched", "unchanged", "failed", "skipped", "withdrawn"]
_SCHEMA = """
create table if not exists text (
  document_id text not null, part text not null, source text not null, status text not null, reason text, detail text, url text,
  sha256 text, asked_at real not null, primary key (document_id, part)) without rowid;
create table if not exists file (
  sha256 text not null, document_id text not null, part text not null, name text not null, official_id text, waiting integer not null,
  outcome text, primary key (sha256, document_id)) without rowid;
create table if not exists answer (document_id text not null, cache_key text not null, primary key (document_id, cache_key)) without rowid;
create table if not exists host (name text primary key, asked_at real not null default 0, not_before real not null default 0, why text);
create table if not exists cursor (name text primary key, value text not null);
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one text of one document: when it was last asked for (seconds since 1970) and what came."""

    document_id: str
    part: str
    source: str
    status: Status
    asked_at: float
    reason: str | None = None
    detail: str | None = None
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A fetched file that is not yet in the store. `official_id` is None where only its bytes name it."""

    sha256: str
    document_id: str
    part: str
    path: Path
    official_id: str | None


class State:
    """Of one data directory; one process at a time (the run holds a lock)."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._spool = data_dir / SPOOL
        self._db = sqlite3.connect(data_dir / STATE_FILE, isolation_level=None)
        self._db.execute("pragma secure_delete = on")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    # -- texts

    def line(self, document_id: str, part: str) -> Line | None:
        sql = "select document_id, part, source, status, asked_at, reason, detail, url, sha256 from text where document_id = ? and part = ?"
        row = self._db.execute(sql, (document_id, part)).fetchone()
        return Line(*row) if row else None

    def put(self, line: Line) -> None:
        sql = (
            "insert or replace into text (document_id, part, source, status, asked_at, reason, detail, url, sha256)"
            " values (?,?,?,?,?,?,?,?,?)"
        )
        values = (line.document_id, line.part, line.source, line.status, line.asked_at, line.reason, line.detail, line.url, line.sha256)
        self._db.execute(sql, values)

    def keep(self, line: Line, content: bytes, name: str, official_id: str | None) -> None:
        """A fetched file and its line: the file is on disk before anything says so."""
        assert line.sha256
        folder = self._spool / line.sha256
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content)
        with self._transaction():
            self.put(line)
            sql = "insert or replace into file (sha256, document_id, part, name, official_id, waiting) values (?,?,?,?,?,1)"
            self._db.execute(sql, (line.sha256, line.document_id, line.part, name, official_id))

    def remember_answer(self, document_id: str, cache_key: str) -> None:
        """Which entries of the HTTP cache hold this document's text, so that they can be erased with it."""
        self._db.execute("insert or ignore into answer values (?, ?)", (document_id, cache_key))

    def documents_with(self, status: Status) -> set[str]:
        return {row[0] for row in self._db.execute("select distinct document_id from text where status = ?", (status,))}

    def known(self) -> set[str]:
        """Documents of which a text was ever fetched."""
        return {row[0] for row in self._db.execute("select distinct document_id from text where sha256 is not null")}

    # -- files on their way into the store

    def waiting(self) -> list[WaitingFile]:
        rows = self._db.execute(
            "select sha256, document_id, part, name, official_id from file where waiting = 1 order by document_id, part"
        )
        return [WaitingFile(r[0], r[1], r[2], self._spool / r[0] / r[3], r[4]) for r in rows.fetchall()]

    def taken(self, file: WaitingFile, outcome: str) -> None:
        """The store has had the file: it holds its own copy of what it could read."""
        self._db.execute(
            "update file set waiting = 0, outcome = ? where sha256 = ? and document_id = ?", (outcome, file.sha256, file.document_id)
        )
        if not self._db.execute("select 1 from file where sha256 = ? and waiting = 1", (file.sha256,)).fetchone():
            with contextlib.suppress(FileNotFoundError, OSError):
                file.path.unlink()
                file.path.parent.rmdir()

    def outcome(self, sha256: str, document_id: str) -> str | None:
        """What the store made of these bytes for this document (a ledger status); None for bytes it never had."""
        row = self._db.execute(
            "select outcome from file where sha256 = ? and document_id = ? and waiting = 0", (sha256, document_id)
        ).fetchone()
        return row[0] if row else None

    # -- hosts

    def asked(self, host: str, at: float) -> None:
        self._db.execute(
            "insert into host (name, asked_at) values (?, ?) on conflict (name) do update set asked_at = excluded.asked_at", (host, at)
        )

    def leave_alone(self, host: str, until: float, why: str) -> None:
        sql = (
            "insert into host (name, not_before, why) values (?,?,?)"
            " on conflict (name) do update set not_before = excluded.not_before, why = excluded.why"
        )
        self._db.execute(sql, (host, until, why))

    def host(self, name: str) -> tuple[float, float, str | None]:
        """(when it was last asked, before when it is not asked, why not), in seconds since 1970."""
        row = self._db.execute("select asked_at, not_before, why from host where name = ?", (name,)).fetchone()
        return (row[0], row[1], row[2]) if row else (0.0, 0.0, None)

    # -- feeds

    def cursor(self, name: str) -> str | None:
        row = self._db.execute("select value from cursor where name = ?", (name,)).fetchone()
        return row[0] if row else None

    def move_cursor(self, name: str, value: str) -> None:
        self._db.execute("insert or replace into cursor values (?, ?)", (name, value))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")
