"""Is this the document that was asked for? Looked at in the bytes alone; reading it properly is the builder's work, in its child.

A page where XML was expected, an error text with status 200, another document than the one asked for: each is refused here, before
anything is stored, and none of them means that the document does not exist.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ingest.sources.client import Recognise
from ingest.sources.problems import FetchProblem

_DASH: Final = r"[-\u2010\u2011\u2012\u2013\u00ad]"
_ZIP, _PDF = b"PK\x03\x04", b"%PDF-"


def _head(content: bytes) -> bytes:
    return content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")


def is_page(content: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer is a web page, by what it says and by what it is."""
    head = _head(content).lower()
    return "html" in headers.get("content-type", "").lower() or head.startswith((b"<!doctype html", b"<html"))


def _words(content: bytes) -> str:
    """The text between the marks, its references resolved: `C&#8209;297/17` names the case too."""
    return html.unescape(re.sub(r"<[^>]*>", "", content.decode("utf-8", "replace")))


def refuse_empty(content: bytes, url: str) -> None:
    if not content.strip():
        raise FetchProblem("no-text", f"{url} answers with nothing")


def rechtspraak(ecli: str) -> Recognise:
    """The ruling with this ECLI, with a text. Raises from it: `replaced`, `metadata-only`, `other-document`, and the usual ones."""

    def look(content: bytes, headers: Mapping[str, str], url: str) -> None:
        register_entry(content, headers, url, ecli)
        if not re.search(rb"<(?:\w+:)?(?:uitspraak|conclusie)[\s>]", content):
            if replaced_by(content):
                raise FetchProblem("replaced", f"{ecli} is replaced by {replaced_by(content)}")
            raise FetchProblem("metadata-only", f"{ecli} is registered without a text")

    return look


def rechtspraak_entry(ecli: str) -> Recognise:
    """The register's entry, with or without a text."""

    def look(content: bytes, headers: Mapping[str, str], url: str) -> None:
        register_entry(content, headers, url, ecli)

    return look


def register_entry(content: bytes, headers: Mapping[str, str], url: str, ecli: str) -> None:
    refuse_empty(content, url)
    if is_page(content, headers):
        raise FetchProblem("not-a-document", f"{url} answers with a web page in place of XML")
    if b"<open-rechtspraak" not in content[:4096]:
        raise FetchProblem("changed-schema", f"{url}: the answer is no <open-rechtspraak>; the publisher may have changed its format")
    if b"</open-rechtspraak>" not in content[-200:]:
        raise FetchProblem("cut-off", f"{url}: the answer ends before its end")
    stated = re.search(rb"<(?:\w+:)?identifier[^>]*>\s*(ECLI:[^<\s]+)\s*<", content)
    if stated is None:
        raise FetchProblem("changed-schema", f"{url}: the answer states no ECLI")
    if (own := stated[1].decode("utf-8", "replace")).upper() != ecli.upper():
        raise FetchProblem("other-document", f"{url} answers with {own}")


def replaced_by(content: bytes) -> str | None:
    """The ECLI that took the place of this one, as the register states it."""
    found = re.search(rb"<(?:\w+:)?isReplacedBy[^>]*>\s*(ECLI:[^<\s]+)\s*<", content)
    return found[1].decode("utf-8", "replace").upper() if found else None


def feed(content: bytes, headers: Mapping[str, str], url: str) -> None:
    refuse_empty(content, url)
    if is_page(content, headers):
        raise FetchProblem("not-a-document", f"{url} answers with a web page in place of a feed")
    if not re.search(rb"<(?:\w+:)?feed[\s>]", content[:4096]) or b"Aantal gevonden" not in content:
        raise FetchProblem("changed-schema", f"{url}: the answer is not the feed of rulings")
    if not re.search(rb"</(?:\w+:)?feed>\s*$", content):
        raise FetchProblem("cut-off", f"{url}: the feed ends before its end")


