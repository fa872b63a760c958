"""Each file finds its parser by what it holds, not by what it is called."""

import pytest

from ingest.parse import registry
from kb.errors import InputRejected


def test_every_listed_parser_loads_under_its_name() -> None:
    for name, _ in registry.PARSERS:
        assert registry.parser(name).name == name


def test_names_are_unique() -> None:
    names = [name for name, _ in registry.PARSERS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("head", "file_name", "reason"),
    [
        (b"", "x.txt", "empty"),
        (b"PK\x03\x04rest", "brief.txt", "unknown-format"),
        (b"\x89PNG\r\n", "brief.txt", "unknown-format"),
        (b"\x00\x01\x02\x03", "brief.bin", "unknown-format"),
    ],
)
def test_what_no_parser_knows_is_refused(head: bytes, file_name: str, reason: str) -> None:
    with pytest.raises(InputRejected) as caught:
        registry.sniff(head, file_name)
    assert caught.value.reason == reason


def test_an_unknown_name_is_refused_and_the_known_are_named() -> None:
    with pytest.raises(InputRejected, match="letter"):
        registry.parser("nonesuch")


def test_plain_text_goes_to_the_letter_parser() -> None:
    assert registry.sniff(b"Datum 7 november 2022\nOnderwerp Opvang", "brief.txt").name == "letter"
