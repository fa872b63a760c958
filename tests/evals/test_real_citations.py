"""The derivation of `real-citations`, on a short judgment in the publisher's shape."""

from pathlib import Path

import pytest

from evals.real_citations import Reference, draw, references
from evals.run import without_references

_LINK = (
    '<a class="CourtLink" href="./../legal-content/redirect/?urn=ecli:ECLI%3AEU%3AC%3A{0}%3A{1}&amp;lang=EN&amp;format=html'
    '&amp;target=CourtTab&amp;anchor=#point{2}">{2}</a>'
)
_WORDS = "The competent authority has to examine every one of the facts that the applicant puts before it in good time"


def _judgment(folder: Path, year: int, number: int, *paragraphs: str) -> None:
    rows = "".join(
        f'<tr><td><p class="count" id="point{place}">{place}</p></td><td><p class="normal">{text}</p></td></tr>'
        for place, text in enumerate(paragraphs, 1)
    )
    body = f"<body><table>{rows}</table></body>"
    (folder / f"ECLI_EU_C_{year}_{number}.xml").write_text(body, "utf-8")


def test_a_paragraph_is_asked_of_the_paragraph_it_cites(tmp_path: Path) -> None:
    bracket = f"(see judgment of 1 June 2017, A, C-1/16, EU:C:2017:1, paragraph {_LINK.format(2017, 1, 2)})"
    _judgment(tmp_path, 2017, 1, "First.", "Second.")
    _judgment(tmp_path, 2018, 2, "No reference here.", f"{_WORDS} {bracket}.")
    assert references(tmp_path) == [Reference("ECLI:EU:C:2018:2#para-2", ("ECLI:EU:C:2017:1#para-2",), len(_WORDS.split()))]


@pytest.mark.parametrize(
    "text",
    [
        f"{_WORDS}, as in the judgment of 1 June 2017, A, C-1/16, EU:C:2017:1, paragraph {_LINK.format(2017, 1, 2)}.",  # names it still
        f"As is settled (EU:C:2017:1, paragraph {_LINK.format(2017, 1, 2)}).",  # no words are left
        f"{_WORDS} (EU:C:2017:1, paragraph {_LINK.format(2017, 1, 9)}).",  # not there
        f"{_WORDS} (EU:C:2018:2, paragraph {_LINK.format(2018, 2, 1)}).",  # itself
    ],
)
def test_a_paragraph_that_gives_its_answer_away_or_has_none_is_not_used(tmp_path: Path, text: str) -> None:
    _judgment(tmp_path, 2017, 1, "First.", "Second.")
    _judgment(tmp_path, 2018, 2, text)
    assert references(tmp_path) == []


def test_the_brackets_that_name_judgments_are_taken_out_and_others_stay() -> None:
    text = "The rule (Article 4) holds (see, to that effect, judgment of X (Grand Chamber), C-1/16, EU:C:2017:1, paragraph 2)."
    assert without_references(text) == "The rule (Article 4) holds."


def test_no_judgment_and_no_paragraph_is_drawn_too_often() -> None:
    many = [Reference(f"ECLI:EU:C:2018:{n}#para-1", ("ECLI:EU:C:2017:1#para-2",), 20) for n in range(1, 30)]
    assert len(draw(many)) == 4
    assert draw(many) == draw(list(reversed(many)))
