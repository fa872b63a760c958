"""Text for reading and searching that still knows where each of its characters stands in the source.

The source text is never changed; offsets are stored in it. What is shown and indexed is cleaned here: furniture between the spans is
left out, hard line breaks are joined, words split at a line's end are rejoined, blanks and invisible characters are folded.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from ingest.parse import patterns

_INVISIBLE: Final = frozenset("\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACED: Final = {
    "\u2010": "-",
    "\u2011": "-",  # the non-breaking hyphen of `C‑297/17`
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "\uf0b7": "•",  # bullets of the Symbol and Wingdings fonts
    "\uf0a7": "•",
    "\uf0d8": "•",
    "\uf02d": "–",
}
_BULLETS: Final = frozenset("•▪◦●■‣\uf0b7\uf0a7\uf0d8")
_FINAL: Final = frozenset(".!?:;…")
_CLOSERS: Final = frozenset("\"'’”»)]")
# a line's end and a hyphen: the letters before it, the hyphen, the break, the letters after it
_SPLIT: Final = re.compile(r"(?P<hyphen>[-\u2010\u00ad])[^\S\r\n]*+(?:\r\n|\r|\n|\f)\s*+(?=(?P<next>[^\W\d_]++))")
# what needs no look at the single character: letters in composed form and plain punctuation, nothing that joins, hides or breaks
_PLAIN: Final = re.compile(r"[A-Za-z0-9À-ÖØ-öø-\u024f\u0388-\u03ce\u0400-\u0481.,;:()\[\]'\"’‘“”„«»!?/%&§€°+*=_<>–—…]+")
_WORD: Final = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class CleanText:
    """Display text and its map. Display character `i` stands for source characters `offsets[i]` up to `ends[i]`; both rise or stay
    equal (a ligature becomes two characters of one place), so that every display position maps back."""

    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...] = ()

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """The source span that holds display `[start, end)`; furniture inside it is spanned too. An empty range stays empty.

        Raises: ValueError for a range outside the display text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is not inside a text of {len(self.text)} characters")
        if start == end:
            at = self.offsets[start] if start < len(self.offsets) else (self.ends[-1] if self.ends else 0)
            return at, at
        return self.offsets[start], self.ends[end - 1]

    def to_source_spans(self, start: int, end: int, *, spans: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
        """As `to_source`, cut where the passage's own `spans` end, so that a highlight does not colour the furniture between them."""
        low, high = self.to_source(start, end)
        if not spans:
            return [(low, high)] if low < high else []
        return [(max(low, a), min(high, b)) for a, b in spans if max(low, a) < min(high, b)]

    def to_display(self, start: int, end: int) -> tuple[int, int] | None:
        """The display range of source `[start, end)`; None where nothing of it is shown."""
        first = bisect_right(self.ends, start)
        last = bisect_left(self.offsets, end)
        return (first, last) if first < last else None


@dataclass(frozen=True)
class Cleaner:
    """Cleans passages of one text. Make one a document: how the text writes its words is counted once."""

    source: str

    @cached_property
    def _forms(self) -> tuple[Counter[str], Counter[str]]:
        """Words as the text writes them away from line ends, in lower case; and how often each first part is followed by a hyphen."""
        whole: Counter[str] = Counter()
        first_parts: Counter[str] = Counter()
        for match in _WORD.finditer(self.source.replace("\u00ad", "")):
            word = match[0].lower().replace("\u2010", "-").replace("\u2011", "-")
            whole[word] += 1
            if "-" in word:
                first_parts[word.partition("-")[0]] += 1
        return whole, first_parts

    @cached_property
    def _hyphenated(self) -> bool:
        lines = sum(1 for line in self.source.splitlines() if line.strip())
        split = sum(1 for match in _SPLIT.finditer(self.source) if match["next"][0].islower() and match["hyphen"] != "\u00ad")
        share: float = patterns.load("hyphenation")["hyphenated_share"]
        return split >= share * lines

    def clean(self, spans: Sequence[tuple[int, int]]) -> CleanText:
        """The text of `spans` as it is read: rules in `clean`."""
        out: list[str] = []
        starts: list[int] = []
        ends: list[int] = []

        def put(char: str, start: int, end: int) -> None:
            out.append(char)
            starts.append(start)
            ends.append(end)

        # indices of the characters that count, in order; the gap between two spans reads as a line break
        pieces: list[tuple[int, int]] = []
        for a, b in spans:
            if pieces and a <= pieces[-1][1]:
                a = pieces.pop()[0]
            if max(0, a) < min(len(self.source), b):
                pieces.append((max(0, a), min(len(self.source), b)))
        joined = "\n".join(self.source[a:b] for a, b in pieces)
        where: list[int] = []
        for a, b in pieces:
            if where:
                where.append(where[-1] + 1)
            where.extend(range(a, b))
        splits = {match.start(): match for match in _SPLIT.finditer(joined)}
        i, n = 0, len(joined)
        while i < n:
            plain = _PLAIN.match(joined, i)
            if plain is not None:
                j = plain.end()
                if j < n and unicodedata.combining(joined[j]):
                    j -= 1  # the last letter is composed with what follows
                if j > i:
                    out.extend(joined[i:j])
                    starts.extend(where[i:j])
                    ends.extend(at + 1 for at in where[i:j])
                    i = j
                    continue
            char = joined[i]
            at = where[i]
            match = splits.get(i)
            if match is not None and i > 0 and (joined[i - 1].isalnum()):
                verdict = self._verdict(joined, match)
                if verdict != "join":
                    put("-", at, at + 1)
                if verdict == "hang":
                    put(" ", at + 1, max(at + 2, where[match.end() - 1] + 1))
                i = match.end()
                continue
            if char.isspace() or unicodedata.category(char) == "Zs":
                j = i
                breaks = 0
                while j < n and (joined[j].isspace() or unicodedata.category(joined[j]) == "Zs" or joined[j] in _INVISIBLE):
                    breaks += joined[j] == "\n" or (joined[j] == "\r" and joined[j + 1 : j + 2] != "\n") or joined[j] == "\f"
                    j += 1
                if out and j < n and out[-1] not in "\n":
                    put(self._blank(out, joined, j, breaks), at, where[j - 1] + 1)
                i = j
                continue
            if char in _INVISIBLE or (unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in ("\u200c", "\u200d")):
                i += 1
                continue
            j = i + 1
            while j < n and unicodedata.combining(joined[j]) and where[j] == where[j - 1] + 1:
                j += 1
            cluster = joined[i:j]
            for shown in _REPLACED.get(cluster) or unicodedata.normalize("NFC", cluster):
                put(shown, at, where[j - 1] + 1)
            i = j
        while out and out[-1] in " \n":
            out.pop()
            starts.pop()
            ends.pop()
        return CleanText("".join(out), tuple(starts), tuple(ends))

    @staticmethod
    def _blank(out: list[str], joined: str, after: int, breaks: int) -> str:
        """A line break survives only before a bullet, and as a blank line after the end of a sentence."""
        following = joined[after]
        if breaks and following in _BULLETS:
            return "\n"
        if breaks >= 2:
            last = len(out) - 1
            while last > 0 and out[last] in _CLOSERS:
                last -= 1
            if out[last] in _FINAL and not following.islower():
                return "\n"
        return " "

    def _verdict(self, joined: str, match: re.Match[str]) -> str:
        """`join` (the printer's hyphen), `keep` (the word's own) or `hang` (`asiel- en migratieketen`)."""
        if match["hyphen"] == "\u00ad":
            return "join"
        rules = patterns.load("hyphenation")
        head = match.start()
        begin = head
        while begin > 0 and (joined[begin - 1].isalnum() or joined[begin - 1] in "-\u2010\u2011"):
            begin -= 1
        left, right = joined[begin:head], match["next"]
        if right.lower() in rules["hanging_before"]:
            return "hang"
        if not right[0].islower() or any(c.isdigit() for c in left) or sum(c.isupper() for c in left) > 1:
            return "keep"  # `EU-Dublinverordening`, `17-jarigen`, `UNHCR-rapport`
        whole, first_parts = self._forms
        left, right = left.lower().replace("\u2010", "-").replace("\u2011", "-"), right.lower()
        with_hyphen = whole[f"{left}-{right}"]
        without = whole[f"{left}{right}"]
        if with_hyphen != without:
            return "keep" if with_hyphen > without else "join"
        first = left.rpartition("-")[2]
        # in a hyphenated text `re-` may be any word's first syllable, whatever compounds stand elsewhere
        telling = first_parts[first] and (len(first) > 2 or not self._hyphenated)
        if first in rules["keep_after"] or telling:
            return "keep"
        return "join" if self._hyphenated else "keep"


@lru_cache(maxsize=4)
def _cleaner(source: str) -> Cleaner:
    return Cleaner(source)


def clean(text: str, spans: Sequence[tuple[int, int]] | None = None) -> CleanText:
    """`text[spans]` as it is read and searched; `offsets` of the result count in `text`.

    - only what lies in `spans` is there (all of `text` without them); what stands between two spans reads as a line break;
    - hard line breaks become single blanks; a blank line stays a line break where a sentence ended before it and none goes on
      after it, and so does a break before a bullet;
    - NBSP, thin blanks, tabs and runs of blanks become one blank; soft hyphens, zero-width, direction and control characters go;
    - U+2010 and U+2011 become `-`, ligatures become letters, Symbol bullets `•`; text is composed (NFC). Dashes and quotation
      marks stay as printed: this is a quotation;
    - a word split by a hyphen at a line's end is rejoined without it, unless: a capital, a digit or an abbreviation stands beside it
      (`EU-verdrag`); or the text elsewhere writes the word with the hyphen more often than without; or, where it writes neither, the
      first part is one of `keep_after` in corpus/patterns/hyphenation.toml or opens other hyphenated words of this text; or the text
      as a whole is not hyphenated (under 2 % of its lines end so). Before `en`, `of`, `und`, … the hyphen hangs: `asiel- en`.
    """
    return _cleaner(text).clean(((0, len(text)),) if spans is None else spans)
