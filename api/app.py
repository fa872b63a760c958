"""The application: JSON API and pages over one knowledge base. Importing this module does no work."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from api import deps, errors, events, openapi
from api.audit import Audit
from api.auth import Access, Keys, require_safe_address
from api.limits import Gate, Searches
from api.mcp_door import PATH as MCP_PATH
from api.mcp_door import McpDoor
from api.metrics import Metrics
from api.oidc import SignIn
from api.rates import Rates, rate_of
from api.requests import today
from api.routes import assess, check, documents, export, feeds, frameworks, probes, search
from api.watch import Watch
from api.web import case_page, check_page, coverage_page, page_image, pages, sign_in_page
from kb.domain.query import Query
from kb.errors import KbError
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.wiring import KnowledgeBase

# ranking is work for a processor: more at once than there are makes every one slower
SEARCHES_AT_ONCE = max(2, min(4, os.cpu_count() or 2))
_DESCRIPTION = """Cited passages for European asylum practice. Every passage carries its place, its document, whose words it holds,
whether it is the official text or our digest, and whether the authority still stands. Not legal advice; check the official text."""


def create_app(settings: Settings | None = None, knowledge_base: "KnowledgeBase | None" = None) -> FastAPI:
    """The application for `settings` (the environment's by default) over `knowledge_base` (that of the settings by default).

    The store is opened at startup where there is one, else at the first question. Raises: SettingsInvalid for an address beyond
    this machine without keys, and for keys that cannot be read.
    """
    settings = settings or Settings.load()
    require_safe_address(settings, settings.host)
    if knowledge_base is None:
        from kb.wiring import KnowledgeBase

        knowledge_base = KnowledgeBase(settings)
    app = FastAPI(
        title="dublin-kb",
        version=_version(),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        telemetry={"tracing": False},
        lifespan=_lifespan,
        generate_unique_id_function=openapi.operation_id,
    )
    keys, sign_in = Keys.of(settings), SignIn.of(settings)
    access = Access(keys, sign_in.identity if sign_in else None)
    app.state.services = deps.Services(settings, knowledge_base, keys, Searches(SEARCHES_AT_ONCE), access)
    app.state.sign_in = sign_in
    app.state.metrics = metrics = Metrics(knowledge_base)
    app.state.error_page = pages.error_page
    cast("Any", app).openapi = lambda: openapi.describe(app, app.state.services)
    problems: dict[int | str, dict[str, Any]] = {
        "default": {"description": "Problem details (RFC 9457)", "content": {errors.PROBLEM_TYPE: {}}}
    }
    # the export of a search before the documents: their export takes every id
    for module in (search, export, documents, frameworks, assess, check):
        app.include_router(module.router, prefix="/api/v1", dependencies=[Depends(deps.reader)], responses=problems)
    app.state.mcp = McpDoor()
    app.router.routes.append(Route(MCP_PATH, app.state.mcp, methods=["GET", "POST", "DELETE"]))
    app.include_router(feeds.router, dependencies=[Depends(deps.reader)], responses=problems)
    app.include_router(probes.router)
    app.include_router(sign_in_page.router)
    app.include_router(pages.static_router)
    app.include_router(pages.router, dependencies=[Depends(deps.reader)])
    app.include_router(export.page_router, dependencies=[Depends(deps.reader)])
    app.include_router(check_page.router, dependencies=[Depends(deps.reader)])
    app.include_router(case_page.router, dependencies=[Depends(deps.reader)])
    app.include_router(coverage_page.router, dependencies=[Depends(deps.reader)])
    app.include_router(page_image.router, dependencies=[Depends(deps.reader)])
    handlers: dict[type[Exception], Callable[..., Any]] = {
        KbError: errors.kb_error,
        RequestValidationError: errors.validation_error,
        HTTPException: errors.http_error,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    if (rate := rate_of(settings)) is not None:
        app.add_middleware(cast("Any", Rates), rate=rate, access=access)
    app.add_middleware(cast("Any", Gate), hosts=host_names(settings), upload_max_bytes=settings.upload_max_mb * 2**20)
    audit = Audit(settings.data_dir, keep_days=settings.audit_days)
    app.add_middleware(cast("Any", Watch), metrics=metrics, audit=audit, knowledge_base=knowledge_base)
    return app


def host_names(settings: Settings) -> frozenset[str]:
    """The names under which the server answers: this machine's own, the one it listens on, those of `KB_ALLOWED_HOSTS`, and that of
    `KB_PUBLIC_URL`."""
    given = {name.strip().lower() for name in (settings.allowed_hosts or "").split(",") if name.strip()}
    given |= {host for host in [urlsplit(settings.public_url or "").hostname] if host}
    listening = {settings.host.lower()} - {"0.0.0.0", "::"}
    return frozenset({"127.0.0.1", "localhost", "[::1]"} | given | {f"[{name}]" if ":" in name else name for name in listening})


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    held: deps.Services = app.state.services
    state = await run_in_threadpool(held.knowledge_base.ready)
    generation, code = state.get("generation"), state.get("code")
    events.log("started", ready=bool(state["ready"]), generation=str(generation or ""), code=str(code or ""))
    warming = asyncio.create_task(run_in_threadpool(_warm, held.knowledge_base)) if state["ready"] else None
    async with app.state.mcp.running(held):
        yield
    if warming is not None:
        await warming
    events.log("stopped")


def _warm(knowledge_base: "KnowledgeBase") -> None:
    """Answers one question of ours while the server already listens, so that the first reader does not wait for lists and models."""
    try:
        knowledge_base.search(Query("overdracht lidstaat", today()))
    except KbError as error:
        events.log("not-warm", code=error.code)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dublin-kb")
    except PackageNotFoundError:
        return "0"
