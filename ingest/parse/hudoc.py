"""Judgments and decisions of the European Court of Human Rights: the HTML fragment that HUDOC makes of its Word files.

The classes of the fragment are made per document and mean nothing; numbers are text (`89.  The Court …`), headings are centred or
bold lines. Numbering is read from the starts of paragraphs and must go up by one; separate opinions restart it, stand under their
own heading and are not the Court's voice. A footnote is `_ftnN`, its call `_ftnrefN`.
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
from ingest.parse.segments import Profile, segment
from ingest.parse.xml import local_name, parse_html
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

NAME: Final = "hudoc"
VERSION: Final = "1"
_ECLI = re.compile(r"ECLI:CE:ECHR:\d{4}:\d{4}(?:JUD|DEC|REP)\d{9}")
_FILE = re.compile(r"(?<!\d)00[1-5]-\d{4,6}(?!\d)")
_APPLICATIONS = re.compile(r"\((?:Applications? nos?\.|Requêtes? n\W?[os]?s?\W*)\s*([^()]{4,200})\)", re.I)
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
        return named and (b"<p" in head or b"<div" in head or b"<html" in head.lower())

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        """Raises: InputRejected `no-text` for an empty fragment (only a PDF exists), `challenge` for the page of a bot check."""
        root = parse_html(content)
        if "just a moment" in " ".join(str(piece) for piece in root.itertext())[:600].lower():
            raise InputRejected("challenge", f"{file_name}: the page of a bot check, not a document; fetch it again later")
        builder = TextBuilder()
        notes: list[tuple[int, int, str]] = []
        calls: list[tuple[int, str]] = []
        for element in _paragraphs(root):
            number = next((m[1] for a in element.iter("a") if (m := _FOOTNOTE.fullmatch(a.get("name") or a.get("id") or ""))), None)
            words = inline(element, mark=_is_call)
            if not words.text.strip("\u00a0 "):
                continue
            start, end = builder.add(words.text)
            if number:
                notes.append((start, end, number))
            for at, _, anchor in words.marks:
                if not number and (called := _FOOTNOTE.search(anchor.get("href") or "")):
                    calls.append((start + at, called[1]))
        text = builder.text
        if not any(c.isalnum() for c in text):
            raise InputRejected("no-text", f"{file_name}: the fragment is empty; the judgment may exist as PDF only")
        metadata = _metadata(text, file_name)
        body = text if not notes else text[: notes[0][0]].rstrip()
        found = segment(body, Profile(language=metadata.language or "en", number=PinpointKind.PARAGRAPH))
        drafts = [*found.drafts, *_notes(text, notes)]
        for draft in drafts:
            draft.derived = False  # numbers and headings stand at the start of their own paragraph in the source
            draft.calls = [number for at, number in calls if draft.start <= at < draft.end]
        return [ParsedDocument(text, passages_of(drafts), metadata, f"{NAME}/{VERSION}", furniture=found.furniture)]


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
    strasbourg = head.find("STRASBOURG")
    if strasbourg >= 0 and (dated := printed_date(head[strasbourg : strasbourg + 200])):
        metadata.date = dated[0]
        metadata.language = metadata.language or dated[1]
    if "DECISION" in head[:1500] or "DÉCISION" in head[:1500]:
        metadata.subtype = "decision"
    return metadata


PARSER: Final = HudocParser()
