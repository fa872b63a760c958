"""Which body spoke: from the ECLI, from the printed name, and never from a guess."""

from pathlib import Path

import pytest

from kb.domain.courts import Courts
from kb.errors import CorpusInvalid

SHIPPED = Path(__file__).parents[3] / "corpus/courts/courts.toml"
COURTS = Courts.load(SHIPPED)


@pytest.mark.parametrize(
    ("printed", "document_id", "key"),
    [
        ("", "ECLI:NL:RVS:2021:1626", "nl-rvs"),
        ("", "ECLI:NL:RBDHA:2014:8504", "nl-rbdha"),
        ("", "ECLI:NL:RBSGR:2012:BZ0845", "nl-rbsgr"),
        ("", "ECLI:NL:OGEAC:2020:1", "nl-ogeac"),
        ("", "ECLI:NL:OGEAX:2020:1", "nl-ogea"),
        ("", "ECLI:NL:OGHACMB:2020:1", "nl-oghacmb"),
        ("", "ECLI:EU:T:2020:1", "eu-gc"),
        ("", "ECLI:CE:ECHR:2011:0121JUD003069609", "ce-ecthr"),
        ("", "ECLI:DE:BVerwG:2025:160425U1C18.24.0", "de-bverwg"),
        ("Court of Justice", "ECLI:EU:C:2019:219", "eu-cjeu"),
        ("Advocate General Kokott", "ECLI:EU:C:2023:316", "eu-ag"),
        ("Rechtbank Amsterdam", "ECLI:NL:RBDHA:2014:8504", "nl-rbdha"),  # the ECLI decides
        ("Rechtbank Den Haag, zittingsplaats Utrecht", "", "nl-rbdha"),
        ("rechtbank  den haag", "", "nl-rbdha"),
        ("VG\u00a0Osnabrück", "", "de-vg-osnabrueck"),
        ("Verwaltungsgericht Bremen 6. Kammer", "", "de-vg-bremen"),
        ("Staatssecretaris van Justitie en Veiligheid", "kst-30573-195", "nl-stas-jv"),
        ("Bundesverwaltungsgericht (Switzerland)", "CH-BVGer-D-559/2020", "ch-bvger"),
    ],
)
def test_the_body_is_found_by_ecli_or_printed_name(printed: str, document_id: str, key: str) -> None:
    court = COURTS.find(printed, document_id)
    assert court is not None
    assert court.key == key


@pytest.mark.parametrize(
    ("printed", "document_id"), [("Bundesverwaltungsgericht", ""), ("Rechtbankje", ""), (None, "ECLI:FR:CCASS:2020:1"), ("", "x")]
)
def test_a_name_that_could_be_two_bodies_or_none_is_not_guessed(printed: str | None, document_id: str) -> None:
    assert COURTS.find(printed, document_id) is None


def test_every_body_has_a_rank_a_source_and_the_words_of_a_citation() -> None:
    for court in COURTS.by_key.values():
        assert court.source, court.key
        if court.style not in ("law",):
            assert court.cite_nl, court.key
            assert court.cite_en, court.key
        assert court.pin_nl, court.key
        assert court.pin_en, court.key


ROW = """\
[[court]]
key = "a"
names = ["A court"]
ecli = ["NL:RVS"]
country = "NL"
level = 1
cite_nl = "A"
cite_en = "A"
pin_nl = "r.o."
pin_en = "para"
style = "court"
source = "x"
"""


@pytest.mark.parametrize(
    ("what", "text", "said"),
    [
        ("an unknown field", ROW + 'colour = "blue"\n', "colour"),
        ("a missing field", ROW.replace('source = "x"\n', ""), "source"),
        ("an unknown style", ROW.replace('style = "court"', 'style = "baroque"'), "baroque"),
        ("a level out of range", ROW.replace("level = 1", "level = 9"), "level"),
        ("a key given twice", ROW + ROW.replace("A court", "B").replace("NL:RVS", "NL:HR"), "key given twice"),
        ("a name given twice", ROW + ROW.replace('"a"', '"b"').replace("NL:RVS", "NL:HR"), "name given twice"),
        ("a code given twice", ROW + ROW.replace('"a"', '"b"').replace("A court", "B"), "ECLI code given twice"),
        ("no TOML", "[[court", "cannot be read"),
    ],
)
def test_a_courts_file_that_is_wrong_is_refused_with_the_reason(tmp_path: Path, what: str, text: str, said: str) -> None:
    path = tmp_path / "courts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=said):
        Courts.load(path)
