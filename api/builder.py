"""The builder process: `python -m ingest`, the only one that parses foreign files and writes the store. Started, watched, read out."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import BuildFailed
from kb.errors import KbError, StoreBusy
from kb.settings import Settings

EXIT_NOT_MADE = 2
EXIT_BUSY = 3


@dataclass(frozen=True, slots=True)
class BuilderRun:
    """How the builder ended. `report` is what it printed with `--json`."""

    exit_code: int
    report: dict[str, Any]


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "ingest", *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """The child's environment: ours, with the settings of this process, without the keys that it does not need."""
    held = {name: value for name, value in os.environ.items() if name != "KB_API_KEYS"}
    named = {"KB_DATA_DIR": settings.data_dir, "KB_CORPUS_DIR": settings.corpus_dir, "KB_EMBEDDER": settings.embedder}
    held |= {name: str(value) for name, value in named.items()}
    if settings.qdrant_url:
        held["KB_QDRANT_URL"] = settings.qdrant_url
    if settings.qdrant_api_key:
        held["KB_QDRANT_API_KEY"] = settings.qdrant_api_key.get_secret_value()
    return held


def run_quietly(settings: Settings, arguments: Sequence[str], *, timeout_s: float) -> BuilderRun:
    """Runs the builder with its JSON report. Raises: StoreBusy, BuildFailed (nothing of the child's own words is passed on)."""
    try:
        done = subprocess.run(
            command(["--json", *arguments]), env=environment(settings), capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"the builder did not end within {timeout_s:.0f} s and was stopped; nothing was changed") from None
    told = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if done.returncode == EXIT_BUSY:
        raise StoreBusy("another process is building the index: try again when it has ended")
    if done.returncode == EXIT_NOT_MADE:
        raise _as_error(told)
    try:
        return BuilderRun(done.returncode, json.loads(done.stdout))
    except ValueError:
        raise BuildFailed(f"the builder ended with code {done.returncode} and without a ledger; run `dublin-kb doctor` there") from None


def _as_error(told: str) -> KbError:
    """The error that the builder named on its last line, `code: message`, as ours."""
    code, _, message = told.partition(": ")

    def leaves(kind: type[KbError]) -> list[type[KbError]]:
        return [kind, *(leaf for sub in kind.__subclasses__() for leaf in leaves(sub))]

    for kind in leaves(KbError):
        if vars(kind).get("code") == code and kind.__init__ is KbError.__init__:
            return kind(message)
    return BuildFailed("the builder could not make a run; run `dublin-kb doctor` on the machine itself")
