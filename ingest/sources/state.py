"""What was asked, what came of it, and which hosts are left alone for now: `fetch.sqlite`, one short transaction an answer.

A run that is killed loses at most the answer it was reading; the next run goes on where it stopped, because what was answered is not
asked again for `ask_again_after_s`, and what was fetched and is not yet in the store waits under `fetched/`.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ingest.provenance import SPOOL, STATE_FILE, write_whole
from ingest.sources.problems import NOT_ANSWERED
from ingest.sources.wanted import Wanted

Status = Literal["fetched", "unchanged", "failed", "skipped", "withdrawn"]
_SCHEMA = """
create table if not exists text (
  document_id text not null, part text not null, source text not null, status text not null, reason text, detail text, url text,
  sha256 text, asked_at real not null, official_id text, hints text not null default '{}', primary key (document_id, part)) without rowid;
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
        # a lost line after a power cut is one question asked again: no flush to disk for each
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma secure_delete = on")
        self._db.executescript(f"begin immediate; {_SCHEMA} commit;")

    def close(self) -> None:
        self._db.close()

    # -- texts

    def line(self, document_id: str, part: str) -> Line | None:
        sql = "select document_id, part, source, status, asked_at, reason, detail, url, sha256 from text where document_id = ? and part = ?"
        row = self._db.execute(sql, (document_id, part)).fetchone()
        return Line(*row) if row else None

    def put(self, wanted: Wanted, line: Line) -> None:
        sql = (
            "insert or replace into text (document_id, part, source, status, asked_at, reason, detail, url, sha256, official_id, hints)"
            " values (?,?,?,?,?,?,?,?,?,?,?)"
        )
        values = (line.document_id, line.part, line.source, line.status, line.asked_at, line.reason, line.detail, line.url, line.sha256)
        self._db.execute(sql, (*values, wanted.official_id, json.dumps(dict(wanted.hints))))

    def note(self, wanted: Wanted) -> None:
        """What a feed named: kept before it is asked for, so that a killed run does not lose it. Nothing changes for a known text."""
        sql = (
            "insert or ignore into text (document_id, part, source, status, asked_at, reason, official_id, hints)"
            " values (?,?,?,'failed',0,'not-asked',?,?)"
        )
        self._db.execute(sql, (wanted.document_id, wanted.part, wanted.source, wanted.official_id, json.dumps(dict(wanted.hints))))

    def unanswered(self) -> list[Wanted]:
        """Texts that were wanted before and never answered: a host was down or paused, or the run ended."""
        marks = ",".join("?" for _ in NOT_ANSWERED)
        sql = (
            "select document_id, source, part, official_id, hints from text"
            f" where status = 'failed' and reason in ({marks}) order by document_id, part"
        )
        rows = self._db.execute(sql, sorted(NOT_ANSWERED)).fetchall()
        return [Wanted(r[0], r[1], r[2], r[3], json.loads(r[4])) for r in rows]

    def all_wanted(self) -> list[Wanted]:
        """Every text that was ever fetched, as it was asked for."""
        sql = "select document_id, source, part, official_id, hints from text where sha256 is not null order by document_id, part"
        return [Wanted(r[0], r[1], r[2], r[3], json.loads(r[4])) for r in self._db.execute(sql).fetchall()]

    def keep(self, wanted: Wanted, line: Line, content: bytes, name: str) -> None:
        """A fetched file and its line: the file is on disk before anything says so."""
        assert line.sha256
        folder = self._spool / line.sha256
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content)
        with self._transaction():
            self.put(wanted, line)
            sql = "insert or replace into file (sha256, document_id, part, name, official_id, waiting) values (?,?,?,?,?,1)"
            self._db.execute(sql, (line.sha256, line.document_id, line.part, name, wanted.official_id))

    def remember_answer(self, document_id: str, cache_key: str) -> None:
        """Which entries of the HTTP cache hold this document's text, so that they can be erased with it."""
        self._db.execute("insert or ignore into answer values (?, ?)", (document_id, cache_key))

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

    def cursors(self) -> dict[str, str]:
        """Feed to the last day up to which it was walked."""
        return dict(self._db.execute("select name, value from cursor order by name").fetchall())

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
