"""`dublin-kb audit`: the events that were kept; and the events of the command line itself."""

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.audit import Audit
    from kb.settings import Settings

_CHANGING = ("indexed", "new-version")


def audit(
    since: Annotated[str | None, typer.Option(help="Events of this day (YYYY-MM-DD, UTC) and after it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line, for keeping elsewhere.")] = False,
) -> None:
    """Who did what and when: which documents, in which version, were shown or changed. No question and no fact is in it.

    Events older than KB_AUDIT_DAYS are removed first. Exit code 1 when an event is missing or was changed.
    """
    from api.requests import day_or, today
    from kb.settings import Settings

    day = day_or(since, today()) if since else None
    log = _log(Settings.load())
    log.purge()
    for event in log.events(since=day):
        typer.echo(json.dumps(event, ensure_ascii=False) if as_json else _line(event))
    problems = log.broken()
    for problem in problems:
        typer.echo(f"dublin-kb: {problem}", err=True)
    raise typer.Exit(int(bool(problems)))


def note(settings: "Settings", action: str, changed: Mapping[str, str], *, exit_code: int = 0) -> None:
    """Keeps an event of the command line; who is the account of the machine. That it could not be kept is said and no more."""
    from api.audit import Event

    pointer = settings.data_dir / "store" / "CURRENT"
    generation = pointer.readlink().name if pointer.is_symlink() else None
    event = Event(f"uid:{os.getuid()}", "operator", action, exit_code, generation=generation, changed=changed)
    try:
        _log(settings).write(event)
    except (OSError, sqlite3.Error) as error:
        typer.echo(f"dublin-kb: this could not be written into the audit log ({type(error).__name__}): see `dublin-kb doctor`", err=True)


def changed_since(settings: "Settings", started: dt.datetime) -> dict[str, str]:
    """{document: what became of it} of the builder's runs that began at `started` or later, from its ledger."""
    from contextlib import closing

    from kb.store.ledger import Ledger

    path = settings.data_dir / "ledger.sqlite"
    if not path.is_file():
        return {}
    with closing(Ledger(path)) as ledger:
        runs = [run for run in ledger.runs() if dt.datetime.fromisoformat(str(run["started"])) >= started.replace(microsecond=0)]
        entries = [entry for run in runs for entry in ledger.entries(run["id"])]
    return {entry.document_id: str(entry.status) for entry in entries if entry.document_id and str(entry.status) in _CHANGING}


def _log(settings: "Settings") -> "Audit":
    from api.audit import Audit

    return Audit(settings.data_dir, keep_days=settings.audit_days)


def _line(event: Mapping[str, object]) -> str:
    shown = event["shown"]
    changed = event["changed"]
    texts = [_text(item) for item in shown] if isinstance(shown, list) else []
    changes = [f"{document}: {what}" for document, what in changed.items()] if isinstance(changed, Mapping) else []
    told = "; ".join([*changes, *texts]) or "no document"
    return f"{event['at']}  {event['who']} ({event['role']})  {event['action']} {event['status']}  {told}"


def _text(item: Mapping[str, object]) -> str:
    places = item["places"]
    where = f" {', '.join(str(place) for place in places)}" if isinstance(places, list) and places else ""
    return f"{item['document']} [{item['form']} v{item['version'] or '?'}]{where}"
