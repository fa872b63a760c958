"""A draft to be checked: only its text, whatever it says. No draft ever becomes a document of the corpus by this parser.

Plain text and Markdown as they are; Word with its notes; PDF as `ingest.parse.pdf` reads it.
"""

from collections.abc import Sequence
from typing import Final

from ingest.parse import pdf
from ingest.parse.decode import decode
from ingest.parse.docx import read_word
from ingest.parse.model import Metadata, ParsedDocument, Parser
from kb.errors import InputRejected

_REFUSED: Final = (b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf", b"GIF8")


class DraftParser:
    """Never asked which file it takes: called by name."""

    name = "draft"
    version = "1"

    def accepts(self, head: bytes, file_name: str) -> bool:  # noqa: ARG002 (the protocol's signature)
        return False

    def parse(self, content: bytes, file_name: str) -> Sequence[ParsedDocument]:
        """Raises: InputRejected, as the reader of its format; `unknown-format` for pictures, archives and old Word files."""
        if content.lstrip()[:5] == b"%PDF-":
            return pdf.PARSER.parse(content, file_name)
        if content.startswith(b"PK\x03\x04"):
            return [_plain(read_word(content).text)]
        if content.startswith(_REFUSED):
            raise InputRejected("unknown-format", "not a draft that is read here: send .docx, .pdf, .md or .txt")
        return [_plain(decode(content).text)]


def _plain(text: str) -> ParsedDocument:
    return ParsedDocument(text=text, passages=[], metadata=Metadata(), parser="draft/1")


PARSER: Final[Parser] = DraftParser()
