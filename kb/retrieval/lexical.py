"""Words to stems, one language at a time: what BM25 counts. The engine only splits on blanks and counts; the language is ours.

The same function serves the index and the query, so its version is part of a generation's manifest.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import Stemmer

from kb.errors import CorpusInvalid

VERSION = "stems/2"
# Snowball algorithms; `dutch` is Kraaij-Pohlmann, which the engine's own Dutch is not
_ALGORITHMS = {
    "nl": "dutch",
    "en": "english",
    "de": "german",
    "da": "danish",
    "fr": "french",
    "el": "greek",
    "no": "norwegian",
    "it": "italian",
    "sv": "swedish",
}
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
MAX_QUERY_TERMS = 64  # distinct; 20,000 took the engine 136 ms, 64 stay below 4


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text with its stem; offsets in that text, half-open."""

    stem: str
    start: int
    end: int
    word: str


@dataclass(frozen=True)
class Lexicon:
    """Stop words by language, read from `corpus/lexicon/stopwords.toml`."""

    stopwords: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path) -> "Lexicon":
        """Raises: CorpusInvalid, naming the file."""
        body = read_toml(directory / "stopwords.toml")
        return cls({language: frozenset(unicodedata.normalize("NFC", words).split()) for language, words in body.items()})

    def tokens(self, text: str, language: str) -> Iterator[Token]:
        """Every word of `text` that is not a stop word of `language`, in order."""
        stop = self.stopwords.get(language, frozenset())
        for match in _WORD.finditer(text):
            word = unicodedata.normalize("NFC", match[0]).lower().replace("’", "'")
            if word not in stop:
                yield Token(stem(word, language), match.start(), match.end(), word)

    def stems(self, text: str, language: str) -> list[str]:
        """What the index stores for a passage: its stems in order, repeats kept."""
        return [token.stem for token in self.tokens(text, language)]

    def query_stems(self, text: str, language: str) -> list[str]:
        """Distinct stems of a question in its own language, at most `MAX_QUERY_TERMS`."""
        return list(dict.fromkeys(self.stems(text, language)))[:MAX_QUERY_TERMS]

    def asked(self, text: str, language: str) -> list[tuple[str, bool]]:
        """The distinct words of a question, lower case, at most `MAX_QUERY_TERMS`, and whether each is written as a name or number."""
        words: dict[str, bool] = {}
        for token in self.tokens(text, language):
            words.setdefault(token.word, token.start > 0 and _is_name(text[token.start : token.end]))
        return list(words.items())[:MAX_QUERY_TERMS]

    def names(self, text: str, written_in: str, language: str) -> list[str]:
        """The names and numbers of a text, as `language` stems them: the words that cross from one language to another."""
        found = (token for token in self.tokens(text, written_in) if _is_name(text[token.start : token.end]))
        return list(dict.fromkeys(stem(token.word, language) for token in found))


def read_toml(path: Path) -> dict[str, Any]:
    """Raises: CorpusInvalid, naming the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusInvalid(f"{path} cannot be read: {error}") from error


def _is_name(word: str) -> bool:
    return word[:1].isupper() or any(c.isdigit() for c in word)


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """The stem of one lower-case word, accents folded after stemming (`geïnformeerd` and `geinformeerd` are one word)."""
    algorithm = _ALGORITHMS.get(language)
    bare = word.split("'")[-1] if language == "fr" else word.replace("'", "")
    stemmed = _stemmer(algorithm).stemWord(bare) if algorithm and not any(c.isdigit() for c in bare) else bare
    decomposed = unicodedata.normalize("NFD", stemmed)
    return "".join(c for c in decomposed if not unicodedata.combining(c)) or bare


@lru_cache(maxsize=16)
def _stemmer(algorithm: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(algorithm, 0)
