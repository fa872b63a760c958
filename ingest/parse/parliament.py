"""Papers of the Dutch parliament and government: officielebekendmakingen (kamerstuk, handelingen, Staatsblad, Staatscourant, …), the
consolidated acts of the Basiswettenbestand (toestand) and local rules (CVDR).

Articles and their paragraphs carry printed numbers and become pinpoints. Parliamentary papers print none (their pages exist only in the
PDF): a first paragraph under a heading is cited by the heading, others have a position. Source: shapes of the OP and BWB schemas.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from lxml import etree

from ingest.parse import patterns
from ingest.parse.letter import find_dates
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage, Parser, SourceLink
from ingest.parse.xml import attribute, local_name, parse_xml
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import InputRejected

_ROOTS: Final = ("officiele-publicatie", "toestand", "cvdr", "vergadering", "vloscoredocument", "kamerstuk", "handelingen")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
# the masthead (Staatsblad, van het Koninkrijk der Nederlanden), and the title of a paper: the metadata carries them
_TITLES: Final = frozenset({("kop", "officiele-publicatie"), ("titel", "stuk"), ("titel", "vraagdata")})
_LINKS: Final = ("extref", "intref", "intioref", "extioref", "link", "a")
_NUMBERED_ROMAN: Final = re.compile(r"[0-9]+[a-z]*(?:[.:][0-9]+[a-z]*)*|[IVXLC]+[a-z]?", re.I)


@dataclass(frozen=True, slots=True)
class _Rules:
    left_out: frozenset[str]
    divisions: frozenset[str]
    leaves: frozenset[str]
    furniture: frozenset[str]
    letters: re.Pattern[str]
    government: re.Pattern[str]
    answers: re.Pattern[str]
    asked: re.Pattern[str]
    settled: re.Pattern[str]
    ranks: dict[str, int]


@cache
def _rules() -> _Rules:
    data = patterns.load("parliament")
    return _Rules(
        frozenset(data["left_out"]),
        frozenset(data["divisions"]),
        frozenset(data["leaves"]),
        frozenset(data["furniture"]),
        re.compile("|".join(data["letters"]), re.I),
        patterns.any_of(data["government"]),
        patterns.any_of(data["answers"]),
        patterns.any_of(data["asked"]),
        re.compile(data["settled"], re.I),
        {name: rank for rank, name in enumerate(data["ranks"])},
    )


@dataclass(slots=True)
class _Note:
    number: str
    text: str
    links: list[tuple[int, int, str]]  # offsets into `text`


@dataclass(slots=True)
class _Inline:
    """The words of one leaf, its links as offsets into them, and the footnotes called in it."""

    text: str
    links: list[tuple[int, int, str]]
    notes: list[_Note]


def _parent(element: etree._Element) -> str:
    parent = element.getparent()
    return local_name(parent) if parent is not None else ""


def _is_note(element: etree._Element) -> bool:
    """A real footnote has a number or a paragraph of its own kind; some publications hide a whole table in a `noot`."""
    return any(local_name(child) in ("noot.nr", "noot.al", "noot.lijst") for child in element)


def _note_of(element: etree._Element) -> _Note:
    number = next(("".join(str(part) for part in c.itertext()).strip() for c in element if local_name(c) == "noot.nr"), "")
    words = _Inline("", [], [])
    for child in element:
        if local_name(child) != "noot.nr":
            words = _joined(words, _inline(child))
    return _Note(number, words.text, words.links)


def _noted(element: etree._Element) -> _Inline:
    note = _note_of(element)
    return _Inline("", [], [note] if note.text else [])


def _inline(element: etree._Element) -> _Inline:
    parts: list[str] = []
    links: list[tuple[int, int, str]] = []
    notes: list[_Note] = []
    size = 0

    def write(text: str | None) -> None:
        nonlocal size
        squeezed = re.sub(r"[ \t\n\r]+", " ", text or "")
        if squeezed.startswith(" ") and (not parts or parts[-1].endswith((" ", "\n"))):
            squeezed = squeezed[1:]
        if squeezed:
            parts.append(squeezed)
            size += len(squeezed)

    def visit(node: etree._Element) -> None:
        nonlocal size
        name = local_name(node)
        if name in _rules().left_out:
            return
        if name == "noot" and _is_note(node):
            note = _note_of(node)
            if note.text:
                notes.append(note)
            if note.number:
                if parts and parts[-1].endswith(" ") and parts[-1].strip():
                    size -= len(parts[-1]) - len(parts[-1].rstrip(" "))
                    parts[-1] = parts[-1].rstrip(" ")
                write(note.number)
            return
        begin = size
        if name == "br":
            parts.append("\n")
            size += 1
        write(node.text)
        for child in node:
            visit(child)
            write(child.tail)
        if name in _LINKS and size > begin:
            target = attribute(node, "doc") or attribute(node, "href") or ""
            if target.strip():
                links.append((begin, size, target.strip()))

    write(element.text)
    for child in element:
        visit(child)
        write(child.tail)
    raw = "".join(parts)
    lead = len(raw) - len(raw.lstrip())
    text = raw.strip()
    kept = [(max(0, a - lead), min(len(text), b - lead), t) for a, b, t in links if min(len(text), b - lead) > max(0, a - lead)]
    return _Inline(text, kept, notes)


class _Writer:
    """Writes the text and its passages in reading order."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0
        self.passages: list[ParsedPassage] = []
        self.furniture: list[tuple[int, int]] = []
        self.links: list[SourceLink] = []
        self.path: list[str] = []
        self.fresh = False
        self.count = 0
        self.voice = Voice.UNKNOWN
        self.repeats = True  # questions are repeated above their answers; a letter repeats none
        self._open: tuple[int, Pinpoint | None, Voice] | None = None
        self._notes: list[_Note] = []

    def _write(self, text: str, separator: str) -> tuple[int, int]:
        if self.size:
            self.parts.append(separator)
            self.size += len(separator)
        start = self.size
        self.parts.append(text)
        self.size += len(text)
        return start, self.size

    def heading(self, inline: _Inline) -> None:
        """A heading: carried by the heading path, so furniture in the text; its footnotes follow it."""
        span = self._write(inline.text, "\n\n")
        self._link(span[0], inline)
        self.furniture.append(span)
        self._notes.extend(inline.notes)
        self._write_notes(None)

    def begin(self, pinpoint: Pinpoint | None = None, *, voice: Voice | None = None) -> None:
        """Everything until `finish` is one passage."""
        self._open = (-1, pinpoint, voice or self.voice)

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def add(self, inline: _Inline, *, glue: str = "\n") -> None:
        """A paragraph: of the open passage, or a passage of its own."""
        if not inline.text:
            self._notes.extend(inline.notes)
            return
        if self._open is None:
            self.begin()
            self.add(inline)
            self.finish()
            return
        begun, pinpoint, voice = self._open
        start, _ = self._write(inline.text, "\n\n" if begun < 0 else glue)
        self._link(start, inline)
        self._notes.extend(inline.notes)
        if begun < 0:
            self._open = (start, pinpoint, voice)

    def finish(self) -> None:
        opened, self._open = self._open, None
        if opened is None or opened[0] < 0:
            self._write_notes(None)
            return
        start, pinpoint, voice = opened
        if voice is Voice.MINISTER and self.repeats and _rules().asked.match("".join(self.parts)[start : start + 200]):
            voice = Voice.UNKNOWN  # the member's question, printed again above its answer
        self.count += 1
        if pinpoint is None:
            if self.fresh and self.path:
                pinpoint = Pinpoint(PinpointKind.SECTION, self.path[-1], self.path[-1])
            else:
                pinpoint = Pinpoint(PinpointKind.POSITION, str(self.count), "")
        self.fresh = False
        self.passages.append(ParsedPassage(start, self.size, pinpoint, tuple(self.path), voice=voice))
        self._write_notes(len(self.passages) - 1)

    def _write_notes(self, caller: int | None) -> None:
        notes, self._notes = self._notes, []
        slugs = []
        for note in notes:
            number = note.number.strip(" .)*[]") or ""
            words = _Inline(note.text, note.links, [])
            if note.number and not note.text.startswith(note.number):
                words = _joined(_Inline(note.number, [], []), words)
            start, end = self._write(words.text, "\n\n")
            self._link(start, words)
            pinpoint = (
                Pinpoint(PinpointKind.FOOTNOTE, number, number) if number.isalnum() else Pinpoint(PinpointKind.POSITION, f"n{start}", "")
            )
            self.passages.append(ParsedPassage(start, end, pinpoint, tuple(self.path), voice=self.voice))
            if number.isalnum():
                slugs.append(pinpoint.slug)
        if caller is not None and slugs:
            old = self.passages[caller]
            self.passages[caller] = ParsedPassage(
                old.start, old.end, old.pinpoint, old.heading_path, voice=old.voice, footnotes=tuple(dict.fromkeys(slugs))
            )

    def _link(self, start: int, inline: _Inline) -> None:
        self.links.extend(SourceLink(start + a, start + b, target) for a, b, target in inline.links)


class _Walker:
    """Walks the tree: divisions open headings, articles and their paragraphs become passages, anything else is read as it comes."""

    def __init__(self, writer: _Writer, *, is_law: bool) -> None:
        self.writer = writer
        self.is_law = is_law
        # the headings among paragraphs that are open: their parent, their rank by type face, the depth of the path above them
        self._below: list[tuple[etree._Element | None, int, int]] = []
        self._voice = writer.voice  # of the whole paper

    def walk(self, element: etree._Element) -> None:
        name = local_name(element)
        rules = _rules()
        if not name or name in rules.left_out:
            return
        if name == "noot" and _is_note(element):
            self.writer.add(_noted(element))
        elif not self.writer.is_open and (name in rules.furniture or (name, _parent(element)) in _TITLES):
            self._furniture(element)
        elif name == "artikel":
            self._article(element)
        elif name in ("vraag", "antwoord"):
            self._question(element, name)
        elif name in ("spreekbeurt", "woordvoerder"):
            self._speech(element)
        elif name == "lijst":
            self._list(element)
        elif name == "row":
            self._row(element)
        elif name in ("tussenkop", "item-titel"):
            self._subheading(element)
        elif name == "lid" and not self.writer.is_open:
            self._passage(element, None)
        elif name != "officiele-publicatie" and any(local_name(child) == "kop" for child in element):
            self._division(element)
        elif name in rules.leaves and not _has_blocks(element):
            self.writer.add(_inline(element))
        else:
            self._children(element)

    def _furniture(self, element: etree._Element) -> None:
        """Titles that the metadata carries, mastheads and signatures: in the text, but no passage."""
        flat = _flat(element)
        if flat.text:
            self.writer.heading(flat)

    def _children(self, element: etree._Element, *, without: Sequence[str] = ()) -> None:
        """Each child in turn; loose words between them are paragraphs too, so that nothing is lost."""
        if not _has_blocks(element) and not without:
            self.writer.add(_inline(element))
            return
        depth = len(self.writer.path)
        self._loose(element.text)
        for child in element:
            if local_name(child) not in without:
                self.walk(child)
            self._loose(child.tail)
        del self.writer.path[depth:]

    def _loose(self, text: str | None) -> None:
        words = " ".join((text or "").split())
        if words:
            self.writer.add(_Inline(words, [], []))

    def _division(self, element: etree._Element) -> None:
        depth = len(self.writer.path)
        self._open_heading(element)
        self._children(element, without=("kop",))
        del self.writer.path[depth:]

    def _open_heading(self, element: etree._Element) -> str:
        kop = next(child for child in element if local_name(child) == "kop")
        inline = _heading_of(kop)
        if inline.text:
            self.writer.heading(inline)
            self.writer.path.append(" ".join(inline.text.split()))
            self.writer.fresh = True
        return inline.text

    def _subheading(self, element: etree._Element) -> None:
        """A heading among paragraphs; it ends where the next one of its rank or a higher begins, or its parent ends."""
        inline = _inline(element)
        if not inline.text:
            return
        if self.writer.is_open:
            self.writer.add(inline)
            return
        parent = element.getparent()
        ranks = _rules().ranks
        rank = ranks.get((attribute(element, "kopopmaak") or "").lower(), len(ranks))
        self._below = [above for above in self._below if above[0] is parent]
        while self._below and self._below[-1][1] >= rank:
            del self.writer.path[self._below.pop()[2] :]
        self._below.append((parent, rank, len(self.writer.path)))
        self.writer.heading(inline)
        self.writer.path.append(" ".join(inline.text.split()))
        self.writer.fresh = True
        answered = any(_rules().answers.fullmatch(above) for above in self.writer.path)
        self.writer.voice = Voice.MINISTER if answered else self._voice

    def _article(self, element: etree._Element) -> None:
        if self.writer.is_open:  # an article quoted inside another
            self._children(element)
            return
        depth = len(self.writer.path)
        kop = next((child for child in element if local_name(child) == "kop"), None)
        number = _number_of(kop) if kop is not None else None
        if kop is not None:
            self._open_heading(element)
        voice = Voice.QUOTED_LAW if self.is_law else None
        paragraphs = [child for child in element if local_name(child) == "lid"]
        if not paragraphs:
            pinpoint = Pinpoint(PinpointKind.ARTICLE, number, f"artikel {number}") if number else None
            self._passage(element, pinpoint, without=("kop",), voice=voice)
        else:
            for child in element:
                name = local_name(child)
                if name == "lid":
                    lid = _plain_number("".join(_inline(c).text for c in child if local_name(c) == "lidnr"))
                    pinpoint = None
                    if number and lid:
                        pinpoint = Pinpoint(PinpointKind.ARTICLE, f"{number}({lid})", f"artikel {number}, lid {lid}")
                    elif number and len(paragraphs) == 1:
                        pinpoint = Pinpoint(PinpointKind.ARTICLE, number, f"artikel {number}")
                    self._passage(child, pinpoint, voice=voice)
                elif name != "kop":
                    self.walk(child)
                self._loose(child.tail)
        del self.writer.path[depth:]

    def _passage(
        self, element: etree._Element, pinpoint: Pinpoint | None, *, without: Sequence[str] = (), voice: Voice | None = None
    ) -> None:
        self.writer.begin(pinpoint, voice=voice)
        numbers = [child for child in element if local_name(child) == "lidnr"]
        first = True
        self._loose(element.text)
        for child in element:
            name = local_name(child)
            if name not in without and child not in numbers:
                if first and numbers and name in _rules().leaves:
                    self.writer.add(_joined(_inline(numbers[0]), _inline(child)))
                    numbers = []
                elif first and numbers:
                    self.writer.add(_inline(numbers[0]))
                    numbers = []
                    self.walk(child)
                else:
                    self.walk(child)
                first = False
            self._loose(child.tail)
        for left in numbers:
            self.writer.add(_inline(left))
        self.writer.finish()

    def _list(self, element: etree._Element) -> None:
        for item in element:
            name = local_name(item)
            if name != "li":
                self.walk(item)
                self._loose(item.tail)
                continue
            alone = not self.writer.is_open
            if alone:
                self.writer.begin()
            mark = next((_inline(c) for c in item if local_name(c) == "li.nr"), None)
            rest = [c for c in item if local_name(c) != "li.nr"]
            if mark is not None and rest and local_name(rest[0]) in _rules().leaves and not _has_blocks(rest[0]):
                self.writer.add(_joined(mark, _inline(rest[0])))
                rest = rest[1:]
            elif mark is not None:
                self.writer.add(mark)
            self._loose(item.text)
            for child in rest:
                self.walk(child)
                self._loose(child.tail)
            if alone:
                self.writer.finish()
            self._loose(item.tail)

    def _row(self, element: etree._Element) -> None:
        cells = [_flat(cell) for cell in element if local_name(cell)]
        row = _Inline("", [], [])
        for cell in cells:
            row = _joined(row, cell, glue="\t")
        self.writer.add(row)

    def _question(self, element: etree._Element, name: str) -> None:
        words = next((_flat(c).text for c in element if local_name(c) in ("nr", "label", "kop")), "")
        number = _plain_number(re.sub(rf"^(?:{name}|antwoord op vraag)\s+", "", words, flags=re.I))
        kind = PinpointKind.QUESTION if name == "vraag" else PinpointKind.ANSWER
        printed = f"{name} {number}"
        pinpoint = Pinpoint(kind, number, printed) if number else None
        if self.writer.is_open:
            self._children(element)
            return
        self._passage(element, pinpoint, voice=Voice.UNKNOWN if name == "vraag" else None)

    def _speech(self, element: etree._Element) -> None:
        speaker = next((_inline(c) for c in element.iter() if local_name(c) == "spreker"), None)
        before = self.writer.voice
        depth = len(self.writer.path)
        if speaker is not None and speaker.text:
            name = speaker.text.rstrip(" :")
            self.writer.path.append(name)
            self.writer.heading(speaker)
            self.writer.fresh = False  # many speeches of one speaker: a name is no place
            self.writer.voice = Voice.MINISTER if _rules().government.fullmatch(name) else Voice.UNKNOWN
        self._children(element, without=("spreker",))
        self.writer.voice = before
        del self.writer.path[depth:]


def _has_blocks(element: etree._Element) -> bool:
    """Whether paragraphs or structure stand in it, not only words."""
    rules = _rules()
    for node in element.iter():
        name = local_name(node)
        if node is not element and (
            name in rules.leaves or name in rules.divisions or name in ("lijst", "li", "lid", "row", "table", "artikel")
        ):
            if any(local_name(up) == "noot" and _is_note(up) for up in _up_to(node, element)):
                continue
            return True
    return False


def _up_to(node: etree._Element, top: etree._Element) -> Iterator[etree._Element]:
    while node is not None and node is not top:
        yield node
        parent = node.getparent()
        if parent is None:
            return
        node = parent


def _flat(element: etree._Element) -> _Inline:
    """All words of a cell on one line."""
    if not _has_blocks(element):
        return _inline(element)
    found = _Inline(" ".join((element.text or "").split()), [], [])
    for child in element:
        if local_name(child) == "noot" and _is_note(child):
            found.notes.extend(_noted(child).notes)
        elif local_name(child) and local_name(child) not in _rules().left_out:
            found = _joined(found, _flat(child))
        tail = " ".join((child.tail or "").split())
        if tail:
            found = _joined(found, _Inline(tail, [], []))
    return found


def _joined(first: _Inline, second: _Inline, glue: str = " ") -> _Inline:
    if not first.text:
        return _Inline(second.text, second.links, [*first.notes, *second.notes])
    if not second.text:
        return _Inline(first.text, first.links, [*first.notes, *second.notes])
    shift = len(first.text) + len(glue)
    links = [*first.links, *((a + shift, b + shift, target) for a, b, target in second.links)]
    return _Inline(first.text + glue + second.text, links, [*first.notes, *second.notes])


def _heading_of(kop: etree._Element) -> _Inline:
    """`Artikel 30. Opschrift`, as the parts of the heading print it."""
    found = _Inline(" ".join((kop.text or "").split()), [], [])
    for child in kop:
        if local_name(child) and local_name(child) not in _rules().left_out:
            found = _joined(found, _inline(child))
        found = _joined(found, _Inline(" ".join((child.tail or "").split()), [], []))
    return found


def _number_of(kop: etree._Element) -> str | None:
    printed = next((_inline(child).text for child in kop if local_name(child) == "nr"), "")
    return _plain_number(printed) or None


def _plain_number(printed: str) -> str:
    """`1.` and `(1)` as `1`; the empty string for what is no number."""
    bare = printed.strip().strip(".()[]:° ").strip()
    return bare if _NUMBERED_ROMAN.fullmatch(bare) else ""


class ParliamentParser:
    """officielebekendmakingen, BWB toestand and CVDR."""

    name = "parliament"
    version = "2"

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002 (the protocol)
        """By the root element."""
        return any(re.search(rb"<(?:\w+:)?" + root.encode() + rb"[\s>]", head, re.I) for root in _ROOTS)

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:  # noqa: ARG002 (the protocol)
        """Raises: InputRejected `no-text` for a file of metadata only, and those of `parse_xml`."""
        root = parse_xml(content)
        if local_name(root) not in _ROOTS:
            raise InputRejected("no-text", f"<{local_name(root)}> holds metadata, not the text of a publication")
        metadata = _metadata(root)
        writer = _Writer()
        title = metadata.title or ""
        letter = _rules().letters.search(title)
        if letter and metadata.kind is not Kind.REGULATION:
            metadata.kind = Kind.LETTER
            signed = _words(_first(root, "functie"))
            metadata.court = (signed or letter["who"]).strip(" .,;")
            writer.voice, writer.repeats = Voice.MINISTER, False
        _Walker(writer, is_law=metadata.kind is Kind.REGULATION).walk(root)
        if not writer.passages:
            raise InputRejected("no-text", "the file holds metadata but no text")
        text = "".join(writer.parts)
        if metadata.date is None:
            metadata.date = _date_in(text, writer.passages) if metadata.kind is Kind.LETTER else _settled(text)
        return [
            ParsedDocument(
                text, writer.passages, metadata, f"{self.name}/{self.version}", furniture=sorted(writer.furniture), links=writer.links
            )
        ]


def _date_in(text: str, passages: Sequence[ParsedPassage]) -> str | None:
    """`Den Haag, 7 november 2022` in a paragraph of its own at the letter's beginning."""
    for passage in passages[:6]:
        words = text[passage.start : passage.end]
        if len(words) <= 60 and re.match(r"['’]?[^\W\d_][\w '’\-]{2,30},\s+(?:den\s+)?\d{1,2}\s", words):
            days = find_dates(words)
            if days:
                return days[0]
    return None


def _settled(text: str) -> str | None:
    """The day on which a committee settled its report (`Vastgesteld 12 mei 2023`), printed in a line near the top."""
    found = _rules().settled.search(text[:2000])
    days = find_dates(found[0]) if found else []
    return days[0] if days else None


def _metadata(root: etree._Element) -> Metadata:
    named = {(m.get("name") or "").lower(): (m.get("content") or "").strip() for m in root.iter("{*}meta", "meta") if m.get("name")}
    metadata = Metadata(language="nl")
    metadata.id = named.get("dc.identifier") or named.get("dcterms.identifier") or None
    record = named.get("overheidop.externmetadatarecord", "")
    if metadata.id is None and record:
        found = re.fullmatch(r"https?://[^/]+/([a-z0-9\-]+)/metadata\.xml", record)
        metadata.id = found[1] if found else None
    metadata.date = _day(named.get("dcterms.date") or named.get("dc.date"))
    metadata.published_on = _day(
        named.get("dcterms.issued") or named.get("dcterms.available") or named.get("overheidop.datumondertekening")
    )
    if metadata.id:
        metadata.official_url = f"https://zoek.officielebekendmakingen.nl/{metadata.id}.html"
    name = local_name(root)
    if name == "toestand":
        _law(root, metadata)
    elif name == "cvdr":
        _local_rule(root, metadata)
    else:
        _publication(root, metadata)
    creator = named.get("dc.creator") or named.get("dcterms.creator")
    if creator and not metadata.court:
        metadata.court = creator
    return metadata


def _day(text: str | None) -> str | None:
    match = _DAY.match((text or "").strip())
    return match[0] if match else None


def _first(root: etree._Element, *names: str) -> etree._Element | None:
    """The first element with one of the names, in document order, outside footnotes."""
    return next((e for e in root.iter() if local_name(e) in names), None)


def _words(element: etree._Element | None) -> str | None:
    return (_flat(element).text or None) if element is not None else None


def _law(root: etree._Element, metadata: Metadata) -> None:
    metadata.kind = Kind.REGULATION
    metadata.id = attribute(root, "bwb-id")
    metadata.title = _words(_first(root, "citeertitel")) or _words(_first(root, "intitule"))
    since = _day(attribute(root, "inwerkingtreding"))
    metadata.date = since
    if metadata.id:
        metadata.official_url = f"https://wetten.overheid.nl/{metadata.id}" + (f"/{since}" if since else "")
    if since:
        metadata.extra["in force from"] = since
    law = _first(root, "wetgeving")
    kind = attribute(law, "soort") if law is not None else None
    if kind:
        metadata.subtype = kind


def _local_rule(root: etree._Element, metadata: Metadata) -> None:
    metadata.kind = Kind.REGULATION
    metadata.id = _words(_first(root, "identifier"))
    metadata.title = _words(_first(root, "title"))
    metadata.court = _words(_first(root, "creator"))
    metadata.published_on = _day(_words(_first(root, "issued")))
    metadata.official_url = f"https://lokaleregelgeving.overheid.nl/{metadata.id}" if metadata.id else None


