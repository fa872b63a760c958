"""For whom a case ended, by the words of its outcome."""

import json
from pathlib import Path

import pytest

from kb.errors import CorpusInvalid
from kb.law.frameworks import Side
from kb.law.outcomes import OutcomeWords
from tests.conftest import REPOSITORY

PATTERNS = REPOSITORY / "corpus" / "patterns"
WORDS = OutcomeWords.load(PATTERNS / "outcomes.toml")


@pytest.mark.parametrize(
    ("outcome", "side"),
    [
        ("appeal dismissed", Side.CONTRARY),
        ("appeal upheld; decision annulled", Side.SUPPORTS),
        ("State Secretary's appeal upheld; rechtbank judgment of 21 July 2023 set aside", Side.CONTRARY),
        ("State Secretary's further appeal upheld (grounds two to five)", Side.CONTRARY),
        ("Minister's appeal dismissed; rechtbank confirmed", Side.SUPPORTS),
        ("alien's further appeal dismissed", Side.CONTRARY),
        ("return to Denmark allowed", Side.CONTRARY),
        ("no violation of article 3 by transfer", Side.CONTRARY),
        ("violation if transferred without guarantees", Side.SUPPORTS),
        ("De rechtbank verklaart het beroep ongegrond.", Side.CONTRARY),
        ("De rechtbank: - verklaart het beroep gegrond; - vernietigt het bestreden besluit.", Side.SUPPORTS),
        ("verklaart het hoger beroep gegrond; vernietigt de uitspraak van de rechtbank; verklaart het beroep ongegrond", Side.CONTRARY),
        ("verklaart het hoger beroep gegrond", None),
        ("preliminary ruling (Grand Chamber)", None),
        ("outcome not visible in the text seen", None),
        ("", None),
    ],
)
def test_an_outcome_tells_its_side_or_nothing(outcome: str, side: Side | None) -> None:
    assert WORDS.side(outcome) is side


def test_an_outcome_that_was_not_seen_never_tells_a_side() -> None:
    paths = sorted((REPOSITORY / "corpus" / "catalogue").glob("*.jsonl"))
    rows = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    unseen = [
        row["outcome"] for row in rows if row["outcome"] and row["outcome"].startswith(("not seen", "not visible", "outcome not visible"))
    ]
    assert len(unseen) > 20
    plain = [outcome for outcome in unseen if "against the applicant" not in outcome]
    assert [outcome for outcome in plain if WORDS.side(outcome) is not None] == []


@pytest.mark.parametrize("broken", ["", "ranks = 8\nlooked_at = 20\nsupports_first = []", "ranks = 'x'"])
def test_a_slip_in_the_file_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "outcomes.toml"
    path.write_text(broken, "utf-8")
    with pytest.raises(CorpusInvalid, match=r"outcomes\.toml"):
        OutcomeWords.load(path)
