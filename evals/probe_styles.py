"""Citations in many styles for the probes of the draft check: how journals, offices and neighbours cite, and what a PDF makes of it.

The styles are data (`evals/collections/draft-check/rules.toml`); here stands only how one is filled.
"""

import datetime as dt
import random
import re
from collections.abc import Mapping, Sequence

from kb.domain.documents import Document

_LANGUAGES = ("nl", "en", "de", "fr", "da")
CASE_BREAKS = (" ", " ", "\n", " \n", "\u00a0")
_AROUND = (
    "Eiseres, geboren op 3 mei 1991, diende op 12 februari 2024 een asielaanvraag in. {c} Zij verblijft sinds 1 maart 2024 in Ter Apel.",
    "4.1. Voor deze zaak geldt het volgende. {c}\n4.2. Het beroep faalt.",
    "Het bestreden besluit van 12 augustus 2025 is onzorgvuldig. {c}",
    "De rechtspraak is vast.[^1] Daaraan wordt voldaan.\n\n[^1]: {c}\n",
)


def filled(
    style: str, document: Document, day: dt.date, *, court: str, number: str, ecli: str, place: str | None, names: Mapping[str, str]
) -> str | None:
    """One citation in a style, None where the decision lacks what the style prints. `names`: `own` in Dutch, `name` in English."""
    text = re.sub(r"<([^<>]*)>", r"\1" if place else "", style)
    values = {
        **dates(day),
        "court": court,
        "n": number,
        "e": ecli,
        "short": ecli.removeprefix("ECLI:"),
        "seat": document.sitting or "",
        "p": place or "",
        **names,
    }
    needed = set(re.findall(r"\{(\w+)\}", text))
    return text.format(**values) if all(values[name] for name in needed) else None


def dates(day: dt.date) -> dict[str, str]:
    """A day as drafts print it."""
    from babel.dates import format_date

    words = {
        language: str(format_date(day, "d. MMMM y" if language in ("de", "da") else "d MMMM y", locale=language)) for language in _LANGUAGES
    }
    figures = {"num": f"{day:%d-%m-%Y}", "dots": f"{day:%d.%m.%Y}", "iso": day.isoformat(), "slash": f"{day.day}/{day.month}/{day.year}"}
    return {**words, **figures, "us": str(format_date(day, "MMMM d, y", locale="en"))}


def wrapped(text: str, chance: random.Random) -> str:
    """`text` as it comes out of a PDF: lines broken at blanks and within long words and ECLIs, blanks that do not break."""
    made = []
    for word in text.split(" "):
        if len(word) > 11 and word.isalpha() and chance.random() < 0.5:
            word = f"{word[:5]}-\n{word[5:]}"
        elif word.startswith("ECLI:") and chance.random() < 0.5:
            cut = word.rindex(":") + 1
            word = f"{word[:cut]}\n{word[cut:]}"
        made.append(word + chance.choice(CASE_BREAKS))
    return "".join(made).strip()


def surrounded(citation: str, chance: random.Random) -> str:
    """The citation among the sentences of a draft, with dates of its own."""
    return chance.choice(_AROUND).format(c=citation)


def numbers_further(ecli: str, known: Sequence[str], chance: random.Random) -> str | None:
    """The ECLI of another decision of that court and year, which is not held."""
    head, _, ordinal = ecli.rpartition(":")
    if not ordinal.isdigit():
        return None
    made = f"{head}:{int(ordinal) + chance.choice([2, 7, 30, 100])}"
    return None if made in known else made
