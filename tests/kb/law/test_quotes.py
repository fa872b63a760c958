"""Quotations: found in every kind of mark, compared word by word, negations named."""

import pytest

from kb.law.quotes import Difference, QuoteRules, Words, compare
from tests.factories import REPOSITORY

RULES = QuoteRules.load(REPOSITORY / "corpus" / "patterns" / "quotes.toml")
SOURCE = Words.of(
    "De staatssecretaris mag ervan uitgaan dat Utopia zijn verplichtingen nakomt. Dat is niet anders omdat het be-\nleid verschilt. "
    "Niet is gebleken dat de vreemdeling zich heeft beklaagd. Dat is daarom aannemelijk niet."
)


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("Hij zei ‘een twee drie vier’.", ["een twee drie vier"]),
        ("Hij zei “een twee drie vier”.", ["een twee drie vier"]),
        ("Er sagte „eins zwei drei vier“.", ["eins zwei drei vier"]),
        ("Il dit «un deux trois quatre».", ["un deux trois quatre"]),
        ('Hij zei "een twee drie vier".', ["een twee drie vier"]),
        ("Hij zei 'een twee drie vier'.", ["een twee drie vier"]),
        ("Hij zei ‘de foto’s van de auto’s hier’.", ["de foto’s van de auto’s hier"]),
        ("Te 's-Gravenhage is 't zo niet.", []),
        ("Een ‘kort begrip’ telt niet.", []),
        ('Hij zei "de term "vier woorden" is er".', ['de term "vier woorden" is er']),
        ("Een ‘niet gesloten citaat met woorden\n\nen een nieuwe alinea’.", []),
    ],
)
def test_a_quotation_is_what_stands_between_its_marks(text: str, quotes: list[str]) -> None:
    found = RULES.quotes(text)
    assert [quote.text for quote in found] == quotes
    assert all(text[quote.start : quote.end] == quote.text for quote in found)


@pytest.mark.parametrize(
    "quote",
    [
        "mag ervan uitgaan dat Utopia zijn verplichtingen nakomt",
        "[D]at is niet anders omdat het beleid verschilt",
        "De staatssecretaris mag […] zijn verplichtingen nakomt",
        "De staatssecretaris mag ervan uitgaan dat [die staat] zijn verplichtingen nakomt",
        "DE STAATSSECRETARIS MAG ERVAN UITGAAN",
    ],
)
def test_word_for_word_regards_no_capitals_breaks_or_marked_changes(quote: str) -> None:
    match = compare(quote, SOURCE, RULES, "nl")
    assert match is not None
    assert match.differences == ()
    assert match.cut is None


@pytest.mark.parametrize(
    ("quote", "difference"),
    [
        ("Dat is anders omdat het beleid verschilt", Difference("", "niet", "niet")),
        ("mag er niet van uitgaan", None),
        ("dat Utopia zijn verplichtingen niet nakomt", Difference("niet", "", "niet")),
        ("De minister mag ervan uitgaan dat Utopia zijn verplichtingen nakomt", Difference("minister", "staatssecretaris", None)),
    ],
)
def test_every_change_is_told_and_a_negation_is_named(quote: str, difference: Difference | None) -> None:
    match = compare(quote, SOURCE, RULES, "nl")
    if difference is None:
        assert match is None or match.differences
        return
    assert match is not None
    assert difference in match.differences


def test_a_negation_left_off_at_either_end_is_told() -> None:
    before = compare("is gebleken dat de vreemdeling zich heeft beklaagd", SOURCE, RULES, "nl")
    behind = compare("Dat is daarom aannemelijk", SOURCE, RULES, "nl")
    assert before is not None
    assert behind is not None
    assert (before.cut, before.cut_before) == ("niet", True)
    assert (behind.cut, behind.cut_before) == ("niet", False)


def test_other_words_are_found_nowhere() -> None:
    assert compare("een volstrekt andere zin over iets heel anders", SOURCE, RULES, "nl") is None
