"""Words of the pages in Dutch and English, from `locale/*.toml`; dates and numbers as each language writes them."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from kb.domain.dates import LegalDate

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")
_LOCALES = {"nl": "nl_NL", "en": "en_GB"}


@lru_cache(maxsize=4)
def catalogue(language: Language) -> Mapping[str, str]:
    """{dotted key: words} of one language."""
    path = Path(__file__).parent / "locale" / f"{language}.toml"
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found


class Words:
    """What a template calls for its texts: `t("search.title")`, `t.many("search.found", n)`, `t.date(date)`."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Raises: KeyError for a key that the catalogue lacks: a template must not invent words."""
        text = self._words[key]
        return text.format_map({name: str(value) for name, value in values.items()}) if values else text

    def has(self, key: str) -> bool:
        return key in self._words

    def or_self(self, prefix: str, value: str) -> str:
        """The words for one of the vocabulary's values, or the value where a corpus brings one of its own."""
        return self._words.get(f"{prefix}.{value}", value)

    def many(self, key: str, n: int) -> str:
        return self(f"{key}_one" if n == 1 else f"{key}_other", n=self.number(n))

    def number(self, n: int) -> str:
        from babel.numbers import format_decimal

        return str(format_decimal(n, locale=_LOCALES[self.language]))

    def date(self, date: LegalDate | dt.date | str | None) -> str:
        """A date in words, as precise as it is known: `12 juni 2024`, `juni 2024`, `2024`."""
        from babel.dates import format_date

        if date is None:
            return self("doc.unknown_date")
        known = LegalDate(date) if isinstance(date, str) else LegalDate.of(date) if isinstance(date, dt.date) else date
        patterns = {"day": "d MMMM y", "month": "MMMM y", "year": "y"}
        return str(format_date(known.first_day, patterns[known.precision], locale=_LOCALES[self.language]))
