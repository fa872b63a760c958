"""Every error of the product as an HTTP status and one problem body (RFC 9457), or the same facts as a page.

Nothing that was sent comes back in a validation problem, and an unexpected exception is told by its class and place only: its
message may hold the words of a case.
"""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api import events, trace
from kb import errors
from kb.errors import KbError

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_S = 5


class NotAuthenticated(KbError):
    """A key is needed and none, or an unknown one, was given."""

    code = "not-authenticated"


class NotAllowed(KbError):
    """The key does not allow this, or nobody may do it on this server."""

    code = "not-allowed"


class SignInRefused(KbError):
    """The provider's answer does not fit, or the account has no role here."""

    code = "sign-in-refused"


class SignInUnavailable(KbError):
    """The provider does not answer, or not as it should."""

    code = "sign-in-unavailable"
    retryable = True


class CrossSite(KbError):
    code = "cross-site"


class WrongHost(KbError):
    code = "wrong-host"


class BodyTooLarge(KbError):
    code = "body-too-large"


class BodyInvalid(KbError):
    """A body that is not what the endpoint takes, before any of it is looked at."""

    code = "body-invalid"


class Overloaded(KbError):
    code = "overloaded"
    retryable = True


class RateLimited(KbError):
    """Too often. `retry_after_s` is when it fits again."""

    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BuildFailed(KbError):
    """The builder process ended without a ledger."""

    code = "build-failed"


class ArchiveRefused(KbError):
    """A backup archive that is not restored."""

    code = "archive-refused"


STATUS: Mapping[type[KbError], HTTPStatus] = {
    errors.InvalidIdentifier: HTTPStatus.BAD_REQUEST,
    errors.InvalidQuery: HTTPStatus.BAD_REQUEST,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.CorpusInvalid: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.SettingsInvalid: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InputRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.StoreEmpty: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreDamaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.StoreBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NoSpace: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.ModelMissing: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.VectorSpaceMismatch: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.LanguageModelFailed: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UnresolvedCitation: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    SignInRefused: HTTPStatus.FORBIDDEN,
    SignInUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    CrossSite: HTTPStatus.FORBIDDEN,
    WrongHost: HTTPStatus.BAD_REQUEST,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BodyInvalid: HTTPStatus.BAD_REQUEST,
    Overloaded: HTTPStatus.SERVICE_UNAVAILABLE,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    BuildFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    ArchiveRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
}

TITLES: Mapping[str, str] = {
    "invalid-identifier": "Not a valid identifier or date",
    "invalid-query": "The question cannot be answered as asked",
    "invalid-request": "The request is not as it should be",
    "not-found": "Not in this corpus",
    "no-such-page": "There is nothing at this address",
    "method-not-allowed": "This address does not take that method",
    "corpus-invalid": "A file of the corpus is not as it should be",
    "settings-invalid": "A setting is not as it should be",
    "input-rejected": "The document cannot be read",
    "store-empty": "There is no index yet",
    "store-damaged": "The index is damaged",
    "store-busy": "The index is being built",
    "store-unavailable": "The index does not answer",
    "no-space": "The disk is full",
    "model-missing": "The model cannot be loaded",
    "vector-space-mismatch": "The index was made with another model",
    "language-model-failed": "The language model does not answer",
    "unresolved-citation": "A cited passage is not in the store",
    "not-authenticated": "A key is needed",
    "not-allowed": "Not allowed",
    "sign-in-refused": "Not signed in",
    "sign-in-unavailable": "Signing in does not work at the moment",
    "cross-site": "Refused: the request came from another site",
    "wrong-host": "Refused: unknown host name",
    "body-too-large": "Too large",
    "body-invalid": "The body is not as it should be",
    "overloaded": "Too many searches at once",
    "rate-limited": "Too many requests",
    "archive-refused": "The archive is not restored",
    "build-failed": "The document could not be added",
    "internal": "Something went wrong here",
}


