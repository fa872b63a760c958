"""Text as citations are recognised in it, and the normalised value of what was recognised: `C‑297 / 17` becomes `C-297/17`."""

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kb.domain.identifiers import Ecli, fold_identifier
from kb.errors import InvalidIdentifier

Groups = Mapping[str, str | None]

# one character for one character, so that offsets survive; what has no counterpart is dropped or squeezed by `Folded.of`
_SAME_LENGTH = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("：∶﹕", ":"),
        **dict.fromkeys("‘’‛ʼ´`＇", "'"),
        **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\x0b\x0c", " "),
        "；": ";",
        # full-width forms; superscripts stay what they are: `C-297/17²` is a case and a footnote
        **{chr(0xFF10 + n): str(n) for n in range(10)},
        **{chr(0xFF21 + n): chr(0x41 + n) for n in range(26)},
        **{chr(0xFF41 + n): chr(0x61 + n) for n in range(26)},
        "／": "/",
        "．": ".",
        "（": "(",
        "）": ")",
    }
)
_IRREGULAR = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u202a-\u202e]+|[ \r\n\u0085\u2028\u2029]{2,}|[\r\n\u0085\u2028\u2029]")
_BREAK = re.compile(r"\r\n|[\r\n\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A copy of a text with look-alikes folded and blanks squeezed, that knows where in the original each character stands.

    A run of blanks with at most one line break is one blank (hard-wrapped lines), with more it is `\\n` (a new paragraph).
    """

    text: str
    _runs: list[int]  # starts in `text` of stretches that are copied one to one
    _origins: list[int]  # where those stretches start in the original

    @classmethod
    def of(cls, original: str) -> "Folded":
        same = original.translate(_SAME_LENGTH)
        pieces: list[str] = []
        runs, origins = [0], [0]
        length = position = 0
        for match in _IRREGULAR.finditer(same):
            pieces.append(same[position : match.start()])
            length += match.start() - position
            blank = match[0]
            if blank[0] in " \r\n\u0085\u2028\u2029":
                runs.append(length)
                origins.append(match.start())
                pieces.append("\n" if len(_BREAK.findall(blank)) > 1 else " ")
                length += 1
            position = match.end()
            runs.append(length)
            origins.append(position)
        pieces.append(same[position:])
        return cls("".join(pieces), runs, origins)

    def origin(self, position: int) -> int:
        """Where the character at `position` stands in the original."""
        # of several stretches that start here, the last one holds the character
        run = bisect_left(self._runs, position + 1) - 1
        return self._origins[run] + position - self._runs[run]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.origin(start), self.origin(end - 1) + 1


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is the normalised value; `document` the canonical id where the value alone gives it."""

    text: str
    document: str | None = None


class Values:
    """The ways that groups become a value, by the names that citations.toml uses. None: not what it looked like."""

    def __init__(self, months: Mapping[str, int]) -> None:
        self._months = months
        self.ways: Mapping[str, Callable[[Groups], Value | None]] = {
            "ecli": ecli,
            "celex": lambda g: Value((g["celex"] or "").upper()),
            "un-document": lambda g: Value((g["number"] or "").upper(), (g["number"] or "").upper()),
            "neutral-citation": _neutral,
            "kamerstuk": _kamerstuk,
            "aanhangsel": _aanhangsel,
            "handelingen": _handelingen,
            "staatsblad": lambda g: _own(f"{(g['journal'] or '').lower()}-{g['year']}-{g['number']}"),
            "case-number": _case_number,
            "case-number-old": lambda g: Value(f"{int(g['number'] or 0)}/{g['year']}"),
            "application-number": _application,
            "as-printed": _as_printed,
            "nl-docket": lambda g: Value(f"NL{g['year']}.{g['number']}"),
            "awb": lambda g: Value(f"{(g['registry'] or 'AWB').upper()} {g['year']}/{g['number']}"),
            "cce": lambda g: Value(
                re.sub(r"[ .]", " ", g["number"] or "") if " " in (g["number"] or "") else _thousands(g["number"] or "")
            ),
            "ljn": lambda g: Value(f"{g['letters']}{g['number']}".upper()),
            "aktenzeichen": _aktenzeichen,
            "act": act,
            "directive": lambda g: act({**g, "type": "directive"}),
        }

    def is_month(self, word: str) -> bool:
        return word.lower() in self._months

    def day(self, printed: str) -> str | None:
        """`28 juli 2021`, `July 28, 2021` or `28.7.2021` as ISO, None where it is no day."""
        numbers = [int(n) for n in re.findall(r"\d+", printed)]
        word = re.search(r"[^\W\d]{3,}", printed)
        try:
            if word:
                month = self._months.get(word[0].lower(), 0)
                day, year = numbers[0], numbers[1]
            else:
                day, month, year = numbers[:3]
            return dt.date(year, month, day).isoformat()
        except (ValueError, IndexError):
            return None


def _own(number: str) -> Value:
    return Value(number, number)


def ecli(groups: Groups) -> Value | None:
    year = groups.get("year")
    if groups.get("nl"):
        ordinal = re.sub(r"[\s:]", "", (groups["nl"] or "").upper()).removeprefix("LJN")
        text = f"ECLI:NL:{groups['court']}:{year}:{ordinal.lstrip('0') or '0' if ordinal.isdigit() else ordinal}"
    elif groups.get("eu"):
        text = f"ECLI:EU:{groups['eu']}:{year}:{groups['ordinal']}"
    elif groups.get("ce"):
        text = f"ECLI:CE:{groups['ce']}:{year}:{re.sub(r'[: ]', '', groups['ordinal'] or '')}"
    else:
        text = f"ECLI:{groups['country']}:{groups['court']}:{year}:{groups['ordinal']}"
    try:
        value = Ecli.parse(text).value
    except InvalidIdentifier:
        return None
    return _own(value)


def _neutral(groups: Groups) -> Value:
    chamber = f" ({groups['chamber']})" if groups.get("chamber") else ""
    court = " ".join(word if word in ("Civ", "Crim", "Admin") else word.upper() for word in (groups["court"] or "").split())
    return Value(f"[{groups['year']}] {court} {groups['number']}{chamber}")


def _kamerstuk(groups: Groups) -> Value | None:
    dossier = re.sub(r"\D", "", groups.get("dossier") or "")
    number = (groups.get("number") or groups.get("number2") or "").upper()
    if not dossier or not number or (number.isdigit() and int(number) == 0):
        return None
    # letters in a number are the Senate's (`A`, `88b`); officielebekendmakingen writes them in capitals at the end of the id
    roman = groups.get("roman")
    return _own("-".join(["kst", dossier, *([roman.upper()] if roman else []), number.lstrip("0") if number.isdigit() else number]))


def _years(session: str) -> str | None:
    """`2022/23` and `2022-2023` as `20222023`; None where they are not two years running."""
    first, last = re.findall(r"\d+", session)[:2]
    end = int(last) if len(last) == 4 else int(first[:2]) * 100 + int(last)
    if len(last) == 2 and end < int(first):
        end += 100
    return f"{first}{end}" if end == int(first) + 1 else None


def _house(groups: Groups) -> str:
    return "ek" if groups.get("house") in ("I", "EK") else "tk"


def _aanhangsel(groups: Groups) -> Value | None:
    years = _years(groups["session"] or "")
    return _own(f"ah-{_house(groups)}-{years}-{groups['number']}") if years else None


def _handelingen(groups: Groups) -> Value | None:
    years = _years(groups["session"] or "")
    item = f"-{groups['item']}" if groups.get("item") else ""
    return _own(f"h-{_house(groups)}-{years}-{groups['number']}{item}") if years else None


def _case_number(groups: Groups) -> Value | None:
    number, year = int(groups["number"] or 0), int(groups["year"] or 0)
    # the Court of Justice opened in 1953
    if not number or 40 < year < 53:
        return None
    suffix = fold_identifier(groups.get("suffix") or "").upper()
    return Value(f"{(groups.get('court') or 'C').upper()}-{number}/{groups['year']}{' ' + suffix if suffix else ''}")


def _application(groups: Groups) -> Value | None:
    number, year = int(groups["number"] or 0), int(groups["year"] or 0)
    # the Commission opened its first file in 1955; a number of the coming decades is none
    return Value(f"{number}/{groups['year']}") if number and (year >= 55 or year <= 40) else None


def _as_printed(groups: Groups) -> Value:
    return Value(
        re.sub(r" ?/ ?", "/", fold_identifier(groups["number"] or "")).upper() if _is_plain(groups["number"]) else groups["number"] or ""
    )


def _is_plain(number: str | None) -> bool:
    return not re.search(r"Bv[A-Z]", number or "")


def _thousands(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    return f"{digits[:-3]} {digits[-3:]}"


def _aktenzeichen(groups: Groups) -> Value:
    number = fold_identifier(groups["number"] or "")
    # several courts use one number: the court is part of the value where it is printed
    court = fold_identifier(groups.get("court") or "").strip(" .,")
    return Value(f"{court} {number}" if court else number)


_OLD_COMMUNITY = {"EG", "EEG", "EC", "EEC", "CE", "CEE", "EF", "EØF", "EWG", "EURATOM", "Euratom"}


def act(groups: Groups) -> Value | None:
    """The CELEX number of an act cited by number. Regulations were numbered number/year until 2014 and year/number since 2015,
    directives and framework decisions always year/number (interinstitutional numbering, in force 1 January 2015)."""
    kind = (groups.get("type") or "").lower()
    a, b = groups["a"] or "", groups["b"] or ""
    framework = "kader" in kind or "framework" in kind or "rahmen" in kind or "cadre" in kind or "ramme" in kind
    directive = "direct" in kind or "richtl" in kind or "direktiv" in kind
    if framework or directive or (len(a) == 4 and 2015 <= int(a) <= 2100 and groups.get("community") not in _OLD_COMMUNITY):
        year, number = a, b
    else:
        year, number = b, a
    if len(year) == 2:
        year = f"19{year}"
    if len(year) != 4 or not 1952 <= int(year) <= 2100 or not int(number):
        return None
    letter = "F" if framework else "L" if directive else "R"
    return Value(f"3{year}{letter}{int(number):04d}")
