"""The fetching process: `python -m ingest.sources [ID ...|--all] [--since DATE]` asks the official sources and ingests what they send.

Exit status: 0 all went well, 1 a document or feed failed, 2 the run could not be made, 3 another process is fetching or building.
"""

import argparse
import json
import sys
from contextlib import closing

from ingest.sources.builder import contact_of, locked, open_run, open_store, since_of
from ingest.sources.run import Order, Report
from ingest.sources.state import State
from kb.errors import KbError, StoreBusy
from kb.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    parser = _options()
    options = parser.parse_args(arguments)
    if not options.ids and not options.all and not options.since:
        parser.error("say what to fetch: identifiers, --all or --since DATE")
    try:
        settings = Settings.load()
        if not options.dry_run:
            contact_of(settings)
        with locked(settings.data_dir), closing(State(settings.data_dir)) as state, open_store(settings) as store:
            order = Order(
                ids=options.ids,
                everything=options.all,
                since=since_of(options.since, state) if options.since else None,
                again=options.again,
                dry_run=options.dry_run,
            )
            with open_run(settings, store, state) as run:
                made = run.make(order)
    except StoreBusy as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except KbError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"the run could not be made: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on where this one stopped\n")
        return 1
    if options.json:
        sys.stdout.write(json.dumps(made.to_json(), ensure_ascii=False, indent=1, default=str) + "\n")
    else:
        tell(made)
    return 1 if made.failed else 0


def tell(made: Report) -> None:
    """The summary for people: each document that needs attention, then the sums."""
    for line in made.lines:
        if line.status in ("failed", "fetched") or line.reason in ("metadata-only", "dry-run", "forgotten", "withdrawn"):
            reason = f" ({line.reason})" if line.reason else ""
            part = f" [{line.part}]" if line.part else ""
            sys.stdout.write(f"{line.status:<10}{line.document_id}{part}{reason}{f': {line.detail}' if line.detail else ''}\n")
    for feed in made.feeds:
        took = f"{feed.listed} listed, {feed.new} new, {feed.changed} changed, {feed.withdrawn} withdrawn"
        why = f" ({feed.reason}: {feed.detail})" if feed.reason else ""
        sys.stdout.write(f"{feed.status:<10}{feed.name}: {took}{why}\n")
    for item in made.withdrawn:
        sys.stdout.write(f"withdrawn {item.document_id} ({item.kind}): {item.status}{f', now {item.now}' if item.now else ''}\n")
    for entry in made.ledger:
        if entry.status in ("failed", "skipped"):
            sys.stdout.write(f"{entry.status:<10}{entry.input} ({entry.reason}): {entry.detail or ''}\n")
    for found in made.review:
        cited = ", ".join(dict.fromkeys(cite.document_id for cite in found.cites))
        sys.stdout.write(f"review    {found.document_id} cites {cited}\n")
    body = made.to_json()
    texts = ", ".join(f"{count} {name}" for name, count in body["totals"].items() if count)
    kept = ", ".join(f"{count} {name}" for name, count in body["ledger"]["totals"].items() if count)
    asked = ", ".join(f"{host} {count}" for host, count in made.requests.items())
    sys.stdout.write(f"{texts or 'nothing to ask for'}; ingested: {kept or 'nothing'}; requests: {asked or 'none'}\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.sources", description=__doc__)
    parser.add_argument("ids", nargs="*", help="ECLIs, or ids and names of catalogued documents")
    parser.add_argument("--all", action="store_true", help="every catalogued document that an official source serves")
    parser.add_argument(
        "--since", metavar="DATE", help="also what is new, changed or withdrawn since that day; `last`: since the last time"
    )
    parser.add_argument("--again", action="store_true", help="ask also for what was answered lately")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked for, and ask nothing")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
