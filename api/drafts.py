"""A draft as text: what was pasted, or a file read by a process of its own. The server never parses it, and nothing is kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from api.errors import BodyTooLarge
from api.limits import DRAFT_FILE_MAX_BYTES
from kb.errors import InputRejected
from kb.law.check import MAX_CHARACTERS

_SLICE = 256 * 1024
_TIMEOUT_S = 90.0


def checked_length(text: str) -> str:
    """`text`, if it is short enough to be a draft. Raises: InputRejected `too-long`."""
    if len(text) > MAX_CHARACTERS:
        raise InputRejected("too-long", f"the draft has {len(text)} characters, more than {MAX_CHARACTERS}")
    return text


def read_file(path: Path, *, timeout_s: float = _TIMEOUT_S) -> str:
    """The text of a draft file. Raises: InputRejected with the reader's reason; nothing of the draft is in its message."""
    command = [sys.executable, "-m", "ingest.draft", "--", str(path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=timeout_s, check=False)
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise InputRejected("parse-limit", f"the draft could not be read within {timeout_s:.0f} s") from None
    except ValueError:
        raise InputRejected("parser-error", "the draft could not be read") from None
    if "rejected" in answer:
        reason, message = answer["rejected"]
        raise InputRejected(str(reason), str(message))
    return checked_length(str(answer["text"]))


def read_stream(stream: IO[bytes], file_name: str) -> str:
    """As `read_file`, for an upload: written to a directory that only we can read, for as long as it is read.

    Raises: InputRejected, BodyTooLarge.
    """
    own = Path(tempfile.mkdtemp(prefix="dublin-kb-draft-"))
    try:
        suffix = next((s for s in (".docx", ".pdf", ".md", ".txt") if file_name.lower().endswith(s)), "")
        path = own / f"draft{suffix}"
        total = 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            while piece := stream.read(_SLICE):
                total += len(piece)
                if total > DRAFT_FILE_MAX_BYTES:
                    raise BodyTooLarge(f"a draft may be {DRAFT_FILE_MAX_BYTES // 2**20} MiB")
                target.write(piece)
        return read_file(path)
    finally:
        shutil.rmtree(own, ignore_errors=True)
