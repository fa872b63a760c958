"""What became of each input of each run, and why. The sums always match: inputs = indexed + unchanged + new-version + skipped + failed."""

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Status = Literal["indexed", "unchanged", "new-version", "skipped", "failed"]
STATUSES: tuple[Status, ...] = ("indexed", "unchanged", "new-version", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One input. `reason` is a stable word, for skipped and failed ones always there; `detail` is for people."""

    input: str
    document_id: str | None
    kind: str | None
    status: Status
    reason: str | None = None
    passages: int = 0
    detail: str | None = None


def report(entries: Sequence[Entry]) -> dict[str, Any]:
    """The ledger as `dublin-kb ingest --json` prints it."""
    counts = Counter(entry.status for entry in entries)
    totals: dict[str, int] = {"inputs": len(entries), **{status: counts.get(status, 0) for status in STATUSES}}
    totals["passages"] = sum(entry.passages for entry in entries)
    return {"inputs": [asdict(entry) for entry in entries], "totals": totals}


class Ledger:
    """Keeps the runs in `ledger.sqlite`. A run that was killed stays `interrupted`; its inputs are read again by the next."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma secure_delete = on")
        self._db.executescript(
            "create table if not exists run (id integer primary key, started text not null, state text not null, generation text);"
            "create table if not exists entry (run_id integer not null, position integer not null, input text not null,"
            " document_id text, kind text, status text not null, reason text, passages integer not null, detail text,"
            " primary key (run_id, position)) without rowid;"
        )

    def close(self) -> None:
        self._db.close()

    def start(self) -> int:
        self._db.execute("update run set state = 'interrupted' where state = 'running'")
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        cursor = self._db.execute("insert into run (started, state) values (?, 'running')", (now,))
        return int(cursor.lastrowid or 0)

    def finish(self, run: int, entries: Sequence[Entry], generation: str | None) -> None:
        """All lines of the run and its end in one transaction."""
        self._db.execute("begin")
        rows = [(run, i, e.input, e.document_id, e.kind, e.status, e.reason, e.passages, e.detail) for i, e in enumerate(entries)]
        self._db.executemany("insert into entry values (?,?,?,?,?,?,?,?,?)", rows)
        self._db.execute("update run set state = 'done', generation = ? where id = ?", (generation, run))
        self._db.execute("commit")

    def runs(self) -> list[dict[str, Any]]:
        rows = self._db.execute("select id, started, state, generation from run order by id").fetchall()
        return [{"id": r[0], "started": r[1], "state": r[2], "generation": r[3]} for r in rows]

    def entries(self, run: int) -> list[Entry]:
        sql = "select input, document_id, kind, status, reason, passages, detail from entry where run_id = ? order by position"
        return [Entry(*row) for row in self._db.execute(sql, (run,))]

    def forget(self, document_id: str) -> int:
        """Takes the inputs of a document out of every run; returns how many lines."""
        count = self._db.execute("delete from entry where document_id = ?", (document_id,)).rowcount
        self._db.execute("vacuum")
        return count
