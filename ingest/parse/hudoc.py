"""Judgments and decisions of the European Court of Human Rights: the HTML fragment that HUDOC makes of its Word files.

The classes of the fragment are made per document and mean nothing; numbers are text (`89.  The Court …`). How it is cut stands in
`ingest.parse.strasbourg`. A footnote is `_ftnN`, its call `_ftnrefN`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from ingest.parse.cjeu import printed_date
from ingest.parse.inline import inline
from ingest.parse.model import Metadata, ParsedDocument
from ingest.parse.outline import BREAK, Draft, TextBuilder, passages_of
from ingest.parse.strasbourg import Line, cut
from ingest.parse.voice_doubt import with_doubt
from ingest.parse.xml import local_name, parse_html
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

NAME: Final = "hudoc"
VERSION: Final = "3"
_ECLI = re.compile(r"ECLI:CE:ECHR:\d{4}:\d{4}(?:JUD|DEC|REP)\d{9}")
_FILE = re.compile(r"(?<!\d)00[1-5]-\d{4,6}(?!\d)")
_APPLICATIONS = re.compile(
    r"(?:\(|^)(?:(?:the )?Applications? nos?\.|Requêtes? n\W?[os]?s?\W*)\s*(\d{1,5}/\d{2}[^()\n]{0,200})", re.I | re.M
)
_SAT = re.compile(r"\b(?:sitting|siégeant)\b[^.;]{0,40}?\b(?:on|le)\s+(?=\d)")
_AGAINST = re.compile(
    r"^(?:Applications? nos?\.|Requêtes? n)[^\n]*?\d/\d{2}\s+(\S[^\n]{2,160}?\s+(?:against|contre)\s+[^\n]{2,60})$", re.M | re.I
)
# the converter names its classes after a hash: `.s7F2C1A3B { margin-top:0pt …`
_CLASS = re.compile(rb"\.s[0-9A-F]{7,8}\s*\{")
_MARKS: Final = (b"EUROPEAN COURT OF HUMAN RIGHTS", "COUR EUROPÉENNE DES DROITS DE L".encode(), b"library=ECHR")
_NUMBER = re.compile(r"\d{1,5}/\d{2}")
_CASE = re.compile(r"^(?:CASE OF|AFFAIRE)\s.{3,200}$", re.M)
_FOOTNOTE = re.compile(r"_ftn(\d+)")
_WORDS: Final = (
    (
        re.compile(r"\b(?:EUROPEAN COURT OF HUMAN RIGHTS|In the case of|The European Court of Human Rights)\b"),
        "en",
        "European Court of Human Rights",
    ),
    (
        re.compile(r"\b(?:COUR EUROPÉENNE DES DROITS DE L.HOMME|En l.affaire|La Cour européenne des droits de l.homme)\b"),
        "fr",
        "Cour européenne des droits de l'homme",
    ),
)


@dataclass(frozen=True, slots=True)
class HudocParser:
    """The fragment of `/app/conversion/docx/html/body`, as a file named after its `itemid` (`001-103050.html`)."""

    name: str = NAME
    version: str = VERSION

    def accepts(self, head: bytes, file_name: str) -> bool:
        if b"<" not in head[:200]:
            return False
        named = bool(_FILE.search(Path(file_name).name)) or "ECHR" in file_name.upper()
        made = bool(_CLASS.search(head)) or any(words in head for words in _MARKS)
        return (named or made) and (b"<p" in head or b"<div" in head or b"<html" in head.lower())

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        """Raises: InputRejected `no-text` for an empty fragment (only a PDF exists), `challenge` for the page of a bot check."""
        root = parse_html(content)
        if "just a moment" in " ".join(str(piece) for piece in root.itertext())[:600].lower():
            raise InputRejected("challenge", f"{file_name}: the page of a bot check, not a document; fetch it again later")
        builder = TextBuilder()
        notes: list[tuple[int, int, str]] = []
        lines: list[Line] = []
        calls: list[tuple[int, str]] = []
        for element in _paragraphs(root):
            number = next((m[1] for a in element.iter("a") if (m := _FOOTNOTE.fullmatch(a.get("name") or a.get("id") or ""))), None)
            words = inline(element, mark=_is_call)
            if not words.text.strip("\u00a0 "):
                continue
            start, end = builder.add(words.text)
            if number:
                notes.append((start, end, number))
            elif notes:  # the second paragraph of a footnote
                notes[-1] = (notes[-1][0], end, notes[-1][2])
            else:
                lines.append(Line(start, end, words.text, cell=_in_table(element)))
            for at, _, anchor in words.marks:
                if not number and (called := _FOOTNOTE.search(anchor.get("href") or "")):
                    calls.append((start + at, called[1]))
        text = builder.text
        if not any(c.isalnum() for c in text):
            raise InputRejected("no-text", f"{file_name}: the fragment is empty; the judgment may exist as PDF only")
        metadata = _metadata(text, file_name)
        found = cut(lines, metadata.language or "en")
        drafts = [*found.drafts, *_notes(text, notes)]
        held = {number for *_, number in notes}
        for draft in drafts:
            draft.calls = [number for at, number in calls if draft.start <= at < draft.end and number in held]
        document = ParsedDocument(
            text, passages_of(drafts), metadata, f"{NAME}/{VERSION}", furniture=found.furniture, warnings=found.warnings
        )
        return [with_doubt(document)]


def is_strasbourg(text: str) -> bool:
    """Whether the beginning of a text is that of a decision of this Court: its name and an application number."""
    head = text[:6000]
    return bool(_APPLICATIONS.search(head)) and any(pattern.search(head) for pattern, _, _ in _WORDS)


def document_of(paragraphs: Sequence[str], file_name: str, parser: str) -> ParsedDocument:
    """A decision that came as paragraphs without markup (HUDOC's Word file), cut in the same way."""
    builder = TextBuilder()
    lines = [Line(*builder.add(text), text) for text in paragraphs]
    metadata = _metadata(builder.text, file_name)
    found = cut(lines, metadata.language or "en")
    return ParsedDocument(builder.text, passages_of(found.drafts), metadata, parser, furniture=found.furniture, warnings=found.warnings)


def _in_table(element: etree._Element) -> bool:
    return any(local_name(above) in ("td", "th") for above in (element, *element.iterancestors()))


def _paragraphs(root: etree._Element) -> Sequence[etree._Element]:
    """Paragraphs and headings, and the cells of tables, in reading order; none lies in another."""
    found: list[etree._Element] = []

    def visit(node: etree._Element) -> None:
        for child in node:
            name = local_name(child)
            if name in ("script", "style", "head"):
                continue
            if name in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th") and not any(
                local_name(below) in ("p", "table", "li") for below in child.iter() if below is not child
            ):
                found.append(child)
            else:
                visit(child)

    visit(root)
    return found


