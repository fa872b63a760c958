"""The languages of the corpus, and which one a text is in."""

from functools import lru_cache

import py3langid

LANGUAGES = ("nl", "en", "de", "da", "fr", "el")
_READ = (*LANGUAGES, "it", "no", "sv", "hu", "sl", "ro")
_MIN_LETTERS = 20


@lru_cache(maxsize=1)
def _configured() -> None:
    py3langid.set_languages(list(_READ))


def detect_language(text: str, *, default: str) -> str:
    """The language of `text`, or `default` where fewer than 20 letters leave it open."""
    if sum(c.isalpha() for c in text) < _MIN_LETTERS:
        return default
    _configured()
    language: str = py3langid.classify(text)[0]
    return language
