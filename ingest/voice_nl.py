"""Whose words a passage of a Dutch ruling holds, by its heading and its sentences.

The rules live in `corpus/patterns/voice-nl.toml`. They prefer `unknown`: the label `court` is given only where the court's own
assessment is clearly what the passage holds, because a reader who cites it will write "the court held".
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from kb.domain.documents import Voice
from kb.errors import CorpusInvalid

_FILE: Final = Path(__file__).resolve().parents[1] / "corpus" / "patterns" / "voice-nl.toml"
# where a sentence ends: at . ! ? and the next word begins with a capital, a bracket or a quotation mark
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’»)\]]{0,2}\s+(?=[A-Z\[“„‘\"'(É])|\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|dr|drs|prof|ir|ing|art|artt|nr|nrs|no|blz|jo|bijv|resp|o\.a|m\.n|d\.d|ca|sub|evt|r\.o|rov|Stb|Trb|Stcrt|e\.a|e\.d|c\.q|p|par|vgl|aant|zgn|[A-Z]))\.$"
)
_NO_MODAL: Final = r"(?! (?:dient|moet|kan|mag|zal|hoeft|behoort|had|kon|mocht|zou)\b)"  # what a party must do is no argument of it
_LONG: Final = 1_800  # characters of a ground that is no single thought
_REACH: Final = 1_500  # characters of a sentence that are looked at: who speaks stands at its head
_WRAPPED = re.compile(r"(?<=[a-zé,0-9])\n{1,2}(?=[a-zé])")
_PARENTHESIS = re.compile(r"\([^()]{0,160}\)")
_QUOTED = re.compile(r"“[^“”]{40,4000}”|\"[^\"]{40,}\"|‘[^‘’]{80,4000}’")
_LEAD_NUMBER = re.compile(r"\A\s*(?:\d{1,2}(?:\.\d{1,2}){0,4} ?\.?\s+(?=\S))?(?:\(\.\.\.\)\s*)?")
_NUMBERED = re.compile(r"\A(?:\d{1,2}(?:\.\d{1,2}){0,4}|[IVX]{1,4}|[A-H])? ?\.?(?: ?\.)?\s*(?=[\[A-Za-z])")


class Section(StrEnum):
    """What the text below a heading is, as the list of headings tells."""

    FACTS = "facts"
    APPLICANT = "applicant"
    AUTHORITY = "authority"
    DECISION = "decision"
    LAW = "law"
    COURT = "court"
    CONCLUSION = "conclusion"
    GROUNDS = "grounds"
    DISPUTE = "dispute"
    SUMMARY = "summary"
    OPERATIVE = "operative"
    REMEDY = "remedy"
    ANNEX = "annex"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Court:
    """The deciding court by its ECLI code (`RVS`, `RBDHA`): tells which "de rechtbank" is this court, which the one below."""

    code: str


@dataclass(frozen=True, slots=True)
class _CourtPatterns:
    words: re.Pattern[str]  # this court, as it names itself
    opening: re.Pattern[str]  # a sentence that opens with this court's assessment
    anywhere: re.Pattern[str]  # a sentence that holds it
    verdict: re.Pattern[str]  # a sentence that judges without saying who does
    strong: re.Pattern[str]  # a sentence that holds it though it opens with a provision


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    # court, verdict (right or wrong, by nobody named), applicant, authority, other (party), same (he who spoke before), law, ruling,
    # facts, plain
    kind: str
    size: int


class VoiceRules:
    """The compiled rules of one pattern file. Raises: CorpusInvalid for a file that lacks a list or holds a broken pattern."""

    def __init__(self, data: Mapping[str, Any], *, source: str = "voice-nl.toml") -> None:
        try:
            self.version = str(data["version"])
            self._headings = [(Section(name), _compile_whole(patterns)) for name, patterns in data["headings"].items()]
            self._strict = _words(data["run_on"]["strict"])
            self._loose = _words(data["run_on"]["loose"])
            self._titles = re.compile("(?:" + "|".join(data["run_on"]["titles"]) + r")(?= ?[:.]?\s+[A-Z\[(“‘'\"0-9])")
            self._colophon = re.compile(r"\A\s*(?:" + "|".join(data["colophon"]["opening"]) + ")")
            self._court_words = {code: "(?:" + "|".join(words) + ")" for code, words in data["courts"].items()}
            self._subjects = {"(?:" + "|".join(words) + ")": _either_case(words) for words in data["courts"].values()}
            self._any_court = re.compile(
                r"\b(?:rechtbank|afdeling|hof|gerechtshof|hoge raad|centrale raad|kantonrechter|voorzieningenrechter|college van beroep)\b"
            )
            adverbs = "|".join(data["markers"]["adverbs"])
            self._adverbs = re.compile(rf"\A(?:(?:{adverbs}),? )?")
            nouns = {name: _either_case(words) for name, words in data["nouns"].items()}
            present, past, self._assess = (
                "(?:" + "|".join(data["verbs"][name]) + ")" for name in ("argue_present", "argue_past", "assess")
            )
            markers = data["markers"]
            self._court_opening = "|".join(markers["court_opening"])
            self._anywhere = list(markers["court_anywhere"])
            self._verdicts = list(markers["court_verdict"])
            self._strong = list(markers["court_strong"])
            self._reports = re.compile(r"\A(?:" + "|".join(markers["reports"]) + ")")
            self._argues = re.compile("|".join(markers["argues"]))
            self._lower = "(?:" + "|".join(markers["lower"]) + ")"
            self._ruling = re.compile("|".join(f"(?:{p})" for p in markers["ruling_lead"]))
            self._law = re.compile(r"\A(?:" + "|".join(markers["law_lead"]) + ")")
            self._facts = re.compile(r"\A(?:" + "|".join(markers["facts_opening"]) + ")")
            self._party: list[tuple[str, re.Pattern[str], re.Pattern[str]]] = [
                (name, re.compile(_party(noun, present, past)), re.compile(rf"\b(?:aldus|volgens) {noun}")) for name, noun in nouns.items()
            ]
            generic = data["generic"]
            self._anybody = re.compile(
                rf"(?!(?:{'|'.join(generic['not_after'])})\b)[A-Z\[][^.;:]{{0,70}}? (?:{'|'.join(generic['verbs'])})\b"
            )
            self._aside = re.compile("|".join(generic["aside"]))
            self._same = re.compile(
                rf"(?:Hij|Zij|Ze) (?:.{{1,60}} )?(?:{present}|(?:heeft|hebben) .{{0,200}}{past})\b|(?:[A-Z]\w+ )?{present} (?:hij|zij|ze)\b"
            )
            self._verdict = re.compile("|".join(markers["verdict"]))
            self._shortfall = re.compile("|".join(markers["shortfall"]))
            veto = data["veto"]
            self._veto_first = re.compile(r"\A(?:" + "|".join(veto["first"]) + ")")
            self._veto_events = re.compile(veto["events"])
            self._veto_finds = re.compile(veto["finds"])
            self._veto_closing = re.compile("|".join(veto["closing"]))
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise CorpusInvalid(f"{source}: {error!r}") from error
        self._patterns: dict[str, _CourtPatterns] = {}

    # -- headings -----------------------------------------------------------------------------------------------------------

    def heading(self, printed: str, court: Court | None = None) -> Section | None:
        """What the text below this printed heading is; None where the words are no heading that we know.

        "Het oordeel van de rechtbank" in a ruling of a higher `court` heads the decision under review.
        """
        bare = _bare(printed)
        if not bare or len(bare) > 120:
            return None
        section = next((section for section, pattern in self._headings if pattern.fullmatch(bare)), None)
        if section is Section.COURT and court is not None and self._any_court.search(bare) and not self._of(court).words.search(bare):
            return Section.DECISION
        return section

    def leads_ruling(self, line: str) -> bool:
        """Whether a line announces another's decision: "heeft als volgt overwogen:"."""
        return bool(self._ruling.search(line))

    def heading_prefix(self, text: str) -> int:
        """Characters of a known heading at the start of a line without breaks, 0 where there is none."""
        for pattern in (self._titles, self._strict, self._loose):
            match = pattern.match(text)
            if match:
                return match.end()
        return 0

    def run_on_headings(self, text: str) -> Iterable[tuple[int, int]]:
        """Spans of known headings inside a line without breaks, in order."""
        for match in self._strict.finditer(text):
            before = text[max(0, match.start() - 3) : match.start()].rstrip()
            if not before or not before[-1].islower() or match[0].isupper() or before[-1:] in ".)":
                yield match.span()
        return

    def loose_headings(self, text: str) -> Iterable[tuple[int, int]]:
        for match in self._loose.finditer(text):
            before = text[max(0, match.start() - 3) : match.start()].rstrip()
            if before and before[-1] in '.!?)]”"’':
                yield match.span()

    def closes(self, line: str) -> bool:
        """Whether a line begins the closing formula: who decided, when, signatures."""
        return bool(self._colophon.match(line))

    # -- voice --------------------------------------------------------------------------------------------------------------

    def voice(self, text: str, section: Section, court: Court, *, opinion: bool = False, quoted: float = 0.0) -> Voice:
        """The voice of one passage. `quoted` is the share of its text that the source marks as a quotation."""
        sentences = _resolved(self.sentences(text, court))
        if not sentences:
            return Voice.UNKNOWN
        if section is Section.DECISION:  # the decision under review: never this court's assessment
            voice = self._grounds_voice(sentences, section, True, quoted)
            return Voice.UNKNOWN if voice in (Voice.COURT, Voice.APPLICANT) else voice
        if section is Section.OPERATIVE:
            return Voice.UNKNOWN if opinion else Voice.OPERATIVE
        if section is Section.FACTS:
            return self._facts_voice(sentences)
        if section in (Section.SUMMARY, Section.REMEDY):
            return Voice.UNKNOWN
        if section is Section.LAW and _has(sentences, "court", "applicant", "authority", "other"):
            section = Section.GROUNDS  # the ground after the provisions
        if section in (Section.LAW, Section.ANNEX):
            own = _has(sentences, "court", "applicant", "authority", "other")
            return Voice.QUOTED_LAW if not own and _share(sentences, "law") > (0.2 if section is Section.LAW else 0.4) else Voice.UNKNOWN
        quoted = max(quoted, sum(len(m[0]) for m in _QUOTED.finditer(text)) / max(1, len(text)))
        if quoted > 0.5:
            return self._quoted_voice(sentences)
        if section is Section.APPLICANT:
            return Voice.APPLICANT if not _has(sentences, "court", "ruling", "authority") else Voice.UNKNOWN
        if section is Section.AUTHORITY:
            return Voice.AUTHORITY if not _has(sentences, "court", "ruling", "applicant") else Voice.UNKNOWN
        voice = self._grounds_voice(sentences, section, opinion, quoted)
        return Voice.UNKNOWN if voice is Voice.COURT and self._vetoed(sentences) else voice

    def _vetoed(self, sentences: Sequence[_Sentence]) -> bool:
        """Whether a ground that sounds like the court's opens as a report, tells events day by day, or ends with the record's formulas."""
        first = sentences[0].text[:_REACH]
        if sentences[-1].text.endswith(":"):  # it announces somebody's words
            return True
        if self._veto_first.match(first) or any(self._veto_closing.search(s.text) for s in sentences):
            return True
        return bool(self._veto_finds.match(first)) and sum(len(self._veto_events.findall(s.text)) for s in sentences) >= 2

    def sentences(self, text: str, court: Court) -> list[_Sentence]:
        """The sentences of a passage with what each one is, its printed number left out."""
        # a sentence may run over printed lines that the source holds as paragraphs
        body = _PARENTHESIS.sub(" ", _WRAPPED.sub(" ", text).replace("c.s.", "cs"))  # `(het Hof begrijpt: …)` in another's words
        lead = _LEAD_NUMBER.match(body)
        body = body[lead.end() :] if lead else body
        return [_Sentence(s, self._kind(s[:_REACH], court), len(s)) for s in _split(body)]

    def _kind(self, sentence: str, court: Court) -> str:
        patterns = self._of(court)
        bare = sentence[self._adverbs.match(sentence).end() :]  # type: ignore[union-attr]
        if self._facts.match(sentence):
            return "facts"
        if self._law.match(sentence) or self._law.match(bare):
            return "court" if patterns.strong.search(sentence) else "law"
        if self._reports.match(sentence) and not self._argues.search(sentence):
            return "plain"
        opens = bool(patterns.opening.match(sentence) or patterns.opening.match(bare))
        for name, straight, aside in self._party:
            if straight.match(sentence) or straight.match(bare):
                if opens:
                    return "court"
                if sentence.startswith(("Volgens", "Blijkens")):  # all of it is what the party says, `terecht` too
                    return name
                # `Verweerder heeft zich terecht op het standpunt gesteld`: the word before `dat` is the court's verdict
                clause = sentence.split(" dat ", 1)[0]
                return "verdict" if self._verdict.search(clause) else "plain" if self._shortfall.search(clause) else name
            if aside.search(sentence) and not opens:
                return name
        if self._aside.search(sentence):
            return "other"
        if opens:
            return "court"
        if self._same.match(sentence) or self._same.match(bare):
            return "same"
        if self._anybody.match(sentence) or self._anybody.match(bare):
            return "other"
        if self._ruling.search(sentence) and not (patterns.anywhere.search(sentence) or patterns.verdict.search(sentence)):
            return "ruling"
        if patterns.anywhere.search(sentence):
            return "court"
        return "verdict" if patterns.verdict.search(sentence) else "plain"

    def _of(self, court: Court) -> _CourtPatterns:
        known = self._patterns.get(court.code)
        if known is None:
            words = next((words for prefix, words in self._court_words.items() if court.code.startswith(prefix)), r"(?:de rechtbank)")
            subject = self._subjects.get(words, words)
            opening = "|".join(
                (
                    rf"{subject}(?: .{{1,60}})? {self._assess}\b",
                    rf"(?:Naar|Met) .{{0,60}}(?:oordeel van {words}|(?:is|ziet|acht) {words})",
                    self._court_opening,
                    rf".{{0,80}}?is {words} .{{0,60}}van oordeel",
                    rf".{{0,80}}?(?:overweegt|stelt|ziet|acht|volgt|oordeelt|concludeert|merkt|vindt|verwerpt|begrijpt|deelt) {words}\b",
                )
            )
            anywhere = "|".join(p.replace("{court}", words) for p in self._anywhere)
            verdict = "|".join(p.replace("{lower}", self._lower) for p in self._verdicts)
            strong = "|".join(p.replace("{court}", words) for p in self._strong)
            known = _CourtPatterns(
                re.compile(words, re.I),
                re.compile(rf"\A(?:{opening})"),
                re.compile(rf"(?:{anywhere})|{subject} {self._assess}\b", re.I),
                re.compile(verdict, re.I),
                re.compile(strong, re.I),
            )
            self._patterns[court.code] = known
        return known

    @staticmethod
    def _facts_voice(sentences: Sequence[_Sentence]) -> Voice:
        first = sentences[0].kind
        if first in ("applicant", "authority", "court", "law") and _share(sentences, first) > 0.6 and len(sentences) > 1:
            return Voice.UNKNOWN
        return Voice.FACTS

    @staticmethod
    def _quoted_voice(sentences: Sequence[_Sentence]) -> Voice:
        lead = sentences[0].kind
        if lead == "ruling":
            return Voice.QUOTED_RULING
        if lead == "law":
            return Voice.QUOTED_LAW
        if lead in ("applicant", "authority"):  # a pleading or a decision in its own words
            return Voice(lead)
        return Voice.UNKNOWN

    @staticmethod
    def _grounds_voice(sentences: Sequence[_Sentence], section: Section, opinion: bool, quoted: float) -> Voice:
        kinds = [s.kind for s in sentences]
        parties = {kind for kind in kinds if kind in ("applicant", "authority", "other")}
        if "verdict" in kinds:
            # `De minister heeft ten onrechte …` after `Eiser voert aan …` may be his words still
            own = "plain" if parties or "ruling" in kinds else "court"
            sentences = [_Sentence(s.text, own if s.kind == "verdict" else s.kind, s.size) for s in sentences]
            kinds = [s.kind for s in sentences]
        first = kinds[0]
        if "court" not in kinds:
            if first == "facts":
                return Voice.FACTS
            if first == "law" and not parties and _share(sentences, "law") >= 0.6:
                return Voice.QUOTED_LAW
            if first == "ruling" and not parties and quoted > 0.3:
                return Voice.QUOTED_RULING
            if first == "applicant" and parties == {"applicant"} and "ruling" not in kinds:
                return Voice.APPLICANT
            if first == "authority" and parties == {"authority"} and "ruling" not in kinds and section is not Section.CONCLUSION:
                return Voice.AUTHORITY
            return Voice.UNKNOWN
        share = _share(sentences, "court")
        if first == "facts" or (kinds.count("facts") and sum(s.size for s in sentences) > _LONG):
            return Voice.FACTS if share < 0.2 and not parties else Voice.UNKNOWN
        if opinion or quoted > 0.3:
            return Voice.UNKNOWN
        if section is Section.UNKNOWN and len(sentences) > 1 and share < 0.4:
            return Voice.UNKNOWN
        if parties or first == "ruling" or (section is Section.DISPUTE and first != "court"):
            # an argument of a party in it: the court's only where the court speaks first and mostly, and no second argument follows
            argued = sum(s.size for s in sentences if s.kind in ("applicant", "authority", "other")) / sum(s.size for s in sentences)
            mostly = first == "court" and argued <= 0.12 and share >= 0.4 and sum(s.size for s in sentences) <= _LONG
            return Voice.COURT if mostly and section is not Section.DISPUTE else Voice.UNKNOWN
        if share >= (0.2 if first == "court" else 0.4):
            return Voice.COURT
        return Voice.UNKNOWN


