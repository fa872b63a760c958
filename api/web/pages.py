"""The web pages: rendered here, readable without a script, in Dutch and English."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from api import deps, trace
from api.errors import safe_problems, status_of
from api.feeds import feed_href
from api.page_images import is_pdf, original
from api.reading import FILE_STYLES, choose_text, current_texts, old_version, page_metadata
from api.requests import SearchRequest, day_or, today
from api.schemas import in_language
from api.searching import newest_first
from api.web import contexts, corpus_counts
from api.web.i18n import LANGUAGES, Language, Words
from api.web.reader import PageRow, Reader
from api.web.report import report_link, report_text
from kb.domain.documents import Document, Expression, Kind
from kb.errors import InvalidIdentifier, InvalidQuery, KbError, NotFound, StoreEmpty

router = APIRouter(include_in_schema=False)
static_router = APIRouter(include_in_schema=False)

_HERE = Path(__file__).parent
# the whole list: nothing else is ever served from the disk
_STATIC = {
    "kb.css": "text/css; charset=utf-8",
    "kb.js": "text/javascript; charset=utf-8",
    "case.js": "text/javascript; charset=utf-8",
    "dossier.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_GROUPS_A_PAGE = 10
_DOCUMENTS_A_PAGE = 100
_FIELDS = frozenset(
    {"q", "kind", "court", "member_state", "language", "voice", "track", "text_status", "without"}
    | {"from", "until", "as_of", "sort", "offset"}
)


@lru_cache(maxsize=1)
def templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["asset"] = lambda name: f"/static/{name}?v={_static(name)[1]}"
    return environment


@lru_cache(maxsize=8)
def _static(name: str) -> tuple[bytes, str]:
    body = (_HERE / "static" / name).read_bytes()
    return body, hashlib.sha256(body).hexdigest()[:16]


@static_router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    if name not in _STATIC:
        raise HTTPException(404)
    body, digest = _static(name)
    fresh = request.query_params.get("v") == digest
    headers = {"ETag": f'"{digest}"', "Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache"}
    if request.headers.get("if-none-match") == f'"{digest}"':
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=_STATIC[name], headers=headers)


@static_router.get("/robots.txt")
def robots() -> Response:
    return Response("User-agent: *\nDisallow: /search\n", media_type="text/plain")


def chosen_language(request: Request) -> tuple[Language, str | None]:
    """The language of a page, and the reader's own choice by `lang=`, which every link then keeps."""
    asked = request.query_params.get("lang")
    for language in LANGUAGES:
        if asked == language:
            return language, language
    return deps.negotiated(request.headers.get("accept-language", ""), default="en"), None


def render(request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any) -> HTMLResponse:
    language, chosen = chosen_language(request)
    t = Words(language)
    others = [(k, v) for k, v in parse_qsl(request.url.query, keep_blank_values=True) if k != "lang"]
    path = quote(request.url.path, safe="/:.,()-_~@")
    # the text of a POST is not in the address, so the switch leads back to the empty page
    # nor does what a sign-in provider added to the address belong into a link
    can_switch = request.method == "GET" and not path.startswith("/auth/")
    switch = {other: f"{path}?{urlencode([*(others if can_switch else []), ('lang', other)])}" for other in LANGUAGES}
    body = (
        templates()
        .get_template(template)
        .render(
            t=t,
            lang=language,
            keep=chosen,
            home_href=f"/?lang={chosen}" if chosen else "/",
            switch=switch,
            path=request.url.path,
            has_accounts=request.app.state.sign_in is not None,
            **values,
        )
    )
    extra = {"Content-Language": language, "Vary": "Accept-Language", "Cache-Control": "no-store", **(headers or {})}
    return HTMLResponse(body, status_code=status, headers=extra)


def error_page(request: Request, code: str, status: int, detail: str, *, headers: Mapping[str, str]) -> Response:
    """The facts of an error as a page: what is wrong and what to do in the reader's language, the program's own words below."""
    key = code if Words("en").has(f"error.{code}.title") else "other"
    return render(request, "error.html", status=status, headers=headers, code=code, key=key, detail=detail, retry="Retry-After" in headers)


