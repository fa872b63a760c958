"""Treatment that a text may hold and the catalogue does not: sentences in which a court cites an earlier decision beside words such
as `komt terug van`. Proposals for a lawyer; they change no document's standing."""

import re
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Expression, Kind, Passage, TextStatus, Voice
from kb.domain.identifiers import PassageId
from kb.errors import CorpusInvalid
from kb.law.treatment import TREATMENT_TYPES
from kb.law.words import WordList
from kb.store.library import Library

# where a sentence ends: a full stop behind a word, not behind `r.o.`, `nr.` or a number
_END = re.compile(r"(?<=[^\W\d_]{4})[.!?]\s+(?=[^\W\d_a-zà-ÿ])|\n\s*\n")
_SPEAKS = frozenset({Voice.COURT, Voice.OPERATIVE, Voice.UNKNOWN})
_DECIDES = frozenset({Kind.JUDGMENT, Kind.VIEWS})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence to be read. `words` are the text's own, `sign` those in it that drew the eye; `voice` is `unknown` where the
    structure does not tell whose words they are. `held` says whether the earlier decision is in the corpus."""

    by: str
    by_date: LegalDate | None
    of: str
    type: str
    passage_id: str
    pinpoint: str | None
    sign: str
    words: str
    start_char: int  # of `words`, in the expression's text
    end_char: int
    voice: Voice
    held: bool


@dataclass(frozen=True, slots=True)
class _Sign:
    type: str
    words: WordList


@dataclass(frozen=True, slots=True)
class CandidateRules:
    """The words of corpus/patterns/treatment-candidates.toml."""

    signs: tuple[_Sign, ...]
    refusals: WordList
    reach_chars: int
    sentence_chars: int

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises: CorpusInvalid, naming the file."""
        path = folder / "treatment-candidates.toml"
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            signs = tuple(_Sign(sign["type"], WordList.of(sign["words"])) for sign in data["sign"])
            if unknown := {sign.type for sign in signs} - TREATMENT_TYPES:
                raise ValueError(f"unknown treatment {sorted(unknown)[0]!r}")
            limits = data["limits"]
            return cls(signs, WordList.of(data["refusals"]["words"]), int(limits["reach_chars"]), int(limits["sentence_chars"]))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
            raise CorpusInvalid(f"{path.name} cannot be used: {error}") from error


def candidates(library: Library, rules: CandidateRules, *, of: Collection[str] | None = None) -> Iterator[Candidate]:
    """The proposals of every official text that counts, by document id and in the order of the text.

    A pair of decisions that the catalogue has judged already is left out, and so is what cannot be: treatment of a later decision.

    Args:
        of: only of these documents; None for all, also those that the corpus does not hold.
    """
    judged = {(edge.by, edge.of) for edge in library.treatments()}
    dates = {document.id: document.date for document in library.documents()}
    for document in library.documents():
        if document.kind not in _DECIDES:
            continue
        for expression in library.expressions(document.id, with_text=False):
            if expression.current and expression.text_status is TextStatus.VERBATIM and expression.trust == "official":
                for found in _of_text(library, rules, document, expression, dates):
                    if (found.by, found.of) not in judged and (of is None or found.of in of):
                        yield found


def _of_text(
    library: Library, rules: CandidateRules, document: Document, expression: Expression, dates: dict[str, LegalDate | None]
) -> Iterator[Candidate]:
    passages = {passage.id: passage for passage in library.passages(expression.key)}
    seen: set[tuple[str, str, str]] = set()
    for link in library.citations_from(document.id):
        passage = passages.get(link.passage_id)
        if passage is None or passage.voice not in _SPEAKS or link.target == document.id or link.kind in ("article", "recital", "act"):
            continue
        if _later(dates.get(link.target), document.date):
            continue
        found = _sign(rules, passage, link.start_char - passage.start_char, link.end_char - passage.start_char)
        if found is None or (passage.id, link.target, found[0]) in seen:
            continue
        seen.add((passage.id, link.target, found[0]))
        kind, sign, start, end = found
        yield Candidate(
            by=document.id,
            by_date=document.date,
            of=link.target,
            type=kind,
            passage_id=passage.id,
            pinpoint=PassageId.parse(passage.id).slug if passage.pinpoint and passage.pinpoint.is_place else None,
            sign=sign,
            words=passage.text[start:end],
            start_char=passage.start_char + start,
            end_char=passage.start_char + end,
            voice=passage.voice,
            held=link.resolved,
        )


def _later(earlier: LegalDate | None, own: LegalDate | None) -> bool:
    return earlier is not None and own is not None and earlier.first > own.last


def _sign(rules: CandidateRules, passage: Passage, start: int, end: int) -> tuple[str, str, int, int] | None:
    """(type, the words of the sign, start and end of the sentence in the passage) for the citation at `start`."""
    first, last = _sentence(passage.text, start, end)
    sentence = passage.text[first:last]
    if rules.refusals.found_in(sentence):
        return None
    for sign in rules.signs:
        for begin, stop in sign.words.finds(sentence):
            gap = max(first + begin - end, start - (first + stop), 0)
            if gap <= rules.reach_chars and not (first + begin < end and start < first + stop):
                half = max(0, rules.sentence_chars - (end - start)) // 2
                low, high = max(first, start - half), min(last, end + half)
                return sign.type, sentence[begin:stop], min(low, first + begin), max(high, first + stop)
    return None


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence round `text[start:end]`, without blanks at its ends."""
    first, last = 0, len(text)
    for match in _END.finditer(text):
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end:
            last = match.start() + (1 if text[match.start()] in ".!?" else 0)
            break
    while first < last and text[first].isspace():
        first += 1
    return first, last
