"""One person's case as a caseworker or lawyer states it: the facts of the interface, checked at the door and then trusted.

Nothing here is stored or logged. Messages name the field and what is allowed; of what was written they quote nothing but the name of
an unknown field.
"""

import datetime as dt
import difflib
import hashlib
import json
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from kb.domain import countries
from kb.domain.dates import LegalDate
from kb.domain.documents import Track
from kb.errors import InvalidIdentifier, InvalidQuery
from kb.law.days import written_dates

_DUTCH_FIELDS = {
    "registratiedatum": "registered_on", "geregistreerd_op": "registered_on", "datum_registratie": "registered_on",
    "besluitdatum": "decided_on", "datum_besluit": "decided_on", "nationaliteit": "nationality", "regio": "region", "land": "member_state",
    "lidstaat": "member_state", "status": "status_there", "status_daar": "status_there", "kwetsbaarheden": "vulnerabilities",
    "kwetsbaarheid": "vulnerabilities", "huisvesting": "housing", "werk": "work", "kinderen": "children", "gezondheid": "health",
    "medisch": "health", "rechtsmiddelen": "remedies_used", "relaas": "narrative", "citaten": "cites", "soort": "track",
}  # fmt: skip
_BESIDE = ("framework", "as_of", "lang", "language", "format", "prose", "save_facts", "confirm")  # asked for beside the case, not in it
MAX_CHARACTERS = 50_000  # of all facts and the narrative together
_TEXT_FIELDS = ("region", "housing", "work", "children", "health", "remedies_used")
_LIST_FIELDS = ("vulnerabilities",)
_DATE_FIELDS = ("registered_on", "decided_on")
_COUNTRY_FIELDS = ("nationality", "member_state")
FIELDS = (*_DATE_FIELDS, *_COUNTRY_FIELDS, "region", "status_there", "vulnerabilities", "housing", "work", "children", "health",
          "remedies_used", "narrative", "track", "cites")  # fmt: skip


class StatusThere(StrEnum):
    """What the person has in the other Member State."""

    NONE = "none"
    APPLICANT = "applicant"
    REFUGEE = "refugee"
    SUBSIDIARY = "subsidiary"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def is_protection(self) -> bool:
        """A lapsed document is not a lapsed status: `expired` counts."""
        return self in (StatusThere.REFUGEE, StatusThere.SUBSIDIARY, StatusThere.EXPIRED)


