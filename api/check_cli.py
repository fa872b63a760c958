"""`dublin-kb check`: the citations of a draft against the corpus, the right value beside the wrong one."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.checks import CheckResultOut

_COLOURS = {"ok": "green", "differs": "red", "not-in-corpus": "yellow", "not-checkable": "bright_black"}
_MARKS = {"ok": "✓", "differs": "✗", "not-in-corpus": "?", "not-checkable": "–"}


def check(
    draft: Annotated[str, typer.Argument(metavar="DRAFT.docx|.pdf|.md|.txt|-", help="The draft; - reads text from standard input.")],
    as_of: Annotated[str | None, typer.Option(help="The day at which authorities must still stand; today by default.")] = None,
    lang: Annotated[str, typer.Option(help="nl or en.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, in the shape of the API.")] = False,
    with_text: Annotated[bool, typer.Option("--with-text", help="With --json: the text in which the offsets count.")] = False,
) -> None:
    """Check a draft's citations. Exit code 1 if any part of one differs or is not in the corpus."""
    from api import drafts
    from api.checks import result_out
    from api.limits import DRAFT_FILE_MAX_BYTES
    from api.requests import day_or, today
    from api.schemas import dump
    from kb.wiring import open_knowledge_base

    if lang not in ("nl", "en"):
        raise typer.BadParameter("nl or en", param_hint="--lang")
    if draft == "-":
        text = drafts.checked_length(sys.stdin.buffer.read(DRAFT_FILE_MAX_BYTES).decode("utf-8", "replace"))
    else:
        path = Path(draft)
        if not path.is_file():
            raise typer.BadParameter(f"no file {draft!r}", param_hint="DRAFT")
        text = drafts.read_file(path)
    found = open_knowledge_base().check(text, as_of=day_or(as_of, today()))
    if as_json:
        body = json.dumps(dump(result_out(found, lang, with_text=with_text)), ensure_ascii=False, indent=2)
        typer.echo(body.encode("utf-8", "replace").decode("utf-8"))
    else:
        _print(result_out(found, lang))
    raise typer.Exit(int(any(str(citation.verdict) in ("differs", "not-in-corpus") for citation in found.citations)))


def _print(found: "CheckResultOut") -> None:
    from api.printing import plain

    for citation in found.citations:
        where = f" [note {citation.note}]" if citation.note else ""
        typer.echo("")
        typer.secho(plain(f"{_MARKS[citation.verdict]} {' '.join(citation.text.split())}{where}"), fg=_COLOURS[citation.verdict], bold=True)
        if citation.id and citation.id not in citation.text:
            typer.secho(plain(f"    {citation.id}"), fg="bright_black")
        for check_ in citation.checks:
            beside = (
                f" {' '.join((check_.printed or '').split())!r} → {check_.right}" if check_.verdict == "differs" and check_.right else ""
            )
            typer.secho(plain(f"    {_MARKS[check_.verdict]} {check_.what}:{beside} {check_.detail}"), fg=_COLOURS[check_.verdict])
    typer.echo("")
    typer.echo(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.summary.items()))