def status_of(error: KbError) -> HTTPStatus:
    """The status of the nearest class in the table; 500 for one that is not in it."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_body(code: str, status: int, detail: str, problems: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:dublin-kb:problem:{code}",
        "title": TITLES.get(code, "Error"),
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    if problems:
        body["errors"] = [dict(problem) for problem in problems]
    return body


def wants_page(request: Request) -> bool:
    """Pages are everything outside the API and the probes."""
    return not request.url.path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/mcp", "/feeds/", "/static/"))


class ErrorPage(Protocol):
    """Renders an error as a page; `create_app` sets the one of the pages, which know this module and not the reverse."""

    def __call__(self, request: Request, code: str, status: int, detail: str, *, headers: Mapping[str, str]) -> Response: ...


def answer(
    request: Request,
    code: str,
    status: int,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    problems: Sequence[Mapping[str, Any]] | None = None,
) -> Response:
    """One error as the asker can read it."""
    extra = dict(headers or {})
    trace.failed(code)
    if wants_page(request):
        page: ErrorPage = request.app.state.error_page
        return page(request, code, status, detail, headers=extra)
    return JSONResponse(problem_body(code, status, detail, problems), status_code=status, media_type=PROBLEM_TYPE, headers=extra)


def kb_error(request: Request, error: KbError) -> Response:
    status = status_of(error)
    if isinstance(error, NotAuthenticated) and request.method == "GET" and wants_page(request) and request.app.state.sign_in:
        return RedirectResponse(f"/auth/login?next={quote(request.url.path, safe='/:')}", status_code=303)
    headers = {}
    if error.retryable:
        headers["Retry-After"] = str(getattr(error, "retry_after_s", RETRY_AFTER_S))
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="dublin-kb", charset="UTF-8"' if wants_page(request) else "Bearer"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        events.log("error", code=error.code, error=type(error).__name__)
    problems = [{"reason": error.reason}] if isinstance(error, errors.InputRejected) else None
    return answer(request, error.code, status, str(error), headers=headers, problems=problems)


def validation_error(request: Request, error: RequestValidationError) -> Response:
    """What is wrong and where, never what was sent."""
    problems = safe_problems(error.errors())
    detail = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems[:10])
    return answer(request, "invalid-request", HTTPStatus.UNPROCESSABLE_ENTITY, detail, problems=problems)


def safe_problems(found: Sequence[Any]) -> list[dict[str, str]]:
    """pydantic's errors without inputs, contexts or links. The name of an unknown field is the sender's own words: left out."""
    problems = []
    for error in found:
        place = [str(part) for part in error["loc"] if part not in ("query", "body", "path")]
        if error["type"] == "extra_forbidden":
            problems.append({"field": "request", "message": "holds a field that is not known here"})
        elif error["type"] == "json_invalid":
            problems.append({"field": "body", "message": "is not valid JSON"})
        else:
            problems.append({"field": ".".join(place) or "body", "message": str(error["msg"])})
    return problems


def http_error(request: Request, error: HTTPException) -> Response:
    code = {404: "no-such-page", 405: "method-not-allowed", 413: "body-too-large", 400: "body-invalid"}.get(
        error.status_code, "invalid-request" if error.status_code < 500 else "internal"
    )
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(allowed_methods(request))) or headers.get("Allow", "")
    return answer(request, code, error.status_code, f"{TITLES[code]}.", headers=headers)


def allowed_methods(request: Request) -> set[str]:
    """Every method that some route takes at this address: the router's own answer names those of the first route alone."""

    def taken(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)

    found = {method for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") if taken(method)}
    # the route that erases takes every id, and so these parts of a document too, which are not erased by themselves
    return found - {"DELETE"} if request.url.path.endswith(("/passages", "/citations")) else found


def unexpected(request: Request, error: Exception) -> Response:
    """The last resort: the class and the place of the exception go into the log, nothing of its message."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = f"{own[-1].filename.rsplit('/', 1)[-1]}:{own[-1].lineno}" if own else "unknown"
    events.log("crash", error=type(error).__name__, place=place)
    detail = "This is a fault of the program, not of the question. It was logged without the question; please report it."
    return answer(request, "internal", HTTPStatus.INTERNAL_SERVER_ERROR, detail)
