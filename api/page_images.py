"""Pages of stored PDFs as pictures, drawn by a process of its own (`ingest.page_image`): the server never opens a PDF.

Nothing is kept on the disk, so that erasing a document leaves nothing to erase here: the newest pictures stay in memory, and are
given only for a source that the library still holds.
"""

import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import Overloaded
from kb.errors import InputRejected, NotFound

WIDTHS = {"page": 900, "large": 1800}  # pixels
_START = "import sys; sys.path.insert(0, sys.argv[1]); from ingest.page_image import serve; sys.exit(serve(sys.argv[2:]))"
_ROOT = Path(__file__).resolve().parents[1]
_TIMEOUT_S = 30.0
_MAX_BYTES = 12 * 1024 * 1024
_KEPT_BYTES = 16 * 1024 * 1024  # in memory, in all
_AT_ONCE = 2
_WAIT_S = 20.0
_NO_SUCH_PAGE = 3

_slots = threading.BoundedSemaphore(_AT_ONCE)
_lock = threading.Lock()
_kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()


def original(data_dir: Path, source_sha256: str) -> Path:
    """Where the bytes of a source are kept."""
    return data_dir / "originals" / source_sha256[:2] / source_sha256


def is_pdf(path: Path) -> bool:
    """Whether a stored source begins as a PDF does; False where it is not kept. Nothing of it is parsed."""
    try:
        with path.open("rb") as file:
            return b"%PDF-" in file.read(1024)
    except OSError:
        return False


def png(path: Path, page: int, width: int) -> bytes:
    """Page `page` (from 1) of a stored PDF. Raises: NotFound for no such page or file, InputRejected, Overloaded."""
    key = (str(path), page, width)
    if not is_pdf(path):
        with _lock:
            for held in [held for held in _kept if held[0] == str(path)]:
                del _kept[held]
        raise NotFound("the original of this text is not kept here as a PDF")
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    with _slot():
        made = _draw(path, page, width)
    with _lock:
        _kept[key] = made
        while sum(map(len, _kept.values())) > _KEPT_BYTES and len(_kept) > 1:
            _kept.popitem(last=False)
    return made


def _draw(path: Path, page: int, width: int) -> bytes:
    # -I: no PYTHON* variables, no user site, no current directory on the path
    command = [sys.executable, "-I", "-X", "utf8", "-c", _START, str(_ROOT), str(path.resolve()), str(page), str(width)]
    try:
        done = subprocess.run(command, env={}, cwd="/", capture_output=True, timeout=_TIMEOUT_S, check=False, start_new_session=True)
    except subprocess.TimeoutExpired:
        raise InputRejected("pdf-limit", "the page could not be drawn in the time allowed") from None
    if done.returncode == _NO_SUCH_PAGE:
        raise NotFound(f"this PDF has no page {page}")
    if done.returncode != 0 or not done.stdout.startswith(b"\x89PNG") or len(done.stdout) > _MAX_BYTES:
        raise InputRejected("pdf-broken", "the page cannot be drawn; its text is held")
    return done.stdout


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_S):
        raise Overloaded("too many pages are being drawn at once: try again in a few seconds")
    try:
        yield
    finally:
        _slots.release()
