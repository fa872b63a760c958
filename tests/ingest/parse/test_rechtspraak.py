"""Open-rechtspraak XML: golden files in the real shapes, properties on invented rulings, and the real files where they are."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.model import ParsedDocument, ParsedPassage, coverage
from ingest.parse.rechtspraak import PARSER, split_case_numbers
from ingest.parse.registry import sniff
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import PinpointKind
from kb.errors import InputRejected

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "rechtspraak"
REAL = ROOT.parent / "shared" / "real"
FOLDERS = ("rechtspraak-xml", "rechtspraak-xml-annotated", "rechtspraak-edge")
real = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/real is not here")


def picture(document: ParsedDocument) -> dict[str, Any]:
    """A ruling as a reviewer reads it in the golden JSON."""
    metadata = document.metadata
    fields = (
        "id",
        "court",
        "sitting",
        "date",
        "published_on",
        "case_numbers",
        "deciding_state",
        "subtype",
        "aliases",
        "relations",
        "extra",
    )
    return {
        "kind": str(metadata.kind),
        **{name: value for name in fields if (value := getattr(metadata, name))},
        "passages": [
            {
                "slug": p.pinpoint.slug if p.pinpoint else None,
                "printed": p.pinpoint.printed if p.pinpoint else None,
                "voice": str(p.voice),
                "headings": list(p.heading_path),
                "derived": p.derived,
                "footnotes": list(p.footnotes),
                "text": document.text[p.start : p.end],
            }
            for p in document.passages
        ],
        "furniture": [document.text[start:end] for start, end in document.furniture],
        "warnings": document.warnings,
    }


def check_golden(documents: list[ParsedDocument], name: str) -> None:
    """A missing JSON is written and the test fails: review it."""
    expected = GOLDEN / f"{name}.json"
    found = json.loads(json.dumps([picture(document) for document in documents]))
    if not expected.exists():
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected.name} was missing and has been written: review it")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def parse(name: str) -> ParsedDocument:
    content = (GOLDEN / name).read_bytes()
    assert sniff(content[:4096], name).name == "rechtspraak"
    (document,) = PARSER.parse(content, name)
    return document


def grounds(document: ParsedDocument) -> list[tuple[int, ...]]:
    return [
        tuple(int(part) for part in p.pinpoint.value.split("."))
        for p in document.passages
        if p.pinpoint and p.pinpoint.kind is PinpointKind.CONSIDERATION
    ]


def ground(document: ParsedDocument, slug: str) -> ParsedPassage:
    return next(p for p in document.passages if p.pinpoint and p.pinpoint.slug == slug)


def text_of(document: ParsedDocument, slug: str) -> str:
    passage = ground(document, slug)
    return document.text[passage.start : passage.end]


def problems(document: ParsedDocument) -> Iterator[str]:
    """What breaks the promises of `ParsedDocument`; nothing where all hold."""
    if not document.passages:
        yield "no passages"
    for passage in document.passages:
        if not document.text[passage.start : passage.end].strip():
            yield f"blank passage at {passage.start}"
    for first, second in pairwise(document.passages):
        if second.start < first.end:
            yield f"passages overlap at {second.start}"
    if coverage(document) < 0.99:
        yield f"coverage {coverage(document):.4f}"
    notes = {p.pinpoint.slug for p in document.passages if p.pinpoint and p.pinpoint.kind is PinpointKind.FOOTNOTE}
    for passage in document.passages:
        if not set(passage.footnotes) <= notes:
            yield f"a call to a footnote that is not there: {passage.footnotes}"


# -- golden files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rvs-flat", "rbdha-structured", "conclusie", "quoted-decision", "blank-line"])
def test_a_golden_ruling_reads_as_reviewed(name: str) -> None:
    document = parse(f"{name}.xml")
    assert list(problems(document)) == []
    check_golden([document], name)


def test_a_flat_ruling_of_the_raad_van_state_has_its_grounds_and_not_its_parties_numbers() -> None:
    document = parse("rvs-flat.xml")
    assert grounds(document) == [(1,), (2,), (2, 1), (3,), (4,)]
    assert "drie bezwaren:\n\n- de opvang is vol;" in text_of(document, "ro-2.1")
    assert text_of(document, "ro-2.1").endswith("De grief faalt.")
    assert ground(document, "ro-2.1").heading_path == ("Overwegingen", "De grief")


def test_the_minister_who_appeals_speaks_as_the_authority() -> None:
    assert ground(parse("rvs-flat.xml"), "ro-2").voice is Voice.AUTHORITY


def test_stray_characters_after_a_number_are_printed_but_no_part_of_its_value() -> None:
    pinpoint = ground(parse("rbdha-structured.xml"), "ro-2.2.1").pinpoint
    assert pinpoint is not None
    assert (pinpoint.value, pinpoint.printed) == ("2.2.1", "2.2.1. (…)")


def test_lists_and_tables_stay_readable_inside_their_ground() -> None:
    text = text_of(parse("rbdha-structured.xml"), "ro-2.2")
    assert "- de ombudsman;\n- de rechter in Utopia." in text
    assert "jaar | plaatsen\n2098 | 1.200" in text


def test_a_footnote_is_its_own_passage_and_known_to_the_ground_that_calls_it() -> None:
    document = parse("rbdha-structured.xml")
    assert text_of(document, "fn-1") == "Verzonnen rapport, p. 3."
    assert ground(document, "ro-2.1").footnotes == ("fn-1",)
    assert text_of(document, "ro-2.1").endswith("tekortschiet.¹")


def test_all_case_numbers_are_kept_however_they_are_joined() -> None:
    assert parse("rbdha-structured.xml").metadata.case_numbers == ["NL99.101", "NL99.102", "AWB 99/7", "AWB 99/8"]


def test_a_conclusion_is_an_opinion_without_a_courts_voice() -> None:
    document = parse("conclusie.xml")
    assert document.metadata.kind is Kind.OPINION
    assert Voice.COURT not in {p.voice for p in document.passages}
    assert grounds(document) == [(1, 1), (1, 2), (2, 1), (2, 2), (3,)]


def test_numbers_of_a_quoted_decision_are_not_grounds_of_the_ruling() -> None:
    document = parse("quoted-decision.xml")
    assert grounds(document) == [(1,), (2, 1), (2, 2), (3,), (4,), (5, 1), (5, 2), (6,)]
    assert "3.1 Kosten worden niet vergoed." in text_of(document, "ro-3")
    assert "12 maart 2098 is de vergunning verleend." in text_of(document, "ro-2.2")


def test_a_dash_for_an_abstract_is_no_passage() -> None:
    assert ("Inhoudsindicatie",) not in {p.heading_path for p in parse("quoted-decision.xml").passages}


def test_relations_replacements_and_reports_are_kept_as_stated() -> None:
    metadata = parse("rvs-flat.xml").metadata
    assert metadata.relations == [("hogerBeroep:vernietiging", "ECLI:NL:RBDHA:2099:55")]
    assert metadata.extra["vindplaatsen"] == "JV 2099/1"
    older = parse("quoted-decision.xml").metadata
    assert ("replaces", "ZZ0012") in older.relations
    assert older.aliases == ["LJN ZZ0012"]


def test_a_bare_registration_is_rejected_and_names_its_successor() -> None:
    with pytest.raises(InputRejected, match="replaced by ECLI:NL:CBB:2099:4") as rejected:
        parse("metadata-only.xml")
    assert rejected.value.reason == "metadata-only"


def test_a_broken_file_is_not_well_formed() -> None:
    content = (GOLDEN / "rvs-flat.xml").read_bytes()[:-40]
    with pytest.raises(InputRejected) as rejected:
        PARSER.parse(content, "x.xml")
    assert rejected.value.reason == "not-well-formed"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("NL25.44362 en NL25.44363", ["NL25.44362", "NL25.44363"]),
        ("97/745;20010", ["97/745", "20010"]),
        ("AWB 98/88, 98/89 en 98/93", ["AWB 98/88", "98/89", "98/93"]),
        ("AWB 00/599,A en meer...", ["AWB 00/599"]),
        ("201404465/1/R3", ["201404465/1/R3"]),
    ],
)
def test_case_numbers_are_split_as_printed(printed: str, expected: list[str]) -> None:
    assert split_case_numbers(printed) == expected


# -- properties -------------------------------------------------------------------------------------------------------------

_words = st.text('abcdefgh .,:;"“”’0123456789\n', min_size=1, max_size=60)
_heading = st.sampled_from(["Procesverloop", "Overwegingen", "Feiten", "Beslissing", "De grief", "Beoordeling"])
_para = st.one_of(
    _heading,
    _words,
    st.tuples(st.integers(0, 12), st.integers(0, 4), _words).map(lambda t: f"{t[0]}.{t[1]}. De {t[2]}"),
    st.tuples(st.integers(0, 12), _words).map(lambda t: f"{t[0]}. De {t[1]}"),
)


def _ruling(paras: list[str]) -> bytes:
    body = "".join(f"<para>{p}</para>" for p in paras)
    return (
        "<open-rechtspraak><RDF><Description><identifier>ECLI:NL:RVS:2099:1</identifier></Description></RDF>"
        f"<uitspraak><para>AFDELING</para>{body}</uitspraak></open-rechtspraak>"
    ).encode()


@given(st.lists(_para, max_size=25))
def test_whatever_the_paragraphs_no_text_is_lost_and_numbers_rise(paras: list[str]) -> None:
    (document,) = PARSER.parse(_ruling(paras), "x.xml")
    assert list(problems(document)) == []
    assert coverage(document) == 1.0
    numbers = grounds(document)
    assert numbers == sorted(set(numbers))
    for printed in paras:
        assert " ".join(printed.split()) in " ".join(document.text.split())


@given(st.lists(_para, max_size=15))
def test_the_same_file_reads_the_same_twice(paras: list[str]) -> None:
    assert PARSER.parse(_ruling(paras), "x.xml") == PARSER.parse(_ruling(paras), "x.xml")


def test_a_ruling_that_starts_again_at_one_below_a_new_title_keeps_its_printed_numbers() -> None:
    section = "<section><title>{}</title>" + "".join(f"<paragroup><nr>{n}.</nr><para>Aa.</para></paragroup>" for n in (1, 2)) + "</section>"
    body = f"<uitspraak>{section.format('De feiten')}{section.format('De beoordeling')}</uitspraak>"
    (document,) = PARSER.parse(f"<open-rechtspraak>{body}</open-rechtspraak>".encode(), "x.xml")
    assert grounds(document) == [(1,), (2,), (1,), (2,)]
    assert any(warning.startswith("number-restarts") for warning in document.warnings)


# -- the real files ---------------------------------------------------------------------------------------------------------


def _real_documents() -> Iterator[tuple[Path, ParsedDocument]]:
    for folder in FOLDERS:
        for path in sorted((REAL / folder).glob("*.xml")):
            content = path.read_bytes()
            if b":DOC" not in content:
                with pytest.raises(InputRejected, match="registered without a text"):
                    PARSER.parse(content, path.name)
                continue
            (document,) = PARSER.parse(content, path.name)
            yield path, document


@real
@pytest.mark.real
@pytest.mark.slow
def test_every_real_ruling_keeps_its_words_and_its_order() -> None:
    seen = 0
    restarts = []
    for path, document in _real_documents():
        seen += 1
        assert list(problems(document)) == [], path.name
        numbers = grounds(document)
        if numbers != sorted(set(numbers)):
            restarts.append(path.stem)
    assert seen == 229
    # the one ruling that numbers its assessment from 1 again
    assert restarts == ["ECLI.NL.RBNHO.2013.14081"]


@real
@pytest.mark.real
def test_the_asylum_ruling_of_2014_has_all_its_numbered_grounds() -> None:
    path = REAL / "rechtspraak-xml-annotated" / "ECLI.NL.RBDHA.2014.8504.xml"
    (document,) = PARSER.parse(path.read_bytes(), path.name)
    assert document.metadata.sitting == "Utrecht"
    assert document.metadata.case_numbers == ["AWB 14/12595"]
    assert grounds(document) == [(n,) for n in range(1, grounds(document)[-1][0] + 1)]
    assert len(grounds(document)) == 51  # as many as the file has `nr` elements
    assert ground(document, "ro-24").voice is Voice.QUOTED_RULING


@real
@pytest.mark.real
def test_the_file_with_a_blank_line_before_its_declaration_is_read() -> None:
    path = REAL / "rechtspraak-edge" / "ECLI_NL_RBMNE_2016_1780.xml"
    (document,) = PARSER.parse(path.read_bytes(), path.name)
    assert document.metadata.id == "ECLI:NL:RBMNE:2016:1780"
