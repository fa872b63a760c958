"""Display text maps back to the source, and its hyphens are the words' own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.normalise import clean

_FILLER = "De Afdeling heeft uitspraak gedaan over de opvang in Griekenland.\n" * 60
_MACHINE_SPLIT = "Dit is een regel die eindigt in een af-\nbreking en daarna weer verder-\ngaat.\n"

_SOURCES = st.text(alphabet="aB é\u0301ﬁ-\u00ad\u2011\u00a0\u200b\n\r\f\t.•3;’", max_size=80)


@st.composite
def _sources_with_spans(draw: st.DrawFn) -> tuple[str, list[tuple[int, int]]]:
    source = draw(_SOURCES)
    cuts = sorted(draw(st.lists(st.integers(0, len(source)), max_size=8)))
    return source, list(zip(cuts[::2], cuts[1::2], strict=False))


@given(_sources_with_spans())
def test_every_display_position_maps_into_the_spans_or_the_gap_between_them(case: tuple[str, list[tuple[int, int]]]) -> None:
    source, spans = case
    shown = clean(source, spans)
    assert len(shown.offsets) == len(shown.ends) == len(shown.text)
    assert list(shown.offsets) == sorted(shown.offsets)
    assert list(shown.ends) == sorted(shown.ends)
    for char, start, end in zip(shown.text, shown.offsets, shown.ends, strict=True):
        assert start < end
        if not char.isspace():
            assert all(any(a <= at < b for a, b in spans) for at in range(start, end))


@given(_sources_with_spans())
def test_a_display_range_goes_to_the_source_and_back_to_a_range_that_holds_it(case: tuple[str, list[tuple[int, int]]]) -> None:
    shown = clean(*case)
    for start in range(len(shown.text)):
        for end in range(start + 1, min(start + 6, len(shown.text)) + 1):
            back = shown.to_display(*shown.to_source(start, end))
            assert back is not None
            assert back[0] <= start
            assert back[1] >= end


@given(_SOURCES)
def test_display_text_has_no_double_blank_and_no_outer_blank(source: str) -> None:
    text = clean(source).text
    assert text == text.strip()
    assert "  " not in text
    assert not any(c in text for c in "\u00ad\u00a0\u200b\r\f\t")


@given(_SOURCES)
def test_cleaning_loses_no_letter_and_no_digit(source: str) -> None:
    def solid(text: str) -> list[str]:
        return [c for c in unicodedata.normalize("NFKD", text) if c.isalnum()]

    assert solid(clean(source).text) == solid(source)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("De situatie\nis  moei\u00adlijk.", "De situatie is moeilijk."),
        ("art.\u00a03 EVRM", "art. 3 EVRM"),
        ("zaak C\u2011297/17", "zaak C-297/17"),
        ("oﬃcieel de ﬁliaal", "officieel de filiaal"),
        ("e\u0301e\u0301n keer", "één keer"),
        ("de asiel- \nen migratieketen", "de asiel- en migratieketen"),
        ("Asyl-\nund Flüchtlingsrecht", "Asyl- und Flüchtlingsrecht"),
        ("de EU-\nverordening", "de EU-verordening"),
        ("de Zuid-\nHollandse eilanden", "de Zuid-Hollandse eilanden"),
        ("een 17-\njarige", "een 17-jarige"),
        ("uit\u00ad\nspraak", "uitspraak"),
        ("eerste zin.\n\nTweede zin", "eerste zin.\nTweede zin"),
        ("een regel die\n\nverder gaat", "een regel die verder gaat"),
        ("doelen:\n\uf0b7 Samen\n\uf0b7 Open", "doelen:\n• Samen\n• Open"),
        ("de staat -\ndie zweeg - verloor", "de staat - die zweeg - verloor"),
    ],
)
def test_display_text_by_example(source: str, shown: str) -> None:
    assert clean(source).text == shown


@pytest.mark.parametrize(
    ("context", "split", "shown"),
    [
        # the text writes the word with its hyphen elsewhere: the hyphen is the word's own
        ("Het beroep is niet-ontvankelijk.\n", "niet-\nontvankelijk", "niet-ontvankelijk"),
        # it writes it without: the hyphen is the printer's
        (_FILLER, "uit-\nspraak", "uitspraak"),
        # it writes neither, but other compounds with this first part
        ("De amv-locaties en de amv-opvang.\n" + _FILLER, "amv-\nopvangmodel", "amv-opvangmodel"),
        # it tells nothing; a list of first parts does (corpus/patterns/hyphenation.toml)
        (_MACHINE_SPLIT, "niet-\nverenigbaar", "niet-verenigbaar"),
        (_MACHINE_SPLIT, "self-\nreliant", "self-reliant"),
        # nothing tells: a text whose lines are split by a machine joins, another keeps
        (_MACHINE_SPLIT, "leefomstan-\ndigheden", "leefomstandigheden"),
        (_FILLER, "opvang-\nvoorziening", "opvang-voorziening"),
        (_MACHINE_SPLIT, "Verwaltungsgerichts-\nbarkeit", "Verwaltungsgerichtsbarkeit"),
        (_MACHINE_SPLIT, "accommo-\ndation", "accommodation"),
    ],
)
def test_a_line_end_hyphen_is_kept_or_dropped_as_the_text_itself_writes_the_word(context: str, split: str, shown: str) -> None:
    source = context + split
    assert clean(source, [(len(context), len(source))]).text == shown


def test_furniture_between_spans_is_not_shown_and_not_highlighted() -> None:
    source = "is van vele\nPagina 4 van 9\nfactoren afhankelijk"
    spans = [(0, 11), (27, len(source))]
    shown = clean(source, spans)
    assert shown.text == "is van vele factoren afhankelijk"
    start = shown.text.index("vele factoren")
    pieces = shown.to_source_spans(start, start + len("vele factoren"), spans=spans)
    assert [source[a:b] for a, b in pieces] == ["vele", "factoren"]


def test_a_range_outside_the_display_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not inside"):
        clean("kort").to_source(2, 9)


def test_what_is_not_shown_has_no_display_range() -> None:
    source = "a\u200b\u200bb"
    assert clean(source).to_display(1, 3) is None