_STATUS_WORDS = {
    "geen": "none", "asielzoeker": "applicant", "aanvrager": "applicant", "asylum seeker": "applicant", "vluchteling": "refugee",
    "vluchtelingenstatus": "refugee", "refugee status": "refugee", "subsidiair": "subsidiary", "subsidiaire bescherming": "subsidiary",
    "subsidiary protection": "subsidiary", "verlopen": "expired", "onbekend": "unknown",
}  # fmt: skip
_TRACK_WORDS = {"dublin": "dublin-transfer", "dublinoverdracht": "dublin-transfer", "statushouder": "status-holder"}


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of one case. Countries are ISO 3166 alpha-2, dates as precise as given; an empty field is a fact that the file lacks.

    `track` is the kind of case that the user argues, where it was said; `cites` are documents or passages that the argument relies on.
    """

    registered_on: LegalDate | None = None
    decided_on: LegalDate | None = None
    nationality: str | None = None
    region: str | None = None
    member_state: str | None = None
    status_there: StatusThere | None = None
    vulnerabilities: tuple[str, ...] = ()
    housing: str | None = None
    work: str | None = None
    children: str | None = None
    health: str | None = None
    remedies_used: str | None = None
    narrative: str | None = field(default=None, repr=False)
    track: Track | None = None
    cites: tuple[str, ...] = ()

    @classmethod
    def parse(cls, data: Mapping[str, Any], *, country: Callable[[str], str] = countries.code) -> Self:
        """The case in `data`, keyed by the interface's names; null and blank values are lacking facts.

        A fact in words may be a text, a number, yes or no, or a list or table of those (`children = [{ born = 2019 }]`).

        Args:
            country: a country's name or code to its ISO code. Raises InvalidQuery for what it does not know.
        Raises: InvalidQuery for an unknown field (with the nearest known name), a value of the wrong shape, a day that no calendar
        has, an unknown country or status, or more than 50,000 characters.
        """
        if not isinstance(data, Mapping):
            raise InvalidQuery("a case is a table of facts, for example nationality, member_state, decided_on")
        for name in data:
            if name not in FIELDS:
                raise InvalidQuery(f"a case has no field {str(name)[:60]!r}{_meant(str(name))}")
        values: dict[str, Any] = {name: value for name, value in data.items() if not _is_empty(value)}
        simple: dict[str, Any] = {name: _date(name, values.get(name)) for name in _DATE_FIELDS}
        simple |= {name: _country(name, values.get(name), country) for name in _COUNTRY_FIELDS}
        simple |= {name: _words(name, values.get(name)) for name in _TEXT_FIELDS}
        case = cls(
            **simple,
            status_there=_choice("status_there", values.get("status_there"), StatusThere, _STATUS_WORDS),
            track=_choice("track", values.get("track"), Track, _TRACK_WORDS),
            vulnerabilities=_list("vulnerabilities", values.get("vulnerabilities")),
            cites=_list("cites", values.get("cites")),
            narrative=_narrative(values.get("narrative")),
        )
        if sum(len(text) for text in (case.facts_text, case.narrative or "", *case.cites)) > MAX_CHARACTERS:
            raise InvalidQuery(f"the case is longer than {MAX_CHARACTERS:,} characters: keep what the test asks for")
        return case

    @classmethod
    def read(cls, path: Path, *, country: Callable[[str], str] = countries.code) -> Self:
        """A case file, TOML or JSON by its ending. Raises: InvalidQuery, as `parse`, and for a file that cannot be read."""
        return cls.parse(read_table(path), country=country)

    def has(self, name: str) -> bool:
        """Whether the file tells this fact; a status that is `unknown` is not told."""
        value = getattr(self, name)
        return value not in (None, (), "") and value is not StatusThere.UNKNOWN

    def words_of(self, name: str) -> str:
        """A fact in words as it was written, for word lists and queries; empty where it is lacking."""
        value = getattr(self, name)
        return "; ".join(value) if isinstance(value, tuple) else str(value) if value is not None else ""

    @property
    def facts_text(self) -> str:
        """Every fact in words, a line each, without the narrative."""
        return "\n".join(text for name in (*_TEXT_FIELDS, *_LIST_FIELDS) if (text := self.words_of(name)))

    @property
    def all_text(self) -> str:
        return "\n".join(part for part in (self.facts_text, self.narrative) if part)

    def to_json(self) -> dict[str, Any]:
        """Every field under its own name, empty ones as null: the shape that `parse` reads."""
        return {
            "registered_on": self.registered_on.value if self.registered_on else None,
            "decided_on": self.decided_on.value if self.decided_on else None,
            "nationality": self.nationality,
            "region": self.region,
            "member_state": self.member_state,
            "status_there": str(self.status_there) if self.status_there else None,
            "vulnerabilities": list(self.vulnerabilities),
            "housing": self.housing,
            "work": self.work,
            "children": self.children,
            "health": self.health,
            "remedies_used": self.remedies_used,
            "narrative": self.narrative,
            "track": str(self.track) if self.track else None,
            "cites": list(self.cites),
        }

    def sha256(self) -> str:
        """Of the normalised case: the same facts give the same hash, whatever the order or file type they came in."""
        body = json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(body.encode("utf-8")).hexdigest()


def read_table(path: Path) -> dict[str, Any]:
    """The table in a TOML or JSON file. Raises: InvalidQuery, naming the file and not its words."""
    try:
        content = path.read_text(encoding="utf-8")
        data = json.loads(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise InvalidQuery(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError:
        raise InvalidQuery(f'{path} is not TOML: write texts between quotes, for example nationality = "SY"') from None
    except (ValueError, RecursionError):
        raise InvalidQuery(f"{path} is not JSON") from None
    if not isinstance(data, dict):
        raise InvalidQuery(f"{path} holds no table of facts")
    return data


def as_of_day(case: Case, as_of: dt.date | None, today: dt.date) -> tuple[dt.date, bool]:
    """The day whose law answers, and whether another day of a partial decision date could be meant.

    An as-of day that was asked for, else the day of the decision (of a month or a year its last day, but no day after today where the
    decision can be of today or before), else today.
    """
    if as_of is not None or case.decided_on is None:
        return as_of or today, False
    first, last = case.decided_on.first_day, case.decided_on.last_day
    day = today if first <= today < last else last
    return day, case.decided_on.precision != "day"


def _meant(name: str) -> str:
    """What a field that is not known may have meant."""
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    if plain in _BESIDE:
        return f": {plain} is asked for beside the case (--{plain.replace('_', '-')} on the command line, its own field in the API)"
    near = [_DUTCH_FIELDS[plain]] if plain in _DUTCH_FIELDS else difflib.get_close_matches(plain, FIELDS, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(FIELDS)}"


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, list | tuple | dict) and not value)


def _date(name: str, value: Any) -> LegalDate | None:
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        value = value.date()
    if isinstance(value, dt.date):
        return LegalDate.of(value)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise InvalidQuery(f"{name}: expected a date such as 2024-06-12, 2024-06 or 2024")
    try:
        return LegalDate.parse(text)
    except InvalidIdentifier:
        pass
    written = [w for w in written_dates(text) if not text[: w.start].strip() and not text[w.end :].strip()]
    if written and any(c.isalpha() for c in text):
        return written[0].date  # `12 juni 2024` is one day; `12-06-2024` may be two
    hint = " (year first, so that day and month cannot be mistaken)" if written else ""
    raise InvalidQuery(f"{name}: expected a date of the calendar: 2024-06-12, 2024-06 or 2024{hint}")


def _country(name: str, value: Any, country: Callable[[str], str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidQuery(f"{name}: expected one country, by its ISO code or its name in Dutch or English")
    if value.strip().casefold() in ("unknown", "onbekend"):
        return None
    try:
        return country(value)
    except InvalidQuery:
        raise InvalidQuery(
            f"{name}: no such country: give its ISO code (DK) or its name in Dutch or English (Denemarken, Denmark)"
        ) from None


def _choice(name: str, value: Any, kind: Any, words: Mapping[str, str]) -> Any:
    if value is None:
        return None
    known = [str(each) for each in kind]
    text = str(value).strip().lower()
    text = words.get(text, text)
    if text in known:
        return kind(text)
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise InvalidQuery(f"{name}: {hint}known are {', '.join(known)}")


def _words(name: str, value: Any) -> str | None:
    if value is None:
        return None
    return _clean(_flat(name, value)) or None


def _narrative(value: Any) -> str | None:
    """As it was written, to the character: proposed facts give offsets in it."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidQuery("narrative: expected a text")
    return value


def _list(name: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    items: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return tuple(text for item in items if (text := _clean(_flat(name, item))))


def _flat(name: str, value: Any, depth: int = 0) -> str:
    """`[{"born": 2019, "in": "Athens"}]` as `born: 2019, in: Athens`."""
    if depth > 3:
        raise InvalidQuery(f"{name}: lists inside lists: write it as a sentence")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float | dt.date):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_flat(name, item, depth + 1)}" for key, item in value.items() if not _is_empty(item))
    if isinstance(value, list | tuple):
        return "; ".join(_flat(name, item, depth + 1) for item in value if not _is_empty(item))
    raise InvalidQuery(f"{name}: expected a text, a number, or a list of those")


def _clean(text: str) -> str:
    """Without control and direction characters."""
    kept = (c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} else "" for c in text)
    return "".join(kept).strip()
