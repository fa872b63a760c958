"""The word lists under corpus/patterns can be read, and a broken one is named."""

from pathlib import Path

import pytest

from ingest.parse import patterns
from ingest.parse.publishers import find_publisher
from kb.domain.documents import Voice
from kb.errors import CorpusInvalid


def test_a_missing_list_is_named() -> None:
    with pytest.raises(CorpusInvalid, match=r"nonesuch\.toml"):
        patterns.load("nonesuch")


def test_a_broken_list_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kapot.toml").write_text("a = [", encoding="utf-8")
    monkeypatch.setattr(patterns, "_FOLDER", tmp_path)
    with pytest.raises(CorpusInvalid, match=r"kapot\.toml"):
        patterns.load("kapot")


def test_a_pattern_that_does_not_compile_is_quoted() -> None:
    with pytest.raises(CorpusInvalid, match=r"\(open"):
        patterns.any_of(["goed", "(open"])


def test_the_publisher_named_first_wins() -> None:
    found = find_publisher("Report of the Greek Council for Refugees, quoted by the Danish Immigration Service")
    assert found is not None
    assert (found.name, found.voice) == ("Greek Council for Refugees", Voice.NGO)
    assert find_publisher("nobody known", "") is None
