"""Normalised JSON of European and foreign sources."""

import importlib.util
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse.model import coverage
from ingest.parse.registry import sniff
from ingest.parse.rows import PARSER, plain_cjeu_blocks
from ingest.parse.segments import Profile, segment
from kb.domain.documents import Kind, Voice
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
CASES = sorted((golden.GOLDEN / "rows").glob("*.in"))
FOLDERS = ("eu-json", "hudoc-json", "un-json", "asylum-json", "reports-json", "parlement-json", "other-json")
real = pytest.mark.real
needs_real = pytest.mark.skipif(not (golden.REAL / "asylum-json").is_dir(), reason="../shared/real is absent")


def _row(**changes: Any) -> bytes:
    row = {
        "_id": "x",
        "_source": "UN/TreatyBodyJuris",
        "symbol": "CAT/C/1",
        "text": "1.The complainant lives in a tent that is far too cold.",
    }
    return json.dumps(row | changes).encode()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_each_source_reads_as_reviewed(path: Path) -> None:
    content = path.read_bytes()
    assert PARSER.accepts(content[:4096], path.name)
    documents = list(PARSER.parse(content, path.name))
    assert list(golden.problems(documents[0])) == []
    golden.check_golden(documents, path)


def test_what_is_found_in_running_text_is_marked_derived() -> None:
    for path in CASES:
        document = PARSER.parse(path.read_bytes(), path.name)[0]
        for passage in document.passages:
            place = passage.pinpoint is not None and passage.pinpoint.kind is not PinpointKind.FOOTNOTE
            assert passage.derived or not place, (path.name, passage)


def test_a_printed_date_outweighs_the_field() -> None:
    path = golden.GOLDEN / "rows" / "cnda.json.in"
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    assert document.metadata.date == "2031-07-16"
    assert any("2011-12-13" in warning for warning in document.warnings)


def test_a_printed_ecli_outweighs_a_made_up_one_which_stays_an_alias() -> None:
    path = golden.GOLDEN / "rows" / "belgian.json.in"
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    assert document.metadata.id == "ECLI:BE:GHCC:2031:ARR.1"
    assert document.metadata.aliases == ["ECLI:BE:GHCC:2031:1"]
    assert document.metadata.language == "fr"


def test_an_ecli_without_a_court_is_no_identity() -> None:
    path = golden.GOLDEN / "rows" / "german.json.in"
    assert PARSER.parse(path.read_bytes(), path.name)[0].metadata.id is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": ""}, "no-text"),
        ({"text": " \n\u00a0"}, "no-text"),
        ({"text": None}, "no-text"),
        ({"text": "T\u0000h\u0000e\u0000 \u0000c\u0000o\u0000u\u0000r\u0000t\u0000"}, "garbled"),
        ({"text": "The complainant " + "\u0003\u0004" * 40}, "garbled"),
        ({"text": "404 Not Found. Unable to extract text from this document."}, "error-page"),
        ({"_source": "XX/Unknown"}, "unknown-format"),
    ],
)
def test_what_is_no_text_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputRejected) as refused:
        PARSER.parse(_row(**changes), "row.json")
    assert refused.value.reason == reason


def test_truncated_json_is_refused() -> None:
    with pytest.raises(InputRejected) as refused:
        PARSER.parse(_row()[:40], "row.json")
    assert refused.value.reason == "not-well-formed"


def test_a_list_of_objects_is_several_documents() -> None:
    rows = json.loads(_row())
    documents = PARSER.parse(json.dumps([rows, rows | {"symbol": "CAT/C/2"}]).encode(), "rows.json")
    assert [document.metadata.id for document in documents] == ["CAT/C/1", "CAT/C/2"]


_LINE = st.one_of(
    st.sampled_from(["", "1. The court", "2. It holds", "1.1 And", "Tenor", "Gründe", "I.", "Randnummer", "3", "PROCEDURE", "12. maart"]),
    st.text(st.sampled_from("abcXY .,;0123456789()’\t"), max_size=30),
)


