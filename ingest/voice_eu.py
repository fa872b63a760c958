"""Whose words a passage of a European or foreign decision holds, by rules that stand in corpus/patterns/voice-eu.toml.

The structure decides: the heading above a passage, the part of the decision it stands in. Within the court's own part the words a
passage opens with may take it out again (`The Polish Government submits that …`). The label `court` is given only where the
deciding court speaks in its own name; where the rules do not tell, a passage stays `unknown`.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from kb.domain.documents import Voice
from kb.domain.pinpoints import Pinpoint

PATTERNS: Final = Path(__file__).resolve().parents[1] / "corpus" / "patterns" / "voice-eu.toml"

# the number and dash before a heading's words: `III — `, `1. `, `(a) `, `– `
_ENUMERATION = re.compile(
    r"(?:[–—-]\s*|(?:[IVXLC]{1,6}|[A-Z]|\d{1,2}(?:\.\d{1,2}){0,3}|\(?[a-z0-9ivx]{1,4}\))\s?(?:[.)]|[–—-]|\s)\s*){0,3}"
)
_PARAGRAPH_NUMBER = re.compile(r"(?:[AB]\.)?\d{1,4}(?:\.\d{1,2}){0,3}\s?\.?(?:[\s\u00a0]+|(?=[A-ZÀ-Þ]))|(?:[–—-]|\(?[a-z]\))[\s\u00a0]+")
_ASIDE: Final = r"(?:,? (?:and|or) [^.,]{0,80}|, [^,.]{0,80},)?"  # between a subject and its verb
_SECTIONS: Final = ("arguments", "costs", "facts", "court", "law", "mixed")
_OPENING: Final = 420  # characters in which a report declares itself
_REPORT_LEAD: Final = 110  # how far a report's subject may stand from the start


def _joined(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


class Draft(Protocol):
    """A passage in the making: what its voice is decided by (`ingest.parse.outline.Draft` is one)."""

    texts: list[str]
    heading_path: tuple[str, ...]
    part: str
    voice: Voice

    @property
    def pinpoint(self) -> Pinpoint | None: ...

    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class CjeuRules:
    headings: tuple[tuple[str, re.Pattern[str]], ...]
    court_heading: re.Pattern[str]
    substance: re.Pattern[str]
    act: re.Pattern[str]
    reports: tuple[tuple[Voice, re.Pattern[str]], ...]
    question: re.Pattern[str]
    reported: re.Pattern[str]
    court: re.Pattern[str]
    answer: re.Pattern[str]
    own: re.Pattern[str]
    named: re.Pattern[str]
    condition: re.Pattern[str]
    adjacent: re.Pattern[str]
    veto: re.Pattern[str]


@cache
def _data() -> dict[str, Any]:
    with PATTERNS.open("rb") as file:
        return tomllib.load(file)


@cache
def cjeu_rules() -> CjeuRules:
    data = _data()["cjeu"]
    verbs = "|".join(data["report"]["verbs"])
    report = data["report"]
    names = (("facts", "referring"), ("authority", "authority"), ("applicant", "applicant"))
    return CjeuRules(
        headings=tuple((section, _joined(data["headings"][section])) for section in _SECTIONS),
        court_heading=_joined(data["headings"]["court"]),
        substance=_joined(data["headings"]["substance"]),
        act=_joined(data["headings"]["act"]),
        reports=tuple((Voice(voice), re.compile(rf"(?:{'|'.join(report[key])}){_ASIDE} ?(?:{verbs})\b", re.I)) for voice, key in names),
        question=_joined(report["question"]),
        reported=_joined(report["reported"]),
        court=_joined(report["court"]),
        answer=_joined(report["answer"]),
        own=_joined(report["own"]),
        named=re.compile(report["named"] + r"\b", re.I),
        condition=re.compile(report["condition"], re.I),
        adjacent=re.compile(report["adjacent"], re.I),
        veto=_joined(data["veto"]["opening"]),
    )


def _bare(heading: str) -> str:
    found = _ENUMERATION.match(heading)
    return heading[found.end() :].strip() if found else heading.strip()


def cjeu_section(heading_path: Sequence[str], *, reference: bool = False) -> str | None:
    """The part of a judgment that a heading opens, the deepest known heading first: law, facts, court, mixed, arguments, costs."""
    rules = cjeu_rules()
    mixed = False
    for heading in reversed(heading_path):
        words = _bare(heading)
        if mixed and not rules.court_heading.match(words):
            continue
        for section, pattern in rules.headings:
            if pattern.match(words):
                if section == "mixed":
                    if reference and rules.substance.match(words):
                        return "court"
                    mixed = True
                    break
                return section
    return "mixed" if mixed else None


def cjeu_voices(drafts: Sequence[Draft], *, opinion: bool, reference: bool) -> None:
    """Give every draft of one decision its voice, in reading order.

    Args:
        opinion: an Advocate General's: nobody in it is the court.
        reference: for a preliminary ruling: the parties' arguments have no part of their own, so that `Substance` is the Court's.
    """
    rules = cjeu_rules()
    section: str | None = None
    path: tuple[str, ...] | None = None
    for draft in drafts:
        if draft.part == "operative":
            draft.voice = Voice.OPERATIVE
            continue
        if draft.part != "body":
            continue
        if draft.heading_path != path:
            path = draft.heading_path
            found = cjeu_section(path, reference=reference)
            if found is None and section == "law" and path and rules.act.match(_bare(path[-1])):
                found = "law"
            section = found
        draft.voice = _cjeu_voice(draft, section, rules)
        if opinion and draft.voice is not Voice.QUOTED_LAW:
            draft.voice = Voice.FACTS if section == "facts" else Voice.UNKNOWN


def _cjeu_voice(draft: Draft, section: str | None, rules: CjeuRules) -> Voice:
    if section == "law":
        return Voice.QUOTED_LAW
    if section == "facts":
        return Voice.FACTS
    if not draft.heading_path:  # the first two or three paragraphs say what the case is about; later ones have lost their heading
        early = draft.pinpoint is not None and draft.pinpoint.value in ("1", "2", "3")
        return Voice.FACTS if early else Voice.UNKNOWN
    words = body_of(draft.text)
    report = cjeu_report(words, rules)
    if section == "arguments":
        return report if report in (Voice.APPLICANT, Voice.AUTHORITY) else Voice.UNKNOWN
    if section == "costs":
        return Voice.COURT if report is None else Voice.UNKNOWN
    if section not in ("court", "mixed"):
        return Voice.UNKNOWN
    if report is not None:
        return report
    if section == "mixed" and not rules.court.match(words):
        return Voice.UNKNOWN
    if rules.veto.match(words[:_OPENING]) or rules.veto.match(without_lead(words[:_OPENING])):
        return Voice.UNKNOWN
    last = _last_sentence(words)
    if last and any(pattern.match(without_lead(last)) for _, pattern in rules.reports):
        return Voice.UNKNOWN  # `Furthermore, the Portuguese Government submits that …`, and nothing after it
    return Voice.QUOTED_LAW if _mostly_quotation(draft) else Voice.COURT


def _last_sentence(words: str) -> str:
    """The last sentence of a passage that has more than one, its citations in brackets left out; empty for a single sentence."""
    bare = re.sub(r"\([^()]*\)", "", words)
    cut = max((m.end() for m in re.finditer(r"(?<=[a-z’)\d]{2})\.\s+(?=[A-Z])", bare)), default=0)
    return re.sub(r"^both ", "", bare[cut:], flags=re.I) if cut else ""


_THUS: Final = re.compile(r"(?:thus|therefore|however|accordingly|consequently|nevertheless|moreover),? ", re.I)


def body_of(text: str) -> str:
    """The words of a passage after its printed number, no-break spaces as blanks: for the rules only, never for offsets."""
    found = _PARAGRAPH_NUMBER.match(text)
    return (text[found.end() :] if found else text).replace("\u00a0", " ")


def cjeu_report(words: str, rules: CjeuRules | None = None) -> Voice | None:
    """Whose view a paragraph of the Court's part reports, `unknown` where the Court also answers it; None: the Court's own words."""
    rules = rules or cjeu_rules()
    opening = words[:_OPENING]
    voice: Voice | None = None
    start = 0
    if rules.question.match(opening):
        voice = Voice.FACTS
    elif found := rules.reported.match(opening) or rules.reported.match(_THUS.sub("", without_lead(opening), count=1)):
        voice, start = Voice.UNKNOWN, found.end()
    elif not rules.own.match(opening):
        for candidate, pattern in rules.reports:
            hit = pattern.search(opening)
            if hit is None or hit.start() > _REPORT_LEAD or "." in opening[: hit.start()]:
                continue
            before = opening[max(0, hit.start() - 60) : hit.start()]
            if not rules.condition.search(before) and not rules.adjacent.search(before):
                voice, start = candidate, hit.end()
                break
        if voice is None and (hit := rules.named.match(without_lead(opening))):
            voice, start = Voice.UNKNOWN, hit.end()
    else:
        # `As regards the second question, the Government submits`: a lead-in, and then a report
        told = without_lead(opening)
        for candidate, pattern in rules.reports if told != opening else ():
            if hit := pattern.match(told):
                voice, start = candidate, len(opening) - len(told) + hit.end()
                break
        if voice is None and told != opening and (hit := rules.named.match(told)):
            voice, start = Voice.UNKNOWN, hit.end()
    if voice is None or voice is Voice.UNKNOWN:
        return voice
    return Voice.UNKNOWN if rules.answer.search(words, start) else voice


def _mostly_quotation(draft: Draft) -> bool:
    """The passage introduces a quoted provision (`Article 3(1) provides:`) that fills more than half of it."""
    head, *rest = draft.texts
    if not rest or not head.rstrip().endswith(":"):
        return False
    quoted = sum(len(text) for text in rest) if rest[0].lstrip().startswith(("‘", "“", "‛", "«", "„", "'", '"')) else 0
    return quoted > len(draft.text) / 2


# ------------------------------------------------------------------------------------------------------------- other courts

_LANGUAGE_OF: Final = {
    "nb": "da",
    "nn": "da",
    "no": "da",
    "nob": "da",
    "dan": "da",
    "deu": "de",
    "ger": "de",
    "fre": "fr",
    "fra": "fr",
    "eng": "en",
}
_LANGUAGE_OF_MORE: Final = {"rum": "ro", "ron": "ro", "nld": "nl", "dut": "nl", "slv": "sl"}
SECTIONS: Final = (
    "opinion",
    "operative",
    "facts",
    "law",
    "applicant",
    "authority",
    "arguments",
    "court",
    "headnote",
    "mixed",
    "unknown",
    "end",
    "sub",
)
_PLAIN: Final = {
    "facts": Voice.FACTS,
    "law": Voice.QUOTED_LAW,
    "applicant": Voice.APPLICANT,
    "authority": Voice.AUTHORITY,
    "operative": Voice.OPERATIVE,
}


@dataclass(frozen=True, slots=True)
class Openings:
    applicant: re.Pattern[str]
    authority: re.Pattern[str]
    law: re.Pattern[str]
    unknown: re.Pattern[str]
    strong: re.Pattern[str]
    own: re.Pattern[str]
    veto: re.Pattern[str]
    noting: re.Pattern[str]
    both: re.Pattern[str]
    verdict: re.Pattern[str]
    answer: re.Pattern[str]
    operative: re.Pattern[str]


_NEVER: Final = re.compile(r"(?!)")
_ALWAYS: Final = re.compile(r"")


def base_language(language: str | None) -> str:
    """The language whose rules read a text: Norwegian is read with the Danish ones, three-letter codes become two."""
    code = (language or "").lower().split("-")[0]
    return _LANGUAGE_OF.get(code) or _LANGUAGE_OF_MORE.get(code) or code[:2]


@cache
def headings_of(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(section, pattern for a whole line) of one language, the most particular first; empty for a language without rules."""
    table = _data()["sections"].get(language, {})
    return tuple((section, _joined(table[section])) for section in SECTIONS if section in table)


