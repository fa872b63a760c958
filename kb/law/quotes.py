"""Quotations in a draft, and whether they stand word for word in a text: where, with which words left out, put in or changed.

Compared are words, without regard to capitals, punctuation, blanks and the marks round them. What the writer marks as left out
(`[…]`) or put in (`[de vreemdeling]`) stands for any words of the source. The marks and the negations of each language are data:
corpus/patterns/quotes.toml.
"""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path
from typing import Any, Self

from kb.errors import CorpusInvalid

_WORD = re.compile(r"[^\W_]+")
_CLIPPED = re.compile(r"['‘’][stn](?:-|\s)")  # `'s-Gravenhage`, `'t`: no mark
_SENTENCE_END = re.compile(r"[.!?;:]")
_NEAR_SHARE = 0.6  # of a quotation's words that must stand in the source, in order, for it to be taken as a changed quotation
_NEAR_WORDS = 4
_SLACK_WORDS = 6
_LONGEST_QUOTE_WORDS = 1500
_BEST_DIAGONALS = 3
_MOST_PLACES = 20
_LOOKS_A_CHARACTER = 20
_SHORT_CHARS = 300
_MOST_CELLS = 60_000  # words of a quotation times words of the source around it


@dataclass(frozen=True, slots=True)
class Quote:
    """One quotation in a draft: `text == draft[start:end]`, without its marks."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Words of the draft against those of the source at one place; either side may be empty. `negation` is the word that turns
    the sentence round, where one is dropped or added."""

    draft: str
    source: str
    negation: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Where a quotation stands in a source: positions of words there, half-open. No `differences`: word for word."""

    first: int
    last: int
    differences: tuple[Difference, ...] = ()
    cut: str | None = None  # a negation that the quotation leaves off at the beginning or the end of a sentence
    cut_before: bool = False  # at the beginning: the draft may say it in its own words
    also: tuple[tuple[int, int], ...] = ()  # where else it stands word for word
    share: float = 1.0  # of the quotation's words that stand there


@dataclass(frozen=True)
class QuoteRules:
    """quotes.toml, compiled."""

    min_words: int
    max_chars: int
    marks: tuple[tuple[str, str, bool], ...]
    gaps: re.Pattern[str]
    ignored: re.Pattern[str]
    letter: re.Pattern[str]
    longest_gap_words: int
    negations: Mapping[str, frozenset[str]]
    small_words: Mapping[str, frozenset[str]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises: CorpusInvalid, naming what is wrong."""
        try:
            return cls._of(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__} {error}") from error

    @classmethod
    def _of(cls, table: Mapping[str, Any]) -> Self:
        left_out = table["left_out"]
        return cls(
            min_words=int(table["min_words"]),
            max_chars=int(table["max_chars"]),
            marks=tuple((mark["open"], mark["close"], bool(mark.get("straight"))) for mark in table["marks"]),
            gaps=re.compile("|".join(left_out["gaps"])),
            ignored=re.compile("|".join(left_out["ignored"])),
            letter=re.compile(left_out["letter"]),
            longest_gap_words=int(left_out["longest_gap_words"]),
            negations={language: frozenset(words) for language, words in table["negations"].items()},
            small_words={language: frozenset(words) for language, words in table["small_words"].items()},
        )

    def quotes(self, text: str) -> list[Quote]:
        """The quotations of `text` with at least `min_words` words, in its order. A quotation inside another is part of it."""
        found: list[Quote] = []
        position = 0
        openings = {mark[0] for mark in self.marks}
        # marks without end cost a look at all that follows: after so much looking a quotation is taken to be short
        looked, enough = 0, _LOOKS_A_CHARACTER * len(text) + self.max_chars
        while position < len(text):
            if text[position] in openings:
                reach = self.max_chars if looked < enough else _SHORT_CHARS
                quote = self._quote_at(text, position, reach)
                looked += reach if quote is None else 0
                if quote is not None:
                    if len(_WORD.findall(quote.text)) >= self.min_words:
                        found.append(quote)
                        position = quote.end + 1
                        continue
                    # a short one: what is inside cannot be a long one, but its closing mark must not open the next
                    position = quote.end + 1
                    continue
            position += 1
        return found

    def _quote_at(self, text: str, start: int, reach: int) -> Quote | None:
        for opening, closing, straight in self.marks:
            if text[start] != opening:
                continue
            before = text[start - 1 : start]
            if straight and before and not (before.isspace() or before in "([{—–-:,;/“\"‘'„«»>*_"):
                continue
            if straight and (text[start + 1 : start + 2].isspace() or _CLIPPED.match(text, start)):
                continue
            end = self._closing(text, start + 1, min(len(text), start + reach), closing, opening, straight=straight)
            if end is not None:
                return Quote(start + 1, end, text[start + 1 : end])
        return None

    def _closing(self, text: str, start: int, limit: int, closing: str, opening: str, *, straight: bool) -> int | None:
        depth = 0
        for position in range(start, limit):
            char = text[position]
            if char == "\n" and re.match(r"\n[ \t\r]*\n", text[position : position + 8]):
                return None  # no quotation runs over a blank line
            inner = straight and opening in closing and not text[position - 1].isalnum() and text[position + 1 : position + 2].isalnum()
            if char == opening and (opening not in closing or (inner and not _CLIPPED.match(text, position))):
                depth += 1
            elif char in closing:
                after = text[position + 1 : position + 2]
                if straight and (after.isalnum() or text[position - 1 : position].isspace()):
                    continue  # an apostrophe
                if depth == 0:
                    return position
                depth -= 1
        return None

    def language_of(self, words: Sequence[str]) -> str | None:
        """The language of words in lower case, None where the small words do not clearly tell."""
        counts = sorted(((sum(word in small for word in words), language) for language, small in self.small_words.items()), reverse=True)
        (best, language), (second, _) = counts[0], counts[1]
        return language if best >= 2 and best > second and best >= 1.3 * second else None

    def negation(self, words: Iterable[str], language: str | None) -> str | None:
        """The first of `words` that is a negation in the language, in any language where it is unknown."""
        known = self.negations.get(language or "") or frozenset().union(*self.negations.values())
        return next((word for word in words if word in known), None)


