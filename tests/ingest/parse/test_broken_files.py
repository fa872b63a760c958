"""A file cut off, in another encoding than it says, or with a NUL in it: each format says why it is not read, and reads on after it."""

from pathlib import Path

import pytest

from ingest.parse import registry
from ingest.parse.model import coverage
from kb.errors import InputRejected

GOLDEN = Path(__file__).parents[2] / "golden"
XML = {
    "rechtspraak": "rechtspraak/rbdha-structured.xml",
    "formex": "cjeu/formex.xml",
    "kamerstuk": "parliament/kst-brief.xml",
    "law": "parliament/bwb-toestand.xml",
    "german": "court-html/rii.xml",
}
PAGES = {"hudoc": "hudoc/001-999002.html", "cjeu-html": "cjeu/old-judgment.html", "report-html": "html/rapport.html"}
ROWS = {"rows": "rows/belgian.json.in", "un": "rows/un-views.json.in"}


def refused(name: str, content: bytes) -> str:
    with pytest.raises(InputRejected) as caught:
        registry.sniff(content[:4096], name).parse(content, name)
    assert len(str(caught.value)) > 10
    return caught.value.reason


@pytest.mark.parametrize("name", list(XML))
def test_xml_that_was_cut_off_is_refused_as_not_well_formed(name: str) -> None:
    path = GOLDEN / XML[name]
    content = path.read_bytes()
    assert refused(path.name, content[: len(content) * 2 // 3]) == "not-well-formed"


@pytest.mark.parametrize("name", list(XML))
def test_xml_in_another_encoding_than_it_says_is_refused(name: str) -> None:
    path = GOLDEN / XML[name]
    text = path.read_bytes().decode()
    at = text.index(">", len(text) // 2) + 1
    assert refused(path.name, (text[:at] + "\udce9\udce8" + text[at:]).encode("utf-8", "surrogateescape")) in {
        "wrong-encoding",
        "not-well-formed",
    }


@pytest.mark.parametrize("name", [*XML, *PAGES])
def test_a_nul_makes_a_file_binary(name: str) -> None:
    path = GOLDEN / (XML | PAGES)[name]
    content = path.read_bytes()
    half = len(content) // 2
    assert refused(path.name, content[:half] + b"\x00" + content[half:]) == "binary"


@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_that_was_cut_off_is_read_as_far_as_it_goes(name: str) -> None:
    path = GOLDEN / PAGES[name]
    content = path.read_bytes()
    cut = content[: len(content) * 2 // 3]
    (document,) = registry.sniff(cut[:4096], path.name).parse(cut, path.name)
    assert document.passages
    assert coverage(document) >= 0.99


@pytest.mark.parametrize("name", list(ROWS))
def test_json_that_was_cut_off_is_refused(name: str) -> None:
    path = GOLDEN / ROWS[name]
    content = path.read_bytes()
    assert refused(path.name.removesuffix(".in"), content[: len(content) // 2]) in {"not-well-formed", "unknown-format", "not-json"}
