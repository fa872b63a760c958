"""POST /assess: a case against a legal test. The facts are in the body alone; nothing of them is kept, logged or put in an address."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api import deps
from api.assessments import AssessBody, assessment_body, note_shown
from api.requests import today

router = APIRouter(tags=["assess"])


@router.post("/assess")
def assess(request: Request, response: Response, asked: AssessBody) -> dict[str, Any]:
    """The case element by element: rule, passages on both sides, gaps, questions, warnings. It weighs nothing and decides nothing."""
    held = deps.services(request)
    language = deps.message_language(request, asked.lang)
    base = held.knowledge_base
    if asked.prose:
        base.require_language_model()
    case, day = asked.to_case(base.law.facts), asked.day()
    with held.searches.one():
        found = base.assess(case, framework=asked.framework, as_of=day, today=today(), language=language, save_facts=asked.save_facts)
    note_shown(found)
    if asked.prose:
        found = base.with_prose(found, send_facts=asked.send_facts)  # outside the queue for searches: a model may take its time
    response.headers["Cache-Control"] = "no-store"
    return assessment_body(found, language)