@router.get("/")
def home(request: Request) -> Response:
    """The search box, what the corpus covers, and what not to rely on."""
    held = deps.services(request).knowledge_base
    t = Words(chosen_language(request)[0])
    covers, problem = None, None
    try:
        covers = corpus_counts.coverage(held.view())
    except StoreEmpty as error:
        problem = str(error)
    pages = _label(t)
    return render(request, "home.html", coverage=covers, problem=problem, label=pages, frameworks=_framework_links(request))


def _label(t: Words) -> Any:
    from api import countries

    return lambda name, value: (
        countries.name(value, t.language) if name == "state" else t.or_self(name, value) if value else t("doc.unknown_court")
    )


@router.get("/search")
def search(request: Request) -> Response:
    """Results for the address's question; the empty form without one."""
    return _search(request, list(request.query_params.multi_items()), shareable=True)


@router.post("/search")
async def search_long(request: Request) -> Response:
    """The same for text with the facts of a case: in the body, with no address to share."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise InvalidQuery("send the form of the search page, or JSON to /api/v1/search")
    fields = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=False, max_num_fields=500)
    return await run_in_threadpool(_search, request, fields, shareable=False)


def _search(request: Request, pairs: list[tuple[str, str]], *, shareable: bool) -> Response:
    language, chosen = chosen_language(request)
    t = Words(language)
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in _FIELDS and value.strip():
            if name in ("q", "from", "until", "as_of", "sort", "offset"):
                given.setdefault(name, value)  # a button's value comes before the form's own
            else:
                given.setdefault(name, []).append(value)
    if "q" not in given:
        return render(request, "search.html", **_nothing_asked(given, shareable=shareable))
    try:
        asked = SearchRequest.model_validate({**given, "group": "document", "limit": _GROUPS_A_PAGE})
        query = asked.to_query(today())
        held = deps.services(request)
        with held.searches.one():
            view = held.knowledge_base.view()
            search = view.searcher.search
            result = newest_first(search, query) if asked.sort == "newest" else search(query)
            pages = contexts.Pages(view, t, chosen)
            facets = pages.facets(asked, query)
    except ValidationError as error:
        problems = "; ".join(f"{problem['field']}: {problem['message']}" for problem in safe_problems(error.errors()))
        return render(request, "search.html", status=422, **_wrong(given, "invalid-request", problems, shareable=shareable))
    except (InvalidQuery, InvalidIdentifier) as error:
        return render(request, "search.html", status=status_of(error), **_wrong(given, error.code, str(error), shareable=shareable))
    trace.showed((hit.passage for group in result.groups for hit in group.hits), as_of=query.as_of)
    if not result.groups:
        trace.found_nothing()
    preceding = max(0, asked.offset - _GROUPS_A_PAGE) if asked.offset else None
    values: dict[str, Any] = {
        "q": asked.q,
        "shown_q": contexts.plain_line(asked.q, 120),
        "asked": asked,
        "problem": None,
        "shareable": shareable,
        "groups": [pages.group(group) for group in result.groups],
        "sorts": [
            (sort, pages.search_href(contexts.asked_pairs(asked.model_copy(update={"sort": sort}))) if shareable else None)
            for sort in ("relevance", "newest")
        ],
        "facets": facets,
        "chips": pages.chips(asked, shareable=shareable),
        "clear_href": pages.search_href([("q", asked.q)]) if shareable else None,
        "feed_href": feed_href(asked, language) if shareable else None,
        "exports": pages.export_hrefs(asked) if shareable else [],
        "searched": pages.searched(result),
        "as_of": query.as_of,
        "notices": [in_language(n.message, language) for n in result.notices if n.code != "nothing-relevant"],
        "nothing": [in_language(n.message, language) for n in result.notices if n.code == "nothing-relevant"],
        "total": result.total,
        "first": asked.offset + 1,
        "next": result.following,
        "previous": preceding,
        "next_href": pages.search_href(contexts.asked_pairs(asked, offset=result.following)) if result.following and shareable else None,
        "previous_href": pages.search_href(contexts.asked_pairs(asked, offset=preceding)) if preceding is not None and shareable else None,
    }
    return render(request, "search.html", **values)


def _nothing_asked(given: Mapping[str, Any], *, shareable: bool) -> dict[str, Any]:
    return {
        "q": given.get("q", ""),
        "shown_q": "",
        "asked": None,
        "problem": None,
        "shareable": shareable,
        "groups": [],
        "facets": [],
        "chips": [],
        "notices": [],
        "nothing": [],
    }


def _wrong(given: Mapping[str, Any], code: str, detail: str, *, shareable: bool) -> dict[str, Any]:
    key = code if Words("en").has(f"error.{code}.title") else "other"
    return {**_nothing_asked(given, shareable=shareable), "problem": {"key": key, "detail": detail}}


@router.get("/documents")
def documents(request: Request) -> Response:
    """Every document of the corpus, newest first, by kind if asked."""
    language, chosen = chosen_language(request)
    view = deps.view(request)
    kind = request.query_params.get("kind") or None
    if kind is not None and kind not in {str(k) for k in Kind}:
        raise InvalidQuery("there is no such kind of document")
    part = _number(request.query_params.get("part"))
    every = view.library.documents()
    found = [document for document in every if kind in (None, str(document.kind))]
    found.sort(key=lambda d: (-(d.date.first if d.date else 0), d.id))
    shown = found[(part - 1) * _DOCUMENTS_A_PAGE : part * _DOCUMENTS_A_PAGE]
    t = Words(language)
    rows = [
        {
            "href": contexts.document_href(document.id, lang=chosen),
            "title": contexts.title_of(document, language),
            "facts": contexts.facts_of(document, t),
            "standing": contexts.badge(view.standing(document.id, today()), t, chosen),
        }
        for document in shown
    ]
    kinds = [str(k) for k in Kind if any(document.kind is k for document in every)]
    last = max(1, -(-len(found) // _DOCUMENTS_A_PAGE))
    return render(request, "documents.html", rows=rows, total=len(found), kinds=kinds, kind=kind, part=part, last=last)


@router.get("/documents/{document_id:path}")
def document(request: Request, document_id: str) -> Response:
    """The reader: everything known of a document, and its text by passage, each with an address of its own."""
    language, chosen = chosen_language(request)
    t = Words(language)
    view = deps.view(request)
    if "#" in document_id:  # an id of a passage, percent-encoded: its place is in the fragment
        found = view.library.resolve_passage(document_id, language=language)
        return RedirectResponse(_passage_href(view, found, language, chosen), status_code=307)
    held = view.library.document(document_id)
    if held.id != document_id:
        return RedirectResponse(contexts.document_href(held.id, lang=chosen), status_code=307)
    reader = Reader(view, t, chosen)
    texts = current_texts(view, held, language)
    asked = request.query_params.get("form") or None
    form = asked or (texts[0].form if texts else None)
    place = request.query_params.get("p") or None
    if place and (found_at := reader.find_place(held, place, None if asked == "digests" else asked)):
        return RedirectResponse(found_at, status_code=307)
    expression: Expression | None
    twin: Expression | None = None
    version = _number(request.query_params.get("version")) if request.query_params.get("version") else None
    if form == "digests":
        expression = choose_text(view, held, f"digest-{language}", language)
        twin = choose_text(view, held, "digest-en" if language == "nl" else "digest-nl", language)
    elif version is not None:
        expression = old_version(view, held, form or "official", version)
    else:
        expression = choose_text(view, held, form, language) if form else None
    for text in (expression, twin):
        if text is not None:
            trace.showed_text(text.key)
    part = _number(request.query_params.get("part"))
    count = len(view.library.passages(expression.key)) if expression else 0
    last = max(1, -(-count // contexts.PASSAGES_A_PART))
    if part > last:
        raise NotFound(f"this text has {last} parts")
    as_of = day_or(request.query_params.get("as_of") or None, today())
    title, title_language = contexts.title_of(held, language)
    standings = view.standings
    cited_by, also_cited_by, citing = reader.cited_by(held)
    treated = reader.edges(standings.treatment_of(held.id), other="by")
    treats = reader.edges(standings.treatments_by(held.id), other="of")
    cites = reader.cites(held)
    shown = reader.read(held, expression, part, twin=twin) if expression else []
    source = original(deps.services(request).settings.data_dir, expression.source_sha256) if expression else None
    is_paged = bool(source and expression and expression.form == "official" and is_pdf(source))
    with_pages = is_paged and request.query_params.get("pages") != "no"
    rows = [PageRow(shown)]
    if with_pages and expression:
        rows = reader.rows(held, expression, shown, ends=part == last)
    told = report_text(held, expression, view.generation.manifest.made_at, t)
    around, in_picture, known = reader.around(held, treats, treated, cites, [*(each.link for each in cited_by), *also_cited_by])
    return render(
        request,
        "document.html",
        document=held,
        title=title,
        title_language=title_language,
        facts=contexts.facts_of(held, t),
        about=reader.about(held),
        verification=reader.verification(held),
        topics=list(held.topics),
        official=contexts.official_link(held, t),
        citations=contexts.copyables(view.citation(held, None), t),
        exports=[(style, f"/api/v1/export/{quote(held.id, safe='')}?style={style}") for style in FILE_STYLES],
        metadata=page_metadata(view, held, str(request.url.replace(query="", fragment=""))),
        standing=contexts.badge(view.standing(held.id, as_of), t, chosen),
        as_of=as_of,
        treated=treated,
        treats=treats,
        around=around,
        in_picture=in_picture,
        known=known,
        choices=reader.text_choices(held, form),
        versions=reader.versions(held, expression) if expression else [],
        current_href=contexts.document_href(held.id, form=None if not texts or asked == texts[0].form else asked, lang=chosen),
        missing_place=reader.place_name(place[:80]) if place else None,
        expression=expression,
        rows=rows,
        is_paged=is_paged,
        with_pages=with_pages,
        pages_href=contexts.document_href(held.id, form=asked, version=version, part=part, pages="no" if with_pages else None, lang=chosen),
        contents=reader.contents(held, expression, asked, version, part) if expression else [],
        count=count,
        part=part,
        last=last,
        part_href=lambda number: contexts.document_href(held.id, form=asked, version=version, part=number, lang=chosen),
        cites=cites,
        cited_by=cited_by,
        also_cited_by=also_cited_by,
        citing=citing,
        side_by_side=twin is not None,
        report=told,
        report_link=report_link(deps.services(request).settings.report_to, told, t),
    )


def _passage_href(view: Any, passage: Any, language: str, chosen: str | None) -> str:
    held: Document = view.library.document(passage.document_id)
    texts = current_texts(view, held, language)
    form = None if texts and texts[0].form == passage.form else passage.form
    slug = passage.id.rpartition("#")[2]
    return contexts.document_href(passage.document_id, form=form, slug=slug, part=contexts.in_part(passage), lang=chosen)


@router.get("/frameworks")
def frameworks(request: Request) -> Response:
    """The legal tests of the corpus."""
    return render(request, "frameworks.html", frameworks=_framework_links(request))


def _framework_links(request: Request) -> list[dict[str, Any]]:
    """The legal tests with title and summary; none where the corpus holds none."""
    language, chosen = chosen_language(request)
    try:
        held = deps.services(request).knowledge_base.frameworks
    except KbError:
        return []
    return [
        {
            "href": f"/frameworks/{quote(framework.id)}{'?lang=' + chosen if chosen else ''}",
            "title": framework.title[language],
            "summary": framework.summary[language],
        }
        for framework in held.frameworks
    ]


@router.get("/frameworks/{framework_id}")
def framework(request: Request, framework_id: str) -> Response:
    """One legal test at a day, as a lawyer would read it."""
    from api.web.framework_page import framework_context

    language, chosen = chosen_language(request)
    return render(request, "framework.html", **framework_context(request, framework_id, Words(language), chosen))


def _number(text: str | None) -> int:
    """The number of a part; 1 for none. Raises: InvalidQuery."""
    if not text:
        return 1
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 1_000_000:
        raise InvalidQuery("`part` is a number from 1")
    return int(text[:9])
