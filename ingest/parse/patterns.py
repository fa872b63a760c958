"""The lists under `corpus/patterns`, read once: what lawyers may correct stands there, not in code."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from kb.errors import CorpusInvalid

_FOLDER = Path(__file__).resolve().parents[2] / "corpus" / "patterns"


@cache
def load(name: str) -> Mapping[str, Any]:
    """`corpus/patterns/<name>.toml` as a mapping. Raises: CorpusInvalid, naming the file, where it is missing or not TOML."""
    path = _FOLDER / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusInvalid(f"corpus/patterns/{name}.toml cannot be read: {error}") from error


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern that matches where one of `patterns` does, without regard to case. For `fullmatch` on a single line.

    Raises: CorpusInvalid, quoting a pattern that does not compile.
    """
    parts = []
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise CorpusInvalid(f"not a regular expression in corpus/patterns: {pattern!r} ({error})") from None
        parts.append(re.sub(r"\(\?P<\w+>", "(", pattern))
    return re.compile("|".join(f"(?:{part})" for part in parts), re.I)
