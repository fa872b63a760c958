"""The page of the draft check: a form, and its result by citation. Nothing of a draft is kept, so there is no address to share."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError

from api.checks import CitationOut, result_out
from api.errors import BodyInvalid, status_of
from api.requests import today
from api.routes.check import checked, read_request
from api.web import pages
from api.web.contexts import document_href
from api.web.i18n import Words
from kb.errors import InputRejected, InvalidIdentifier, KbError

router = APIRouter(include_in_schema=False)
_ORDER = {"differs": 0, "not-in-corpus": 1, "not-checkable": 2, "ok": 3}


@router.get("/check")
def form(request: Request) -> Response:
    """The empty form."""
    return pages.render(request, "check.html", **_values())


@router.post("/check")
async def result(request: Request) -> Response:
    """What was found, citation by citation, in the order of the draft."""
    language, chosen = pages.chosen_language(request)
    try:
        asked, text = await read_request(request)
        found = await run_in_threadpool(checked, request, asked, text)
    except (InputRejected, InvalidIdentifier) as error:
        return pages.render(request, "check.html", status=status_of(error), **_values(problem=_problem(error, Words(language))))
    except (RequestValidationError, BodyInvalid):  # a browser sends a form with neither text nor file
        return pages.render(request, "check.html", status=422, **_values(problem=Words(language)("check.invalid")))
    shown = result_out(found, language)
    return pages.render(
        request,
        "check.html",
        **_values(
            as_of=found.as_of,
            summary=shown.summary,
            citations=[_row(citation, chosen) for citation in shown.citations],
        ),
    )


def _values(**given: Any) -> dict[str, Any]:
    return {"problem": None, "as_of": None, "summary": None, "citations": [], "today": today().isoformat(), **given}


def _problem(error: KbError, t: Words) -> str:
    key = f"check.rejected.{getattr(error, 'reason', '')}"
    return t(key) if t.has(key) else f"{t('check.rejected.other')} ({error})"


def _row(citation: CitationOut, lang: str | None) -> dict[str, Any]:
    checks = sorted(citation.checks, key=lambda check: _ORDER[check.verdict])
    return {
        **citation.model_dump(exclude={"checks"}),
        "shown": " ".join(citation.text.split()),
        "href": document_href(citation.id, lang=lang) if citation.id else None,
        "checks": [check.model_dump() for check in checks],
    }
