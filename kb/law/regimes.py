"""One clock: which law governs an application, from the day on which it was registered.

The boundaries stand in `corpus/regimes.toml`, each with its source. Nothing is guessed: without a registration date, without a
track, or with a date as coarse as `2026` that lies on both sides of a boundary, the regime is `unknown` and the sentence says why.
"""

import datetime as dt
import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from kb.domain.dates import LegalDate, parse_day
from kb.domain.documents import Track
from kb.errors import CorpusInvalid, InvalidIdentifier

_MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}


def in_words(date: LegalDate | dt.date, language: str) -> str:
    """`12 juni 2024` or `12 June 2024`; `juni 2024` and `2024` where the source is no more precise."""
    if isinstance(date, dt.date):
        date = LegalDate.of(date)
    parts = [int(part) for part in date.value.split("-")]
    words = [str(parts[0])]
    if len(parts) > 1:
        words.insert(0, _MONTHS[language][parts[1] - 1])
    if len(parts) > 2:
        words.insert(0, str(parts[2]))
    return " ".join(words)


class RegimeId(StrEnum):
    DUBLIN_III = "dublin-iii"  # Regulation 604/2013
    AMMR = "ammr"  # Regulation 2024/1351
    APD = "apd"  # Directive 2013/32
    APR = "apr"  # Regulation 2024/1348
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a boundary is written: a document of the catalogue, the place in it, and how far it was verified."""

    document_id: str
    pinpoint: str | None
    verification: str


@dataclass(frozen=True, slots=True)
class Regime:
    """The law that governs one application.

    `sentence` says in Dutch and English which law and why, or why it cannot be told. `open` holds what is not settled for this
    application (None: nothing known); `candidates` are the regimes that remain possible when `id` is `unknown`.
    """

    id: RegimeId
    track: Track | None
    sentence: Mapping[str, str]
    document_id: str | None = None
    source: Source | None = None
    open: Mapping[str, str] | None = None
    candidates: tuple[RegimeId, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.id is not RegimeId.UNKNOWN


@dataclass(frozen=True, slots=True)
class RegimeRule:
    """One entry of `corpus/regimes.toml`: the days of registration, both included, for which a law governs."""

    id: RegimeId
    track: Track
    registered_from: dt.date | None
    registered_until: dt.date | None
    document_id: str
    source: Source
    name: Mapping[str, str]
    because: Mapping[str, str]
    open: Mapping[str, str] | None
    open_from: dt.date | None

    def may_hold(self, registered_on: LegalDate) -> bool:
        """Whether some day of `registered_on` lies within."""
        starts = self.registered_from is None or registered_on.last_day >= self.registered_from
        ends = self.registered_until is None or registered_on.first_day <= self.registered_until
        return starts and ends


@dataclass(frozen=True, slots=True)
class Regimes:
    """The clock of the product. Build it once with `load`, ask it with `regime`."""

    rules: tuple[RegimeRule, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads `corpus/regimes.toml`.

        Raises: CorpusInvalid for a file that cannot be read, an unknown key or id, a missing Dutch or English text, or days of
        registration that leave a gap or overlap within a track.
        """
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            rules = tuple(_rule(entry) for entry in data["regime"])
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, InvalidIdentifier) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__}: {error}") from error
        if sorted(rule.id for rule in rules) != sorted(each for each in RegimeId if each is not RegimeId.UNKNOWN):
            raise CorpusInvalid(f"{path.name}: needs each of dublin-iii, ammr, apd and apr once")
        for track in Track:
            _check_days(path.name, track, [rule for rule in rules if rule.track is track])
        return cls(rules)

    def rule(self, regime_id: RegimeId) -> RegimeRule:
        """Raises: KeyError for `unknown`."""
        return {rule.id: rule for rule in self.rules}[regime_id]

    def of_track(self, track: Track) -> tuple[RegimeRule, ...]:
        """The regimes of a track, oldest first."""
        return tuple(sorted((r for r in self.rules if r.track is track), key=lambda r: r.registered_from or dt.date.min))

    def regime(self, registered_on: LegalDate | None, track: Track | None, as_of: dt.date) -> Regime:
        """The law that governs an application registered on `registered_on` and looked at on `as_of`.

        The day of registration alone chooses; `as_of` decides what was open that day, and that a registration after it is a
        mistake in the file. `unknown` never comes without a sentence.
        """
        rules = self.rules if track is None else self.of_track(track)
        if registered_on is None:
            possible = tuple(rule.id for rule in rules if rule.registered_from is None or rule.registered_from <= as_of)
            return Regime(RegimeId.UNKNOWN, track, _no_registration(rules), candidates=possible)
        possible_rules = [rule for rule in rules if rule.may_hold(registered_on)]
        candidates = tuple(rule.id for rule in possible_rules)
        if track is None:
            return Regime(RegimeId.UNKNOWN, None, _NO_TRACK, candidates=candidates)
        if registered_on.first_day > as_of:
            return Regime(RegimeId.UNKNOWN, track, _registered_later(registered_on, as_of), candidates=candidates)
        if len(possible_rules) != 1:
            return Regime(RegimeId.UNKNOWN, track, _straddles(registered_on, possible_rules[-1]), candidates=candidates)
        rule = possible_rules[0]
        sentence = {language: f"{rule.name[language]}; {rule.because[language]}." for language in ("nl", "en")}
        is_open = rule.open is not None and (rule.open_from is None or rule.open_from <= as_of)
        return Regime(rule.id, track, sentence, rule.document_id, rule.source, rule.open if is_open else None)


