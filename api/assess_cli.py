"""`dublin-kb assess`: a case file against a legal test, as text, Markdown, JSON or Word; and the pages of an earlier one again."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from kb.law.assess import Assessment
    from kb.wiring import KnowledgeBase

FORMATS = ("text", "md", "json", "docx")
_ENDINGS = {".md": "md", ".json": "json", ".docx": "docx", ".txt": "text"}


def command(knowledge_base: "Callable[[], KnowledgeBase]") -> "Callable[..., None]":
    """The command over the knowledge base that `knowledge_base` opens when it runs."""

    def assess(
        case_file: Annotated[Path | None, typer.Argument(metavar="CASE.toml|.json", help="The facts of the case.")] = None,
        framework: Annotated[str | None, typer.Option(help="indirect-refoulement or ibrahim-threshold; else the one that fits.")] = None,
        as_of: Annotated[str | None, typer.Option(help="The day whose law answers; else that of the decision, else today.")] = None,
        format_: Annotated[str | None, typer.Option("--format", help="text, md, json, docx; else by the ending of --out.")] = None,
        out: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
        lang: Annotated[str, typer.Option(help="nl or en.")] = "nl",
        confirm: Annotated[list[str] | None, typer.Option(help="Use this proposed fact (its id, or all).")] = None,
        save_facts: Annotated[bool, typer.Option("--save-facts", help="Keep the case in the record, for a replay to the letter.")] = False,
        prose: Annotated[
            bool, typer.Option("--prose", help="With checked text of the language model that KB_LLM names beside each step.")
        ] = False,
        send_facts: Annotated[
            bool, typer.Option("--send-facts", help="With --prose: the facts may go to a language model on another machine.")
        ] = False,
        replay: Annotated[Path | None, typer.Option(help="Show the pages of an earlier assessment again, from its JSON.")] = None,
    ) -> None:
        """A case against a legal test: rule, passages on both sides, gaps, questions, warnings. It weighs and decides nothing."""
        shape = _format(format_, out)
        if lang not in ("nl", "en"):
            _refuse("--lang: nl or en")
        if (case_file is None) == (replay is None):
            _refuse("give one case file, or --replay with the JSON of an earlier assessment")
        if prose and replay:
            _refuse("--prose writes beside a new assessment: it does not go with --replay")
        if send_facts and not prose:
            _refuse("--send-facts goes with --prose")
        base = knowledge_base()
        if prose:
            base.require_language_model()
        found = _again(base, replay) if replay else _made(base, case_file, framework, as_of, lang, confirm or [], save_facts=save_facts)
        if prose:
            found = base.with_prose(found, send_facts=send_facts)
            _warn(found)
        _write(_rendered(found, shape, lang), out)
        if out is not None:
            typer.echo(f"{out}: {found.framework.id}, {found.version.id}, {found.as_of.isoformat()}", err=True)

    return assess


def _made(
    base: "KnowledgeBase", path: Path | None, framework: str | None, as_of: str | None, lang: str, confirm: list[str], *, save_facts: bool
) -> "Assessment":
    from api.requests import today
    from kb.domain.dates import parse_day
    from kb.law.case import Case

    assert path is not None
    case = Case.read(path, country=base.law.facts.country)
    if confirm:
        case = base.law.facts.confirm(case, confirm)
    day = parse_day(as_of).first_day if as_of else None
    return base.assess(case, framework=framework, as_of=day, today=today(), language=lang, save_facts=save_facts)


def _again(base: "KnowledgeBase", path: Path) -> "Assessment":
    from kb.law.case import read_table
    from kb.law.manifest import Manifest

    return base.replay(Manifest.from_json(read_table(path)))


def _warn(found: "Assessment") -> None:
    """On the terminal, whatever the answer is written to: that a model wrote, and whether facts left this machine."""
    for notice in found.prose.notices if found.prose else ():
        typer.echo(notice[found.language], err=True)


def _rendered(found: "Assessment", shape: str, lang: str) -> bytes:
    if shape == "docx":
        from kb.export.memo import memo_word

        return memo_word(found, lang)
    if shape == "json":
        import json

        from api.assessments import assessment_body

        text = json.dumps(assessment_body(found, lang), ensure_ascii=False, indent=2) + "\n"
    elif shape == "md":
        from kb.export.memo import memo_markdown

        text = memo_markdown(found, lang)
    else:
        from kb.export.memo import memo_text

        text = memo_text(found, lang)
    return text.encode("utf-8", "replace")


def _write(content: bytes, out: Path | None) -> None:
    """To a file that did not hold half of it when something fails; a memo may hold facts, so only its owner can read it."""
    if out is None:
        stream: Any = sys.stdout
        if hasattr(stream, "buffer"):
            stream.buffer.write(content)
            stream.flush()
        else:
            stream.write(content.decode("utf-8"))
        return
    part = out.with_name(f".{out.name}.part")
    try:
        part.touch(mode=0o600)
        part.write_bytes(content)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        _refuse(f"--out: {out} cannot be written: {error.strerror}")


def _format(asked: str | None, out: Path | None) -> str:
    shape = asked or (_ENDINGS.get(out.suffix.lower()) if out else None) or "text"
    if shape not in FORMATS:
        _refuse(f"--format: {', '.join(FORMATS)}")
    if shape == "docx" and out is None:
        _refuse("--format docx needs --out FILE")
    return shape


def _refuse(message: str) -> NoReturn:
    typer.echo(f"dublin-kb: {message}", err=True)
    raise typer.Exit(2)
