"""The one XML and HTML parser of the project. Every foreign file goes through it, none through the standard library.

lxml stops at depth 256 and at text nodes of 10 MB (`huge_tree=False`), where the standard library goes on to the end of memory.
A DOCTYPE is refused, except for a fixed list (XHTML, and one publisher's own): an external one would pass silently, and an
internal one can hold entities.
"""

import re
from html.entities import html5
from typing import Final

from lxml import etree
from lxml import html as lxml_html

from ingest.parse.decode import decode_markup
from kb.errors import InputRejected

# public identifiers that stand in official publications; none of their DTDs is ever loaded
ALLOWED_DOCTYPES: Final = frozenset(
    {
        "",  # <!DOCTYPE html>
        "-//W3C//DTD XHTML 1.0 Strict//EN",
        "-//W3C//DTD XHTML 1.0 Transitional//EN",
        "-//W3C//DTD XHTML 1.1//EN",
        "-//W3C//DTD HTML 4.01//EN",
        "-//W3C//DTD HTML 4.01 Transitional//EN",
    }
)
# (root element, system identifier) of publishers that name a DTD of their own
ALLOWED_SYSTEMS: Final = frozenset(
    {
        ("dokument", "http://www.rechtsprechung-im-internet.de/dtd/v1/rii-dok.dtd"),
        ("dokument", "https://www.rechtsprechung-im-internet.de/dtd/v1/rii-dok.dtd"),
    }
)
_PROLOG = re.compile(r"(?:\s+|<!--(?:(?!-->).)*+-->|<\?(?:(?!\?>).)*+\?>)*+", re.S)
_DOCTYPE = re.compile(
    r"""<!DOCTYPE\s++(?P<name>[A-Za-z][\w:.\-]*+)\s*+
        (?:PUBLIC\s++(?P<q1>["'])(?P<public>(?:(?!(?P=q1))[^<>])*+)(?P=q1)\s*+)?
        (?:SYSTEM\s++)?(?:(?P<q2>["'])(?P<system>(?:(?!(?P=q2))[^<>])*+)(?P=q2)\s*+)?
        (?:\[\s*+\]\s*+)?>""",
    re.X | re.I,
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_PREDEFINED = frozenset({"lt", "gt", "amp", "quot", "apos"})
_LIMITS = ("XML_PARSE_HUGE", "Excessive depth", "xmlSAX2Characters: huge", "Buffer size limit", "Resource limit")


def _xml_parser() -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True, remove_comments=True
    )


def parse_xml(content: bytes) -> etree._Element:
    """The root element of an XML file. A byte order mark and blanks before the declaration are forgiven; nothing else is.

    Comments and processing instructions are not in the tree. Offsets into `content` are not kept.
    Raises: InputRejected `not-well-formed`, `doctype-refused`, `parse-limit` (too deep, too large), `wrong-encoding`, `binary`, `empty`.
    """
    text = decode_markup(content).text.lstrip("\ufeff \t\r\n")
    return _parse(_without_doctype(text))


def parse_xml_text(text: str) -> etree._Element:
    """As `parse_xml`, for markup that is already text (a field of a JSON file)."""
    return parse_xml(text.encode("utf-8", "surrogatepass"))


def _without_doctype(text: str) -> str:
    start = _PROLOG.match(text)
    at = start.end() if start else 0
    if text[at : at + 9].upper() != "<!DOCTYPE":
        return text
    match = _DOCTYPE.match(text, at)
    public = " ".join((match["public"] or "").split()) if match else None
    if match is not None and public == "" and (match["name"], match["system"]) in ALLOWED_SYSTEMS:
        return text[:at] + _ENTITY.sub(_named, text[match.end() :])
    if match is None or public not in ALLOWED_DOCTYPES or match["name"].lower() != "html" or (public == "" and _foreign(match["system"])):
        raise InputRejected("doctype-refused", f"a DOCTYPE that is not on the list: {text[at : at + 120]!r}; save the file without it")
    # without its DTD the entities of XHTML are undefined: `&nbsp;` becomes the character it names
    return text[:at] + _ENTITY.sub(_named, text[match.end() :])


def _foreign(system: str | None) -> bool:
    return system not in (None, "", "about:legacy-compat")


def _named(match: re.Match[str]) -> str:
    if match[1] in _PREDEFINED:
        return match[0]
    characters = html5.get(match[1] + ";")
    return "".join(f"&#{ord(c)};" for c in characters) if characters else match[0]


def _parse(text: str) -> etree._Element:
    try:
        root = etree.fromstring(text.encode("utf-8"), _xml_parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        message = str(error)
        if any(word in message for word in _LIMITS):
            raise InputRejected("parse-limit", f"too deep or too large to be a document: {message}") from None
        raise InputRejected("not-well-formed", f"not well-formed XML: {message}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputRejected("doctype-refused", "a document type declaration in the middle of the file")
    for entity in root.iter(etree.Entity):
        raise InputRejected("not-well-formed", f"undefined entity {entity.text!r}")
    return root


def parse_html(content: bytes) -> etree._Element:
    """The root element of an HTML page, mended as browsers do. Scripts are in the tree: the caller skips them.

    Raises: InputRejected `parse-limit`, `wrong-encoding`, `binary`, `empty`, `not-well-formed` (no element at all).
    """
    text = decode_markup(content, html=True).text.lstrip("\ufeff \t\r\n")
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise InputRejected("not-well-formed", f"not HTML: {error}") from None
    for entry in parser.error_log:
        if any(word in entry.message for word in _LIMITS):
            raise InputRejected("parse-limit", f"too deep or too large to be a page: {entry.message}")
    return root


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace, in lower case: namespaces differ between generations of one source."""
    tag = element.tag
    return str(tag).rpartition("}")[2].lower() if isinstance(tag, str) else ""


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute by its local name, whatever its namespace; None where it is absent."""
    wanted = name.lower()
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2].lower() == wanted:
            return str(value)
    return None