_NO_TRACK = {
    "nl": "Welk recht geldt, hangt ervan af of de vreemdeling elders bescherming heeft gevraagd (Dublin) of al heeft (statushouder).",
    "en": "Which law applies turns on whether the person asked for protection elsewhere (Dublin) or has it there (status holder).",
}


def _no_registration(rules: tuple[RegimeRule, ...]) -> dict[str, str]:
    starts = sorted({rule.registered_from for rule in rules if rule.registered_from is not None})
    nl = " en ".join(in_words(day, "nl") for day in starts)
    en = " and ".join(in_words(day, "en") for day in starts)
    return {
        "nl": f"Welk recht geldt, is onbekend: de datum van registratie van de aanvraag ontbreekt. Omslag: {nl}.",
        "en": f"Which law applies is unknown: the date on which the application was registered is missing. Turning point: {en}.",
    }


def _registered_later(registered_on: LegalDate, as_of: dt.date) -> dict[str, str]:
    nl, en = ((in_words(registered_on, language), in_words(as_of, language)) for language in ("nl", "en"))
    return {
        "nl": f"De aanvraag zou zijn geregistreerd ({nl[0]}) na de peildatum ({nl[1]}): controleer beide.",
        "en": f"The application would be registered ({en[0]}) after the as-of date ({en[1]}): check both.",
    }


def _straddles(registered_on: LegalDate, later: RegimeRule) -> dict[str, str]:
    start = later.registered_from
    assert start is not None  # of two regimes in one track the later has a first day: _check_days
    nl, en = ((in_words(registered_on, language), in_words(start, language)) for language in ("nl", "en"))
    return {
        "nl": f"Geregistreerd in {nl[0]}: dat kan vóór of na {nl[1]} zijn. De precieze dag bepaalt welk recht geldt.",
        "en": f"Registered in {en[0]}: that may be before or after {en[1]}. The exact day decides which law applies.",
    }


_KEYS = {
    "id", "track", "registered_from", "registered_until", "document", "transition", "name", "because", "open", "open_from",
}  # fmt: skip


def _rule(entry: Mapping[str, Any]) -> RegimeRule:
    if unknown := set(entry) - _KEYS:
        raise ValueError(f"unknown keys {sorted(unknown)} in regime {entry.get('id')!r}")
    return RegimeRule(
        id=RegimeId(entry["id"]),
        track=Track(entry["track"]),
        registered_from=_day(entry.get("registered_from")),
        registered_until=_day(entry.get("registered_until")),
        document_id=str(entry["document"]),
        source=Source(entry["transition"]["document"], entry["transition"].get("pinpoint"), entry["transition"]["verification"]),
        name=_both(entry["name"]),
        because=_both(entry["because"]),
        open=_both(entry["open"]) if "open" in entry else None,
        open_from=_day(entry.get("open_from")),
    )


def _day(text: str | None) -> dt.date | None:
    return parse_day(text).first_day if text is not None else None


def _both(texts: Mapping[str, str]) -> Mapping[str, str]:
    if set(texts) != {"nl", "en"} or not all(text.strip() for text in texts.values()):
        raise ValueError(f"needs a Dutch (nl) and an English (en) text: {dict(texts)!r}")
    return dict(texts)


def _check_days(file_name: str, track: Track, rules: list[RegimeRule]) -> None:
    ordered = sorted(rules, key=lambda rule: rule.registered_from or dt.date.min)
    if len(ordered) < 2 or ordered[0].registered_from is not None or ordered[-1].registered_until is not None:
        raise CorpusInvalid(f"{file_name}: the regimes of {track} must begin and end open")
    for earlier, later in itertools.pairwise(ordered):
        if earlier.registered_until is None or later.registered_from != earlier.registered_until + dt.timedelta(days=1):
            raise CorpusInvalid(f"{file_name}: {later.id} must begin on the day after {earlier.id} ends")
