"""Where in a document: pinpoints as printed, as slugs in addresses, and as words in a citation."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class PinpointKind(StrEnum):
    PARAGRAPH = "para"  # CJEU `punt 90`, ECtHR `§ 254`, views
    CONSIDERATION = "ro"  # Dutch `r.o. 5.2`; the Afdeling writes `onder 5.2`
    RANDNUMMER = "rn"  # German and Swiss courts
    SECTION = "section"  # a heading of a letter or a report
    PAGE_SECTION = "p"  # section 2 on page 4: `p-4.2`
    PAGE = "page"
    ARTICLE = "art"
    RECITAL = "recital"
    ANSWER = "answer"  # answers to parliamentary questions
    QUESTION = "question"
    HEADNOTE = "headnote"  # Leitsatz
    OPERATIVE = "operative"
    FOOTNOTE = "fn"
    HOLDING = "holding"  # the summary of a digest: not a place in the document
    POSITION = "pos"  # no number printed: the n-th block, said to be so
    OTHER = "other"


# printed word -> kind; the longest words first
_WORDS: tuple[tuple[str, PinpointKind], ...] = (
    (r"(?:paras?|paragraphs?|punten|punt|points?|§§|§)\.?", PinpointKind.PARAGRAPH),
    (r"(?:r\.?\s?o\.?|rechtsoverweging(?:en)?|overweging(?:en)?|onder)", PinpointKind.CONSIDERATION),
    (r"(?:rn|rdnr|randnummern?)\.?", PinpointKind.RANDNUMMER),
    (r"(?:articles?|artikel(?:en)?|artt?\.)", PinpointKind.ARTICLE),
    (r"(?:recitals?|overweging considerans)", PinpointKind.RECITAL),
    (r"answers?", PinpointKind.ANSWER),
    (r"questions?", PinpointKind.QUESTION),
    (r"(?:headnotes?|leitsatz|leitsätze)", PinpointKind.HEADNOTE),
    (r"operative (?:part|outcome)|dictum", PinpointKind.OPERATIVE),
    (r"(?:letter of .*?, )?sections?", PinpointKind.SECTION),
    (r"(?:pp?|pages?|blz)\.?", PinpointKind.PAGE),
    (r"(?:fn|footnotes?|voetnoot)\.?", PinpointKind.FOOTNOTE),
)
_PRINTED = tuple((re.compile(rf"{word}(?=[\s\d'‘“(]|$)\s*", re.I), kind) for word, kind in _WORDS)
_NUMBERED = {
    PinpointKind.PARAGRAPH,
    PinpointKind.CONSIDERATION,
    PinpointKind.RANDNUMMER,
    PinpointKind.ARTICLE,
    PinpointKind.RECITAL,
    PinpointKind.ANSWER,
    PinpointKind.QUESTION,
    PinpointKind.HEADNOTE,
    PinpointKind.PAGE,
    PinpointKind.FOOTNOTE,
}
_UNSEEN = re.compile(r"no (?:para )?number|number not seen|no numbered", re.I)
_JOIN = re.compile(r"\s*(?:,|;|\ben\b|\band\b|\bund\b|\bet\b)\s*", re.I)
_SPAN = re.compile(r"\s*(?:-|–|t/m)\s*")


@dataclass(frozen=True, slots=True)
class Pinpoint:
    """One place in a document. `printed` is the reference as the source or the catalogue prints it; `value` its numbers
    (`90`, `4.1-4.3`, `3(2)`) or its heading; `slug` is its form in a passage id and a web address."""

    kind: PinpointKind
    value: str
    printed: str

    @classmethod
    def parse(cls, ref: str) -> Self | None:
        """A printed reference as a pinpoint, or None where it names no place (`reasons, no para number seen`).

        A reference whose number was not seen is never given one: `operative part (evidence), no para number seen` and
        `outcome` are no place that can be cited.
        """
        text = " ".join(unicodedata.normalize("NFC", ref).replace("\u00a0", " ").split())
        for pattern, kind in _PRINTED:
            match = pattern.match(text)
            if not match:
                continue
            rest = text[match.end() :].strip().strip("'‘’“”\"")
            if kind is PinpointKind.OPERATIVE:
                number = re.match(r"\d+", rest)
                return cls(kind, number[0], text) if number and not _UNSEEN.search(text) else None
            if _UNSEEN.search(text) or (kind in _NUMBERED and not any(c.isdigit() for c in rest)):
                return None
            return cls(kind, rest, text)
        if re.fullmatch(r"\d+(?:\.\d+)*(?:\s*(?:t/m|-)\s*\d+(?:\.\d+)*)?", text):
            return cls(PinpointKind.OTHER, text, text)
        return None

    @property
    def slug(self) -> str:
        if self.kind in (PinpointKind.HOLDING, PinpointKind.OPERATIVE) and not self.value:
            return str(self.kind)
        return f"{self.kind}-{_slugged(self.value)}" if self.kind is not PinpointKind.OTHER else _slugged(self.printed)

    @property
    def is_place(self) -> bool:
        """False for a digest's summary and for blocks that only have a position: they cannot be cited as a pinpoint."""
        return self.kind not in (PinpointKind.HOLDING, PinpointKind.POSITION)


_SLUG = re.compile(r"(?P<kind>para|ro|rn|art|recital|answer|question|headnote|page|fn)-(?P<value>\d.*)")
_SLUG_RANGE = re.compile(r"((?:\d+\.)*)(\d+)-((?:\d+\.)*)(\d+)")
_LONGEST_RANGE = 100  # a longer one is a misreading, or means the whole text


def slug_places(slug: str) -> tuple[str, ...]:
    """The single places that a slug names, in its order: `para-85-87,90` is para-85, para-86, para-87, para-90.

    What is no list or range of numbers is one place, itself.
    """
    match = _SLUG.fullmatch(slug)
    if match is None:
        return (slug,)
    places: dict[str, None] = {}
    for piece in match["value"].split(","):
        ends = _SLUG_RANGE.fullmatch(piece)
        first, last = (int(ends[2]), int(ends[4])) if ends else (0, -1)
        if ends and ends[1] == ends[3] and first < last <= first + _LONGEST_RANGE:
            places.update((f"{match['kind']}-{ends[1]}{number}", None) for number in range(first, last + 1))
        else:
            places[f"{match['kind']}-{piece}"] = None
    return tuple(places)


def _slugged(value: str) -> str:
    value = _SPAN.sub("-", value)
    value = _JOIN.sub(",", value)
    value = re.sub(r"[^\w.,()\-]+", "-", value.lower(), flags=re.UNICODE)
    return re.sub(r"-{2,}", "-", value).strip("-.,")[:120]


HOLDING = Pinpoint(PinpointKind.HOLDING, "", "")