@dataclass(frozen=True)
class Words:
    """A text as the words that are compared: lower case, composed, joined over a line's end. `spans` are their places."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    text: str
    at: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, text: str) -> Self:
        # a soft hyphen has no width; a hyphen at a line's end splits one word
        joined = re.sub(r"(?<=\w)-\n(?=[a-zà-ÿ])", "\u00ad\u00ad", text)
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        # `[e]xecution` is one word, in the source too, where it quotes
        for match in re.finditer(r"(?:\[[^\W_]\](?=[^\W_]))?[^\W_](?:[^\W_]|\u00ad)*", joined):
            words.append(unicodedata.normalize("NFKC", re.sub(r"[\u00ad\[\]]", "", match[0])).casefold())
            spans.append(match.span())
        at: dict[str, list[int]] = defaultdict(list)
        for index, word in enumerate(words):
            at[word].append(index)
        return cls(tuple(words), tuple(spans), text, {word: tuple(places) for word, places in at.items()})

    def printed(self, first: int, last: int) -> str:
        return " ".join(self.text[self.spans[first][0] : self.spans[last - 1][1]].split()) if last > first else ""


def compare(quote: str, source: Words, rules: QuoteRules, language: str | None = None) -> Match | None:
    """Where `quote` stands in `source`, with the differences; None where nothing like it does.

    Args:
        language: of the source (BCP 47), for its negations.
    """
    segments = _segments(quote, rules)
    if not segments:
        return None
    places = list(islice(_exact(segments, source, rules), _MOST_PLACES))
    if places:
        exact = places[0]
        before = _cut_before(quote, source, exact[0], rules, language)
        return Match(
            *exact, cut=before or _cut(quote, source, exact[1], rules, language), cut_before=before is not None, also=tuple(places[1:])
        )
    return _near(segments, source, rules, language)


def quote_words(quote: str, rules: QuoteRules) -> list[str]:
    return [word for segment in _segments(quote, rules) for word in segment.words]


def _segments(quote: str, rules: QuoteRules) -> list[Words]:
    plain = rules.letter.sub(r"\1", rules.ignored.sub(" ", quote[: rules.max_chars]))
    return [words for part in rules.gaps.split(plain) if (words := Words.of(part)).words]


def _exact(segments: Sequence[Words], source: Words, rules: QuoteRules) -> Iterator[tuple[int, int]]:
    for start in _places(segments[0].words, source):
        position = start + len(segments[0].words)
        for segment in segments[1:]:
            following = next((p for p in _places(segment.words, source) if position <= p <= position + rules.longest_gap_words), None)
            if following is None:
                break
            position = following + len(segment.words)
        else:
            yield start, position


def _places(words: Sequence[str], source: Words) -> list[int]:
    """Where `words` stand in the source, found by their rarest word."""
    rarest = min(range(len(words)), key=lambda i: len(source.at.get(words[i], ())))
    wanted = tuple(words)
    return [
        place - rarest
        for place in source.at.get(words[rarest], ())
        if place >= rarest and source.words[place - rarest : place - rarest + len(wanted)] == wanted
    ]


def _near(segments: Sequence[Words], source: Words, rules: QuoteRules, language: str | None) -> Match | None:
    """The place that shares most words in order, by votes of the words for a diagonal, then aligned."""
    found: list[Match] = []
    matched = total = 0
    for segment in segments:
        words = segment.words[:_LONGEST_QUOTE_WORDS]
        total += len(words)
        places = _places(words, source)
        if places:
            found.append(Match(places[0], places[0] + len(words)))
            matched += len(words)
            continue
        best = max(
            (_aligned(segment, words, source, start, rules, language) for start in _diagonals(words, source)), key=_score, default=None
        )
        if best is not None:
            found.append(best[0])
            matched += best[1]
    if not found or matched < _NEAR_WORDS or matched < _NEAR_SHARE * total:
        return None
    differences = tuple(difference for match in found for difference in match.differences)
    return Match(min(m.first for m in found), max(m.last for m in found), differences, share=matched / total)


def _score(item: tuple[Match, int]) -> tuple[int, int]:
    return item[1], -len(item[0].differences)


def _diagonals(words: Sequence[str], source: Words) -> list[int]:
    votes: Counter[int] = Counter()
    for index, word in enumerate(words):
        places = source.at.get(word, ())
        if len(places) <= 400:  # a word that stands everywhere tells no place
            for place in places:
                votes[(place - index) // _SLACK_WORDS] += 1
    return [cell * _SLACK_WORDS for cell, _ in sorted(votes.items(), key=lambda item: (-item[1], item[0]))[:_BEST_DIAGONALS]]


def _aligned(segment: Words, words: Sequence[str], source: Words, start: int, rules: QuoteRules, language: str | None) -> tuple[Match, int]:
    low = max(0, start - _SLACK_WORDS)
    high = min(len(source.words), start + len(words) + 2 * _SLACK_WORDS + len(words) // 4)
    blocks = _blocks(words, source.words[low:high])
    if not blocks:
        return Match(low, low), 0
    differences: list[Difference] = []

    def differ(a: int, b: int, c: int, d: int) -> None:
        if a == b and c == d:
            return
        gone, new = Counter(source.words[c:d]), Counter(words[a:b])
        turned = rules.negation([*(gone - new).elements(), *(new - gone).elements()], language)
        differences.append(Difference(segment.printed(a, b), source.printed(c, d), turned))

    a, c = 0, low + blocks[0][1] - (blocks[0][0] if blocks[0][0] <= low + blocks[0][1] else 0)
    for block in blocks:
        differ(a, block[0], max(c, 0), low + block[1])
        a, c = block[0] + block[2], low + block[1] + block[2]
    if a < len(words):  # words at the end: against as many of the source
        end = min(len(source.words), c + len(words) - a)
        differ(a, len(words), c, end)
    first, last = low + blocks[0][1], low + blocks[-1][1] + blocks[-1][2]
    return Match(first, last, tuple(differences)), sum(size for _, _, size in blocks)


def _blocks(words: Sequence[str], source: Sequence[str]) -> list[tuple[int, int, int]]:
    """The runs that two texts share in order, as (place in `words`, place in `source`, length), by the fewest words changed, put in or
    left out; words of the source before and behind cost nothing. Very long ones by difflib, which is quicker and nearly as good."""
    if len(words) * len(source) > _MOST_CELLS:
        matcher = SequenceMatcher(None, words, source, autojunk=False)
        return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks() if block.size]
    width = len(source) + 1
    costs = [[0] * width]
    for i, word in enumerate(words, 1):
        above, row = costs[-1], [i] * width
        for j in range(1, width):
            changed = above[j - 1] + (word != source[j - 1])
            row[j] = min(changed, above[j] + 1, row[j - 1] + 1)
        costs.append(row)
    i, j = len(words), min(range(width), key=lambda column: costs[-1][column])
    pairs: list[tuple[int, int]] = []
    while i and j:
        if costs[i][j] == costs[i - 1][j - 1] + (words[i - 1] != source[j - 1]):
            i, j = i - 1, j - 1
            if words[i] == source[j]:
                pairs.append((i, j))
        elif costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    blocks: list[tuple[int, int, int]] = []
    for a, b in reversed(pairs):
        if blocks and blocks[-1][0] + blocks[-1][2] == a and blocks[-1][1] + blocks[-1][2] == b:
            blocks[-1] = (*blocks[-1][:2], blocks[-1][2] + 1)
        else:
            blocks.append((a, b, 1))
    return blocks


def _cut(quote: str, source: Words, last: int, rules: QuoteRules, language: str | None) -> str | None:
    """A negation that the quotation leaves off: `is dat aannemelijk` of a sentence that ends with `aannemelijk niet.`"""
    if (
        last >= len(source.words)
        or rules.gaps.search(quote[-8:])
        or _SENTENCE_END.search(source.text[source.spans[last - 1][1] : source.spans[last][0]])
    ):
        return None
    behind = source.text[source.spans[last][1] : source.spans[last][1] + 1]
    return source.words[last] if behind in (".", "!", "?") and rules.negation([source.words[last]], language) else None


def _cut_before(quote: str, source: Words, first: int, rules: QuoteRules, language: str | None) -> str | None:
    """As `_cut`, for `Niet is gebleken dat` without its first word."""
    if (
        first == 0
        or rules.gaps.match(quote.lstrip())
        or _SENTENCE_END.search(source.text[source.spans[first - 1][1] : source.spans[first][0]])
    ):
        return None
    opens = first == 1 or bool(re.search(r"[.!?]", source.text[source.spans[first - 2][1] : source.spans[first - 1][0]]))
    return source.words[first - 1] if opens and rules.negation([source.words[first - 1]], language) else None
