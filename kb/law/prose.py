"""Sentences that a language model wrote from passages, checked one by one before anybody reads them.

A sentence stands on the passages that it names, or it is not shown: no source, number, date, name or place that is not in them, words
that are theirs, quotations that stand there word for word. What the rules say is data: `corpus/patterns/model-text.toml`. Nothing here
knows a model or a network.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from kb.domain.documents import Document, Passage, TextStatus, Voice
from kb.domain.references import Reference, ReferenceFinder, ReferenceKind
from kb.domain.results import Standing, StandingValue
from kb.errors import CorpusInvalid
from kb.law.days import written_dates
from kb.law.quotes import QuoteRules, Words, compare
from kb.law.sentences import sentences_of
from kb.law.words import WordList
from kb.retrieval.lexical import Lexicon

Text = Mapping[str, str]
States = Callable[[str], frozenset[str]]  # a text to the ISO codes of the countries that it names, by name or adjective
_NUMBER = re.compile(r"\d+(?:[.,/:-]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_CAPITAL = re.compile(r"(?<![\w-])[^\W\d_a-zà-ÿ][\w’'-]+")
_LINK = re.compile(r"https?:|www\.|://|<[a-z/!]|\]\(|`", re.IGNORECASE)
_LABEL = re.compile(r"\s*[\[(](?:\s*[SC]\d{1,2}\s*[,;]?)+[\])]")
_LABELS = re.compile(r"[SC]\d{1,2}")
_NO_DOCUMENT = (ReferenceKind.BACK_REFERENCE, ReferenceKind.ARTICLE, ReferenceKind.RECITAL)
_COURTS_OWN = (Voice.COURT, Voice.OPERATIVE, Voice.DIGEST)
_ALIKE_WORDS = 3  # stems that two clauses share at least to be about the same
_MANY_WORDS = 4  # stems of a sentence from which a share of them says something


class Verdict(StrEnum):
    SHOWN = "shown"
    MARKED = "marked"  # shown, with what is wrong beside it
    WITHHELD = "withheld"  # not shown


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that the model was given: its label there, the stored passage, and how it is cited. `side`: supporting or contrary."""

    label: str
    side: str
    passage: Passage
    document: Document
    citation: Text
    plain: Text
    standing: Standing

    @property
    def around(self) -> str:
        """Everything that is known of the passage, as one text: what a sentence about it may say."""
        document, passage = self.document, self.passage
        names = (document.id, document.title, document.title_nl or "", document.court, *document.aliases)
        date = (document.date.value,) if document.date else ()
        printed = (passage.pinpoint.printed,) if passage.pinpoint else ()
        overtakers = tuple(text for s in self.standing.successors for text in (*s.citation.values(), s.document_id, s.date or ""))
        return "\n".join((passage.text, *passage.heading_path, *self.citation.values(), *names, *date, *printed, *overtakers))


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as the model gave it, with the passages that it names: labels or ids."""

    text: str
    passages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A checked sentence. `text` is empty where it is withheld; quotations that failed are gone from it."""

    text: str
    verdict: Verdict
    problems: tuple[str, ...]  # codes of model-text.toml
    passages: tuple[str, ...]  # passage ids
    citations: tuple[Text, ...]
    notes: tuple[Text, ...] = ()  # what overtook or dimmed a source that it stands on


