"""Headings, paragraphs and footnotes are found by shape, in time that grows with the text."""

import re
import time

import pytest

from ingest import normalise
from ingest.parse import decode, html, letter, pdf, prose, xml
from ingest.parse.prose import Shape, is_finished, is_list_item, read_blocks, split_lines


def blocks_of(text: str) -> list[tuple[str, str]]:
    return [(str(block.shape), block.text(text)) for block in read_blocks(split_lines(text))]


PROSE = "De rechtbank heeft in deze zaak geoordeeld dat de motivering van het besluit niet\nvoldoende was om de overdracht te dragen.\n"


@pytest.mark.parametrize(
    "heading",
    ["Griekse statushouders", "Begeleiding van amv’s", "Motie Voorbeeld/ Naam over een onderwerp", "3.2 Huisvesting", "2.1 Wat is opvang?"],
)
def test_a_short_line_before_prose_is_a_heading(heading: str) -> None:
    assert blocks_of(f"{PROSE}\n{heading}\n\n{PROSE}")[1] == ("heading", heading)


@pytest.mark.parametrize(
    "line",
    [
        "Dat is een zin.",
        "de lidstaten",
        "- een punt van een lijst",
        "De grondbeginselen zijn:",
        "2022 44 personen 17 zaken",
        "De uitspraak van de Afdeling van",
        "Naar aanleiding daarvan heeft de staatssecretaris op die dag een brief gestuurd aan de",
    ],
)
def test_a_sentence_an_item_or_a_figure_is_no_heading(line: str) -> None:
    assert ("heading", line) not in blocks_of(f"{PROSE}\n{line}\n\n{PROSE}")


def test_a_heading_needs_prose_below_it() -> None:
    assert all(shape == Shape.PARAGRAPH for shape, _ in blocks_of(f"{PROSE}\nGriekse statushouders\n"))


def test_two_lines_alone_make_one_heading() -> None:
    heading = "Uitkomsten van het onderzoek naar de toegang tot de asielprocedure in\nlidstaten aan de buitengrens"
    assert blocks_of(f"{PROSE}\n{heading}\n\n{PROSE}")[1] == ("heading", " ".join(heading.split()))


def test_a_double_spaced_text_keeps_its_sentences_whole() -> None:
    lines = ["De rechtbank heeft in deze zaak geoordeeld dat de motivering", "van het besluit niet voldoende was om de overdracht aan die"]
    assert len(blocks_of("\n\n".join([*lines, "lidstaat te dragen.", ""]))) == 1


def test_an_empty_page_counts_as_a_page() -> None:
    text = "Een zin op de eerste bladzijde.\f\fEen zin op de derde bladzijde."
    assert [block.page for block in read_blocks(split_lines(text))] == [1, 3]


@pytest.mark.parametrize(
    ("text", "finished"), [("einde.", True), ("einde.”", True), ("einde.12", True), ("einde", False), ("(einde.)", True)]
)
def test_a_finished_line_ends_a_sentence(text: str, finished: bool) -> None:
    assert is_finished(text) is finished


@pytest.mark.parametrize(
    ("text", "item"), [("- a", True), ("(2) a", True), ("iii) a", True), ("• a", True), ("2021 was", False), ("Ook a", False)]
)
def test_items_of_lists_are_known_by_their_mark(text: str, item: bool) -> None:
    assert is_list_item(text) is item


def _patterns() -> list[re.Pattern[str]]:
    found = {
        id(p): p
        for module in (prose, letter, pdf, html, xml, decode, normalise)
        for p in vars(module).values()
        if isinstance(p, re.Pattern)
    }
    found.update((id(p), p) for p in vars(letter._rules()).values() if isinstance(p, re.Pattern))
    found.update((id(p), p) for p in letter._rules().page)
    return [p for p in found.values() if isinstance(p.pattern, str)]


PUMPS = [
    " ",
    ".",
    "a",
    "1",
    "1 ",
    ". ",
    "a-",
    "-\n",
    "1.",
    "<!--",
    "<?x",
    "<!DOCTYPE a ",
    "De ",
    "'",
    "[",
    "(a",
    "pagina ",
    "datum ",
    "\u00ad\n",
    "…",
]


@pytest.mark.parametrize("pump", PUMPS)
def test_no_pattern_takes_more_than_its_share_of_time(pump: str) -> None:
    text = (pump * (20_000 // len(pump) + 1)) + "\x01"
    # the other patterns are only matched at a place, never searched for
    searched = {
        prose._CALL,
        prose._LINE_END,
        normalise._SPLIT,
        normalise._WORD,
        letter._rules().day,
        pdf._BOLD,
        pdf._DULL_TITLE,
        html._HIDDEN,
        xml._ENTITY,
    }
    for pattern in _patterns():
        started = time.process_time()
        pattern.match(text)
        pattern.fullmatch(text)
        if pattern in searched:
            for _ in pattern.finditer(text):
                pass
        assert time.process_time() - started < 0.25, (pattern.pattern[:80], pump)


def test_reading_takes_time_that_grows_with_the_text() -> None:
    page = f"{PROSE}\nGriekse statushouders\n\n{PROSE}\nEen noot.1\n\n1 ABRvS 28 juli 2021.\n\n" + "(" * 50 + "\n\n"

    def seconds(size: int) -> float:
        # the fastest of three: the collector's pauses are no property of the reading
        took = []
        for _ in range(3):
            started = time.process_time()
            letter.LetterParser().parse_text(page * size)
            took.append(time.process_time() - started)
        return min(took)

    assert seconds(800) < 10 * max(seconds(200), 0.02)
