"""Strasbourg judgments from HUDOC; German, Danish and EUAA pages."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from ingest.parse import court_html, hudoc
from ingest.parse.registry import sniff
from kb.domain.documents import Voice
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


def test_a_separate_opinion_restarts_and_is_nobodys_judgment() -> None:
    path = golden.GOLDEN / "hudoc" / "001-999001.html"
    document = hudoc.PARSER.parse(path.read_bytes(), path.name)[0]
    opinion = [p for p in document.passages if p.heading_path[:1] == ("DISSENTING OPINION OF JUDGE SAMPLE",)]
    assert [p.pinpoint.value for p in opinion if p.pinpoint] == ["1", "2"]
    assert {p.voice for p in opinion} == {Voice.UNKNOWN}


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