@dataclass(frozen=True, slots=True)
class ElementProse:
    """What the model wrote on one step. `left_out`: passage ids of the step that no shown sentence names."""

    element: str
    sentences: tuple[Sentence, ...]
    problems: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def withheld(self) -> int:
        return sum(sentence.verdict is Verdict.WITHHELD for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Prose:
    """Text of a language model beside an assessment, and what is said about it."""

    model: str
    host: str
    is_local: bool
    facts_sent: bool
    notices: tuple[Text, ...]
    elements: tuple[ElementProse, ...]
    problems: Mapping[str, Text]  # code -> in words, of those that occur

    def of(self, element_id: str) -> ElementProse | None:
        return next((item for item in self.elements if item.element == element_id), None)


@dataclass(frozen=True)
class ProseRules:
    """model-text.toml, compiled."""

    own_words: float
    longest_sentence: int
    most_sentences: int
    instructions: WordList
    decides: WordList
    court_speaks: WordList
    place: re.Pattern[str]
    clause_end: re.Pattern[str]
    capitals: frozenset[str]
    number_words: Mapping[str, frozenset[str]]  # digits -> words
    problems: Mapping[str, tuple[str, Text]]  # code -> verdict, words
    notices: Mapping[str, Text]
    prompt: Text
    quotes: QuoteRules

    @classmethod
    def load(cls, patterns: Path) -> Self:
        """Reads model-text.toml and quotes.toml of a folder. Raises: CorpusInvalid, naming the file."""
        path = patterns / "model-text.toml"
        try:
            return cls._of(tomllib.loads(path.read_text(encoding="utf-8")), QuoteRules.load(patterns / "quotes.toml"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"{path.name}: {type(error).__name__}: {error}") from error

    @classmethod
    def _of(cls, table: Mapping[str, Any], quotes: QuoteRules) -> Self:
        problems = {code: (str(entry["verdict"]), _both(entry)) for code, entry in table["problem"].items()}
        if stray := {verdict for verdict, _ in problems.values()} - {"marked", "withheld", "step"}:
            raise ValueError(f"unknown verdicts {sorted(stray)}")
        return cls(
            own_words=float(table["own_words"]),
            longest_sentence=int(table["longest_sentence"]),
            most_sentences=int(table["most_sentences"]),
            instructions=WordList.of(table["instructions"]),
            decides=WordList.of(table["decides"]),
            court_speaks=WordList.of(table["court_speaks"]),
            place=re.compile(table["place"], re.IGNORECASE),
            clause_end=re.compile(table["clause_end"], re.IGNORECASE),
            capitals=frozenset(table["capitals"].casefold().split()),
            number_words={digits: frozenset(words.casefold().split()) for digits, words in table["number_words"].items()},
            problems=problems,
            notices={name: _both(entry) for name, entry in table["notice"].items()},
            prompt=_both(table["prompt"]),
            quotes=replace(quotes, min_words=1),  # a single word between marks is somebody's word as well
        )

    def words_of(self, codes: Iterable[str]) -> dict[str, Text]:
        return {code: self.problems[code][1] for code in dict.fromkeys(codes)}

    def is_withheld(self, codes: Iterable[str]) -> bool:
        return any(self.problems[code][0] == "withheld" for code in codes)


@dataclass(frozen=True)
class Checker:
    """Checks sentences in one language against the passages that a step was given."""

    rules: ProseRules
    finder: ReferenceFinder
    lexicon: Lexicon
    states: States
    language: str
    left_out: str  # stands where a quotation failed: `[aanhaling weggelaten]`
    context: str = ""  # the step's own words, which a sentence may use

    def check(self, written: Sequence[Written], sources: Sequence[Source]) -> tuple[Sentence, ...]:
        """One verdict a sentence, in the order given; a text that holds several sentences is taken apart."""
        apart = [Written(part, item.passages) for item in written for part in sentences_of(item.text)]
        return tuple(self.sentence(item, sources) for item in apart[: self.rules.most_sentences])

    def sentence(self, written: Written, sources: Sequence[Source]) -> Sentence:
        labels = {source.label: source for source in sources} | {source.passage.id: source for source in sources}
        inline = [label for match in _LABEL.finditer(written.text) for label in _LABELS.findall(match[0])]
        text = " ".join(_LABEL.sub("", written.text).split())
        named = list(dict.fromkeys((*written.passages, *inline)))
        cited = list({labels[name].passage.id: labels[name] for name in named if name in labels}.values())
        problems = ["unknown-passage"] if any(name not in labels for name in named) else [] if cited else ["uncited"]
        shown = text
        if cited and not problems:
            shown, quotes = self.quoted(text, cited, sources)
            problems += quotes
            # a quotation that failed is gone: what is left must stand on its own
            problems += self.against(shown.replace(self.left_out, " "), cited)
        if len(text) > self.rules.longest_sentence:
            problems.append("too-long")
        problems += [code for code, words in (("decides", self.rules.decides),) if words.found_in(text)]
        if _LINK.search(text):
            problems.append("link")
        overtaken = [s for s in cited if s.standing.value is StandingValue.OVERTAKEN]
        dimmed = [s for s in cited if s.standing.value in (StandingValue.OVERTAKEN, StandingValue.CAUTION)]
        problems += ["overtaken"] if overtaken else []
        codes = tuple(dict.fromkeys(problems))
        if self.rules.is_withheld(codes):
            return Sentence("", Verdict.WITHHELD, codes, (), ())
        notes = tuple({source.document.id: _with_successors(source.standing) for source in dimmed}.values())
        citations = tuple({source.passage.id: source.citation for source in cited}.values())
        verdict = Verdict.MARKED if codes else Verdict.SHOWN
        return Sentence(shown, verdict, codes, tuple(source.passage.id for source in cited), citations, notes)

    # --- quotations --------------------------------------------------------------------------------------------------------------------

    def quoted(self, text: str, cited: Sequence[Source], sources: Sequence[Source]) -> tuple[str, list[str]]:
        """The sentence without the quotations that failed, and how they did."""
        problems: list[str] = []
        for quote in reversed(self.rules.quotes.quotes(text)):
            code = self.quotation(quote.text, cited, sources)
            if code is not None:
                problems.append(code)
                text = f"{text[: quote.start - 1]}{self.left_out}{text[quote.end + 1 :]}"
        return text, problems

    def quotation(self, quote: str, cited: Sequence[Source], sources: Sequence[Source]) -> str | None:
        """Why a quotation fails, or None: it stands word for word in the official text or translation at a place that is cited."""
        if any(self._stands(quote, source) for source in cited if source.passage.text_status is not TextStatus.DIGEST):
            return None
        if any(self._stands(quote, source) for source in cited):
            return "quote-of-digest"
        if any(self._stands(quote, source) for source in sources):
            return "quote-elsewhere"
        near = (compare(quote, Words.of(s.passage.text), self.rules.quotes, s.passage.language) for s in cited)
        return "quote-differs" if any(near) else "quote-not-found"

    def _stands(self, quote: str, source: Source) -> bool:
        match = compare(quote, Words.of(source.passage.text), self.rules.quotes, source.passage.language)
        return match is not None and not match.differences and match.cut is None

    # --- what stands in the passages -----------------------------------------------------------------------------------------------------

    def against(self, text: str, cited: Sequence[Source]) -> list[str]:
        """What the sentence says that its passages do not."""
        around = "\n".join(source.around for source in cited)
        problems = []
        if not self.sources_are_named(text, around, cited):
            problems.append("unknown-source")
        if not self.places(text) <= self.places(around) | {_value(s) for s in cited} | self.pinpoints(around):
            problems.append("unknown-place")
        dates, plain = _without_dates(text)
        known, held = _without_dates(around)
        if not all(any(day == other or other.startswith(f"{day}-") for other in known) for day in dates):
            problems.append("unknown-date")
        if not self.numbers(self.rules.place.sub(" ", plain)) <= self.numbers(held) | {day[:4] for day in known}:
            problems.append("unknown-number")
        if not self.names_are_known(text, around):
            problems.append("unknown-name")
        return problems + self.words_are_theirs(text, cited)

    def sources_are_named(self, text: str, around: str, cited: Sequence[Source]) -> bool:
        known = {value for ref in self.finder.find(around) for value in _values(ref)}
        known |= {name for source in cited for name in (source.document.id, *source.document.aliases)}
        wanted = [_values(ref) for ref in self.finder.find(text) if ref.kind not in _NO_DOCUMENT]
        return all(known & set(values) for values in wanted)

    def places(self, text: str) -> set[str]:
        return {_place(match["number"]) for match in self.rules.place.finditer(text)}

    def pinpoints(self, text: str) -> set[str]:
        return {_place(ref.pinpoint.value) for ref in self.finder.find(text) if ref.pinpoint is not None}

    def numbers(self, text: str) -> set[str]:
        """Every number of a text in digits, number words too; a date is taken out before."""
        found = {
            match[0].replace(".", "").replace(",", "") if _THOUSANDS.fullmatch(match[0]) else match[0] for match in _NUMBER.finditer(text)
        }
        words = set(re.findall(r"\w+", text.casefold()))
        return found | {digits for digits, known in self.rules.number_words.items() if words & known}

    def names_are_known(self, text: str, around: str) -> bool:
        """Whether every country and every name of the sentence stands in its passages or in the step's own words."""
        context = f"{around}\n{self.context}"
        if not self.states(text) <= self.states(context):
            return False
        known = set(re.findall(r"\w+", context.casefold()))
        for match in _CAPITAL.finditer(text):
            before = text[: match.start()].rstrip()
            begins = not before or before[-1] in ".!?:“\"‘'"
            followed = _CAPITAL.match(text, match.end() + 1) is not None
            parts = re.findall(r"\w+", match[0].casefold())
            if begins and not followed and not match[0].isupper():
                continue  # the first word of a sentence has a capital whatever it is
            if not all(part in known or part in self.rules.capitals or self.states(match[0]) for part in parts):
                return False
        return True

    def words_are_theirs(self, text: str, cited: Sequence[Source]) -> list[str]:
        """Whether the words of the sentence are those of its passages, who speaks, and whether it denies what they say."""
        problems = []
        if self.rules.court_speaks.found_in(text) and not any(s.passage.voice in _COURTS_OWN for s in cited):
            problems.append("voice")
        own = [source for source in cited if source.passage.language == self.language]
        if not own:
            return [*problems, "other-language"]
        wanted = set(self.lexicon.stems(text, self.language))
        if len(wanted) < _MANY_WORDS:
            return problems
        held = {stem for source in own for stem in self.lexicon.stems(source.around, self.language)}
        held |= set(self.lexicon.stems(self.context, self.language))
        if len(wanted & held) < self.rules.own_words * len(wanted):
            return [*problems, "not-in-source"]
        return [*problems, "negation"] if self.denies(text, own) else problems

    def denies(self, text: str, own: Sequence[Source]) -> bool:
        """Whether a clause of the sentence denies the clause of its passages that shares most words with it, or the reverse."""
        parts = (part for source in own for part in sentences_of(source.passage.display or source.passage.text))
        theirs = [(clause, set(self.lexicon.stems(clause, self.language))) for part in parts for clause in self.clauses(part)]
        for clause in self.clauses(text):
            wanted = set(self.lexicon.stems(clause, self.language))
            best, held = max(theirs, key=lambda item: len(wanted & item[1]), default=("", set()))
            alike = len(wanted & held) >= max(self.rules.own_words * len(wanted), _ALIKE_WORDS)
            if alike and (self._negation(clause) is None) != (self._negation(best) is None):
                return True
        return False

    def clauses(self, text: str) -> list[str]:
        return [part for part in self.rules.clause_end.split(text) if part.strip()]

    def _negation(self, text: str) -> str | None:
        return self.rules.quotes.negation(re.findall(r"[^\W\d_]+", text.casefold()), self.language)


def _both(entry: Mapping[str, Any]) -> Text:
    return {"nl": str(entry["nl"]), "en": str(entry["en"])}


def _with_successors(standing: Standing) -> Text:
    """The sentence on a source's standing; what overtook it is named in it or behind it."""
    texts = {}
    for language, sentence in standing.sentence.items():
        missing = [s.citation[language] for s in standing.successors if s.citation[language] not in sentence]
        texts[language] = f"{sentence} {'Zie' if language == 'nl' else 'See'} {'; '.join(missing)}." if missing else sentence
    return texts


def _values(ref: Reference) -> tuple[str, ...]:
    return tuple(value for value in (ref.document, ref.value, ref.text) if value)


def _value(source: Source) -> str:
    return _place(source.passage.pinpoint.value) if source.passage.pinpoint else ""


def _place(number: str) -> str:
    """`91 t/m 93`, `91–93` and `91-93` are one place."""
    number = re.sub(r"\s*(?:-|–|t/m)\s*", "-", number).strip(" .").casefold()
    return number if "(" in number else number.rstrip(")")


def _without_dates(text: str) -> tuple[set[str], str]:
    """The days and months of a text (`2024-06-12`, `2024-06`), and the text without them."""
    dates, kept, at = set(), [], 0
    for written in written_dates(text):
        dates.add(written.date.value)
        kept.append(text[at : written.start])
        at = written.end
    return dates, " ".join((*kept, text[at:]))
