"""What counts as a document, on real documents where they are: each is known as itself and refused as another."""

import re
from collections import Counter
from pathlib import Path

import pytest

from ingest.parse.registry import sniff
from ingest.sources import recognise
from ingest.sources.problems import FetchProblem
from tests.ingest.builds import ROOT

REAL = ROOT.parent / "shared" / "real"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not REAL.is_dir(), reason="../shared/real is not here")]
_CASE = re.compile(r"[CTF]-\d{1,4}/\d{2}")


def verdict(look: recognise.Recognise, content: bytes, url: str = "https://x") -> str:
    try:
        look(content, {"content-type": "application/xml"}, url)
    except FetchProblem as problem:
        return problem.reason
    return "taken"


def rulings() -> list[tuple[Path, str]]:
    found = []
    for folder in ("rechtspraak-xml", "rechtspraak-xml-annotated"):
        for path in sorted((REAL / folder).glob("ECLI.*.xml")):
            found.append((path, path.stem.replace(".", ":")))
    return found


def test_every_real_ruling_is_known_under_its_ecli_and_refused_under_another() -> None:
    seen: Counter[str] = Counter()
    for path, ecli in rulings():
        content = path.read_bytes()
        got = verdict(recognise.rechtspraak(ecli), content)
        assert got in ("taken", "metadata-only"), f"{path.name}: {got}"
        assert verdict(recognise.rechtspraak("ECLI:NL:RVS:2099:1"), content) == "other-document"
        assert verdict(recognise.rechtspraak(ecli), content[: len(content) * 2 // 3]) == "cut-off"
        seen[got] += 1
    assert seen["taken"] > 200
    assert seen["metadata-only"] < 15


def test_a_real_ruling_that_was_replaced_says_by_which() -> None:
    path = REAL / "rechtspraak-edge" / "is_replaced_by.xml"
    if not path.exists():
        pytest.skip("the sample is not here")
    content = path.read_bytes()
    new = recognise.replaced_by(content)
    assert new is not None
    assert new.startswith("ECLI:NL:")


def test_real_judgments_are_known_by_their_cases_and_refused_as_others() -> None:
    taken = 0
    for path in sorted((REAL / "cjeu-xhtml").glob("*.xml"))[::8]:  # reading one takes a while
        content = path.read_bytes()
        stated = sniff(content[:4096], path.name).parse(content, path.name)[0].metadata.case_numbers
        cases = [found[0] for number in stated if (found := _CASE.match(number))]
        if not cases:
            continue
        assert verdict(recognise.court_of_justice(cases, "xhtml"), content) == "taken", path.name
        assert verdict(recognise.court_of_justice(["C-9999/99"], "xhtml"), content) == "other-document", path.name
        taken += 1
    assert taken > 35
