"""For whom a case ended, as far as the words of its outcome tell: a hint for the search, never a judgment on a passage."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kb.errors import CorpusInvalid
from kb.law.frameworks import Side
from kb.law.words import WordList


@dataclass(frozen=True, slots=True)
class OutcomeWords:
    """The lists of `corpus/patterns/outcomes.toml`."""

    ranks: float
    looked_at: int
    _supports_first: WordList
    _contrary: WordList
    _supports: WordList

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises: CorpusInvalid, naming the file."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            lists = [WordList.of(data[name]) for name in ("supports_first", "contrary", "supports")]
            return cls(float(data["ranks"]), int(data["looked_at"]), *lists)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__}: {error}") from error

    def side(self, outcome: str) -> Side | None:
        """The side of a case that ended with these words; None where they do not tell."""
        if self._supports_first.found_in(outcome):
            return Side.SUPPORTS
        if self._contrary.found_in(outcome):
            return Side.CONTRARY
        return Side.SUPPORTS if self._supports.found_in(outcome) else None
