"""The catalogue against rulings written to agree with it, and to differ from it in one thing each."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api import doctor
from api.cli import app
from ingest.catalogue_check import FIELDS, Report, check_catalogue, lines
from ingest.withdrawals import Withdrawal
from kb.adapters.hashing import HashingEmbedder
from kb.adapters.memory import MemoryEngine
from kb.settings import Settings
from kb.store.generations import Generations
from tests.ingest.builds import CATALOGUED, pipeline, small_corpus
from tests.ingest.test_withdrawals import DAY, NEW, RULING, ruling

LATER = "ECLI:NL:RBDHA:2019:9541"
DIGEST = """
[[passage]]
ref = "{ref}"
status = "{status}"
seen_at = "https://example.org/"
en = "A second place."
nl = "Een tweede plaats."
"""


def corpus(tmp_path: Path, *, ref: str = "r.o. 2", status: str = "unverified", **changes: Any) -> Path:
    """The small corpus with its one entry changed, and a digest that cites one place more."""
    folder = small_corpus(tmp_path / "corpus")
    catalogue = folder / "catalogue" / "nl-rbdha.jsonl"
    line = json.loads(catalogue.read_text(encoding="utf-8"))
    line |= {"date": "2018-08-20", "date_precision": "day", "case_numbers": ["NL18.10010"], **changes}
    catalogue.write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
    digest = next((folder / "digests").glob("*.toml"))
    digest.write_text(digest.read_text(encoding="utf-8") + DIGEST.format(ref=ref, status=status), encoding="utf-8")
    return folder


def report(tmp_path: Path, corpus_dir: Path, change: Callable[[str], str] = str) -> Report:
    """What the check says once the ruling is held, its words changed before."""
    path = tmp_path / "ruling.xml"
    written = RULING.format(ecli=CATALOGUED, words="detentie", cites="ECLI:NL:RVS:2021:1626", modified="2018-09-01", docket="NL18.10010")
    path.write_text(change(written), encoding="utf-8")
    pipeline(tmp_path / "data", corpus_dir).ingest([str(path)])
    return checked(tmp_path, corpus_dir)


def checked(tmp_path: Path, corpus_dir: Path) -> Report:
    generation = Generations(tmp_path / "data", MemoryEngine()).open_current(HashingEmbedder())
    try:
        return check_catalogue(corpus_dir, generation.library)
    finally:
        generation.close()


def differing(found: Report) -> list[tuple[str, str, str]]:
    return [(item.field, item.ours, item.theirs) for item in found.differences]


def test_an_entry_that_agrees_in_everything_has_nothing_to_correct(tmp_path: Path) -> None:
    found = report(tmp_path, corpus(tmp_path, status="verified"))
    assert (found.compared, found.unread) == (1, 0)
    assert found.differences == found.additions == found.confirmed == []
    assert found.agree == {"identifier": 1, "date": 1, "court": 1, "docket": 1, "pinpoint": 1, "treatment": 0}
    assert sum(found.not_comparable.values()) == 0


def test_only_a_digest_is_nothing_to_compare_with(tmp_path: Path) -> None:
    folder = corpus(tmp_path, date="1999-01-01")
    pipeline(tmp_path / "data", folder).ingest([])
    found = checked(tmp_path, folder)
    assert (found.compared, found.unread, found.differences) == (0, 1, [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"date": "2018-08-21"}, ("date", "2018-08-21", "2018-08-20")),
        ({"date": "2019", "date_precision": "year"}, ("date", "2019", "2018-08-20")),
        (
            {"court": "Afdeling bestuursrechtspraak van de Raad van State", "court_key": "nl-rvs"},
            ("court", "Afdeling bestuursrechtspraak van de Raad van State (nl-rvs)", "Rechtbank Den Haag (nl-rbdha)"),
        ),
        ({"case_numbers": ["NL18.10011"]}, ("docket", "NL18.10011", "NL18.10010")),
        ({"case_numbers": ["AWB 18/10010", "NL 18.10010"]}, ("docket", "AWB 18/10010", "NL18.10010")),
    ],
    ids=["day", "year", "court", "docket", "one-docket-of-two"],
)
def test_a_value_that_differs_is_listed_with_both(tmp_path: Path, changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    found = report(tmp_path, corpus(tmp_path, **changes))
    assert differing(found) == [expected]
    assert (found.differences[0].document_id, found.differences[0].file) == (CATALOGUED, "catalogue")


@pytest.mark.parametrize(
    ("ref", "agrees"),
    [
        ("r.o. 2", True),
        ("paras 1-2", True),  # another word, the same number
        ("r.o. 3", False),
        ("r.o. 1-3", False),
        ("r.o. 2.1", False),
        ("r.o. 1, 2", True),
    ],
    ids=["there", "other-word", "not-there", "range-too-long", "below", "list"],
)
def test_a_pinpoint_must_be_in_the_text(tmp_path: Path, ref: str, agrees: bool) -> None:
    found = report(tmp_path, corpus(tmp_path, ref=ref))
    assert [(item.field, item.ours) for item in found.differences] == ([] if agrees else [("pinpoint", ref)])
    assert found.agree["pinpoint"] == int(agrees)
    if not agrees:
        (item,) = found.differences
        assert item.theirs.startswith("no ")
        assert "1 to 2" in item.theirs
        assert item.file == "digests/ECLI_NL_RBDHA_2018_10010.toml"


def test_a_ruling_that_is_numbered_otherwise_says_so(tmp_path: Path) -> None:
    found = report(tmp_path, corpus(tmp_path, ref="r.o. 2"), lambda xml: xml.replace("<nr>2.</nr>", "<nr>1.1.</nr>"))
    assert differing(found) == [("pinpoint", "r.o. 2", "no 2: 1 to 1.1")]


@pytest.mark.parametrize("ref", ["page 3", "§ 4 of the dissent, no para number seen", "recital 12"], ids=["page", "unseen", "recital"])
def test_a_place_of_a_kind_that_the_text_does_not_have_is_not_compared(tmp_path: Path, ref: str) -> None:
    found = report(tmp_path, corpus(tmp_path, ref=ref))
    assert found.differences == []
    assert found.agree["pinpoint"] == 0


def test_what_the_text_states_and_the_entry_leaves_open_is_an_addition(tmp_path: Path) -> None:
    found = report(tmp_path, corpus(tmp_path, date="2018-08", date_precision="month", case_numbers=[]))
    assert found.differences == []
    assert [(item.field, item.ours, item.theirs) for item in found.additions] == [
        ("date", "2018-08", "2018-08-20"),
        ("docket", "–", "NL18.10010"),
    ]


def test_a_place_that_was_not_verified_and_is_there_is_listed_to_be_read(tmp_path: Path) -> None:
    (item,) = report(tmp_path, corpus(tmp_path)).confirmed
    assert (item.ref, item.status, item.passage_id) == ("r.o. 2", "unverified", f"{CATALOGUED}#ro-2")
    assert item.file == "digests/ECLI_NL_RBDHA_2018_10010.toml"


def test_an_upload_is_no_official_text(tmp_path: Path) -> None:
    folder = corpus(tmp_path, date="1999-01-01")
    path = tmp_path / "ruling.xml"
    path.write_text(RULING.format(ecli=CATALOGUED, words="x", cites="x", modified="2018-09-01", docket="NL1.1"), encoding="utf-8")
    pipeline(tmp_path / "data", folder).ingest([str(path)], trust="upload")
    assert checked(tmp_path, folder).compared == 0


def test_the_pinpoint_of_a_treatment_is_looked_up_in_the_later_decision(tmp_path: Path) -> None:
    edge = {
        "of": LATER,
        "type": "follows",
        "date": None,
        "pinpoint": "r.o. 7",
        "scope": None,
        "effect": "none",
        "source": "test",
        "note": {"en": "Follows it.", "nl": "Volgt het."},
    }
    folder = corpus(tmp_path, treatment=[edge])
    root = Path(__file__).resolve().parents[2] / "corpus"
    line = next(
        text for text in (root / "catalogue" / "nl-rbdha.jsonl").read_text(encoding="utf-8").splitlines() if json.loads(text)["id"] == LATER
    )
    earlier = json.loads(line) | {"treatment": [], "date": "2017-01-01", "date_precision": "day"}
    with (folder / "catalogue" / "nl-rbdha.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(earlier, ensure_ascii=False) + "\n")
    name = "ECLI_NL_RBDHA_2019_9541.toml"
    (folder / "digests" / name).write_bytes((root / "digests" / name).read_bytes())
    found = report(tmp_path, folder)
    assert differing(found) == [("treatment", "r.o. 7", "no 7: 1 to 2")]
    assert found.differences[0].place == f"treatment of {LATER}"


def test_an_identifier_that_its_register_replaced_is_to_be_corrected(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    report(tmp_path, folder)
    build = pipeline(tmp_path / "data", folder)
    build.withdraw([Withdrawal(CATALOGUED, "ecli", NEW, DAY)])
    found = checked(tmp_path, folder)
    assert differing(found) == [("identifier", CATALOGUED, NEW)]
    assert (found.compared, found.unread) == (0, 1)
    build.ingest([ruling(tmp_path / "in", NEW, docket="NL18.10010", modified="2026-11-24")])
    found = checked(tmp_path, folder)
    assert differing(found) == [("identifier", CATALOGUED, NEW)]
    assert (found.compared, found.agree["pinpoint"]) == (1, 1)


def test_a_text_that_names_itself_otherwise_than_the_id_it_was_taken_under_is_listed(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    build = pipeline(tmp_path / "data", folder)
    build.ingest([ruling(tmp_path / "in", NEW, docket="NL18.10010")], document_id=CATALOGUED)
    assert differing(checked(tmp_path, folder)) == [("identifier", CATALOGUED, NEW)]


def test_the_command_exits_with_one_when_something_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path, date="2018-08-21")
    found = report(tmp_path, folder)
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KB_CORPUS_DIR", str(folder))
    shown = CliRunner().invoke(app, ["catalogue", "check"])
    assert shown.exit_code == 1
    assert "ours '2018-08-21', the text has '2018-08-20'" in shown.output
    assert shown.output.splitlines() == list(lines(found))
    as_json = CliRunner().invoke(app, ["catalogue", "check", "--json"])
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["differences"] == [
        {
            "document_id": CATALOGUED,
            "field": "date",
            "ours": "2018-08-21",
            "theirs": "2018-08-20",
            "file": "catalogue",
            "place": "date",
            "text": CATALOGUED,
        }
    ]
    assert set(json.loads(as_json.output)["agree"]) == set(FIELDS)


def test_the_command_exits_with_nought_when_all_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = corpus(tmp_path)
    report(tmp_path, folder)
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KB_CORPUS_DIR", str(folder))
    shown = CliRunner().invoke(app, ["catalogue", "check"])
    assert shown.exit_code == 0
    assert "0 to correct, 0 to add, 1 places to read and mark" in shown.output


def test_the_doctor_notes_what_differs_and_how_to_mend_it(tmp_path: Path) -> None:
    folder = corpus(tmp_path, date="2018-08-21", case_numbers=["NL18.10011"])
    report(tmp_path, folder)
    settings = Settings(data_dir=tmp_path / "data", corpus_dir=folder)
    (finding,) = doctor._catalogue(settings)
    assert (finding.level, finding.what) == ("note", "catalogue")
    assert "2 of our values differ from 1 catalogued documents" in finding.message
    assert f"{CATALOGUED} date; {CATALOGUED} docket" in finding.message
    assert "dublin-kb catalogue check" in finding.remedy
    assert list(doctor._catalogue(Settings(data_dir=tmp_path / "nothing", corpus_dir=folder))) == []