@settings(max_examples=300)
@given(st.lists(_LINE, max_size=25), st.sampled_from(["en", "de", "fr", "nl"]), st.booleans(), st.booleans())
def test_any_text_is_cut_without_loss_or_overlap(lines: list[str], language: str, bare: bool, headings: bool) -> None:
    text = "\n".join(lines)
    found = segment(text, Profile(language=language, number=PinpointKind.PARAGRAPH, bare=bare, headings=headings))
    spans = sorted([*found.furniture, *(span for draft in found.drafts for span in draft.spans)])
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    kept = set()
    for start, end in spans:
        kept.update(range(start, end))
    assert all(i in kept for i, c in enumerate(text) if not c.isspace())


@given(st.integers(1, 9), st.integers(1, 30))
def test_only_numbers_that_continue_become_pinpoints(first: int, count: int) -> None:
    text = "\n".join(f"{number}. The applicant lives in tent number {number} of the camp." for number in range(first, first + count))
    drafts = segment(text, Profile(language="en", number=PinpointKind.PARAGRAPH)).drafts
    numbers = [draft.pinpoint.value for draft in drafts if draft.pinpoint]
    assert numbers == ([str(n) for n in range(1, count + 1)] if first == 1 else [])


@real
@pytest.mark.slow
@needs_real
def test_every_real_file_keeps_its_words_and_none_is_silently_empty() -> None:
    bad: dict[str, list[str]] = {}
    documents = 0
    for folder in FOLDERS:
        for path in golden.sorted_files(folder, "*/*"):
            content = path.read_bytes()
            assert sniff(content[:4096], path.name).name == "rows"
            for document in PARSER.parse(content, path.name):
                documents += 1
                if found := list(golden.problems(document)):
                    bad[f"{folder}/{path.name}"] = found
    assert bad == {}
    assert documents == 254


@real
@needs_real
def test_margin_numbers_of_a_real_german_ruling_are_its_pinpoints() -> None:
    path = golden.REAL / "asylum-json" / "DE-BerlinCaseLaw" / "record_0010.json"
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    numbers = [int(p.pinpoint.value) for p in document.passages if p.pinpoint and p.pinpoint.kind is PinpointKind.RANDNUMMER]
    assert numbers == list(range(1, 55))
    assert coverage(document) == 1.0


@real
@needs_real
def test_an_advocate_generals_opinion_in_json_is_never_the_court() -> None:
    for path in golden.sorted_files("eu-json", "*/*"):
        document = PARSER.parse(path.read_bytes(), path.name)[0]
        if document.metadata.kind is Kind.OPINION:
            assert Voice.COURT not in {p.voice for p in document.passages}


@pytest.mark.parametrize(
    "pump", ["“", "1. ", "The applicant submits, ", "a.", "Randnummer\n1\n", "« ", "C‑1/30 P ", "En ce qui concerne le "]
)
@pytest.mark.parametrize("running", [False, True])
def test_a_hostile_text_costs_no_more_than_its_length(pump: str, running: bool) -> None:
    text = ("IN THE LAW The Court notes " + pump * (60_000 // len(pump)))[:60_000]
    begin = time.process_time()
    segment(text, Profile(language="en", number=PinpointKind.PARAGRAPH, running=running, headings=True))
    assert time.process_time() - begin < 3


@pytest.mark.parametrize("pump", ["d", " ", " a ", "_**", "** ", "*", "_", "\\*"])
def test_emphasis_and_blanks_cost_no_more_than_their_length(pump: str) -> None:
    begin = time.process_time()
    list(plain_cjeu_blocks("**Judgment** " * 12 + "\n\n1 " + pump * (100_000 // len(pump)) + "x\n\n2 End."))
    assert time.process_time() - begin < 3


def test_a_signature_between_lines_of_the_front_is_in_no_passage() -> None:
    text = (
        "JUDGMENT OF THE GENERAL COURT\n\n4 March 2031 \n\n"
        + "The Court heard the parties in a case of rain.\n\n" * 9
        + "[Signatures]\n\nLanguage of the case: Romanian."
    )
    row = {"_source": "EU/CURIA", "text": text, "celex_id": "62031TJ0001", "language": "en"}
    (document,) = PARSER.parse(json.dumps(row).encode(), "row.json")
    assert list(golden.problems(document)) == []
    assert not any("Signatures" in document.text[a:b] for p in document.passages for a, b in p.spans or ((p.start, p.end),))
