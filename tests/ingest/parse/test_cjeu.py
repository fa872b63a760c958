"""Judgments of the Court of Justice in each generation of their files."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.cjeu import PARSER, case_numbers, printed_date
from ingest.parse.inline import inline
from ingest.parse.model import coverage
from ingest.parse.xml import parse_xml_text
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
CASES = sorted(path for path in (golden.GOLDEN / "cjeu").glob("*") if path.suffix != ".json")
real = pytest.mark.real
needs_real = pytest.mark.skipif(not (golden.REAL / "cjeu-xhtml").is_dir(), reason="../shared/real is absent")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_each_generation_reads_as_reviewed(path: Path) -> None:
    content = path.read_bytes()
    assert PARSER.accepts(content[:4096], path.name)
    golden.check_golden(list(PARSER.parse(content, path.name)), path)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_nothing_of_a_golden_text_is_lost(path: Path) -> None:
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    assert list(golden.problems(document)) == []


def test_the_printed_number_outweighs_the_anchor() -> None:
    content = (golden.GOLDEN / "cjeu" / "bare-judgment.xml").read_bytes()
    document = PARSER.parse(content, "ECLI_EU_C_2031_1.xml")[0]
    numbers = [p.pinpoint.value for p in document.passages if p.pinpoint and p.pinpoint.kind == "para"]
    assert numbers == ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_an_advocate_general_is_never_the_court() -> None:
    content = (golden.GOLDEN / "cjeu" / "opinion.xhtml").read_bytes()
    document = PARSER.parse(content, "opinion.xhtml")[0]
    assert {p.voice for p in document.passages} <= {Voice.UNKNOWN, Voice.QUOTED_LAW, Voice.FACTS}


def test_a_judgment_cut_in_the_middle_is_refused_with_its_reason() -> None:
    content = (golden.GOLDEN / "cjeu" / "bare-judgment.xml").read_bytes()
    with pytest.raises(InputRejected) as refused:
        PARSER.parse(content[: len(content) // 2], "ECLI_EU_C_2031_1.xml")
    assert refused.value.reason == "not-well-formed"


def test_a_body_without_words_is_no_document() -> None:
    with pytest.raises(InputRejected) as refused:
        PARSER.parse(b'<body><p class="sum-title-1"> </p><p class="normal"></p></body>', "ECLI_EU_C_2031_1.xml")
    assert refused.value.reason == "no-text"


def test_a_notice_describes_a_document_and_holds_none() -> None:
    notice = b'<?xml version="1.0"?><NOTICE decoding="eng" type="branch"><WORK><URI><VALUE>x</VALUE></URI></WORK></NOTICE>'
    assert PARSER.accepts(notice, "62030CJ0001.xml")
    with pytest.raises(InputRejected) as refused:
        PARSER.parse(notice, "62030CJ0001.xml")
    assert refused.value.reason == "metadata-only"


@pytest.mark.parametrize(
    ("printed", "numbers"),
    [
        ("In Case C‑578/16 PPU,", ["C-578/16 PPU"]),
        ("In Joined Cases C‑411/10 and C‑493/10,", ["C-411/10", "C-493/10"]),
        ("In zaak T‑1/20 P(R),", ["T-1/20 P(R)"]),
        ("In Case 120/78", ["120/78"]),
        ("Regulation (EC) No 343/2003", []),
        ("Article ABC‑12/34 of the code", []),
    ],
)
def test_case_numbers_are_read_as_printed_with_dashes_folded(printed: str, numbers: list[str]) -> None:
    assert case_numbers(printed) == numbers


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("16 February 2017 (1)", ("2017-02-16", "en")),
        ("19 maart 2019 (*)", ("2019-03-19", "nl")),
        ("1er février 2020", ("2020-02-01", "fr")),
        ("3. März 2021", ("2021-03-03", "de")),
        ("5. maj 2022", ("2022-05-05", "da")),
        ("34 March 2020", None),
        ("the year 2020", None),
    ],
)
def test_the_date_of_the_title_is_read_in_five_languages(printed: str, date: tuple[str, str] | None) -> None:
    assert printed_date(printed) == date


_WORD = st.text(st.sampled_from("abcdé ‑.,()’‘ \n"), min_size=1, max_size=8)


@given(st.lists(st.tuples(_WORD, _WORD), min_size=1, max_size=6))
def test_marks_lie_on_the_words_they_marked(pieces: list[tuple[str, str]]) -> None:
    markup = "<p>" + "".join(f"{outside}<a>{inside}</a>" for outside, inside in pieces) + "</p>"
    words = inline(parse_xml_text(markup), mark=lambda element: element.tag == "a")
    marked = [words.text[start:end] for start, end, _ in words.marks]
    assert all(text.strip(" ") == text for text in marked)
    assert [text.replace(" ", "") for text in marked] == [
        inside.replace("\n", "").replace(" ", "") for _, inside in pieces if inside.replace("\n", "").replace(" ", "")
    ]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.integers(0, 12))
def test_indentation_changes_no_word(letters: list[str], depth: int) -> None:
    flat = "<p>(" + "".join(f"<i>{letter}</i>, " for letter in letters) + "<a>9</a>)</p>"
    pad = "\n" + " " * depth
    indented = "<p>" + pad + "(" + "".join(f"{pad}<i>{pad}{letter}{pad}</i>{pad}," for letter in letters) + f"{pad}<a>9</a>{pad})</p>"
    assert inline(parse_xml_text(indented)).text == inline(parse_xml_text(flat)).text


@real
@pytest.mark.slow
@needs_real
def test_every_real_judgment_keeps_its_paragraphs_and_its_words() -> None:
    bad: dict[str, list[str]] = {}
    paragraphs = operative = 0
    for path in golden.sorted_files("cjeu-xhtml", "*.xml"):
        document = PARSER.parse(path.read_bytes(), path.name)[0]
        found = list(golden.problems(document, least=1.0))
        numbers = [int(p.pinpoint.value) for p in document.passages if p.pinpoint and p.pinpoint.kind == "para"]
        if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < 10:
            found.append(f"numbers {numbers[:3]} … {numbers[-1:]}")
        if not any(p.voice is Voice.OPERATIVE for p in document.passages):
            found.append("no operative part")
        paragraphs += len(numbers)
        operative += sum(1 for p in document.passages if p.pinpoint and p.pinpoint.kind == "operative")
        if found:
            bad[path.name] = found
    assert bad == {}
    assert (paragraphs, operative) == (17503, 330)


@real
@needs_real
def test_a_citation_of_three_anchors_is_one_link_a_cited_paragraph() -> None:
    path = golden.REAL / "cjeu-xhtml" / "ECLI_EU_C_2017_127.xml"
    document = PARSER.parse(path.read_bytes(), path.name)[0]
    assert document.metadata.case_numbers == ["C-578/16 PPU"]
    first = document.links[0]
    assert (first.target, first.pinpoint.slug if first.pinpoint else None) == ("ECLI:EU:C:2011:865", "para-64")
    assert document.text[first.start : first.end].startswith("C‑411/10")
    assert coverage(document) == 1.0