@cache
def openings_of(language: str) -> Openings:
    table = _data()["openings"].get(language, {})
    # a language without a list of the court's own words asks for none
    found = {
        name: _joined(table[name]) if name in table else _ALWAYS if name == "own" else _NEVER for name in Openings.__dataclass_fields__
    }
    return Openings(**found)


@cache
def _lead() -> re.Pattern[str]:
    return _joined(_data()["lead"]["words"])


def without_lead(words: str) -> str:
    """`words` from the subject of their sentence on: without `In the present case, `."""
    found = _lead().match(words)
    return words[found.end() :] if found else words


@cache
def _speech() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = _data()["reported_speech"]["de"]
    return re.compile(table["reported"], re.I), re.compile(table["plain"], re.I)


def in_reported_speech(text: str) -> bool:
    """Whether a German passage is told in the Konjunktiv throughout: somebody else's argument, though nobody is named in it."""
    reported, plain = _speech()
    told = len(reported.findall(text))
    return told >= 2 and told > len(plain.findall(text))


@cache
def _heard(language: str) -> re.Pattern[str]:
    table = _data()["heard"].get(language)
    return re.compile(rf"\b{table['party']}\b[^.;:]{{0,120}}?\b{table['says']}\b", re.I) if table else _NEVER


_FULL_STOP: Final = re.compile(r"[.;](?!\d)")


