"""Dutch-language rulings in other projects' normalised forms."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.model import ParsedDocument, coverage
from ingest.parse.rechtspraak_rows import PARSER
from ingest.parse.registry import sniff
from kb.domain.documents import Kind, Voice
from kb.domain.pinpoints import PinpointKind
from kb.errors import InputRejected

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "rechtspraak"
REAL = ROOT.parent / "shared" / "real"
real = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/real is not here")


def parse(name: str) -> Sequence[ParsedDocument]:
    content = (GOLDEN / name).read_bytes()
    assert sniff(content[:4096], name).name == "rechtspraak-rows"
    return PARSER.parse(content, name)


def slugs(document: ParsedDocument) -> list[str]:
    return [p.pinpoint.slug for p in document.passages if p.pinpoint]


def row(text: str, **fields: str) -> bytes:
    return json.dumps({"_source": "NL/Rechtspraak", "ecli": "ECLI:NL:RBDHA:2099:1", "date": "2099-01-02", "text": text} | fields).encode()


def test_a_line_without_breaks_gives_its_headings_grounds_and_dictum() -> None:
    (document,) = parse("run-on.json")
    found = [(p.pinpoint.slug if p.pinpoint else None, p.heading_path, p.voice) for p in document.passages]
    beoordeling = "Beoordeling door de rechtbank"
    question = "Mag de minister uitgaan van vertrouwen?"
    assert found == [
        (None, ("Inhoudsindicatie",), Voice.UNKNOWN),
        (None, (), Voice.UNKNOWN),
        ("ro-1", ("Procesverloop",), Voice.FACTS),
        ("ro-1.1", ("Procesverloop",), Voice.FACTS),
        ("ro-2", (beoordeling, "Wat vindt eiser in beroep"), Voice.APPLICANT),
        ("ro-3", (beoordeling, question), Voice.COURT),
        ("ro-3.1", (beoordeling, question), Voice.COURT),
        ("ro-4", ("Conclusie en gevolgen",), Voice.COURT),
        (None, ("Beslissing",), Voice.OPERATIVE),
        (None, (), Voice.UNKNOWN),
        (None, ("Informatie over hoger beroep",), Voice.UNKNOWN),
    ]


def test_what_is_found_in_running_text_is_marked_as_derived() -> None:
    for name in ("run-on.json", "suriname.json", "rulings.csv"):
        assert all(p.derived for document in parse(name) for p in document.passages)


def test_identity_court_and_dates_come_from_the_fields() -> None:
    metadata = parse("run-on.json")[0].metadata
    assert (metadata.id, metadata.court, metadata.date, metadata.published_on) == (
        "ECLI:NL:RBDHA:2099:77",
        "Rechtbank Den Haag",
        "2099-09-09",
        "2099-09-10",
    )
    assert metadata.case_numbers == ["NL99.1", "NL99.2"]
    assert metadata.kind is Kind.JUDGMENT


def test_a_surinamese_page_date_is_not_the_date_of_the_ruling() -> None:
    document = parse("suriname.json")[0]
    assert (document.metadata.id, document.metadata.date, document.metadata.published_on) == ("SRU-HvJ-2099-1", "2098-01-19", "2099-04-01")
    assert document.metadata.deciding_state == "SR"
    assert slugs(document) == ["ro-1.1", "ro-2.1", "ro-3", "ro-3.1", "ro-3.2"]


def test_a_row_of_a_csv_is_a_ruling_and_machine_summaries_are_never_read() -> None:
    documents = parse("rulings.csv")
    assert [document.metadata.id for document in documents] == ["ECLI:NL:RVS:2098:5", "ECLI:NL:PHR:2098:6"]
    assert all("MACHINE" not in document.text for document in documents)
    first, opinion = documents
    assert first.text.startswith("Officiële samenvatting.\n\n209800005/1/V1.\n")
    assert slugs(first) == ["ro-1", "ro-1.1", "ro-2"]
    assert (opinion.metadata.kind, opinion.metadata.date) == (Kind.OPINION, "2098")
    assert Voice.COURT not in {p.voice for p in opinion.passages}


def test_a_reference_in_running_text_is_no_ground() -> None:
    text = "RECHTBANK. Overwegingen 1. De zaak. Zie artikel 2. De wet zegt dat. Zie ook onder 2. De rest volgt. 2. De slotsom."
    (document,) = PARSER.parse(row(text), "x.json")
    assert slugs(document) == ["ro-1", "ro-2"]
    assert document.text[document.passages[-1].start :] == "2. De slotsom."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (row(""), "no-text"),
        (b'{"_source": "NL/Rechtspraak", "text": ', "not-well-formed"),
        (row("abc\x00def"), "binary"),
        (b"identifier,description\nECLI:NL:HR:2099:1,\n", "no-text"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(InputRejected) as rejected:
        PARSER.parse(content, "x.csv")
    assert rejected.value.reason == reason


_words = st.text('abcd .,:;"“”0123456789\n|', min_size=1, max_size=40)
_piece = st.one_of(
    _words,
    st.sampled_from(["Procesverloop ", "Overwegingen ", "Beslissing ", "\n\n", "Is dat zo? "]),
    st.tuples(st.integers(0, 12), st.integers(0, 3), _words).map(lambda t: f" {t[0]}.{t[1]}. De {t[2]}."),
    st.tuples(st.integers(0, 12), _words).map(lambda t: f" {t[0]}. De {t[1]}."),
)


@given(st.lists(_piece, min_size=1, max_size=20).map("".join).filter(lambda text: text.strip()))
def test_whatever_the_line_no_text_is_lost_and_numbers_rise(text: str) -> None:
    (document,) = PARSER.parse(row(text), "x.json")
    assert document.text == text
    end = 0
    for passage in document.passages:
        assert end <= passage.start < passage.end
        end = passage.end
    assert coverage(document) == 1.0
    numbers = [
        tuple(map(int, p.pinpoint.value.split(".")))
        for p in document.passages
        if p.pinpoint and p.pinpoint.kind is PinpointKind.CONSIDERATION
    ]
    assert numbers == sorted(set(numbers))


@given(st.lists(st.tuples(_words, _words), min_size=1, max_size=4))
def test_the_text_of_a_csv_row_keeps_its_length(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["identifier", "summary", "description"])
    for number, (_, description) in enumerate(rows, 1):
        writer.writerow([f"ECLI:NL:HR:2099:{number}", "", f"x{description}"])
    documents = PARSER.parse(out.getvalue().encode(), "x.csv")
    assert [document.text for document in documents] == [f"x{description}".replace("|", "\n") for _, description in rows]


@real
@pytest.mark.real
@pytest.mark.slow
def test_every_real_row_keeps_its_words_and_its_order() -> None:
    documents = 0
    for path in [*sorted((REAL / "rechtspraak-json").glob("*/*.json")), *sorted((REAL / "rechtspraak-csv").glob("*.csv"))]:
        content = path.read_bytes()
        assert sniff(content[:4096], path.name).name == "rechtspraak-rows", path.name
        for document in PARSER.parse(content, path.name):
            documents += 1
            assert document.passages, document.metadata.id
            assert document.metadata.id
            assert coverage(document) >= 0.99, document.metadata.id
            grounds = [
                tuple(map(int, p.pinpoint.value.split(".")))
                for p in document.passages
                if p.pinpoint and p.pinpoint.kind is PinpointKind.CONSIDERATION
            ]
            assert grounds == sorted(set(grounds)), document.metadata.id
    assert documents == 291