def _resolved(sentences: Sequence[_Sentence]) -> list[_Sentence]:
    """`Hij stelt verder …` takes the voice of the party that spoke last; of none: a party we cannot name."""
    out: list[_Sentence] = []
    party = "other"
    for sentence in sentences:
        if sentence.kind in ("applicant", "authority", "other"):
            party = sentence.kind
        out.append(_Sentence(sentence.text, party, sentence.size) if sentence.kind == "same" else sentence)
    return out


def _party(noun: str, present: str, past: str) -> str:
    """A sentence that opens with a party and its argument, straight or inverted: `Eiser betoogt`, `Volgens eiser`, `Voorts stelt eiser`."""
    return (
        rf"{noun}{_NO_MODAL}(?: [^.;]{{1,60}}?)? (?<!te )(?:{present})\b"
        rf"|{noun}(?: [^.;]{{1,40}}?)? (?:heeft|hebben)\b.{{0,400}}?\b(?:{past})\b"
        rf"|(?:[A-Z][\w ,()-]{{0,80}} )?(?:is|zijn) {noun} van (?:mening|oordeel|opvatting)\b"
        rf"|(?:Volgens|Blijkens het betoog van|Met het betoog) {noun}\b"
        rf"|(?:[A-Z][\w ,()-]{{0,60}} )?(?:{present}) {noun}\b"
        rf"|(?!(?:Hij|Zij|Ze|Wij) )(?:[A-Z][\w ,()-]{{0,60}} )?(?:heeft|hebben) {noun}\b.{{0,400}}?\b(?:{past})\b"
    )


