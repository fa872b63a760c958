"""`dublin-kb catalogue`: our own entries against the official texts, and sentences that may be treatment. Both only list."""

import json
import sys
from typing import Annotated

import typer

app = typer.Typer(help="The catalogue against the official texts that are held.", no_args_is_help=True)
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(as_json: JsonFlag = False) -> None:
    """Compare every date, court, docket and pinpoint of the catalogue with the official text. Exit code 1 if anything differs."""
    from ingest.catalogue_check import check_catalogue, lines
    from kb.settings import Settings
    from kb.store.generations import current_library

    settings = Settings.load()
    with current_library(settings.data_dir) as library:
        report = check_catalogue(settings.corpus_dir, library)
    if as_json:
        _print_json(report.to_json())
    else:
        for line in lines(report):
            typer.echo(line)
    raise typer.Exit(int(bool(report.differences)))


@app.command()
def candidates(
    of: Annotated[list[str] | None, typer.Option(help="Only what was done to this document; repeat for more.")] = None,
    held_only: Annotated[bool, typer.Option("--held", help="Only earlier decisions that are in the corpus.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List sentences in which a court cites an earlier decision beside words of departure. For review: they change nothing."""
    from dataclasses import asdict

    from kb.law.candidates import CandidateRules
    from kb.law.candidates import candidates as find
    from kb.settings import Settings
    from kb.store.generations import current_library

    settings = Settings.load()
    rules = CandidateRules.load(settings.corpus_dir / "patterns")
    with current_library(settings.data_dir) as library:
        wanted = {library.document(name).id for name in of} if of else None
        found = [item for item in find(library, rules, of=wanted) if item.held or not held_only]
    if as_json:
        _print_json([{**asdict(item), "by_date": item.by_date.value if item.by_date else None} for item in found])
        return
    for item in found:
        dated = f" of {item.by_date}" if item.by_date else ""
        typer.echo(f"{item.type:<12} {item.by}{dated} on {item.of}{'' if item.held else ' (not in the corpus)'}, at {item.passage_id}")
        typer.echo(f"             …{' '.join(item.words.split())}… [{item.sign}; {item.voice}]")
    typer.echo(f"{len(found)} sentences to read; none of them changes how a document stands")


def _print_json(body: object) -> None:
    sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2).encode("utf-8", "replace").decode("utf-8") + "\n")
