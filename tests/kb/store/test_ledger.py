from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kb.store.ledger import STATUSES, Entry, Ledger, report


@given(st.lists(st.sampled_from(STATUSES), max_size=40))
def test_the_sums_always_match(statuses: list[str]) -> None:
    entries = [Entry(f"file-{n}", None, None, status, passages=n) for n, status in enumerate(statuses)]  # type: ignore[arg-type]
    totals = report(entries)["totals"]
    assert totals["inputs"] == sum(totals[status] for status in STATUSES) == len(entries)


def test_a_killed_run_stays_interrupted_and_the_next_one_is_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.start()
    ledger.close()  # killed: finish was never called
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run = ledger.start()
    entries = [
        Entry("a.xml", "D1", "judgment", "indexed", passages=3),
        Entry("b.pdf", None, None, "failed", "pdf-broken", detail="cut off"),
    ]
    ledger.finish(run, entries, "gen-000002")
    assert [(r["state"], r["generation"]) for r in ledger.runs()] == [("interrupted", None), ("done", "gen-000002")]
    assert ledger.entries(run) == entries


def test_forgetting_takes_the_lines_out_of_the_file(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    run = ledger.start()
    ledger.finish(
        run, [Entry("secret-name-4711.txt", "file:1", "letter", "indexed"), Entry("other.txt", "file:2", "letter", "indexed")], None
    )
    assert ledger.forget("file:1") == 1
    ledger.close()
    assert b"secret-name-4711" not in (tmp_path / "ledger.sqlite").read_bytes()
    assert b"other.txt" in (tmp_path / "ledger.sqlite").read_bytes()
