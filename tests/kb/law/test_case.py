"""A case file as people write it: what is understood, what is refused, and what the refusal says to do."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kb.errors import InvalidQuery
from kb.law.case import FIELDS, Case, StatusThere
from kb.law.facts import FactWords
from tests.conftest import REPOSITORY

FACTS = FactWords.load(REPOSITORY / "corpus" / "patterns" / "facts.toml")


def parsed(**facts: Any) -> Case:
    return Case.parse(facts, country=FACTS.country)


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2024-06-12", "2024-06-12"),
        ("2024-06", "2024-06"),
        ("2024", "2024"),
        (2024, "2024"),
        (dt.date(2024, 6, 12), "2024-06-12"),
        (dt.datetime(2024, 6, 12, 9, tzinfo=dt.UTC), "2024-06-12"),
        ("12 juni 2024", "2024-06-12"),
        (" 12 June 2024 ", "2024-06-12"),
        ("June 2024", "2024-06"),
    ],
)
def test_a_date_is_read_as_it_is_meant(written: Any, date: str) -> None:
    case = parsed(registered_on=written)
    assert case.registered_on is not None
    assert case.registered_on.value == date


@pytest.mark.parametrize(
    "written", ["01-07-2024", "1/7/2024", "2024-13-01", "30 februari 2024", "gisteren", "op 12 juni 2024 of later", True]
)
def test_a_date_that_may_be_another_is_refused_and_not_quoted(written: Any) -> None:
    with pytest.raises(InvalidQuery, match=r"registered_on: expected a date.* 2024-06-12") as raised:
        parsed(registered_on=written)
    assert str(written) not in str(raised.value)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Syriër", "SY"), ("Syrische", "SY"), ("Iraakse", "IQ"), ("Irakees", "IQ"), ("Iraqi", "IQ"), ("Afghaan", "AF"), ("Afghan", "AF"),
        ("Eritrese", "ER"), ("Eritrean", "ER"), ("Somaliër", "SO"), ("Somalian", "SO"), ("Soedanese", "SD"), ("Oekraïense", "UA"),
        ("Russisch", "RU"), ("Turk", "TR"), ("Palestijnse", "PS"), ("sy", "SY"), ("Denemarken", "DK"), ("Hungary", "HU"),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_name_or_adjective(written: str, code: str) -> None:
    assert parsed(nationality=written).nationality == code


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("refugee", StatusThere.REFUGEE), ("Vluchteling", StatusThere.REFUGEE), ("subsidiaire bescherming", StatusThere.SUBSIDIARY),
        ("verlopen", StatusThere.EXPIRED), ("geen", StatusThere.NONE), ("asielzoeker", StatusThere.APPLICANT),
    ],
)  # fmt: skip
def test_a_status_is_known_in_dutch_too(written: str, status: StatusThere) -> None:
    assert parsed(status_there=written).status_there is status


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"nationaliteit": "SY"}, "did you mean nationality"),
        ({"Lidstaat": "DK"}, "did you mean member_state"),
        ({"registratiedatum": "2024"}, "did you mean registered_on"),
        ({"vulnerability": "x"}, "did you mean vulnerabilities"),
        ({"framework": "ibrahim-threshold"}, "--framework"),
        ({"as-of": "2024"}, "--as-of"),
        ({"zzz": 1}, "known are registered_on"),
        ({"status_there": "refuge"}, "did you mean refugee"),
        ({"status_there": "x"}, "known are none, applicant, refugee"),
        ({"member_state": "Atlantis"}, "its ISO code"),
        ({"member_state": ["DK", "SE"]}, "expected one country"),
        ({"housing": "x" * 60_000}, "50,000"),
    ],
)
def test_a_case_that_cannot_be_read_says_what_to_do(facts: Mapping[str, Any], words: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        Case.parse(facts, country=FACTS.country)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.toml", "nationality = SY", "between quotes"),
        ("a.json", "{", "not JSON"),
        ("a.json", "[1]", "no table of facts"),
        ("a.toml", "", None),
        ("a.json", "{}", None),
    ],
)
def test_a_file_is_read_or_refused_by_name(tmp_path: Path, name: str, content: str, words: str | None) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    if words is None:
        assert Case.read(path) == Case()
        return
    with pytest.raises(InvalidQuery, match=words):
        Case.read(path)


def test_a_case_comes_back_from_its_json_as_it_was() -> None:
    case = parsed(
        nationality="SY", children=[{"born": 2019}], vulnerabilities="single mother", decided_on="2024-06", status_there="refugee"
    )
    assert Case.parse(case.to_json()) == case
    assert set(case.to_json()) == set(FIELDS)
    assert Case.parse(case.to_json()).sha256() == case.sha256()
