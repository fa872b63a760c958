"""Country names in Dutch and English to ISO 3166 alpha-2 codes and back, from CLDR, with the few names that lawyers use beside it."""

import unicodedata
from functools import lru_cache

from kb.errors import InvalidQuery

LANGUAGES = ("nl", "en")
STATELESS = "XX"  # user-assigned in ISO 3166: a person without a nationality
# bodies that speak for no state; user-assigned codes of ours (EU is reserved in ISO 3166 for the Union)
_BODIES = {
    "EU": {"nl": "Europese Unie", "en": "European Union"},
    "CE": {"nl": "Raad van Europa", "en": "Council of Europe"},
    "UN": {"nl": "Verenigde Naties", "en": "United Nations"},
}
_STATELESS_NAME = {"nl": "staatloos", "en": "stateless"}
_ALSO = {
    "holland": "NL",
    "the netherlands": "NL",
    "great britain": "GB",
    "uk": "GB",
    "engeland": "GB",
    "tsjechische republiek": "CZ",
    "czech republic": "CZ",
    "slowakije": "SK",
    "syrian arab republic": "SY",
    "turkey": "TR",
    "el": "GR",  # the Union's own code for Greece
    "hellas": "GR",
    "palestine": "PS",
    "palestina": "PS",
    "ivory coast": "CI",
    "stateless": STATELESS,
    "staatloos": STATELESS,
    "staatloze": STATELESS,
}


@lru_cache(maxsize=4)
def names(language: str) -> dict[str, str]:
    """{ISO code: name} in Dutch or English."""
    from babel import Locale

    spoken = language if language in LANGUAGES else "en"
    territories = Locale(spoken).territories
    return (
        {code: str(name) for code, name in territories.items() if len(code) == 2 and code.isalpha()}
        | {code: words[spoken] for code, words in _BODIES.items()}
        | {STATELESS: _STATELESS_NAME[spoken]}
    )


def name(code: str, language: str = "en") -> str:
    """The name of a country; the code itself where CLDR has none."""
    return names(language).get(code.upper(), code)


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    known = {_fold(word): code for language in LANGUAGES for code, word in names(language).items() if code not in _BODIES}
    return known | _ALSO


def code(text: str) -> str:
    """The ISO code of a country given by code or by name in Dutch or English.

    Raises: InvalidQuery for what is neither.
    """
    folded = _fold(text)
    if folded.upper() in names("en") and folded != "el":
        return folded.upper()
    found = _codes().get(folded)
    if found is None:
        raise InvalidQuery(f"no country {text[:60]!r}: give its ISO code (DK) or its name in Dutch or English (Denemarken, Denmark)")
    return found


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())
