"""Courts and other bodies: the printed name or the ECLI that tells which one spoke, its rank, and how it is cited."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from kb.domain.identifiers import Ecli
from kb.errors import CorpusInvalid, InvalidIdentifier

_OPTIONAL = frozenset({"pins_nl", "former_until", "former_nl", "former_en"})
STYLES = frozenset({"court", "opinion", "cjeu", "ecthr", "views", "foreign", "paper", "law", "report"})


@dataclass(frozen=True, slots=True)
class Court:
    """One body. `level` ranks it: 1 apex, 2 appeal, 3 first instance, 4 administration and non-binding views, 5 others.

    `cite_nl` and `cite_en` are its abbreviations in a citation; empty where a citation does not name the body (papers, laws).
    `pin_nl` and `pin_en` stand before a number (`r.o.` / `para`); `pins_nl` before several (`punten`).
    """

    key: str
    names: tuple[str, ...]  # as printed on documents
    ecli: tuple[str, ...]  # `NL:RVS`; a final `*` stands for any ending
    country: str  # ISO 3166 alpha-2; EU, CE, UN; empty for others
    level: int
    cite_nl: str
    cite_en: str
    pin_nl: str
    pin_en: str
    style: str
    source: str  # of name, code and abbreviation
    pins_nl: str | None = None
    former_until: str | None = None  # last day, YYYY-MM-DD, of the abbreviations below
    former_nl: str | None = None
    former_en: str | None = None


class Courts:
    """All bodies of corpus/courts. `by_key` holds them by their key."""

    def __init__(self, courts: Iterable[Court]) -> None:
        self.by_key: Mapping[str, Court] = {court.key: court for court in courts}
        self._by_name = {_folded(name): court for court in self.by_key.values() for name in court.names}
        codes = [(code, court) for court in self.by_key.values() for code in court.ecli]
        self._by_code = {code: court for code, court in codes if not code.endswith("*")}
        # the longest beginning first, so that NL:OGEAA is never taken for NL:OGEA*
        self._by_beginning = sorted(
            ((code[:-1], court) for code, court in codes if code.endswith("*")), key=lambda row: (-len(row[0]), row[0])
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """The bodies of a courts.toml. Raises: CorpusInvalid, naming the file and the key, for a field that is unknown or missing,
        a key, name or ECLI code that stands twice, an unknown style."""
        try:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("court", [])
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CorpusInvalid(f"{path.name}: cannot be read: {error}") from error
        courts = [_court(row, path.name) for row in rows]
        for what, values in (
            ("key", [court.key for court in courts]),
            ("name", [_folded(name) for court in courts for name in court.names]),
            ("ECLI code", [code for court in courts for code in court.ecli]),
        ):
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise CorpusInvalid(f"{path.name}: {what} given twice: {sorted(twice)[0]!r}")
        return cls(courts)

    def find(self, printed_name: str | None, document_id: str = "") -> Court | None:
        """The body of a document: by the court code of its ECLI, else by its printed name; None when neither is known.

        The name decides between bodies that share a code: an Advocate General's opinion carries `ECLI:EU:C`, like a judgment.
        """
        named = self._by_name.get(_folded(printed_name)) if printed_name else None
        if named and (named.style == "cjeu" or not document_id.upper().startswith("ECLI:")):
            return named
        return self._by_ecli(document_id) or named or self._by_loose_name(printed_name)

    def _by_ecli(self, document_id: str) -> Court | None:
        try:
            ecli = Ecli.parse(document_id)
        except InvalidIdentifier:
            return None
        code = f"{ecli.country}:{ecli.court}"
        return self._by_code.get(code) or next((court for beginning, court in self._by_beginning if code.startswith(beginning)), None)

    def _by_loose_name(self, printed_name: str | None) -> Court | None:
        """`Rechtbank Den Haag, zittingsplaats Utrecht`, `Verwaltungsgericht Bremen 6. Kammer`: a known name and what follows it."""
        if not printed_name:
            return None
        name = _folded(printed_name)
        hits = [known for known in self._by_name if re.match(rf"{re.escape(known)}(?=[\s,(])", name)]
        return self._by_name[max(hits, key=len)] if hits else None


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _court(row: Mapping[str, Any], file_name: str) -> Court:
    known = {field.name for field in fields(Court)}
    where = f"{file_name}: {row.get('key', '(no key)')}"
    if unknown := sorted(set(row) - known):
        raise CorpusInvalid(f"{where}: unknown field {unknown[0]!r}")
    if missing := sorted(known - _OPTIONAL - set(row)):
        raise CorpusInvalid(f"{where}: missing field {missing[0]!r}")
    if row["style"] not in STYLES:
        raise CorpusInvalid(f"{where}: unknown style {row['style']!r}; known: {', '.join(sorted(STYLES))}")
    if row["level"] not in range(1, 6):
        raise CorpusInvalid(f"{where}: level must be 1 to 5, not {row['level']!r}")
    return Court(**{**row, "names": tuple(row["names"]), "ecli": tuple(row["ecli"])})