def _is_call(element: etree._Element) -> bool:
    return local_name(element) == "a" and "_ftn" in (element.get("href") or "") and "_ftnref" not in (element.get("href") or "")


def _notes(text: str, notes: Sequence[tuple[int, int, str]]) -> list[Draft]:
    drafts: list[Draft] = []
    for index, (start, end, number) in enumerate(notes):
        stop = notes[index + 1][0] - len(BREAK) if index + 1 < len(notes) else len(text)
        drafts.append(
            Draft(start, max(end, stop), [text[start:end]], Pinpoint(PinpointKind.FOOTNOTE, number, number), (), "note", Voice.UNKNOWN)
        )
    return drafts


def _metadata(text: str, file_name: str) -> Metadata:
    head = text[:4000]
    metadata = Metadata(kind=Kind.JUDGMENT, deciding_state="CE")
    if found := _ECLI.search(head):
        metadata.id = found[0]
    if found := _FILE.search(Path(file_name).name):
        metadata.aliases.append(found[0])
        metadata.official_url = f"https://hudoc.echr.coe.int/eng?i={found[0]}"
    for pattern, language, court in _WORDS:
        if pattern.search(head):
            metadata.language, metadata.court = language, court
            break
    metadata.court = metadata.court or "European Court of Human Rights"
    if numbers := _APPLICATIONS.search(head):
        metadata.case_numbers = list(dict.fromkeys(_NUMBER.findall(numbers[1])))
    if case := _CASE.search(head):
        metadata.title = " ".join(case[0].split())
    elif parties := _AGAINST.search(head):
        metadata.title = " ".join(parties[1].split())
    strasbourg = head.find("STRASBOURG")
    if strasbourg < 0 and (sat := _SAT.search(head)):  # a decision prints no line of its own for the day
        strasbourg = sat.end()
    if strasbourg >= 0 and (dated := printed_date(head[strasbourg : strasbourg + 200])):
        metadata.date = dated[0]
        metadata.language = metadata.language or dated[1]
    if "DECISION" in head[:1500] or "DÉCISION" in head[:1500]:
        metadata.subtype = "decision"
    return metadata


PARSER: Final = HudocParser()
