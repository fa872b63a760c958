"""Bytes become the text that was meant, or are refused with a reason."""

import codecs

import pytest

from ingest.parse.decode import decode, decode_markup
from ingest.parse.gate import refuse_error_text
from kb.errors import InputRejected


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        ("één".encode(), None, "één"),
        (codecs.BOM_UTF8 + "één".encode(), None, "één"),
        (codecs.BOM_UTF16_LE + "één".encode("utf-16-le"), None, "één"),
        (codecs.BOM_UTF16_BE + "één".encode("utf-16-be"), None, "één"),
        ("één’s".encode("cp1252"), None, "één’s"),
        (b"caf\xe9 \x81", "iso-8859-1", "caf\xe9 \x81"),
        ("één’s".encode("cp1252"), "ISO-8859-1", "één’s"),
        ("Αθήνα".encode("iso-8859-7"), "iso-8859-7", "Αθήνα"),
    ],
)
def test_text_is_read_in_its_encoding(content: bytes, declared: str | None, text: str) -> None:
    padded = decode(content + (b" regel" * 20 if b"\x00" not in content else b""), declared=declared).text
    assert padded.startswith(text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n\t", "empty"),
        ("een tekst zonder merkteken".encode("utf-16-le"), "binary"),
        (b"een tekst\x00met nul", "binary"),
        (b"\x01\x02\x03tekst", "binary"),
        (("tekst \ufffd\ufffd " * 10).encode(), "binary"),
        (b"\x81\x8d\x8f", "wrong-encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(InputRejected) as caught:
        decode(content)
    assert caught.value.reason == reason


def test_the_declaration_is_taken_off_markup() -> None:
    assert decode_markup(b' <?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>').text == "<a>é</a>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Unable to extract text from this document.", "error-text"),
        ("<title>Just a moment...</title> Enable JavaScript and cookies to continue", "error-text"),
        ("404 Not Found\nnginx", "error-text"),
        ("Pagina niet gevonden. De pagina die u zoekt bestaat niet meer.", "error-text"),
        ("12 13 14", "no-text"),
        ("abc 123 " + "0123456789 " * 40 + "een paar letters toch nog", "unreadable-text"),
    ],
)
def test_an_error_stored_as_a_document_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputRejected) as caught:
        refuse_error_text(text)
    assert caught.value.reason == reason


def test_a_long_document_may_quote_an_error_message() -> None:
    refuse_error_text("De website gaf de melding 404 Not Found. " + "De vreemdeling heeft daarover geklaagd bij de rechter. " * 60)
