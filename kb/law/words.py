"""Word lists of the corpus as patterns: whole words, without regard to case, `*` for any ending. Linear by construction."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class WordList:
    """Words and phrases as a lawyer writes them in a TOML file (`depress*`, `geboren in Nederland`)."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Raises: ValueError for an empty list or a word of blanks and stars only."""
        listed = tuple(words)
        if not listed or not all(word.strip(" *") for word in listed):
            raise ValueError(f"a word list needs words, found {listed!r}")
        # the longest first, so that a phrase wins over its first word
        alternatives = "|".join(_as_pattern(word) for word in sorted(listed, key=len, reverse=True))
        return cls(listed, re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE))

    def found_in(self, text: str) -> bool:
        return self.pattern.search(text) is not None

    def finds(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the words stand, offsets in `text`, half-open."""
        return ((match.start(), match.end()) for match in self.pattern.finditer(text))


def _as_pattern(word: str) -> str:
    ending = r"\w*" if word.endswith("*") else ""
    parts = (re.escape(part).replace(r"\*", r"\w*") for part in word.removesuffix("*").split())
    return r"\s+".join(parts) + ending
