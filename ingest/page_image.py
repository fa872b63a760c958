"""One page of a stored PDF as a picture, made in a process of its own: `python -m ingest.page_image FILE PAGE WIDTH`.

A PDF is a program, so the process that answers people never opens one. This one gives up the network, memory beyond a bound and
every file but the one it reads; it writes a PNG to its standard output and ends. Exit status: 0 a picture, 3 no such page,
4 the page cannot be drawn.
"""

import contextlib
import ctypes
import io
import resource
import sys
from pathlib import Path
from typing import Final

MEMORY_BYTES: Final = 1_500_000_000  # address space, as for parsing (`ingest.child`)
CPU_S: Final = 20
MAX_INPUT_BYTES: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 4.0  # of height to width: a strip is no page
COLOURS: Final = 96  # of a palette: text stays sharp at a third of the size
NO_SUCH_PAGE: Final = 3
NOT_DRAWABLE: Final = 4
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000


class NotDrawable(Exception):
    """The page cannot be made into a picture."""


def draw(content: bytes, page: int, width: int) -> bytes:
    """Page `page` (from 1) as a PNG of `width` pixels, on white. Raises: IndexError for no such page, NotDrawable."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise NotDrawable(str(error)) from None
    if not 1 <= page <= len(document):
        raise IndexError(page)
    try:
        drawn = document[page - 1]
        across, down = drawn.get_size()
        if not across > 0 or not 0 < down <= across * MAX_RATIO:
            raise NotDrawable("the page has no size that can be shown")
        image = drawn.render(scale=width / across, may_draw_forms=False).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise NotDrawable(str(error)) from None
    target = io.BytesIO()
    image.quantize(COLOURS).save(target, "PNG", optimize=True)
    return target.getvalue()


def _restrict() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    # no network, where the kernel lets an ordinary user give it up; PDFium does not use it anyway
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def serve(arguments: list[str]) -> int:
    """Draws the page that the arguments name, to standard output; the exit status."""
    path, page, width = arguments
    with Path(path).open("rb") as file:
        content = file.read(MAX_INPUT_BYTES + 1)
    import PIL.Image
    import pypdfium2  # noqa: F401  loaded before the limits, which its library would fit into badly

    PIL.Image.init()
    _restrict()
    if len(content) > MAX_INPUT_BYTES:
        return NOT_DRAWABLE
    try:
        picture = draw(content, int(page), int(width))
    except IndexError:
        return NO_SUCH_PAGE
    except (NotDrawable, MemoryError):
        return NOT_DRAWABLE
    sys.stdout.buffer.write(picture)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]))
