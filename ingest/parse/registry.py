"""Which parser reads a file: one ordered list, the most particular format first, plain text last."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from ingest.parse.model import Parser
from kb.errors import InputRejected

# (name, module): each module holds its parser as `PARSER`; it is imported when first needed, so that a child process loads one
PARSERS: Final[tuple[tuple[str, str], ...]] = (
    ("rechtspraak", "ingest.parse.rechtspraak"),
    ("rechtspraak-rows", "ingest.parse.rechtspraak_rows"),
    ("cjeu", "ingest.parse.cjeu"),
    ("rows", "ingest.parse.rows"),
    ("court-html", "ingest.parse.court_html"),
    ("hudoc", "ingest.parse.hudoc"),
    ("pdf", "ingest.parse.pdf"),
    ("docx", "ingest.parse.docx"),
    ("parliament", "ingest.parse.parliament"),
    ("html", "ingest.parse.html"),  # takes any page: after the publishers' own
    ("letter", "ingest.parse.letter"),  # takes any plain text: keep it last
)
# called by name, never asked: what they read does not become a document
_BY_NAME: Final[tuple[tuple[str, str], ...]] = (("draft", "ingest.parse.draft"),)
_FORMS: Final = {"rows": ("cjeu",), "cjeu": ("formex",), "court-html": ("rii", "euaa", "fln")}
_REFUSED: Final = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"{\\rtf", "an RTF file"),
)


def parser(name: str) -> Parser:
    """The parser of that name, its module imported now.

    Raises: InputRejected `unknown-format` for a name that is not in `PARSERS`.
    """
    for known, module in (*PARSERS, *_BY_NAME):
        if known == name:
            found: Parser = import_module(module).PARSER
            return found
    raise InputRejected("unknown-format", f"no parser is called {name!r}; known are {', '.join(known for known, _ in PARSERS)}")


def parsers() -> Sequence[Parser]:
    """All parsers in the order in which they are asked."""
    return tuple(parser(name) for name, _ in PARSERS)


def parser_versions() -> dict[str, str]:
    """Name to `name/version`, as documents record it: a text read by an older version is read again."""
    versions = {found.name: found.version for found in parsers()}
    for parser_name, forms in _FORMS.items():  # the same parser, for another form of text
        versions |= {f"{parser_name}-{form}": versions[parser_name] for form in forms}
    return {name: f"{name}/{version}" for name, version in versions.items()}


def sniff(head: bytes, file_name: str) -> Parser:
    """The first parser that accepts the first 4 KiB and the name. What the bytes say outweighs what the name says.

    Raises: InputRejected `empty` for nothing, `unknown-format` where no parser accepts.
    """
    if not head.strip():
        raise InputRejected("empty", "the file is empty")
    for candidate in parsers():
        if candidate.accepts(head, file_name):
            return candidate
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise InputRejected("unknown-format", f"{what}: not a format that is read here")
    raise InputRejected("unknown-format", f"no parser knows this format (begins with {head[:16]!r})")
