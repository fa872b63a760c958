"""`python -m ingest.draft FILE`: the text of a draft as one line of JSON, read in the limited child process. Nothing is kept.

`{"text": …}`, or `{"rejected": [reason, message]}` with exit status 1.
"""

import argparse
import json
import sys
from pathlib import Path

from ingest.child import ChildLimits, parse_in_child
from kb.errors import InputRejected

LIMITS = ChildLimits(input_bytes=50 * 1024 * 1024, output_bytes=16 * 1024 * 1024)


def read_draft(path: Path, *, file_name: str | None = None, limits: ChildLimits = LIMITS) -> str:
    """The text of a .docx, .pdf, .md or .txt. Raises: InputRejected with a ledger word."""
    documents = parse_in_child("draft", path, limits, file_name=file_name)
    return "\n\n".join(document.text for document in documents)


def main(arguments: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="python -m ingest.draft")
    options.add_argument("file", type=Path)
    options.add_argument("--wall-s", type=float, default=LIMITS.wall_s)
    given = options.parse_args(arguments)
    limits = ChildLimits(wall_s=given.wall_s, input_bytes=LIMITS.input_bytes, output_bytes=LIMITS.output_bytes)
    try:
        answer: dict[str, object] = {"text": read_draft(given.file, limits=limits)}
    except InputRejected as problem:
        answer = {"rejected": [problem.reason, str(problem)]}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 1 if "rejected" in answer else 0


if __name__ == "__main__":
    sys.exit(main())
