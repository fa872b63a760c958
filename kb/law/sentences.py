"""A text as its sentences, and what of it could be said on an earlier day."""

import datetime as dt
import re
from collections.abc import Mapping

from kb.law.days import written_dates

Text = Mapping[str, str]
Texts = Mapping[str, tuple[str, ...]]
_SENTENCE_END = re.compile(r"(?<=[.!?])[”\"’']?\s+(?=[“\"‘]?[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:r\.o|nr|nrs|art|artt|para|paras|blz|pp?|mr|dr|no|vgl|bijv|d\.w\.z|e\.g|i\.e|v|t|[A-Z])\.)$", re.IGNORECASE
)
_BRACKETS = re.compile(r"\s*\(([^()]*)\)")
NOTHING_YET: Text = {
    "nl": "Op deze dag was hierover nog geen uitspraak of regel bekend.",
    "en": "On this day no ruling or rule on this was known yet.",
}


def sentences_of(text: str) -> list[str]:
    """A text as its sentences; abbreviations (`r.o.`, `nr.`, `M.S.S.`) end none, and nothing ends inside a quotation."""
    parts: list[str] = []
    begin = 0
    for match in _SENTENCE_END.finditer(text):
        head = text[begin : match.start()]
        if _ABBREVIATION.search(head) or head.count("“") > head.count("”") + match[0].count("”"):
            continue
        parts.append(text[begin : match.end()].strip())
        begin = match.end()
    parts.append(text[begin:].strip())
    return [part for part in parts if part]


def mentions_later(text: str, day: dt.date) -> bool:
    """Whether the text names a day or month after `day`."""
    return any(written.date.first_day > day for written in written_dates(text))


def text_on(text: Text, day: dt.date) -> Text | None:
    """The sentences of a text that name nothing later than `day`, in each language; None where none is left."""
    kept = {language: " ".join(s for s in sentences_of(words) if not mentions_later(s, day)) for language, words in text.items()}
    return kept if all(kept.values()) else None


def items_on(items: Texts, day: dt.date) -> Texts:
    """A list without the items that name something later, the same ones in each language."""
    later = {at for listed in items.values() for at, item in enumerate(listed) if mentions_later(item, day)}
    return {language: tuple(item for at, item in enumerate(listed) if at not in later) for language, listed in items.items()}


def title_on(title: Text, day: dt.date) -> Text:
    """A title without what stands between brackets of a later day: `The test of 6 July 2022 (abandoned on 12 June 2024)`."""
    return {language: _BRACKETS.sub(lambda match: _brackets_on(match, day), words) for language, words in title.items()}


def _brackets_on(match: re.Match[str], day: dt.date) -> str:
    kept = [part for part in match[1].split(";") if not mentions_later(part, day)]
    return f" ({';'.join(kept).strip()})" if kept else ""
