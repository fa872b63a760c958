"""POST /check: a draft's citations against the corpus. The draft is in the body alone; it is not kept, logged or given back unasked."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from api import deps, drafts, trace
from api.checks import CheckBody, CheckResultOut, result_out
from api.errors import BodyInvalid
from api.requests import day_or, today
from kb.law.check import CheckResult

router = APIRouter(tags=["check"])

_READ = (
    "text/plain",
    "text/markdown",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
)
_FORM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file"],
    "properties": {
        "file": {
            "type": "string",
            "minLength": 1,
            "pattern": r"\S",
            "description": "A file .docx, .pdf, .md or .txt, or the text of a draft",
        },
        "as_of": {"type": "string", "format": "date"},
        "with_text": {"type": "boolean"},
        "text": {"type": "string", "description": "The text of a draft, in the place of a file"},
        "lang": {"type": "string", "enum": ["nl", "en"]},
    },
}


@router.post(
    "/check",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": CheckBody.model_json_schema(),
                    "example": {"text": "ABRvS 6 juli 2022, ECLI:NL:RVS:2022:1864, r.o. 1", "as_of": "2026-07-01"},
                },
                "multipart/form-data": {"schema": _FORM, "encoding": {"file": {"contentType": ", ".join(_READ)}}},
            },
        }
    },
)
async def check(request: Request, response: Response) -> CheckResultOut:
    """For every citation whether it exists here, whether court, date, place and quotation fit, and whether it still stood.

    JSON with `text`, or `multipart/form-data` with a field `file`. Verdicts are `ok`, `differs`, `not-in-corpus`, `not-checkable`.
    """
    asked, text = await read_request(request)
    response.headers["Cache-Control"] = "no-store"
    language = deps.message_language(request, asked.lang)
    found = await run_in_threadpool(checked, request, asked, text)
    return result_out(found, language, with_text=asked.with_text)


def checked(request: Request, asked: CheckBody, text: str) -> CheckResult:
    """Raises: InvalidIdentifier for a day that no calendar has, Overloaded, StoreEmpty."""
    held = deps.services(request)
    day = day_or(asked.as_of, today())
    with held.searches.one():
        found = held.knowledge_base.check(text, as_of=day)
    for citation in found.citations:
        if citation.found and citation.id:
            trace.showed_text(citation.id)
    return found


async def read_request(request: Request) -> tuple[CheckBody, str]:
    """What is asked, and the draft's text. Raises: RequestValidationError, BodyInvalid, BodyTooLarge, InputRejected."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _from_form(request)
    if kind != "application/json":
        raise BodyInvalid("send the draft as JSON with a field `text`, or as multipart/form-data with a field `file`")
    try:
        asked = CheckBody.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False)]) from None
    return asked, asked.text


async def _from_form(request: Request) -> tuple[CheckBody, str]:
    try:
        async with request.form(max_files=1, max_fields=6, max_part_size=4 * 1024 * 1024) as form:
            upload, pasted = form.get("file"), form.get("text")
            if unknown := set(form) - {"file", "text", "as_of", "with_text", "lang"}:
                raise BodyInvalid(f"the form holds {len(unknown)} unknown fields; known are file, text, as_of, with_text and lang")
            given: dict[str, Any] = {name: str(form[name]) for name in ("as_of", "lang") if form.get(name)}
            given["with_text"] = form.get("with_text") in ("true", "1", "on")
            if isinstance(upload, UploadFile) and upload.filename:
                text = await run_in_threadpool(drafts.read_stream, upload.file, upload.filename)
            elif isinstance(upload, str) and upload.strip():
                text = drafts.checked_length(upload)
            elif isinstance(pasted, str) and pasted.strip():
                text = drafts.checked_length(pasted)
            else:
                raise BodyInvalid("the form has no file in its field `file` and no `text`")
    except MultiPartException as error:
        raise BodyInvalid(f"the form cannot be read: {error.message}") from None
    try:
        return CheckBody.model_validate({**given, "text": text or " "}), text
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors(include_url=False)]) from None
