"""The builder process: `python -m ingest [PATH ...]` brings corpus and inputs into the store and switches to the new generation.

Exit status: 0 all went well, 1 an input failed, 2 the run could not be made, 3 another builder is at work.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.child import ChildLimits
from ingest.pipeline import NamedFile, Outcome, Pipeline
from ingest.progress import Bar
from ingest.reader import ChildReader
from kb.domain.documents import Kind
from kb.errors import KbError, StoreBusy
from kb.settings import Settings
from kb.store.ledger import Entry, report
from kb.wiring import build_embedder, build_engine


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    try:
        settings = Settings.load()
        limits = ChildLimits(wall_s=float(settings.parse_timeout_s))
        with ChildReader(limits) as reader:
            pipeline = Pipeline(
                settings,
                embedder=lambda: build_embedder(settings, bulk=True),
                engine=build_engine(settings),
                read=reader,
                progress=Bar(),
            )
            if options.forget:
                removed = pipeline.forget(options.forget)
                sys.stdout.write(json.dumps({"forgotten": options.forget, "removed": removed}) + "\n")
                return 0
            with _inputs(options.paths, options.trust, settings, pipeline) as (inputs, done):
                outcome = pipeline.ingest(
                    inputs,
                    kind=Kind(options.kind) if options.kind else None,
                    document_id=options.id,
                    trust=options.trust,
                    rebuild=options.rebuild,
                )
                done(outcome.entries)
    except StoreBusy as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except KbError as error:
        sys.stderr.write(f"{error.code}: {error}\n")
        return 2
    if options.json:
        sys.stdout.write(json.dumps(report(outcome.entries), ensure_ascii=False, indent=1) + "\n")
    else:
        _tell(outcome)
    return 1 if outcome.failed else 0


@contextmanager
def _inputs(
    given: Sequence[str], trust: str, settings: Settings, pipeline: Pipeline
) -> Iterator[tuple[Sequence[str | NamedFile | Entry], Callable[[Sequence[Entry]], None]]]:
    """The inputs, identifiers fetched; an upload's are files and nothing else."""
    if trust == "upload" or all(Path(name).exists() for name in given):
        yield given, lambda _: None
        return
    from ingest.sources.builder import PipelineStore, current_library
    from ingest.sources.ingesting import with_fetched

    with with_fetched(given, settings, PipelineStore(pipeline, lambda: current_library(settings))) as fetched:
        yield fetched


def _tell(outcome: Outcome) -> None:
    for entry in outcome.entries:
        reason = f" ({entry.reason})" if entry.reason else ""
        detail = f": {entry.detail}" if entry.detail else ""
        held = f" -> {entry.document_id}, {entry.passages} passages" if entry.document_id else ""
        sys.stdout.write(f"{entry.status:<12}{entry.input}{held}{reason}{detail}\n")
    totals = report(outcome.entries)["totals"]
    summary = ", ".join(f"{count} {name}" for name, count in totals.items() if count)
    state = "built" if outcome.changed else "unchanged"
    if outcome.restored:
        sys.stdout.write(f"the library of an older version was made again: {outcome.restored} texts read from their originals\n")
    sys.stdout.write(f"{summary}; index {outcome.generation} {state}\n" if outcome.entries else f"index {outcome.generation} {state}\n")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    parser.add_argument("paths", nargs="*", help="files, folders and identifiers to fetch; none: only the corpus is brought up to date")
    parser.add_argument("--kind", choices=[str(kind) for kind in Kind], help="what the documents are, where their format does not say")
    parser.add_argument("--id", help="the official id of the one document given")
    parser.add_argument("--trust", choices=["official", "upload"], default="official")
    parser.add_argument("--rebuild", action="store_true", help="embed and index everything again")
    parser.add_argument("--forget", metavar="ID", help="erase a document everywhere")
    parser.add_argument("--json", action="store_true", help="print the ledger as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
