"""Signing in and out with the office's accounts. Not there unless `KB_OIDC_ISSUER` is set."""

from typing import cast
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from api import trace
from api.errors import BodyInvalid
from api.oidc import SESSION_COOKIE, UNDER_WAY_COOKIE, UNDER_WAY_S, SignIn
from api.web import pages

router = APIRouter(prefix="/auth", include_in_schema=False)
_MOST_PARAMETERS = 12


def _sign_in(request: Request) -> SignIn:
    held = request.app.state.sign_in
    if held is None:
        raise HTTPException(404)
    return cast("SignIn", held)


@router.get("/login")
def login(request: Request) -> Response:
    """To the provider. `next` is the path to come back to."""
    started = _sign_in(request).begin(request.query_params.get("next", "/"))
    answer = RedirectResponse(started.address, status_code=303)
    # Lax: the way back from the provider's page is a navigation from another site
    answer.set_cookie(UNDER_WAY_COOKIE, started.cookie, max_age=UNDER_WAY_S, path="/auth", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/callback")
def callback(request: Request) -> Response:
    """Back from the provider. A page of our own leads on: a redirect would still count as coming from the provider's site, and the
    browser would hold back the session's cookie."""
    pairs = request.query_params.multi_items()
    if len(pairs) > _MOST_PARAMETERS or len({name for name, _ in pairs}) != len(pairs):
        raise BodyInvalid("the answer of the provider has a parameter twice")
    held = _sign_in(request)
    identity, cookie, path = held.finish(dict(pairs), request.cookies.get(UNDER_WAY_COOKIE))
    trace.identified(identity.who, str(identity.role))
    onward = quote(path, safe="/:")
    answer = pages.render(request, "account.html", headers={"Refresh": f"0; url={onward}"}, role=str(identity.role), onward=onward)
    answer.delete_cookie(UNDER_WAY_COOKIE, path="/auth", secure=True, httponly=True, samesite="lax")
    answer.set_cookie(SESSION_COOKIE, cookie, max_age=held.session_s, path="/", secure=True, httponly=True, samesite="strict")
    return answer


@router.get("")
def account(request: Request) -> Response:
    """With which role the browser is signed in, and the way out."""
    identity = _sign_in(request).identity(request)
    if identity is None:
        return RedirectResponse("/auth/login?next=/", status_code=303)
    return pages.render(request, "account.html", role=str(identity.role), onward=None)


@router.post("/logout")
def logout(request: Request) -> Response:
    """Ends the session in this browser."""
    identity = _sign_in(request).identity(request)
    if identity is not None:
        trace.identified(identity.who, str(identity.role))
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer
