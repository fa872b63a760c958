"""Word (.docx): the text with its footnotes and endnotes, from an archive that is not trusted.

The text is the body's paragraphs with a blank line between them; a note's mark stands as `[^1]` where it is called, and the notes
follow at the end, `[^1]: …`, a line each. What was deleted with tracked changes is left out, what was inserted is in. Tables are read
cell by cell. To be called in a child process (`ingest.child`): a Word file is a program.

Of the archive three or four parts are read, by the places that the format gives them; names in it are never used as paths, and
nothing is ever unpacked to a disk. Limits: threat T8.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lxml import etree

from ingest.parse import hudoc
from ingest.parse.letter import LetterParser
from ingest.parse.model import ParsedDocument, Parser
from kb.errors import InputRejected

MAX_ENTRIES: Final = 2_000
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 200
_RATIO_FROM_BYTES: Final = 1 << 20  # a small part may be all blanks
_SLICE: Final = 1 << 18
_ARCHIVES: Final = (".zip", ".docx", ".docm", ".7z", ".rar", ".gz", ".bz2", ".xz", ".tar", ".jar", ".iso", ".cab")
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_W_STRICT: Final = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_SKIPPED: Final = frozenset({"delText", "instrText", "Fallback", "pPr", "rPr", "sectPr", "tblPr", "del", "moveFrom", "commentReference"})
_NOTE_KINDS: Final = {"footnoteReference": "footnote", "endnoteReference": "endnote"}
_SEPARATORS: Final = frozenset({"separator", "continuationSeparator", "continuationNotice"})


@dataclass(frozen=True, slots=True)
class WordText:
    """The text of a Word file, its notes included, and how many there are."""

    text: str
    notes: int


class WordArchive:
    """The parts of a Word file, each counted while it is read.

    Raises: InputRejected `not-a-zip`, `encrypted`, `too-many-entries`, `archive-limit`, `nested-archive`, `overlapping-entries`.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
            raise InputRejected("not-a-zip", f"not a Word file: its archive cannot be read ({type(error).__name__})") from None
        if len(entries) > MAX_ENTRIES:
            raise InputRejected("too-many-entries", f"its archive holds {len(entries)} entries, more than {MAX_ENTRIES}")
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
            raise InputRejected("archive-limit", f"unpacked it is larger than {MAX_UNPACKED_BYTES} bytes")
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise InputRejected("encrypted", "the file is encrypted: save it without a password")
        for entry in entries:
            # a spreadsheet embedded in a letter is not opened either, but it is no disguise
            if entry.filename.lower().endswith(_ARCHIVES):
                raise InputRejected("nested-archive", "its archive holds another archive")
        _refuse_overlap(entries)
        self._entries = {entry.filename: entry for entry in entries}
        self._unpacked = 0

    def part(self, name: str) -> bytes | None:
        """The bytes of one part; None where there is none. What it declares of its size is not believed."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        parts: list[bytes] = []
        size = 0
        try:
            with self._zip.open(entry) as stream:
                while piece := stream.read(_SLICE):
                    size += len(piece)
                    self._unpacked += len(piece)
                    if self._unpacked > MAX_UNPACKED_BYTES:
                        raise InputRejected("archive-limit", f"unpacked it is larger than {MAX_UNPACKED_BYTES} bytes")
                    if size > _RATIO_FROM_BYTES and size > MAX_RATIO * max(1, entry.compress_size):
                        raise InputRejected("archive-limit", f"a part of it is packed more than {MAX_RATIO} times over")
                    parts.append(piece)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error) as error:
            raise InputRejected("archive-broken", f"a part of it cannot be unpacked ({type(error).__name__})") from None
        whole = b"".join(parts)
        if whole.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
            raise InputRejected("nested-archive", "a part of it is another archive")
        return whole


def _refuse_overlap(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Entries that share their bytes unpack to many times what they are (zip bomb without recursion)."""
    end = -1
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise InputRejected("overlapping-entries", "entries of its archive overlap")
        end = entry.header_offset + entry.compress_size


def read_word(content: bytes) -> WordText:
    """The text of a .docx. Raises: InputRejected, see `WordArchive`; `not-word` for another office file; `not-well-formed`."""
    archive = WordArchive(content)
    name = _main_part(archive)
    main = archive.part(name)
    if main is None:
        raise InputRejected("not-word", "the archive holds no Word document")
    body = _xml(main)
    if _local(body) != "document":
        raise InputRejected("not-word", "the archive holds another kind of office document")
    folder = posixpath.dirname(name)
    notes = {kind: _notes(archive.part(posixpath.join(folder, f"{kind}s.xml"))) for kind in ("footnote", "endnote")}
    reader = _Reader(notes)
    paragraphs = [paragraph for paragraph in reader.paragraphs(body) if paragraph.strip()]
    listed = [f"[^{number}]: {' '.join(text.split())}" for number, text in reader.called]
    text = "\n\n".join([*paragraphs, *(["\n".join(listed)] if listed else [])])
    return WordText(text, len(listed))


def _main_part(archive: WordArchive) -> str:
    """Where the document itself is, by the archive's own table."""
    relations = archive.part("_rels/.rels")
    if relations:
        for relation in _xml(relations):
            if str(relation.get("Type", "")).endswith("/officeDocument"):
                return posixpath.normpath(str(relation.get("Target", "")).lstrip("/"))
    return "word/document.xml"


def _xml(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )
    if b"<!DOCTYPE" in content[:2000]:
        raise InputRejected("doctype-refused", "a part of it declares a document type; Word never does")
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputRejected("not-well-formed", f"a part of it is not well-formed XML ({type(error).__name__})") from None


def _notes(content: bytes | None) -> Mapping[str, etree._Element]:
    if content is None:
        return {}
    found = {}
    for note in _xml(content):
        if _attribute(note, "type") in _SEPARATORS:
            continue
        found[_attribute(note, "id")] = note
    return found


def _local(element: etree._Element) -> str:
    """The name without its namespace; comments and instructions were removed, and there are no entities without a document type."""
    return str(element.tag).rpartition("}")[2]


def _attribute(element: etree._Element, name: str) -> str:
    return str(element.get(f"{_W}{name}") or element.get(f"{_W_STRICT}{name}") or "")


class _Reader:
    """Walks a body and numbers the notes as they are called. `called` are (number, text) in that order."""

    def __init__(self, notes: Mapping[str, Mapping[str, etree._Element]]) -> None:
        self._notes = notes
        self.called: list[tuple[int, str]] = []

    def paragraphs(self, body: etree._Element) -> Iterator[str]:
        for element in _outer_paragraphs(body):
            yield "".join(self._pieces(element)).strip("\n")

    def _pieces(self, element: etree._Element) -> Iterator[str]:
        # an explicit stack: a hostile file nests deeper than Python recurses
        stack = [iter(element)]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
                continue
            name = _local(child)
            if name in _SKIPPED:
                continue
            if name == "t":
                yield child.text or ""
            elif name in ("tab", "ptab"):
                yield "\t"
            elif name in ("br", "cr"):
                yield "\n"
            elif name == "noBreakHyphen":
                yield "-"
            elif name in _NOTE_KINDS:
                yield self._call(_NOTE_KINDS[name], _attribute(child, "id"))
            elif name == "p":  # a text box inside a paragraph
                yield "\n"
                stack.append(iter(child))
            else:
                stack.append(iter(child))

    def _call(self, kind: str, note_id: str) -> str:
        note = self._notes.get(kind, {}).get(note_id)
        if note is None:
            return ""
        number = len(self.called) + 1
        self.called.append((number, ""))
        text = " ".join("".join(self._pieces(paragraph)) for paragraph in _outer_paragraphs(note))
        self.called[number - 1] = (number, text)
        return f"[^{number}]"


def _outer_paragraphs(body: etree._Element) -> Iterator[etree._Element]:
    """The paragraphs of a body in reading order, those of its tables too; not those inside another paragraph."""
    stack = [iter(body)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif _local(child) == "p":
            yield child
        elif _local(child) not in _SKIPPED:
            stack.append(iter(child))


class DocxParser:
    """A Word file as a document of the corpus: its text read as plain text is."""

    name = "docx"
    version = "2"

    def accepts(self, head: bytes, file_name: str) -> bool:
        return head.startswith(b"PK\x03\x04") and (
            file_name.lower().endswith((".docx", ".docm")) or b"word/" in head or b"[Content_Types].xml" in head
        )

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        """A decision of the European Court of Human Rights is cut as one, anything else as plain text.

        Raises: InputRejected, as `read_word`, and as plain text is refused."""
        text = read_word(content).text
        if hudoc.is_strasbourg(text):
            return [hudoc.document_of(text.split("\n\n"), file_name, f"{self.name}/{self.version}")]
        read = LetterParser().parse_text(text)
        return [replace(read, parser=f"{self.name}/{self.version}")]


PARSER: Final[Parser] = DocxParser()
