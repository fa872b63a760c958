"""Strasbourg judgments from HUDOC; German, Danish and EUAA pages."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ingest.parse import court_html, hudoc
from ingest.parse.model import ParsedDocument
from ingest.parse.registry import sniff
from kb.domain.documents import Voice
from kb.domain.pinpoints import PinpointKind
from kb.errors import InputRejected


def _golden() -> ModuleType:
    spec = importlib.util.spec_from_file_location("eu_golden", Path(__file__).with_name("eu_golden.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("eu_golden", module)
    spec.loader.exec_module(module)
    return module


golden = _golden()
CASES = [
    (parser, path)
    for parser, folder in ((hudoc.PARSER, "hudoc"), (court_html.PARSER, "court-html"))
    for path in sorted((golden.GOLDEN / folder).glob("*"))
    if path.suffix != ".json"
]


@pytest.mark.parametrize(("parser", "path"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_each_page_reads_as_reviewed(parser: hudoc.HudocParser | court_html.CourtHtmlParser, path: Path) -> None:
    content = path.read_bytes()
    assert sniff(content[:4096], path.name) is parser
    documents = list(parser.parse(content, path.name))
    assert [problem for document in documents for problem in golden.problems(document)] == []
    golden.check_golden(documents, path)


def _hudoc(name: str) -> ParsedDocument:
    path = golden.GOLDEN / "hudoc" / name
    return hudoc.PARSER.parse(path.read_bytes(), path.name)[0]


def _at(document: ParsedDocument, slug: str) -> tuple[str, Voice]:
    found = [p for p in document.passages if p.pinpoint and p.pinpoint.slug == slug]
    assert len(found) == 1
    return document.text[found[0].start : found[0].end].replace("\u00a0", " "), found[0].voice


def test_a_separate_opinion_restarts_is_cited_by_its_judge_and_is_nobodys_judgment() -> None:
    document = _hudoc("001-999001.html")
    opinion = [p for p in document.passages if p.heading_path[:1] == ("DISSENTING OPINION OF JUDGE SAMPLE",)]
    assert [p.pinpoint.printed for p in opinion if p.pinpoint] == [
        "DISSENTING OPINION OF JUDGE SAMPLE, § 1",
        "DISSENTING OPINION OF JUDGE SAMPLE, § 2",
    ]
    assert {p.voice for p in opinion} == {Voice.UNKNOWN}


def test_a_numbered_heading_is_no_paragraph_and_every_paragraph_keeps_its_own_number() -> None:
    document = _hudoc("001-999002.html")
    numbers = [p.pinpoint.value for p in document.passages if p.pinpoint and p.pinpoint.kind is PinpointKind.PARAGRAPH]
    assert numbers == [str(n) for n in range(1, 25)]
    assert _at(document, "para-10")[0].startswith("10.  The Arcadian Government raised")
    assert not any("2.  The Court’s assessment" in document.text[p.start : p.end].replace("\u00a0", " ") for p in document.passages)


def test_numbers_inside_a_quotation_stay_in_the_paragraph_that_quotes() -> None:
    document = _hudoc("001-999002.html")
    assert _at(document, "para-5")[0].endswith("2. Please confirm within one month.”")
    assert _at(document, "para-17")[0].endswith("63. That holds for every State.”")


def test_each_side_speaks_under_its_own_heading_and_the_court_under_its() -> None:
    document = _hudoc("001-999002.html")
    voices = {slug: _at(document, slug)[1] for slug in ("para-13", "para-14", "para-15", "para-16", "para-18", "para-19", "para-20")}
    assert voices == {
        "para-13": Voice.APPLICANT,
        "para-14": Voice.AUTHORITY,
        "para-15": Voice.UNKNOWN,  # a third party
        "para-16": Voice.COURT,
        "para-18": Voice.COURT,
        "para-19": Voice.UNKNOWN,  # an argument and its answer
        "para-20": Voice.COURT,
    }


def test_no_violation_and_violation_are_two_points_of_the_operative_part() -> None:
    document = _hudoc("001-999002.html")
    assert "that there has been a violation of Article 3" in _at(document, "operative-2")[0]
    assert "that there has been no violation of Article 8" in _at(document, "operative-3")[0]
    assert _at(document, "operative-4")[0].endswith("(b) that simple interest shall be payable;")


def test_a_fragment_is_known_by_what_is_in_it_whatever_the_file_is_called() -> None:
    content = (golden.GOLDEN / "hudoc" / "001-999002.html").read_bytes()
    assert sniff(content[:4096], "download") is hudoc.PARSER


def test_a_bot_check_is_not_a_judgment() -> None:
    page = b"<html><head><title>Just a moment...</title></head><body><p>Just a moment...</p></body></html>"
    with pytest.raises(InputRejected) as refused:
        hudoc.PARSER.parse(page, "001-103050.html")
    assert refused.value.reason == "challenge"


def test_an_empty_fragment_is_no_text() -> None:
    with pytest.raises(InputRejected) as refused:
        hudoc.PARSER.parse(b"<html><body><p> </p></body></html>", "001-103050.html")
    assert refused.value.reason == "no-text"


def test_the_agencys_abstract_is_a_digest_not_the_court() -> None:
    path = golden.GOLDEN / "court-html" / "euaa.html"
    document = court_html.PARSER.parse(path.read_bytes(), path.name)[0]
    assert {p.voice for p in document.passages} == {Voice.DIGEST}


def test_a_danish_page_of_results_is_one_document_a_decision() -> None:
    path = golden.GOLDEN / "court-html" / "fln.html"
    documents = court_html.PARSER.parse(path.read_bytes(), path.name)
    assert [document.metadata.id for document in documents] == ["Dub-Rura/2031/1/LINP", "Rura/2031/2/ABC"]
