"""The last step of every voice: where a passage that the rules call `court` is too much like those they called so wrongly, `unknown`.

A weighted list of signs (corpus/patterns/voice-doubt.json), one for each family of formats, fitted on the labels given by hand by
`python -m evals.voice_model`. It only takes away: no passage becomes `court`, or any other voice, by it. The sum of a passage's
weights is its score; below the family's threshold the label falls. What it reads is what a lawyer would: whether somebody argues and
who, dates and events, provisions, a question framed, the words of an assessment, the voices of the passages around, the length.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ingest.parse import patterns
from ingest.parse.model import ParsedDocument
from ingest.voice_eu import body_of, cjeu_rules, ends_as_report, openings_of, without_lead
from ingest.voice_nl import Court, load_rules
from kb.domain.documents import Voice
from kb.errors import CorpusInvalid

FILE: Final = Path(__file__).resolve().parents[2] / "corpus" / "patterns" / "voice-doubt.json"
SIGNS: Final = FILE.with_name("voice-signs.toml")
NAME: Final = "voice-doubt"
SHORTEST: Final = 90  # characters: what is shorter keeps what the rules said, since no sample held any
LANGUAGE: Final = "language "  # the sign of the language a passage is in
_REACH: Final = 6_000  # characters of a passage that are read
_OPENED: Final = 420  # characters in which a passage declares itself
_OPENING: Final = 14  # words of a first or last sentence whose place counts
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+|[:;?()«»“”„\"\[\]]")
_SENTENCE: Final = re.compile(r"(?<=[a-zà-ÿ’”»)\]\d]{2}[.!?])[\"”’»)\]]{0,2}\s+(?=[A-ZÀ-Þ\[“„‘«\"'(])")
_LEAD: Final = re.compile(r"\A\s*(?:Randnummer\s+\d+\s+)?(?:[AB]\.)?(?:\d{1,4}(?:\.\d{1,3}){0,4}\s?\.?\s*)?(?:[–—-]\s*)?")
_QUOTED: Final = re.compile(r"«[^»]*»|“[^”]*”|„[^“”]*[“”]|‘[^’]{20,}’|\"[^\"]*\"")
_DUTCH_ECLI: Final = re.compile(r"ECLI:NL:([A-Z]+):")
_LENGTHS: Final = (150, 250, 400, 600, 900, 1300, 2000, 3000)
_COMMON: Final = {  # the commonest words tell the language of a passage
    "en": frozenset({"the", "of", "that", "and", "is", "to"}),
    "fr": frozenset({"le", "la", "les", "de", "des", "que", "est"}),
    "de": frozenset({"der", "die", "das", "und", "ist", "nicht", "des"}),
    "nl": frozenset({"de", "het", "een", "van", "dat", "niet", "en"}),
}
_HEARD: Final = 0.06  # share of a passage's words that must be among the commonest of its language
# the parsers (`rows/2` is `rows`) whose passages a family's weights were fitted on
FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "dutch": frozenset({"rechtspraak", "rechtspraak-rows"}),
    "court-of-justice": frozenset({"cjeu", "cjeu-formex", "rows-cjeu"}),
    "foreign": frozenset({"rows", "hudoc", "court-html-rii"}),
}


def language_of(signs: frozenset[str]) -> str:
    """The language of a passage, by its signs: `nl`, `en`, `fr`, `de` or `other`."""
    return next((sign.removeprefix(LANGUAGE) for sign in sorted(signs) if sign.startswith(LANGUAGE)), "other")


@dataclass(frozen=True, slots=True)
class Family:
    """The fitted weights of one family of formats. A score below the threshold casts doubt; a language may have a threshold of its own."""

    threshold: float
    bias: float
    weights: Mapping[str, float]
    thresholds: Mapping[str, float] = field(default_factory=dict)  # by the language of the passage
    certain: tuple[str, ...] = ()  # courts, as they name themselves, whose structure was never wrong: not doubted
    languages: tuple[str, ...] = ()  # in which there were labels: in others the weights say nothing, and the rules stand

    def doubts(self, signs: frozenset[str]) -> bool:
        """Whether a passage with these signs is too uncertain to be called `court`."""
        language = language_of(signs)
        return language in self.languages and self.score(signs) < self.thresholds.get(language, self.threshold)

    def score(self, signs: frozenset[str]) -> float:
        """The sum of the weights of `signs`, in their sorted order so that it is the same on every machine."""
        return self.bias + sum(self.weights[sign] for sign in sorted(signs) if sign in self.weights)


@dataclass(frozen=True, slots=True)
class Doubt:
    """The data file. `version` counts its fits: a text read under another one is read again."""

    version: str
    families: Mapping[str, Family]


def checked(data: object) -> Doubt:
    """The data file as it was read. Raises: CorpusInvalid, naming what is missing or no number."""
    try:
        if not isinstance(data, dict) or not isinstance(data["version"], str) or not data["version"].isdigit():
            raise ValueError("`version` is a number in quotation marks")
        families = {}
        for name in FAMILIES:
            entry = data["families"][name]
            weights = entry["weights"]
            if not isinstance(weights, dict) or not weights:
                raise ValueError(f"family {name}: no weights")
            thresholds = entry.get("thresholds", {})
            numbers = {**weights, **thresholds, "threshold": entry["threshold"], "bias": entry["bias"]}
            wrong = [sign for sign, number in numbers.items() if isinstance(number, bool) or not isinstance(number, int | float)]
            if wrong:
                raise ValueError(f"family {name}: {wrong[0]!r} is no number")
            certain, languages = tuple(entry.get("certain", ())), tuple(entry["languages"])
            if not languages or not all(isinstance(word, str) for word in (*certain, *languages)):
                raise ValueError(f"family {name}: `certain` lists names of courts, `languages` at least one code")
            families[name] = Family(float(entry["threshold"]), float(entry["bias"]), weights, thresholds, certain, languages)
        if unknown := set(data["families"]) - set(FAMILIES):
            raise ValueError(f"unknown family {min(unknown)!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusInvalid(f"corpus/patterns/{FILE.name}: {error}; `python -m evals.voice_model` writes it anew") from error
    return Doubt(data["version"], families)


@cache
def load_doubt() -> Doubt:
    """corpus/patterns/voice-doubt.json, read once. Raises: CorpusInvalid."""
    try:
        return checked(json.loads(FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise CorpusInvalid(f"corpus/patterns/{FILE.name} cannot be read: {error}") from error


@cache
def _signs() -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    """The words of each sign by language, from corpus/patterns/voice-signs.toml."""
    found: dict[str, dict[str, re.Pattern[str]]] = {}
    for language, groups in patterns.load(SIGNS.stem).items():
        if isinstance(groups, Mapping):
            try:
                found[language] = {name: re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.I) for name, words in groups.items()}
            except (TypeError, re.error) as error:
                raise CorpusInvalid(f"corpus/patterns/{SIGNS.name}, {language}: {error}") from error
    return found


def family_of(document: ParsedDocument) -> str | None:
    """Whose weights read a document, by the parser that cut it; None where there are none."""
    name = document.parser.partition("/")[0]
    return next((family for family, parsers in FAMILIES.items() if name in parsers), None)


_RULES_ALONE: ContextVar[bool] = ContextVar("rules_alone", default=False)


@contextmanager
def rules_alone() -> Iterator[None]:
    """Within it documents keep what the rules said: for fitting and for measuring what the doubt takes away."""
    token = _RULES_ALONE.set(True)
    try:
        yield
    finally:
        _RULES_ALONE.reset(token)


def with_doubt(document: ParsedDocument) -> ParsedDocument:
    """The document with `unknown` for every `court` that is in doubt; its `parser` tells the version of the weights."""
    family = family_of(document)
    if family is None or _RULES_ALONE.get():
        return document
    doubt = load_doubt()
    weights = doubt.families[family]
    voices = [passage.voice for passage in document.passages]
    for index, voice in enumerate(voices if document.metadata.court not in weights.certain else ()):
        passage = document.passages[index]
        if voice is not Voice.COURT or passage.end - passage.start < SHORTEST:
            continue
        if weights.doubts(signs_of(document, index, voices)):
            document.passages[index] = replace(passage, voice=Voice.UNKNOWN)
    document.parser = f"{document.parser}+{NAME}/{doubt.version}"
    return document


# ---------------------------------------------------------------------------------------------------------------------- the signs


def signs_of(document: ParsedDocument, index: int, voices: Sequence[Voice]) -> frozenset[str]:
    """Everything that may count for or against a passage. `voices`: what the rules said of every passage of the document."""
    passage = document.passages[index]
    printed = document.text[passage.start : passage.end].replace("\u00a0", " ")
    body = " ".join(_LEAD.sub("", printed, count=1).split())[:_REACH]
    found: set[str] = set()
    sentences = _sentences(body)
    words = [_folded(word) for word in _WORD.findall(body)]
    _words(words, found)
    _openings(body, sentences, found)
    _shape(body, words, sentences, found)
    _around(document, index, voices, found)
    dutch = family_of(document) == "dutch"
    language = "nl" if dutch else _language(words)
    found.add(f"{LANGUAGE}{language}")
    _spoken(body, sentences, language, found)
    if dutch:
        _kinds(printed, document.metadata.id or "", found)
    elif family_of(document) == "court-of-justice":
        _reports(printed, found)
    else:
        _rules(printed, language, found)
    return frozenset(found)


def _folded(word: str) -> str:
    return "0" if word[0].isdigit() else word.lower().replace("’", "'")


def _sentences(body: str) -> list[tuple[int, int]]:
    cuts = [0, *(match.end() for match in _SENTENCE.finditer(body)), len(body)]
    return [(start, end) for start, end in pairwise(cuts) if end > start] or [(0, len(body))]


def _language(words: Sequence[str]) -> str:
    heard = {language: sum(word in common for word in words[:500]) for language, common in _COMMON.items()}
    best = max(heard, key=lambda language: heard[language])
    return best if heard[best] >= _HEARD * min(len(words), 500) else "other"


def _words(words: Sequence[str], found: set[str]) -> None:
    found.update(f"word {word}" for word in words)
    found.update(f"words {first} {second}" for first, second in pairwise(words))


def _openings(body: str, sentences: Sequence[tuple[int, int]], found: set[str]) -> None:
    ends = [("opening", sentences[0])]
    if len(sentences) > 1:
        ends.append(("last sentence", sentences[-1]))
    for place, (start, end) in ends:
        words = [_folded(word) for word in _WORD.findall(body, start, end)[:_OPENING]]
        found.update(f"{place}: {word}" for word in words)
        found.update(f"{place}: {first} {second}" for first, second in pairwise(words))


def _shape(body: str, words: Sequence[str], sentences: Sequence[tuple[int, int]], found: set[str]) -> None:
    size = max(1, len(body))
    found.add(f"length below {next((length for length in _LENGTHS if len(body) < length), 9999)}")
    found.update(f"length above {length}" for length in (400, 900, 1600) if len(body) > length)
    found.add(f"sentences {min(len(sentences), 8)}")
    quoted = sum(len(quotation) for quotation in _QUOTED.findall(body)) / size
    found.update(f"quoted above {share}" for share in (0.1, 0.3, 0.5) if quoted > share)
    numbers = words.count("0") / max(1, len(words))
    found.update(f"numbers above {share}" for share in (0.03, 0.06, 0.1) if numbers > share)
    if body.endswith(":"):
        found.add("ends with a colon")


def _around(document: ParsedDocument, index: int, voices: Sequence[Voice], found: set[str]) -> None:
    for step in (-2, -1, 1, 2):
        at = index + step
        found.add(f"voice at {step:+d}: {voices[at] if 0 <= at < len(voices) else 'none'}")
    passage = document.passages[index]
    found.add(f"headings above {len(passage.heading_path)}")
    for heading in passage.heading_path[-2:]:
        found.update(f"heading: {_folded(word)}" for word in _WORD.findall(heading)[:12])
    found.add(f"fifth of the document {5 * index // len(voices) + 1}")
    pinpoint = passage.pinpoint
    found.add(f"number {'none' if pinpoint is None else 'of level ' + str(pinpoint.value.count('.') + 1)}")
    found.update(f"court: {_folded(word)}" for word in _WORD.findall(document.metadata.court or ""))


def _spoken(body: str, sentences: Sequence[tuple[int, int]], language: str, found: set[str]) -> None:
    """How often, where and over how much of the passage somebody argues, events are told, law is cited, the court assesses."""
    signs = _signs().get(language)
    if signs is None:
        return
    size = max(1, len(body))
    hits: dict[str, list[int]] = {}
    for name, pattern in signs.items():
        counts = [0] * len(sentences)
        at = 0
        for match in pattern.finditer(body):
            while at < len(sentences) - 1 and match.start() >= sentences[at][1]:
                at += 1
            counts[at] += 1
        hits[name] = counts
        total = sum(counts)
        label = f"{language} {name}"
        found.update(f"{label}: {least} or more" for least in (1, 2, 3, 5) if total >= least)
        if counts[0]:
            found.add(f"{label}: in the first sentence")
        if counts[-1] and len(sentences) > 1:
            found.add(f"{label}: in the last sentence")
        share = sum(end - start for (start, end), count in zip(sentences, counts, strict=True) if count) / size
        found.update(f"{label}: over {part} of it" for part in (0.25, 0.5, 0.75) if share >= part)
        found.update(f"{label}: {least} in 1000 characters" for least in (2, 5, 10) if 1000 * total / size >= least)
    told = [bool(argued and party) for argued, party in zip(hits["argue"], hits["party"], strict=True)]
    if any(told):
        found.add(f"{language} a party argues")
    if sum(told) > 1:
        found.add(f"{language} a party argues twice")
    if told[0]:
        found.add(f"{language} a party argues first")
    if told[-1] and len(told) > 1:
        found.add(f"{language} a party argues last")
    if not any(hits["argue"]):
        found.add(f"{language} nobody argues")
        if not any(hits["party"]):
            found.add(f"{language} nobody argues, no party")
    if any(hits["assess"]) and not any(told):
        found.add(f"{language} assessed, no party argues")


def _kinds(printed: str, document_id: str, found: set[str]) -> None:
    """What the Dutch rules make of the passage's sentences."""
    code = _DUTCH_ECLI.match(document_id)
    court = code[1] if code else ""
    sentences = load_rules().sentences(printed, Court(court))
    if not sentences:
        return
    found.add(f"deciding court {court[:2] if court.startswith(('RB', 'GH', 'OG')) else court or 'none'}")
    found.add(f"first sentence is {sentences[0].kind}")
    found.add(f"last sentence is {sentences[-1].kind}")
    kinds = sorted({sentence.kind for sentence in sentences})
    size = max(1, sum(sentence.size for sentence in sentences))
    for kind in kinds:
        share = sum(sentence.size for sentence in sentences if sentence.kind == kind) / size
        found.add(f"a sentence is {kind}")
        found.update(f"{kind} over {part}" for part in (0.2, 0.4, 0.6, 0.8, 0.999) if share >= part)
    found.add(f"kinds of sentences {len(kinds)}")