@cache
def _told(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Somebody else's speech anywhere in a passage, and the words by which a court takes over again."""
    data = _data()
    told, heard = data["told"].get(language), data["heard"].get(language)
    if told is None or heard is None:
        return _NEVER, _ALWAYS
    party = rf"\b{heard['party']}\b[^.;:]{{0,120}}?\b{heard['says']}\b"
    source = rf"\b{told['source']}\b[^.;:]{{0,160}}?\b{told['says']}\b"
    return re.compile(f"{party}|{source}", re.I), re.compile(told["answered"], re.I)


def ends_as_report(words: str, language: str) -> bool:
    """Whether a passage hears a party or a report and the court does not speak after it: `Les rapports précisent que …` to the end."""
    told, answered = _told(language)
    last = None
    for found in told.finditer(words):
        last = found
    if last is None:
        return False
    stop = _FULL_STOP.search(words, last.end())  # the rest of that sentence is still the report's
    return stop is None or not answered.search(words, stop.end())


def somebody_heard(opening: str, language: str) -> bool:
    """Whether a party is heard in the first sentence of a passage (`In the second limb the applicants complain that …`)."""
    return bool(_heard(language).search(_FIRST_SENTENCE.match(opening)[0]))  # type: ignore[index]


_FIRST_SENTENCE: Final = re.compile(r"(?:[^.]|\.(?!\s+[A-ZÀ-Þ]))*")
_QUOTATION: Final = re.compile(r"«[^»]*(?:»|$)|“[^”]*(?:”|$)|„[^“”]*(?:[“”]|$)")


_ANNOUNCED: Final = re.compile(r":\s{0,3}[“„«\"‘]")
_CLOSED: Final = re.compile(r"[”“»\"’][\s.;,)\]\d]{0,8}$")


def mostly_quoted(text: str) -> bool:
    """Whether a passage opens with a quotation, or is one for more than half of its length. Quotation marks inside it do not end one
    that was announced by a colon and reaches to the end of the passage."""
    announced = _ANNOUNCED.search(text)
    if announced and 2 * announced.end() < len(text) and _CLOSED.search(text, max(announced.end(), len(text) - 12)):
        return True
    return text.startswith(_QUOTES) or 2 * sum(m.end() - m.start() for m in _QUOTATION.finditer(text)) > len(text)


_QUOTES: Final = ("“", "„", "«", '"', "‘", "‚", "»", "”")
_SECOND: Final = re.compile(
    r"\s\d{1,3}\s?\.\s{1,2}(?:The|Le|La|Les) (?:applicants?|complainants?|Government|State party|requérante?s?|Gouvernement) "
    r"(?:submitted|argued|contended|maintained|complained|claimed|disagreed|disputed|soutien|fai|allègue|conteste)"
)
_ENGLISH: Final = frozenset({"the", "of", "and", "to", "that", "is", "which", "it", "was", "by", "with"})


def in_english(text: str) -> bool:
    """Whether a passage is English prose, by its commonest words: in a decision in another language, a quotation."""
    words = text.lower().split()
    return len(words) > 12 and sum(word in _ENGLISH for word in words) > 0.2 * len(words)


def section_of(heading: str, language: str) -> str | None:
    """The part of a decision that a line opens (`facts`, `court`, `operative`, …), None for a line that is no known heading."""
    words = _bare(heading).rstrip(" :.")
    for candidate in (words, heading.strip().rstrip(" :.")):
        for section, pattern in headings_of(language):
            if candidate and pattern.fullmatch(candidate):
                return section
    return None


def voice_in(section: str | None, text: str, language: str) -> Voice:
    """Whose words a passage of a part holds, by what it opens with; `unknown` where that does not tell."""
    if section is None:
        return Voice.UNKNOWN
    if section in ("applicant", "authority"):
        # a part named after one side, in which a passage opens with the other
        rules = openings_of(language)
        opening = without_lead(body_of(text)[:_OPENING])
        other = rules.authority if section == "applicant" else rules.applicant
        return Voice.UNKNOWN if other.match(opening) or rules.strong.match(opening) else _PLAIN[section]
    if section in _PLAIN:
        return _PLAIN[section]
    if section not in ("court", "mixed", "arguments"):
        return Voice.UNKNOWN
    rules = openings_of(language)
    words = body_of(text)
    opening = words[:_OPENING]
    told = without_lead(opening)
    if section == "arguments":
        return Voice.APPLICANT if rules.applicant.match(told) else Voice.AUTHORITY if rules.authority.match(told) else Voice.UNKNOWN
    if rules.operative.match(opening):
        return Voice.OPERATIVE
    if mostly_quoted(words) and rules.law.match(opening):
        return Voice.QUOTED_LAW
    quoted = mostly_quoted(words) or (language != "en" and in_english(words)) or (language == "de" and in_reported_speech(words))
    if rules.veto.match(opening) or rules.veto.match(told):  # it opens like a report, whatever comes after
        sides = ((Voice.APPLICANT, rules.applicant), (Voice.AUTHORITY, rules.authority))
        side = next((voice for voice, pattern in sides if pattern.match(told)), Voice.UNKNOWN)
        return Voice.UNKNOWN if rules.answer.search(words) else side
    if quoted or _SECOND.search(words):  # a quotation, an argument in reported speech, or a second paragraph that reports
        return Voice.UNKNOWN
    if found := rules.noting.match(opening):
        told_at_length = rules.both.search(opening, found.start())  # the argument itself stands in the passage, before its answer
        return Voice.COURT if not told_at_length and rules.verdict.search(words, found.end()) else Voice.UNKNOWN
    if not rules.strong.match(opening):
        if found := rules.law.match(opening):
            return Voice.UNKNOWN if rules.strong.search(words, found.end()) else Voice.QUOTED_LAW
        for candidate in dict.fromkeys((opening, told)):
            for voice, pattern in ((Voice.APPLICANT, rules.applicant), (Voice.AUTHORITY, rules.authority)):
                if found := pattern.match(candidate):
                    return Voice.UNKNOWN if rules.answer.search(words, found.end()) else voice
        if section == "mixed" or rules.unknown.match(opening) or somebody_heard(opening, language) or not rules.own.search(words):
            return Voice.UNKNOWN
    if text.rstrip().endswith(":"):  # it announces somebody's words
        return Voice.UNKNOWN
    if ends_as_report(words, language) and not _answers_first(opening, language):
        return Voice.UNKNOWN
    return Voice.COURT


@cache
def _answering(language: str) -> re.Pattern[str]:
    words = _data()["answers_first"].get(language)
    return _joined(words) if words else _NEVER


def _answers_first(opening: str, language: str) -> bool:
    """Whether a passage names an argument and disposes of it in the same sentence (`Contrary to what the Government submits, …`)."""
    return bool(_answering(language).match(opening))
