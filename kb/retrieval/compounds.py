"""Long words of Dutch, German and Danish in their parts: a question may ask for `Überstellungsentscheidung` where a text has the parts.

Only a word that nobody knows is taken apart, and only into two words that are known: a known compound says more than its parts.
"""

from collections.abc import Callable, Iterator
from typing import Final

from kb.retrieval.lexical import stem

_LINKS: Final = {"nl": ("", "s", "en", "e"), "de": ("", "s", "es", "n", "en", "er", "e"), "da": ("", "s", "e")}  # between two parts
_SHORTEST: Final = 4  # letters of a part
_LONGEST: Final = 60  # letters of a word


def parts_of(word: str, language: str, known: Callable[[set[str]], set[str]]) -> tuple[str, ...]:
    """The stems of the two parts of a lower-case word, the one with the longest last part, which says what the thing is; empty for a word
    that does not fall into two known stems, and in languages that write compounds apart.

    Args: known: which of some stems of that language are known; asked once.
    """
    pairs = list(_pairs(word, language))
    there = known({part for pair in pairs for part in pair}) if pairs else set()
    return next((pair for pair in pairs if there.issuperset(pair)), ())


def _pairs(word: str, language: str) -> Iterator[tuple[str, str]]:
    """Every way to cut it, as two stems."""
    if language not in _LINKS or not word.isalpha() or len(word) > _LONGEST:
        return
    for at in range(_SHORTEST, len(word) - _SHORTEST + 1):
        last = stem(word[at:], language)
        for link in _LINKS[language]:
            if word[:at].endswith(link) and at - len(link) >= _SHORTEST:
                yield stem(word[: at - len(link)], language), last
