"""What the command line prints for people: the passage, its place, whether it still stands, whose words it is."""

import shutil
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from api.schemas import DocumentDetailOut, PassageDetailOut, PassageOut, StandingOut, in_language, pinpoint_text
from kb.domain.documents import TextStatus
from kb.domain.results import Hit, SearchResult
from kb.retrieval.notices import text_status_words

if TYPE_CHECKING:
    from api.findings import Finding
    from kb.wiring import View

_COLOURS = {"good": "green", "caution": "yellow", "overtaken": "red", "unknown": "bright_black"}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "good": {"en": "STANDS", "nl": "GELDT"},
    "caution": {"en": "CAUTION", "nl": "LET OP"},
    "overtaken": {"en": "OVERTAKEN", "nl": "ACHTERHAALD"},
    "unknown": {"en": "NOT ASSESSED", "nl": "NIET NAGEGAAN"},
}


def plain(text: str) -> str:
    """`text` without the control and direction characters by which a document could rewrite a terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def print_search(result: SearchResult, language: str, *, explain: bool = False) -> None:
    for notice in result.notices:
        _say(f"! {in_language(notice.message, language)}", fg="yellow")
    for hit in result.hits:
        _print_hit(hit, language, explain=explain)
    searched = result.searched
    span = f", {searched.earliest} – {searched.latest}" if searched.earliest else ""
    words = (
        {"nl": "documenten", "en": "documents"}.get(language, "documents"),
        {"nl": "Doorzocht", "en": "Searched"}.get(language, "Searched"),
    )
    line = f"{words[1]}: {searched.documents} {words[0]}, {searched.passages} passages ({', '.join(searched.languages)}{span})"
    _say(f"{line}, {result.as_of.isoformat()}.", fg="bright_black")


def _print_hit(hit: Hit, language: str, *, explain: bool) -> None:
    typer.echo("")
    arrow = "   ↳ " if hit.companion else f"{hit.rank:>2}. "
    _say(f"{arrow}{in_language(hit.citation, language)}", bold=True)
    title = hit.document.title_nl if language == "nl" and hit.document.title_nl else hit.document.title
    _say(f"    {title}")
    value = str(hit.standing.value)
    _say(f"    [{_WORDS[value][language]}] {in_language(hit.standing.sentence, language)}", fg=_COLOURS[value])
    for successor in hit.standing.successors:
        _say(f"    → {in_language(successor.citation, language)}", fg=_COLOURS[value])
    place = pinpoint_text(hit.passage.pinpoint)
    mark = text_status_words(TextStatus(hit.passage.text_status))[language]
    _say(f"    {' · '.join(part for part in (place, _voice(str(hit.passage.voice)), mark) if part)}", fg="bright_black")
    _paragraph(hit.passage.display or hit.passage.text)
    _say(f"    {hit.passage.id}", fg="bright_black")
    if hit.document.official_url:
        _say(f"    {hit.document.official_url}", fg="bright_black")
    if explain:
        _say("    " + ", ".join(f"{name} {value}" for name, value in hit.explain.items()), fg="bright_black")


def print_passage(found: PassageDetailOut, language: str) -> None:
    _say(in_language(found.citation, language), bold=True)
    _standing(found.standing_detail, language)
    for passage in found.context.before:
        _print_in_place(passage, language, dim=True)
    _print_in_place(found.passage, language)
    for passage in found.context.after:
        _print_in_place(passage, language, dim=True)
    if found.document.official_url:
        _say(found.document.official_url, fg="bright_black")


def print_document(view: "View", found: DocumentDetailOut, language: str) -> None:
    from api.reading import choose_text, public_ids
    from api.schemas import passage_out

    _say(in_language(found.citation, language), bold=True)
    _say(found.title_nl if language == "nl" and found.title_nl else found.title)
    facts = (found.kind, found.date, found.member_state, found.track, ", ".join(found.case_numbers), found.outcome)
    _say(" · ".join(fact for fact in facts if fact), fg="bright_black")
    _standing(found.standing_detail, language)
    if note := in_language(found.verification.get("note") or {}, language):
        _say(note, fg="bright_black")
    document = view.library.document(found.id)
    if found.text_form:
        passages = view.library.passages(choose_text(view, document, found.text_form, language).key)
        ids = public_ids(view, document, passages, language)
        for passage in passages:
            _print_in_place(passage_out(passage, public_id=ids[passage.id]), language)
    if found.official_url:
        _say(found.official_url, fg="bright_black")


def print_findings(findings: Sequence["Finding"]) -> None:
    colours = {"ok": "green", "note": "yellow", "problem": "red"}
    for finding in findings:
        _say(f"{finding.level:>7}  {finding.what}: {finding.message}", fg=colours[finding.level])
        if finding.remedy:
            _say(f"         → {finding.remedy}")


def print_state(held: Mapping[str, Any]) -> None:
    for name, value in held.items():
        shown = ", ".join(str(item) for item in value) if isinstance(value, list) else value
        _say(f"{name.replace('_', ' '):>22}  {'-' if shown in (None, '') else shown}")


def _print_in_place(passage: PassageOut, language: str, *, dim: bool = False) -> None:
    typer.echo("")
    mark = text_status_words(TextStatus(passage.text_status))[language]
    head = " · ".join(part for part in (passage.pinpoint, _voice(passage.voice), mark) if part)
    _say(f"  {'' if dim else '▶ '}{head}   {passage.id}", fg="bright_black" if dim else None)
    _paragraph(passage.display, fg="bright_black" if dim else None)


def _voice(voice: str) -> str:
    """Whose words, where the mark of the text does not say so already."""
    return "" if voice == "digest" else voice


def _standing(standing: StandingOut, language: str) -> None:
    _say(f"[{_WORDS[standing.value][language]}] {in_language(standing.sentence, language)}", fg=_COLOURS[standing.value])
    for successor in standing.successors:
        _say(f"→ {in_language(successor.citation, language)}", fg=_COLOURS[standing.value])


def _paragraph(text: str, *, fg: str | None = None) -> None:
    width = max(40, min(shutil.get_terminal_size((100, 24)).columns, 120)) - 6
    for line in textwrap.wrap(plain(text), width, break_on_hyphens=False) or [""]:
        _say(f"    {line}", fg=fg)


def _say(text: str, *, fg: str | None = None, bold: bool = False) -> None:
    typer.secho(plain(text), fg=fg, bold=bold)