def _either_case(words: Iterable[str]) -> str:
    """Alternatives whose first word may begin a sentence: `(de )?eiser` also as `Eiser` and `De eiser`, `de raad` as `De raad`."""
    variants = []
    for word in words:
        if word.startswith("(de )?"):
            variants.append(rf"(?:[Dd]e )?(?i:{word[6:]})")
        elif word[:1].islower():
            variants.append(f"[{word[0].upper()}{word[0]}]{word[1:]}")
        else:
            variants.append(word)
    return "(?:" + "|".join(variants) + ")"


def _split(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in _SENTENCE.finditer(text):
        if "\n" not in match[0] and _ABBREVIATION.search(text, max(start, match.start() - 12), match.start()):
            continue
        piece = text[start : match.start()].strip()
        if piece:
            parts.append(piece)
        start = match.end()
    tail = text[start:].strip()
    return [*parts, tail] if tail else parts


def _share(sentences: Sequence[_Sentence], kind: str) -> float:
    return sum(s.size for s in sentences if s.kind == kind) / max(1, sum(s.size for s in sentences))


def _has(sentences: Iterable[_Sentence], *kinds: str) -> bool:
    return any(s.kind in kinds for s in sentences)


def _bare(printed: str) -> str:
    """A heading as the list has it: lower case, without number and final punctuation, `B E S L I S S I N G` closed up."""
    text = " ".join(printed.split())
    text = text[_NUMBERED.match(text).end() :] if re.match(r"\d|[IVX]{1,4}[. ]|[A-H]\.", text) and _NUMBERED.match(text) else text  # type: ignore[union-attr]
    if len(text) > 6 and re.fullmatch(r"(?:\w ){3,30}\w[:.]?", text):
        text = text.replace(" ", "")
    return text.strip(" .:;-–*").lower()


def _compile_whole(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def _words(words: Sequence[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?= ?:?\s+[A-Z\[0-9(“‘'\"])")


@lru_cache(maxsize=1)
def load_rules() -> VoiceRules:
    """The rules of `corpus/patterns/voice-nl.toml`, read once. Raises: CorpusInvalid."""
    try:
        data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CorpusInvalid(f"{_FILE.name}: {error}") from error
    return VoiceRules(data)
