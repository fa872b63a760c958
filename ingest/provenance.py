"""Where fetched bytes came from, and how every trace of them is taken out again.

For each fetched file `provenance/ab/<sha256>.json` keeps its address, status, the headers that matter, the time and the hash. What was
asked and answered stands in `fetch.sqlite`; the HTTP cache holds bodies for conditional requests; a file that is not yet in the store
waits in `fetched/`. All of it is under KB_DATA_DIR, and all of it is erased here when a document is forgotten or withdrawn.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

STATE_FILE = "fetch.sqlite"
HTTP_CACHE = Path("cache") / "http.sqlite"
SPOOL = "fetched"
REVIEW = Path("review") / "new-citations.json"
_FOLDER = "provenance"


@dataclass(frozen=True, slots=True)
class Provenance:
    """One answer of a publisher. `headers` are those that date, name or identify the file."""

    document_id: str
    part: str  # which text of it: a language, `xml`, `pdf`
    source: str  # the connector
    url: str  # where the bytes came from, after redirects
    asked_url: str
    status: int
    headers: Mapping[str, str]
    asked_at: str  # ISO 8601, UTC
    sha256: str
    size: int


def provenance_of(data_dir: Path, sha256: str) -> Provenance | None:
    """Where the bytes with this hash came from; None for a file that was not fetched."""
    try:
        return Provenance(**json.loads(_path(data_dir, sha256).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def keep_provenance(data_dir: Path, made: Provenance) -> None:
    path = _path(data_dir, made.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(asdict(made), ensure_ascii=False, indent=1).encode())


def write_whole(path: Path, content: bytes) -> None:
    """The file is there with all of its bytes, or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def erase(data_dir: Path, document_ids: Iterable[str], sources: Iterable[str] = ()) -> dict[str, int]:
    """Takes every trace of fetching out for these documents, and for the files with these hashes.

    Files, sidecars, cached answers, lines of the state and of the list for review; the databases are rewritten, so that the bytes are
    not left in their free pages. Returns how much of each was removed. Safe where nothing was ever fetched.
    """
    ids, hashes = set(document_ids), set(sources)
    removed = {"cached answers": 0, "fetched files": 0, "provenance": 0}
    keys: set[str] = set()
    state = data_dir / STATE_FILE
    if state.exists():
        with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as db:
            db.execute("pragma secure_delete = on")
            for document_id in ids:
                hashes |= {
                    row[0] for row in db.execute("select sha256 from text where document_id = ? and sha256 is not null", (document_id,))
                }
                hashes |= {row[0] for row in db.execute("select sha256 from file where document_id = ?", (document_id,))}
                keys |= {row[0] for row in db.execute("select cache_key from answer where document_id = ?", (document_id,))}
                for table in ("text", "file", "answer"):
                    db.execute(f"delete from {table} where document_id = ?", (document_id,))
            db.execute("vacuum")
            db.execute("pragma wal_checkpoint(truncate)")
    for sha256 in hashes:
        removed["provenance"] += _unlink(_path(data_dir, sha256))
        for waiting in (data_dir / SPOOL).glob(f"{sha256}*"):
            removed["fetched files"] += _remove_folder(waiting)
    removed["cached answers"] = _erase_cached(data_dir / HTTP_CACHE, keys)
    _erase_reviewed(data_dir / REVIEW, ids)
    return {name: count for name, count in removed.items() if count}


def _erase_cached(path: Path, keys: set[str]) -> int:
    """Deletes the answers with these keys from the HTTP cache; its write-ahead log is emptied."""
    if not path.exists():
        return 0
    count = 0
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        if not db.execute("select 1 from sqlite_master where name = 'entries'").fetchone():
            return 0
        db.execute("pragma secure_delete = on")
        db.execute("pragma foreign_keys = on")
        for key in keys:
            count += db.execute("delete from entries where cache_key = ?", (key.encode(),)).rowcount
        # an answer that was cut off while it was written has pieces and no end
        db.execute("delete from streams where entry_id not in (select id from entries)")
        db.execute("vacuum")
        db.execute("pragma wal_checkpoint(truncate)")
    return count


def _erase_reviewed(path: Path, ids: set[str]) -> None:
    if path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        kept = [line for line in held if line["document_id"] not in ids]
        if kept != held:
            write_whole(path, json.dumps(kept, ensure_ascii=False, indent=1).encode())


def _remove_folder(folder: Path) -> int:
    count = 0
    for path in folder.iterdir():
        count += _unlink(path)
    folder.rmdir()
    return count


def _unlink(path: Path) -> int:
    try:
        path.unlink()
    except FileNotFoundError:
        return 0
    return 1


def _path(data_dir: Path, sha256: str) -> Path:
    return data_dir / _FOLDER / sha256[:2] / f"{sha256}.json"
