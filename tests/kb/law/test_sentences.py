"""What of the legal tests could be said on an earlier day: nothing in them speaks of a later one."""

import datetime as dt
from collections.abc import Iterator

import pytest

from kb.domain.dates import LegalDate
from kb.domain.documents import Track
from kb.errors import NotFound
from kb.law.frameworks import Frameworks, Version
from kb.law.known import known_since
from kb.law.sentences import items_on, mentions_later, sentences_of, text_on, title_on
from kb.wiring import KnowledgeBase
from tests.conftest import REPOSITORY

FRAMEWORKS = Frameworks.load(REPOSITORY / "corpus" / "frameworks")
DAYS = [
    dt.date(*day)
    for day in (
        (2018, 6, 1), (2019, 3, 19), (2020, 5, 1), (2021, 7, 28), (2022, 7, 5), (2022, 9, 15), (2023, 9, 6), (2023, 12, 1), (2024, 6, 12),
        (2024, 12, 9), (2025, 7, 1), (2026, 7, 1),
    )
]  # fmt: skip


def texts_of(version: Version) -> Iterator[str]:
    both = [version.title, version.summary, version.open or {}]
    for element in version.elements:
        both += [element.title, element.rule, element.standard, element.bears, element.open or {}]
        both += [factor.note or {} for factor in element.factors]
        for items in (element.counts, element.does_not_count, element.questions):
            yield from (item for listed in items.values() for item in listed)
    yield from (text for texts in both for text in texts.values())


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_text_of_a_legal_test_speaks_of_a_day_to_come(day: dt.date) -> None:
    seen = 0
    for framework in FRAMEWORKS.frameworks:
        for track in Track:
            try:
                versions = FRAMEWORKS.versions_at(framework.id, day, None, track)
            except NotFound:
                continue
            for version in versions:
                for text in texts_of(version.known_on(day, {})):
                    seen += 1
                    assert text.strip()
                    assert not mentions_later(text, day), f"{version.id} on {day}: {text}"
    assert seen > 100


def test_a_version_is_told_in_full_once_all_of_it_has_happened() -> None:
    for framework in FRAMEWORKS.frameworks:
        for version in framework.versions:
            whole = version.known_on(dt.date(2030, 1, 1), {})
            assert list(texts_of(whole)) == list(texts_of(version)), version.id


def test_what_is_left_of_a_text_is_whole_sentences_in_both_languages() -> None:
    day = dt.date(2022, 1, 1)
    text = {"nl": "Regel (r.o. 4.2). Sinds 12 juni 2024 niet meer.", "en": "Rule (r.o. 4.2). Since 12 June 2024 no more."}
    assert text_on(text, day) == {"nl": "Regel (r.o. 4.2).", "en": "Rule (r.o. 4.2)."}
    assert text_on({"nl": "Sinds 12 juni 2024 niet meer.", "en": "Not since 12 June 2024."}, day) is None
    assert items_on({"nl": ("a (sinds juni 2024)", "b"), "en": ("a (since June 2024)", "b")}, day) == {"nl": ("b",), "en": ("b",)}
    assert title_on({"en": "The test of 2022 (abandoned on 12 June 2024)"}, day) == {"en": "The test of 2022"}
    assert title_on({"en": "The directive (2013/32; registered before 12 June 2026)"}, day) == {"en": "The directive (2013/32)"}


def test_an_abbreviation_ends_no_sentence() -> None:
    assert sentences_of("Zie nr. 5 en art. 4 Hv. Dan dit.") == ["Zie nr. 5 en art. 4 Hv.", "Dan dit."]


def test_a_document_without_a_date_is_no_older_than_what_it_cites(light_index: KnowledgeBase) -> None:
    since = known_since(light_index.view().library)
    assert since["BVerwG-1C26.21-after-QY"] == LegalDate.parse("2024-06-18"), "it applies QY"
    assert since["ECLI:NL:RBDHA:2021:689"] == LegalDate.parse("2021"), "the year of an ECLI is that of the decision"
    for document in light_index.view().library.documents():
        if document.date is None and document.published_on is not None:
            assert since[document.id] == document.published_on
        if document.date is not None:
            assert since[document.id] == document.date