def _reports(printed: str, found: set[str]) -> None:
    """What the rules for the Court of Justice recognise, wherever it stands in the passage."""
    rules = cjeu_rules()
    words = body_of(printed)[:_REACH]
    opening = without_lead(words[:_OPENED])
    seen = {
        "the Court's own opening": rules.own.match(words[:_OPENED]) or rules.own.match(opening),
        "the Court's words": rules.court.match(words[:_OPENED]) or rules.court.match(opening),
        "an answer": rules.answer.search(words),
        "somebody named": rules.named.search(words),
        "somebody's report": next((True for _, pattern in rules.reports if pattern.search(words)), None),
        "a question asked": rules.question.search(words),
        "reported": rules.reported.search(words),
    }
    found.update(f"{'has' if hit else 'lacks'} {name}" for name, hit in seen.items())


def _rules(printed: str, language: str, found: set[str]) -> None:
    """What the rules of a language recognise, wherever it stands in the passage."""
    rules = openings_of(language)
    words = body_of(printed)[:_REACH]
    opening = without_lead(words[:_OPENED])
    seen = {
        "the court's own opening": rules.strong.match(words[:_OPENED]) or rules.strong.match(opening),
        "the court's own words": rules.own.search(words),
        "a verdict": rules.verdict.search(words),
        "an answer": rules.answer.search(words),
        "a side's opening": rules.applicant.search(words) or rules.authority.search(words),
        "a provision's opening": rules.law.search(words),
        "a doubtful opening": rules.unknown.search(words) or rules.veto.search(words),
    }
    found.update(f"{language} {'has' if hit else 'lacks'} {name}" for name, hit in seen.items())
    if ends_as_report(words, language):
        found.add(f"{language} ends as a report")


def as_data(doubt: Doubt, note: str) -> dict[str, Any]:
    """The data file of `doubt`: the weights that count most first, so that a reader sees what casts doubt."""
    return {
        "note": note,
        "version": doubt.version,
        "families": {
            name: {
                "threshold": round(family.threshold, 4),
                "thresholds": {language: round(number, 4) for language, number in sorted(family.thresholds.items())},
                "languages": list(family.languages),
                "certain": list(family.certain),
                "bias": round(family.bias, 4),
                "weights": {
                    sign: round(weight, 4)
                    for sign, weight in sorted(family.weights.items(), key=lambda item: (item[1] > 0, -abs(item[1]), item[0]))
                },
            }
            for name, family in doubt.families.items()
        },
    }
