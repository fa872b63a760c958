"""References as reference managers read them, parsed back by the libraries that read those formats."""

import json

import bibtexparser
import pytest
import rispy
from bibtexparser import middlewares

from kb.domain.citations import cite
from kb.domain.courts import Courts
from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind
from kb.domain.pinpoints import Pinpoint
from kb.export.references import RIS_MAPPING, Item, item, meta_tags, to_bibtex, to_csl, to_csl_json, to_json_ld, to_ris
from tests.factories import REPOSITORY

COURTS = Courts.load(REPOSITORY / "corpus" / "courts" / "courts.toml")
RULING = Document(
    "ECLI:NL:RVS:2022:9001",
    Kind.JUDGMENT,
    "Afdeling bestuursrechtspraak van de Raad van State",
    "Mother & child v. State Secretary — 100% {Denmark}_#1",
    "nl",
    date=LegalDate("2022-07-06"),
    court_key="nl-rvs",
    case_numbers=("202106999/1/V3",),
    official_url="https://www.raadvanstate.nl/uitspraken/@1/a_b/?x=1&y={2}",
)
LETTER = Document(
    "kst-30573-195", Kind.LETTER, "Staatssecretaris van Justitie en Veiligheid", "Brief\nover Dublin", "nl", date=LegalDate("2022-11")
)


def made(document: Document, place: str | None = None) -> Item:
    pinpoint = Pinpoint.parse(place) if place else None
    return item(document, pinpoint, COURTS, cite(document, pinpoint, COURTS)["nl"])


def test_a_ruling_in_ris_is_a_case_with_its_number_and_its_ecli() -> None:
    text = to_ris(made(RULING, "r.o. 5.2"))
    assert "TY  - CASE" in text
    assert "SV  - 202106999/1/V3" in text
    (entry,) = rispy.loads(text, mapping=dict(RIS_MAPPING))
    assert entry["case_number"] == "202106999/1/V3"
    assert entry["secondary_title"] == RULING.id
    assert entry["title"] == RULING.title
    assert entry["publisher"] == RULING.court
    assert entry["date"] == "2022/07/06"
    assert entry["urls"] == [RULING.official_url]
    assert "r.o. 5.2" in entry["notes"][0]


def test_bibtex_comes_back_as_it_went_in() -> None:
    text = to_bibtex(made(RULING, "r.o. 5.2"))
    library = bibtexparser.parse_string(text, append_middleware=[middlewares.LatexDecodingMiddleware()])
    assert not library.failed_blocks
    (entry,) = library.entries
    fields = {field.key: field.value for field in entry.fields}
    assert fields["title"].replace("{", "").replace("}", "") == RULING.title.replace("{", "").replace("}", "")
    assert fields["number"] == "202106999/1/V3"
    assert fields["howpublished"] == RULING.id
    assert (fields["year"], fields["month"], fields["day"]) == ("2022", "jul", "6")
    (plain,) = bibtexparser.parse_string(text).entries
    assert plain["url"] == "https://www.raadvanstate.nl/uitspraken/@1/a_b/?x=1&y=%7B2%7D"


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        (Kind.JUDGMENT, "legal_case"),
        (Kind.VIEWS, "legal_case"),
        (Kind.REGULATION, "legislation"),
        (Kind.REPORT, "report"),
        (Kind.LETTER, "personal_communication"),
        (Kind.OTHER, "document"),
    ],
)
def test_the_csl_type_follows_the_kind(kind: Kind, type_: str) -> None:
    document = Document("X-1", kind, "Body", "Title", "en")
    assert json.loads(to_csl_json(made(document)))[0]["type"] == type_


def test_a_partial_date_stays_partial_and_a_missing_one_is_left_out() -> None:
    assert to_csl(made(LETTER))["issued"] == {"date-parts": [[2022, 11]]}
    assert "DA  - 2022/11/" in to_ris(made(LETTER))
    undated = Document("X-1", Kind.REPORT, "Body", "Title", "en")
    assert "issued" not in to_csl(made(undated))
    assert "PY  - " not in to_ris(made(undated))


def test_a_line_break_cannot_begin_a_field_of_its_own() -> None:
    hostile = Document("X-1", Kind.REPORT, "Body", "Title\nER  - \nTY  - BOOK", "en")
    (entry,) = rispy.loads(to_ris(made(hostile)), mapping=dict(RIS_MAPPING))
    assert entry["type_of_reference"] == "RPRT"


def test_the_pages_metadata_names_the_ecli() -> None:
    linked = to_json_ld(made(RULING), address="http://127.0.0.1/documents/x")
    assert RULING.id in linked["identifier"]
    assert linked["dcterms:identifier"] == RULING.id
    assert linked["datePublished"] == "2022-07-06"
    assert ("DC.identifier", RULING.id) in meta_tags(made(RULING))
    assert ("citation_publication_date", "2022/07/06") in meta_tags(made(RULING))
