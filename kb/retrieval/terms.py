"""Legal terms across languages, and the states, peoples and courts that a question names: `corpus/lexicon` applied to questions."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kb.retrieval.lexical import Lexicon, read_toml

Phrase = tuple[str, ...]  # stems


@dataclass(frozen=True)
class Terms:
    """Concepts with their terms in each language. A term is found by its stems, as a whole phrase."""

    phrases: Mapping[str, Mapping[Phrase, tuple[int, ...]]]  # language -> phrase -> concepts
    stems: Sequence[Mapping[str, tuple[str, ...]]]  # concept -> language -> stems of its terms
    longest: int

    @classmethod
    def load(cls, directory: Path, lexicon: Lexicon) -> "Terms":
        """From `terms.toml` and every `terms-*.toml` beside it. Raises: CorpusInvalid, naming the file."""
        phrases: dict[str, dict[Phrase, list[int]]] = {}
        stems: list[dict[str, tuple[str, ...]]] = []
        for number, concept in enumerate(row for file in term_files(directory) for row in read_toml(file).get("term", [])):
            own: dict[str, tuple[str, ...]] = {}
            for language, terms in concept.items():
                made = [tuple(lexicon.stems(term, language)) for term in str(terms).split("|")]
                for phrase in made:
                    if phrase:
                        phrases.setdefault(language, {}).setdefault(phrase, []).append(number)
                own[language] = tuple(dict.fromkeys(stem for phrase in made for stem in phrase))
            stems.append(own)
        longest = max((len(phrase) for known in phrases.values() for phrase in known), default=0)
        return cls({lang: {p: tuple(n) for p, n in known.items()} for lang, known in phrases.items()}, stems, longest)

    def known(self, language: str) -> frozenset[str]:
        """Every stem that stands in a term of a language."""
        return self._known.get(language, frozenset())

    @cached_property
    def _known(self) -> Mapping[str, frozenset[str]]:
        return {language: frozenset(stem for phrase in phrases for stem in phrase) for language, phrases in self.phrases.items()}

    def concepts(self, stems: Sequence[str], language: str) -> list[int]:
        """The concepts whose terms stand in a question, longest phrase first, each word used once."""
        return list(dict.fromkeys(number for _, numbers in self.spans(stems, language) for number in numbers))

    def spans(self, stems: Sequence[str], language: str) -> list[tuple[range, tuple[int, ...]]]:
        """Where the terms of `concepts` stand in `stems`, and which concepts each names."""
        known = self.phrases.get(language, {})
        found: list[tuple[range, tuple[int, ...]]] = []
        place = 0
        while place < len(stems):
            for length in range(min(self.longest, len(stems) - place), 0, -1):
                numbers = known.get(tuple(stems[place : place + length]))
                if numbers:
                    found.append((range(place, place + length), numbers))
                    place += length - 1
                    break
            place += 1
        return found

    def translated(self, concepts: Sequence[int], language: str) -> list[str]:
        """The stems of those concepts' terms in `language`."""
        return list(dict.fromkeys(stem for concept in concepts for stem in self.stems[concept].get(language, ())))


def term_files(directory: Path) -> list[Path]:
    """The glossary's files, in the order in which their rows are numbered."""
    return [directory / "terms.toml", *sorted(directory.glob("terms-*.toml"))]


@dataclass(frozen=True)
class Subjects:
    """How states, peoples and courts are named, by the beginnings of words."""

    states: Mapping[str, tuple[str, ...]]
    peoples: Mapping[str, tuple[str, ...]]
    courts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # beginning of court keys -> beginnings of phrases
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # kind of document -> beginnings of phrases

    @classmethod
    def load(cls, directory: Path) -> "Subjects":
        """Raises: CorpusInvalid, naming the file."""
        body = read_toml(directory / "states.toml")

        def beginnings(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
            return {code: tuple(unicodedata.normalize("NFC", words).split()) for code, words in table.items()}

        named = read_toml(directory / "named.toml")

        def phrases(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
            return {key: tuple(unicodedata.normalize("NFC", text).split("|")) for key, text in table.items()}

        tables = (phrases(named.get("courts", {})), phrases(named.get("kinds", {})))
        return cls(beginnings(body.get("states", {})), beginnings(body.get("peoples", {})), *tables)

    def courts_named(self, text: str) -> tuple[str, ...]:
        """The beginnings of the keys of the courts that a text names; of phrases that overlap the longest counts."""
        return _phrases_in(text, self._court_phrases)

    def kinds_named(self, text: str) -> tuple[str, ...]:
        """The kinds of documents that a text asks for."""
        return _phrases_in(text, self._kind_phrases)

    @cached_property
    def _court_phrases(self) -> "_Phrases":
        return _phrases_of(self.courts)

    @cached_property
    def _kind_phrases(self) -> "_Phrases":
        return _phrases_of(self.kinds)

    @cached_property
    def _beginnings(self) -> tuple[int, Mapping[str, tuple[tuple[str, int, str], ...]]]:
        """Length of the shortest beginning; and by that many first letters: (beginning, 0 for a state or 1 for a people, code)."""
        every = [
            (start, kind, code)
            for kind, table in enumerate((self.states, self.peoples))
            for code, starts in table.items()
            for start in starts
        ]
        length = min((len(start) for start, _, _ in every), default=0)
        heads: dict[str, list[tuple[str, int, str]]] = {}
        for entry in every:
            heads.setdefault(entry[0][:length], []).append(entry)
        return length, {head: tuple(entries) for head, entries in heads.items()}

    def named(self, words: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
        """(states, peoples) that lower-case words name, as ISO 3166-1 alpha-2 codes."""
        # few words begin like any of the names: their first letters tell, and a long passage is not compared with every name
        length, heads = self._beginnings
        found: tuple[set[str], set[str]] = (set(), set())
        for word in set(words):
            for start, kind, code in heads.get(word[:length], ()):
                if word.startswith(start):
                    found[kind].add(code)
        return frozenset(found[0]), frozenset(found[1])


_Phrases = tuple[re.Pattern[str], Mapping[str, str]]  # finds a phrase where a word begins; what each phrase stands for


def _phrases_of(table: Mapping[str, Sequence[str]]) -> _Phrases:
    meaning = {phrase: key for key, phrases in table.items() for phrase in phrases}
    longest = sorted(meaning, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})" if longest else r"(?!)"), meaning


def _phrases_in(text: str, phrases: _Phrases) -> tuple[str, ...]:
    pattern, meaning = phrases
    return tuple(sorted({meaning[match[0]] for match in pattern.finditer(unicodedata.normalize("NFC", text).lower())}))
