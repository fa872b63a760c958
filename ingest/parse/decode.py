"""Bytes to text, strictly: the declared or marked encoding, never a guess that turns one letter into another."""

import codecs
import re
from dataclasses import dataclass

from kb.errors import InputRejected

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# what official publishers declare; anything else (utf-7, ebcdic, …) is a disguise sooner than a document
_KNOWN = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",  # WHATWG Encoding Standard: the label latin-1 means windows-1252
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "windows-1253": "cp1253",  # Greek authorities
    "iso-8859-7": "iso-8859-7",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
_MAX_CONTROL_SHARE = 0.02
# controls, the characters that lay out a text left aside; and the replacement character
_STRANGE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffd\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` without its byte order mark, and the name of the encoding it was read in."""

    text: str
    encoding: str


def decode(content: bytes, *, declared: str | None = None) -> Decoded:
    """`content` as text: by its byte order mark, else as `declared`, else as UTF-8, else (plain text only) windows-1252.

    Args:
        declared: the encoding that the file or its transport names; an unknown name is refused.
    Raises: InputRejected `wrong-encoding` for bytes that the encoding does not have, an undeclared UTF-16 or an unknown name;
        `binary` for NUL or a high share of control characters; `empty` for nothing but white space.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return Decoded(_readable(_strict(content[len(mark) :], name)), name)
    if declared is not None:
        key = declared.strip().lower()
        known = _KNOWN.get(key)
        if known is None:
            raise InputRejected("wrong-encoding", f"encoding {declared[:40]!r} is not read here; convert the file to UTF-8")
        try:
            return Decoded(_readable(_strict(content, known)), known)
        except InputRejected as problem:
            if key not in ("iso-8859-1", "latin1", "latin-1") or problem.reason != "wrong-encoding":
                raise
            return Decoded(_readable(_strict(content, "latin-1")), "latin-1")  # the five bytes that windows-1252 lacks
    try:
        return Decoded(_readable(content.decode("utf-8")), "utf-8")
    except UnicodeDecodeError:
        if b"\x00" in content:
            raise InputRejected("binary", "holds NUL bytes and no byte order mark: not a text file") from None
        return Decoded(_readable(_strict(content, "cp1252")), "cp1252")


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputRejected("wrong-encoding", f"byte {error.start} is not {encoding}: {content[error.start : error.start + 4]!r}") from None


def _readable(text: str) -> str:
    refuse_unreadable(text)
    return text


def refuse_unreadable(text: str) -> None:
    """Nothing when `text` can be prose. Raises: InputRejected `empty`, or `binary` for NUL, lone surrogates or more than 2 %
    control or replacement characters (texts stored as UTF-16 in a UTF-8 field were seen in the wild)."""
    if not text.strip("\ufeff \t\r\n\f\v\u00a0"):
        raise InputRejected("empty", "there is no text in it")
    if "\x00" in text:
        raise InputRejected("binary", f"a NUL character at offset {text.index(chr(0))}: not text, or text in another encoding")
    strange = len(_STRANGE.findall(text))
    if strange > _MAX_CONTROL_SHARE * len(text) or _SURROGATE.search(text):
        raise InputRejected("binary", f"{strange} of {len(text)} characters are controls or replacement characters: not readable text")


_XML_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]{0,300}?\?>", re.A)
_XML_ENCODING = re.compile(rb"^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._\-]{1,40})[\"']", re.A)
_HTML_CHARSET = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._\-]{1,40})", re.I)


def decode_markup(content: bytes, *, html: bool = False) -> Decoded:
    """As `decode`, the declaration being the XML declaration's (or, with `html`, also a `<meta charset>` of the first 4 KiB).

    The XML declaration is taken off, so that nothing contradicts the text that comes back. Raises: as `decode`; XML without a
    declaration is UTF-8 and nothing else.
    """
    found = _XML_ENCODING.match(content) or (_HTML_CHARSET.search(content[:4096]) if html else None)
    declared = found[1].decode("ascii") if found else (None if html else "utf-8")
    if declared and declared.lower().startswith("utf-16") and b"\x00" not in content[:200]:
        declared = "utf-8"  # declared UTF-16 in plain ASCII bytes: the declaration outlived a conversion
    decoded = decode(content, declared=declared)
    return Decoded(
        _XML_DECLARATION.sub("", decoded.text, count=1) if _XML_DECLARATION.match(decoded.text) else decoded.text, decoded.encoding
    )
