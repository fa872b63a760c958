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
from typing import Any, Final

from ingest.parse.outline import Draft
from kb.domain.documents import Voice

PATTERNS: Final = Path(__file__).resolve().parents[1] / "corpus" / "patterns" / "voice-eu.toml"

# the number and dash before a heading's words: `III — `, `1. `, `(a) `, `– `
_ENUMERATION = re.compile(
    r"(?:[–—-]\s*|(?:[IVXLC]{1,6}|[A-Z]|\d{1,2}(?:\.\d{1,2}){0,3}|\(?[a-z0-9ivx]{1,4}\))\s?(?:[.)]|[–—-]|\s)\s*){0,3}"
)
_PARAGRAPH_NUMBER = re.compile(r"(?:\d{1,4}(?:\.\d{1,2}){0,2}\.?|[–—-]|\(?[a-z]\))[\s\u00a0]+")
_ASIDE: Final = r"(?:,? (?:and|or) [^.,]{0,80}|, [^,.]{0,80},)?"  # between a subject and its verb
_SECTIONS: Final = ("arguments", "costs", "facts", "court", "law", "mixed")
_OPENING: Final = 420  # characters in which a report declares itself
_REPORT_LEAD: Final = 110  # how far a report's subject may stand from the start


def _joined(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


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
    if section == "facts" or not draft.heading_path:
        return Voice.FACTS
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
    return Voice.QUOTED_LAW if _mostly_quotation(draft) else Voice.COURT


def body_of(text: str) -> str:
    """The words of a passage after its printed number."""
    found = _PARAGRAPH_NUMBER.match(text)
    return text[found.end() :] if found else text


def cjeu_report(words: str, rules: CjeuRules | None = None) -> Voice | None:
    """Whose view a paragraph of the Court's part reports, `unknown` where the Court also answers it; None: the Court's own words."""
    rules = rules or cjeu_rules()
    opening = words[:_OPENING]
    voice: Voice | None = None
    start = 0
    if rules.question.match(opening):
        voice = Voice.FACTS
    elif found := rules.reported.match(opening):
        voice, start = Voice.UNKNOWN, found.end()
    elif not rules.own.match(opening):
        for candidate, pattern in rules.reports:
            if (hit := pattern.search(opening)) and hit.start() <= _REPORT_LEAD and "." not in opening[: hit.start()].removesuffix("."):
                voice, start = candidate, hit.end()
                break
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
