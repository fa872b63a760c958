"""The picture of a page beside its text: `GET /page-image?id=…&page=3`, for documents whose original is a PDF."""

from fastapi import APIRouter, Request, Response

from api import deps, trace
from api.page_images import WIDTHS, is_pdf, original, png
from api.reading import choose_text, old_version
from kb.errors import InvalidQuery

router = APIRouter(include_in_schema=False)
_MAX_PAGE = 3_000


@router.get("/page-image")
def page_image(request: Request) -> Response:
    """A page of the original as PNG, as long as the library holds a text read from it.

    Raises: InvalidQuery, NotFound, InputRejected, Overloaded.
    """
    asked = request.query_params
    page, size = asked.get("page", ""), asked.get("size", "page")
    if not (page.isascii() and page.isdigit() and 1 <= int(page[:6]) <= _MAX_PAGE):
        raise InvalidQuery(f"`page` is a number from 1 to {_MAX_PAGE}")
    if size not in WIDTHS:
        raise InvalidQuery(f"`size` is one of {', '.join(WIDTHS)}")
    view = deps.view(request)
    document = view.library.document(asked.get("id", ""))
    version = asked.get("version")
    if version is None:
        expression = choose_text(view, document, "official", document.language)
    elif version.isascii() and version.isdigit():
        expression = old_version(view, document, "official", int(version[:6]))
    else:
        raise InvalidQuery("`version` is a number")
    # the source's own hash names its pages for good; no-cache: ask again, so that an erased document is gone from here at once
    tag = f'"{expression.source_sha256[:32]}-{page}-{WIDTHS[size]}"'
    path = original(deps.services(request).settings.data_dir, expression.source_sha256)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Content-Disposition": "inline"}
    if request.headers.get("if-none-match") == tag and is_pdf(path):
        return Response(status_code=304, headers=headers)
    trace.showed_text(expression.key)
    return Response(png(path, int(page), WIDTHS[size]), media_type="image/png", headers=headers)