def court_of_justice(identities: Sequence[str], suffix: str) -> Recognise:
    """A text of the Court that prints one of `identities` (case numbers, an ECLI without its prefix); a PDF is taken as it is."""
    patterns = [re.compile(re.escape(name).replace(r"\-", _DASH)) for name in identities]

    def look(content: bytes, _: Mapping[str, str], url: str) -> None:
        refuse_empty(content, url)
        if suffix == "pdf":
            magic(_PDF)(content, {}, url)
            return
        head = _head(content)
        if suffix == "xml":
            if not re.search(rb"<(?:JUDGMENT|ORDER|OPINION|CONCLUSION)[\s>.]", content[:65536]):
                raise FetchProblem("not-in-this-form", f"{url}: the answer is no Formex text of a decision")
        elif not head.startswith(b"<") or b"<body" not in content.lower():
            raise FetchProblem("not-a-document", f"{url}: the answer is no page with a text")
        elif not re.search(rb"</(?:html|body)>\s*$", content, re.I):
            raise FetchProblem("cut-off", f"{url}: the text ends before its end")
        words = _words(content)
        if patterns and not any(pattern.search(words) for pattern in patterns):
            raise FetchProblem("other-document", f"{url}: the text does not name {' or '.join(identities[:3])}")

    return look


def strasbourg(application_numbers: Sequence[str]) -> Recognise:
    """A text of the European Court of Human Rights on one of these applications."""

    def look(content: bytes, _: Mapping[str, str], url: str) -> None:
        refuse_empty(content, url)
        words = _words(content)
        if not words.strip("\u00a0 \r\n\t"):
            raise FetchProblem("no-text", f"{url}: the fragment is empty; the decision may exist as PDF only")
        if b"<p" not in content:
            raise FetchProblem("changed-schema", f"{url}: the answer holds no paragraphs")
        if application_numbers and not any(number in words for number in application_numbers):
            raise FetchProblem("other-document", f"{url}: the text does not name application {application_numbers[0]}")

    return look


def paper(identifier: str) -> Recognise:
    """A parliamentary paper in XML under its own identifier."""

    def look(content: bytes, headers: Mapping[str, str], url: str) -> None:
        refuse_empty(content, url)
        if is_page(content, headers):
            raise FetchProblem("not-a-document", f"{url} answers with a web page in place of XML")
        if not re.search(rb"<(?:\w+:)?(?:officiele-publicatie|kamerstuk|kamerwrk)[\s>]", content[:4096]):
            raise FetchProblem("changed-schema", f"{url}: the answer is no official publication")
        if not re.search(rb"</(?:\w+:)?(?:officiele-publicatie|kamerstuk|kamerwrk)>\s*$", content):
            raise FetchProblem("cut-off", f"{url}: the answer ends before its end")
        stated = re.search(rb"name=\"DC\.identifier\"[^>]*content=\"([^\"]+)\"", content)
        if stated and (own := stated[1].decode("utf-8", "replace")) != identifier:
            raise FetchProblem("other-document", f"{url} answers with {own}")

    return look


def magic(*beginnings: bytes) -> Recognise:
    """A file that begins as its format does."""

    def look(content: bytes, _: Mapping[str, str], url: str) -> None:
        refuse_empty(content, url)
        if not content.startswith(beginnings):
            raise FetchProblem("not-a-document", f"{url}: the answer is not the file that was announced")
        if content.startswith(_PDF) and b"%%EOF" not in content[-2048:]:
            raise FetchProblem("cut-off", f"{url}: the PDF ends before its end")

    return look


def office_file(content: bytes, headers: Mapping[str, str], url: str) -> None:
    magic(_PDF, _ZIP)(content, headers, url)


def json_with(*keys: str) -> Recognise:
    """JSON that holds these keys at its top. Raises from it: `changed-schema`, `not-a-document`."""

    def look(content: bytes, headers: Mapping[str, str], url: str) -> None:
        if is_page(content, headers):
            raise FetchProblem("not-a-document", f"{url} answers with a web page in place of JSON")
        data = as_json(content, url)
        if missing := [key for key in keys if not isinstance(data, dict) or key not in data]:
            raise FetchProblem("changed-schema", f"{url}: the answer lacks {', '.join(missing)}")

    return look


def as_json(content: bytes, url: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise FetchProblem("changed-schema", f"{url}: the answer is not JSON") from None


def xml_named(root: str) -> Recognise:
    """XML whose root has this local name, whole to its end."""

    def look(content: bytes, headers: Mapping[str, str], url: str) -> None:
        refuse_empty(content, url)
        if is_page(content, headers):
            raise FetchProblem("not-a-document", f"{url} answers with a web page in place of XML")
        if not re.search(rb"<(?:\w+:)?" + root.encode() + rb"[\s>]", content[:4096]):
            raise FetchProblem("changed-schema", f"{url}: the answer is no <{root}>")
        if not re.search(rb"</(?:\w+:)?" + root.encode() + rb">\s*$", content):
            raise FetchProblem("cut-off", f"{url}: the answer ends before its end")

    return look
