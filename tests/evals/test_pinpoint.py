from pathlib import Path

import pytest

from evals.pinpoint import digest_refs, stands_there
from kb.domain.pinpoints import Pinpoint


@pytest.mark.parametrize(
    ("ref", "before", "text", "there"),
    [
        ("r.o. 5.2", "", "5.2. De rechtbank overweegt", True),
        ("r.o. 5.2", "\n5.2\n", "De rechtbank overweegt", True),
        ("r.o. 5.2", "\n5.1\n", "De rechtbank overweegt", False),
        ("r.o. 5.2", "", "15.2. De rechtbank overweegt", False),
        ("r.o. 5", "", "5.2. De rechtbank overweegt", True),
        ("para 90", "90 ", "In that regard", True),
        ("para 90", "190 ", "In that regard", False),
        ("section 'Griekse statushouders'", "Griekse statushouders\n", "De IND heeft", True),
        ("section 'Griekse statushouders'", "Deense Dublinzaken\n", "De IND heeft", False),
    ],
)
def test_a_place_is_printed_where_the_passage_begins(ref: str, before: str, text: str, there: bool) -> None:
    pinpoint = Pinpoint.parse(ref)
    assert pinpoint is not None
    assert stands_there(pinpoint, before, text) is there


def test_the_references_of_a_digest_are_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('id = "ECLI:DE:BVerwG:2025:1"\n[[passage]]\nref = "Rn.\u00a040"\n', "utf-8")
    assert digest_refs(tmp_path) == {"ECLI:DE:BVERWG:2025:1": frozenset({"Rn. 40"})}
