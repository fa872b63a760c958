"""The case workspace: a form, and the assessment of what is in it, on one day or beside another. Works without a script.

The facts are in the body of the request and in the page that answers it. They are not kept, logged or put in an address.
"""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api import countries, deps
from api.assessments import assessment_body, note_shown
from api.errors import status_of
from api.requests import today
from api.web import pages
from api.web.case_view import CaseView
from api.web.i18n import Words
from kb.domain.dates import parse_day
from kb.domain.documents import Track
from kb.errors import InvalidIdentifier, InvalidQuery, KbError, NotFound
from kb.law.assess import FACT_LABELS, Assessment
from kb.law.case import Case, StatusThere

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase

router = APIRouter(include_in_schema=False)

_FACTS = (
    "registered_on", "decided_on", "nationality", "region", "member_state", "status_there", "vulnerabilities", "housing", "work",
    "children", "health", "remedies_used", "narrative", "track", "cites",
)  # fmt: skip
_OPTIONS = ("framework", "as_of", "compare", "save_facts", "format")
_LISTS = ("vulnerabilities", "cites")
_DATES = ("registered_on", "decided_on", "as_of", "compare")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_FIELD = re.compile(r"([a-z_]{2,20}): ")
_FILES = {
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "md": ("text/markdown; charset=utf-8", "md"),
    "json": ("application/json", "json"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form holds: the words as they were written, and the case that they make."""

    given: Mapping[str, str]
    confirm: tuple[str, ...]
    case: Case
    framework: str | None
    as_of: dt.date | None
    compare: dt.date | None
    save_facts: bool


class FormProblem(Exception):
    """A field that cannot be read, with what to show; the form keeps what was written."""

    def __init__(self, field: str | None, key: str, detail: str, given: Mapping[str, str], status: int) -> None:
        super().__init__(detail)
        self.field, self.key, self.detail, self.given, self.status = field, key, detail, given, status


@router.get("/case")
def form(request: Request) -> Response:
    """The empty form."""
    return _page(request, {})


@router.post("/case")
async def assess(request: Request) -> Response:
    """The assessment, with the form below it as it was filled in."""
    fields = await _fields(request)
    return await run_in_threadpool(_answer, request, fields)


@router.post("/case/export")
async def export(request: Request) -> Response:
    """The memo of the same facts as a file, which the server forgets when it is sent."""
    fields = await _fields(request)
    return await run_in_threadpool(_file, request, fields)


async def _fields(request: Request) -> list[tuple[str, str]]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise InvalidQuery("send the form of the page /case, or JSON to /api/v1/assess")
    return parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=False, max_num_fields=300)


def _answer(request: Request, fields: Iterable[tuple[str, str]]) -> Response:
    base = deps.services(request).knowledge_base
    language, chosen = pages.chosen_language(request)
    t = Words(language)
    try:
        asked = read_form(fields, base)
        found, other = _assessed(request, asked, language)
    except FormProblem as problem:
        return _page(request, problem.given, problem=problem)
    view = base.view()
    shown = CaseView(view, t, chosen)
    given = dict(asked.given)
    if asked.confirm:  # what was confirmed is a fact now, and stands in the form as one
        words = _words_of(asked.case, language)
        given |= {name: words[name] for name in _confirmed(asked.confirm) if name in words}
    return _page(
        request,
        given,
        result=shown.assessment(found),
        comparison=shown.comparison(found, other) if other else None,
    )


def _file(request: Request, fields: Iterable[tuple[str, str]]) -> Response:
    base = deps.services(request).knowledge_base
    language, _ = pages.chosen_language(request)
    fields = list(fields)
    try:
        shape = dict(fields).get("format", "")
        if shape not in _FILES:
            raise FormProblem("format", "other", f"format: known are {', '.join(_FILES)}", dict(fields), 422)
        asked = read_form(fields, base)
        found, _other = _assessed(request, replace(asked, compare=None), language)
    except FormProblem as problem:
        return _page(request, problem.given, problem=problem)
    media_type, ending = _FILES[shape]
    name = f"memo-{found.framework.id}-{found.as_of.isoformat()}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(_content(found, shape, language), media_type=media_type, headers=headers)


def _content(found: Assessment, shape: str, language: str) -> bytes:
    if shape == "json":
        return (json.dumps(assessment_body(found, language), ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
    if shape == "md":
        from kb.export.memo import memo_markdown

        return memo_markdown(found, language).encode("utf-8", "replace")
    from kb.export.memo import memo_word

    return memo_word(found, language)


def _assessed(request: Request, asked: Asked, language: str) -> tuple[Assessment, Assessment | None]:
    held = deps.services(request)
    days = [asked.as_of, *([asked.compare] if asked.compare else [])]
    made = []
    try:
        with held.searches.one():
            for day in days:
                made.append(
                    held.knowledge_base.assess(
                        asked.case, framework=asked.framework, as_of=day, today=today(), language=language, save_facts=asked.save_facts
                    )
                )
    except NotFound as error:  # a framework or a day that it does not serve
        raise FormProblem("as_of", "day", str(error), asked.given, status_of(error)) from None
    for found in made:
        note_shown(found)
    return made[0], made[1] if len(made) > 1 else None


def read_form(fields: Iterable[tuple[str, str]], base: "KnowledgeBase") -> Asked:
    """The case in the fields of the form; names that the form does not have are passed over. Raises: FormProblem."""
    given: dict[str, str] = {}
    confirm: list[str] = []
    for name, value in fields:
        if name == "confirm":
            confirm.append(value)
        elif name in _FACTS or name in _OPTIONS:
            given.setdefault(name, value.strip().replace("\r\n", "\n"))
    values: dict[str, Any] = {name: given[name] for name in _FACTS if given.get(name)}
    for name in _DATES:
        if given.get(name) and (swapped := _DAY_FIRST.fullmatch(given[name])):
            day, month, year = swapped.groups()
            given[name] = f"{year}-{int(month):02}-{int(day):02}"
            if name in values:
                values[name] = given[name]
    for name in _LISTS:
        if name in values:
            values[name] = [line.strip() for line in values[name].split("\n") if line.strip()]
    day_field = "as_of"
    try:
        case = Case.parse(values, country=base.law.facts.country)
        case = base.law.facts.confirm(case, confirm) if confirm else case
        as_of = parse_day(given["as_of"]).first_day if given.get("as_of") else None
        day_field = "compare"
        compare = parse_day(given["compare"]).first_day if given.get("compare") else None
        framework = given.get("framework") or None
        if framework:
            base.frameworks.framework(framework)
    except InvalidIdentifier as error:
        raise FormProblem(day_field, "date", str(error), given, 422) from None
    except KbError as error:
        named = _FIELD.match(str(error))
        field = named[1] if named and named[1] in _FACTS else None
        key = "date" if field in _DATES else "country" if field in ("nationality", "member_state") else "other"
        raise FormProblem(field, key, str(error), given, 422) from None
    return Asked(given, tuple(confirm), case, framework, as_of, compare, given.get("save_facts") == "1")


def _confirmed(ids: Sequence[str]) -> list[str]:
    return [fact_id.partition(":")[0] for fact_id in ids]


def _words_of(case: Case, language: str) -> dict[str, str]:
    """A case as the form writes it: countries by name, lists a line each."""
    made = {}
    for name, value in case.to_json().items():
        if value in (None, []):
            continue
        made[name] = countries.name(value, language) if name == "nationality" else "\n".join(value) if isinstance(value, list) else value
    return made


def _page(
    request: Request,
    given: Mapping[str, str],
    *,
    problem: FormProblem | None = None,
    result: Mapping[str, Any] | None = None,
    comparison: Mapping[str, Any] | None = None,
) -> Response:
    language, chosen = pages.chosen_language(request)
    t = Words(language)
    base = deps.services(request).knowledge_base
    states = sorted(
        ((code, countries.name(code, language)) for code in base.law.facts.member_states if code != base.law.facts.home_state),
        key=lambda item: item[1],
    )
    people = sorted(name for code, name in countries.names(language).items() if code not in ("EU", "CE", "UN"))
    return pages.render(
        request,
        "case.html",
        status=problem.status if problem else 200,
        given=given,
        value=lambda name: given.get(name, ""),
        state=_state(given.get("member_state"), base),
        states=states,
        people=people,
        statuses=[str(each) for each in StatusThere],
        tracks=[str(each) for each in Track],
        frameworks=[(each.id, each.title[language]) for each in base.frameworks.frameworks],
        labels={name: words[language] for name, words in FACT_LABELS.items()},
        problem=problem,
        problem_label=_problem_label(problem, t),
        result=result,
        comparison=comparison,
        action=f"/case{'?lang=' + chosen if chosen else ''}",
        export_action=f"/case/export{'?lang=' + chosen if chosen else ''}",
        formats=list(_FILES),
    )


def _state(given: str | None, base: "KnowledgeBase") -> str:
    try:
        return base.law.facts.country(given) if given else ""
    except InvalidQuery:
        return ""


def _problem_label(problem: FormProblem | None, t: Words) -> str | None:
    if problem is None or problem.field is None:
        return None
    words = FACT_LABELS.get(problem.field)
    return words[t.language] if words else t.or_self("case.field", problem.field)