def _publication(root: etree._Element, metadata: Metadata) -> None:
    publication = next((local_name(child) for child in root if local_name(child) not in ("metadata", "kop", "")), "")
    metadata.subtype = publication or None
    if publication in (
        "staatsblad",
        "staatscourant",
        "tractatenblad",
        "gemeenteblad",
        "provinciaalblad",
        "waterschapsblad",
    ) or publication.startswith("bladgemeenschappelijke"):
        metadata.kind = Kind.REGULATION if _first(root, "artikel") is not None else Kind.OTHER
        body = next(child for child in root if local_name(child) == publication)
        kop = next((child for child in body if local_name(child) == "kop"), None)
        metadata.title = _words(_first(root, "intitule")) or (_heading_of(kop).text if kop is not None else None)
        masthead = _words(_first(root, "subtitel"))
        if masthead:
            metadata.extra["masthead"] = masthead
        issued = next((attribute(e, "isodatum") for e in root.iter() if local_name(e) == "datum" and attribute(e, "isodatum")), None)
        metadata.date = metadata.date or _day(issued)
        return
    metadata.kind = Kind.DEBATE
    dossier = _words(_first(root, "dossiernr"))
    number = _words(_first(root, "ondernummer"))
    stuk = _first(root, "stuk")
    piece = _words(next((c for c in stuk if local_name(c) == "titel"), None)) if stuk is not None else None
    whole = _first(root, "dossier")
    about = _words(next((c for c in whole if local_name(c) == "titel"), None)) if whole is not None else None
    metadata.title = piece or about or _words(_first(root, "item-titel", "titel"))
    if about and piece:
        metadata.extra["dossier"] = about
    if dossier and number:
        metadata.case_numbers.append(f"{''.join(dossier.split())}-{number}")


PARSER: Final[Parser] = ParliamentParser()
