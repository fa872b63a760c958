"""When each publisher was last asked by this installation: read from what `dublin-kb fetch` keeps, never guessed."""

import contextlib
import datetime as dt
import sqlite3
from dataclasses import dataclass
from pathlib import Path

STATE_FILE = "fetch.sqlite"  # of `ingest.sources.state`, which the server does not import
_SQL = (
    "select source, max(case when status in ('fetched', 'unchanged', 'withdrawn') then asked_at end), "
    "sum(status in ('fetched', 'unchanged')), sum(status = 'failed') from text where asked_at > 0 group by source order by source"
)


@dataclass(frozen=True, slots=True)
class SourceChecked:
    """One publisher. `last` is the day of its last answer, None where it never answered."""

    source: str
    last: dt.date | None
    held: int  # texts that it gave
    failed: int  # texts that it did not give when last asked


def sources_checked(data_dir: Path) -> list[SourceChecked]:
    """Every publisher that was ever asked; empty where nothing was ever fetched, or what is kept of it cannot be read."""
    path = data_dir / STATE_FILE
    if not path.is_file():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as db:
            rows = db.execute(_SQL).fetchall()
    except sqlite3.Error:
        return []
    return [SourceChecked(str(name), _day(last), int(held or 0), int(failed or 0)) for name, last, held, failed in rows]


def _day(seconds: float | None) -> dt.date | None:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).date() if seconds else None
