"""What a run asks for and what it leaves, what it says of each text, what it takes up from the feeds."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.provenance import provenance_of
from ingest.sources.parliament import dossier_of
from ingest.sources.run import Order, Report
from ingest.sources.state import State
from tests.ingest.builds import pipeline
from tests.ingest.sources import shapes
from tests.ingest.sources.replay import Clock, Question, Replay, Reply
from tests.ingest.sources.world import Day, World, corpus_of

SHARES = {"rechtspraak": 3, "officielebekendmakingen": 1}
SINCE = dt.date(2026, 11, 23)
AT = "2026-11-24T07:00:00Z"


class Here(Day):
    world: World

    def lines(self, made: Report) -> dict[str, tuple[str, str | None]]:
        return {line.document_id: (line.status, line.reason) for line in made.lines}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    world = World(corpus_of(tmp_path / "corpus", SHARES))
    with Replay(world.answer) as replay:
        made = Here(tmp_path, replay, Clock())
        made.world = world
        yield made


def ruling(here: Here, number: int = 0) -> str:
    return [document.id for document in here.world.documents if document.id.startswith("ECLI:NL")][number]


def test_one_document_is_fetched_by_its_ecli_and_ingested(here: Here) -> None:
    made = here.run(Order(ids=[ruling(here).lower()]))
    assert here.lines(made) == {ruling(here): ("fetched", None)}
    assert [(entry.input, entry.status) for entry in made.ledger] == [(ruling(here), "indexed")]
    assert made.generation
    assert len(here.replay.asked) == 1


def test_an_ecli_that_is_in_no_catalogue_is_fetched_too(here: Here) -> None:
    here.world.words["ECLI:NL:RVS:2098:7"] = "De Afdeling overweegt."
    made = here.run(Order(ids=["ECLI:NL:RVS:2098:7"]))
    assert not made.failed
    library = here.library()
    assert library.find_document("ECLI:NL:RVS:2098:7") is not None
    library.close()


@pytest.mark.parametrize(
    ("name", "reason"), [("ECLI:DE:BVERWG:2020:210420U1C4.19.0", "no-source"), ("iets anders", "unknown"), ("ECLI:NL", "unknown")]
)
def test_what_no_publisher_serves_fails_with_its_reason(here: Here, name: str, reason: str) -> None:
    made = here.run(Order(ids=[name]))
    assert [(line.status, line.reason) for line in made.lines] == [("failed", reason)]
    assert made.failed
    assert here.replay.asked == []


def test_what_was_answered_lately_is_not_asked_again_and_after_a_day_it_is(here: Here) -> None:
    here.run(Order(everything=True))
    asked = len(here.replay.asked)
    made = here.run(Order(everything=True))
    assert set(here.lines(made).values()) == {("skipped", "asked-lately")}
    assert len(here.replay.asked) == asked
    here.clock.pass_(hours=21)
    made = here.run(Order(everything=True))
    assert set(here.lines(made).values()) == {("unchanged", "not-modified")}
    assert here.replay.sent[asked:] == [304] * asked
    assert made.ledger == [], "nothing to ingest, no new generation"


def test_again_asks_and_takes_in_what_was_answered_lately(here: Here) -> None:
    here.run(Order(ids=[ruling(here)]))
    made = here.run(Order(ids=[ruling(here)], again=True))
    assert here.lines(made) == {ruling(here): ("fetched", None)}
    assert len(here.replay.asked) == 2


def test_a_dry_run_asks_nothing_and_changes_nothing(here: Here) -> None:
    made = here.run(Order(everything=True, dry_run=True))
    assert set(here.lines(made).values()) == {("skipped", "dry-run")}
    assert here.replay.asked == []
    assert not (here.data_dir / "store").exists()


def test_not_found_is_remembered_for_all_and_looked_up_anew_for_one(here: Here) -> None:
    here.world.gone[ruling(here)] = "doc"
    assert here.lines(here.run(Order(everything=True)))[ruling(here)] == ("failed", "not-found")
    asked = len(here.replay.asked)
    made = here.run(Order(everything=True))
    assert here.lines(made)[ruling(here)] == ("failed", "not-found")
    assert made.failed
    assert len(here.replay.asked) == asked
    del here.world.gone[ruling(here)]
    assert here.lines(here.run(Order(ids=[ruling(here)])))[ruling(here)] == ("fetched", None)


def test_a_document_that_was_lost_at_the_publisher_keeps_the_text_that_is_held(here: Here) -> None:
    here.run(Order(everything=True))
    here.world.gone[ruling(here)] = "doc"
    here.clock.pass_(days=1)
    made = here.run(Order(everything=True))
    assert here.lines(made)[ruling(here)] == ("failed", "not-found")
    library = here.library()
    assert any(e.trust == "official" for e in library.expressions(ruling(here))), "a 404 is no withdrawal"
    library.close()


def test_what_was_forgotten_is_not_fetched_again(here: Here) -> None:
    here.run(Order(everything=True))
    pipeline(here.data_dir, here.folder / "corpus").forget(ruling(here))
    words = here.world.words[ruling(here)].encode()
    assert [p for p in here.data_dir.rglob("*") if p.is_file() and words in p.read_bytes()] == [], "nor kept by fetching"
    asked = len(here.replay.asked)
    here.clock.pass_(days=1)
    made = here.run(Order(everything=True))
    assert here.lines(made)[ruling(here)] == ("skipped", "forgotten")
    assert ruling(here) not in "".join(here.replay.paths()[asked:])


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_taken_in(here: Here) -> None:
    broken = ruling(here, 1)
    here.world.trouble = lambda q: (
        Reply(shapes.ruling(broken, ["x"]).replace(b"</section>", b"</sektion>", 1)) if q.path.endswith(broken) else None
    )
    made = here.run(Order(everything=True))
    assert {entry.input: entry.status for entry in made.ledger}[broken] == "failed"
    assert sum(entry.status == "indexed" for entry in made.ledger) == 3
    assert made.failed


def test_the_summary_is_json_with_a_reason_for_each(here: Here) -> None:
    here.world.gone[ruling(here)] = "doc"
    body = json.loads(json.dumps(here.run(Order(everything=True)).to_json(), default=str))
    assert set(body) == {"documents", "totals", "ledger", "withdrawn", "review", "feeds", "requests", "generation"}
    assert body["totals"] == {"texts": 4, "fetched": 3, "unchanged": 0, "skipped": 0, "failed": 1}
    line = next(line for line in body["documents"] if line["document_id"] == ruling(here))
    assert line["reason"] == "not-found"
    assert line["asked_at"].startswith("2026-11-24T09:")
    assert body["requests"] == {"data.rechtspraak.nl": 3, "zoek.officielebekendmakingen.nl": 1}
    assert body["ledger"]["totals"]["indexed"] == 3


def test_provenance_names_address_time_and_hash(here: Here) -> None:
    line = here.run(Order(ids=[ruling(here)])).lines[0]
    assert line.sha256
    came = provenance_of(here.data_dir, line.sha256)
    assert came is not None
    assert came.url == f"https://data.rechtspraak.nl/uitspraken/content?id={ruling(here)}"
    assert (came.source, came.part, came.status) == ("rechtspraak", "xml", 200)
    assert came.asked_at == "2026-11-24T09:00:00+00:00"
    assert "etag" in came.headers


def test_after_a_restore_the_same_bytes_are_known_and_nothing_is_ingested(here: Here) -> None:
    first = here.run(Order(everything=True))
    for kept in ("fetch.sqlite", "fetch.sqlite-wal", "fetch.sqlite-shm"):
        (here.data_dir / kept).unlink(missing_ok=True)
    for folder in ("cache", "provenance", "fetched"):  # none of which a backup holds
        shutil.rmtree(here.data_dir / folder)
    made = here.run(Order(everything=True))
    assert set(here.lines(made).values()) == {("unchanged", "same-bytes")}
    assert made.ledger == []
    assert all(line.sha256 and provenance_of(here.data_dir, line.sha256) for line in first.lines)


# -------------------------------------------------------------------------------------------------------------------- feeds


def feeds(made: Report) -> dict[str, str]:
    return {feed.name: feed.status for feed in made.feeds}


def test_feeds_bring_new_rulings_papers_and_decisions(here: Here) -> None:
    new = "ECLI:NL:RBDHA:2026:5"
    here.world.words[new] = "De rechtbank overweegt."
    here.world.feed = [(new, "Rechtbank Den Haag, 20-11-2026, NL26.1", AT, None)]
    dossier = next(dossier for document in here.world.documents if (dossier := dossier_of(document)))
    here.world.papers = [f"kst-{dossier}-4444", "kst-99999-1"]
    decision = ("62026CJ0001", "ECLI:EU:C:2026:901", "2026-11-20")
    here.world.decisions = [decision]
    made = here.run(Order(since=SINCE))
    assert set(feeds(made).values()) == {"walked"}
    assert here.lines(made)[new] == ("fetched", None)
    assert here.lines(made)[f"kst-{dossier}-4444"] == ("fetched", None)
    assert "kst-99999-1" not in here.lines(made), "of another dossier"
    served = {line.part: (line.status, line.reason) for line in made.lines if line.document_id == decision[1]}
    assert served == {"en": ("failed", "not-found"), "nl": ("skipped", "not-found")}, "listed, and not yet served in any language"
    library = here.library()
    assert library.find_document(new) is not None
    assert library.find_document(f"kst-{dossier}-4444") is not None
    library.close()


def test_a_fresh_paper_comes_from_the_house_and_gives_way_to_the_published_text(here: Here) -> None:
    dossier = next(dossier for document in here.world.documents if (dossier := dossier_of(document)))
    paper = f"kst-{dossier}-5555"
    here.world.fresh = {paper: "2026D54321"}
    made = here.run(Order(since=SINCE))
    assert here.lines(made)[paper] == ("fetched", None)
    here.world.papers = [paper]
    here.clock.pass_(days=1)
    made = here.run(Order(everything=True, since=SINCE))
    assert [entry.status for entry in made.ledger if entry.document_id == paper] == ["new-version"]
    library = here.library()
    assert sorted((e.version, e.current) for e in library.expressions(paper)) == [(1, False), (2, True)]
    assert "Een nieuwe brief." in next(e.text for e in library.expressions(paper) if e.current)
    library.close()
    here.clock.pass_(days=1)
    made = here.run(Order(everything=True))
    assert [(line.source, line.status) for line in made.lines if line.document_id == paper] == [("officielebekendmakingen", "unchanged")]


def test_an_answer_that_our_reading_did_not_foresee_keeps_nothing_else_out(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("ingest.sources.parliament.Publications.fetch", broken)
    made = here.run(Order(everything=True))
    assert [(line.reason, line.detail) for line in made.lines if line.status == "failed"] == [
        ("internal", "the answer could not be read: KeyError: 'surprise'")
    ]
    assert sum(entry.status == "indexed" for entry in made.ledger) == 3


def test_a_feed_that_fails_is_told_the_others_go_on_and_its_day_stays(here: Here) -> None:
    new = "ECLI:NL:RBDHA:2026:5"
    here.world.words[new] = "De rechtbank overweegt."
    here.world.feed = [(new, "Rechtbank Den Haag, 20-11-2026, NL26.1", AT, None)]
    here.world.trouble = lambda q: Reply(b"<html>error</html>", kind="text/html") if "sparql" in q.path else None
    made = here.run(Order(since=SINCE))
    assert feeds(made)["cellar: new decisions"] == "failed"
    assert made.failed
    assert here.lines(made)[new] == ("fetched", None)
    state = State(here.data_dir)
    assert "cellar: new decisions" not in state.cursors()
    assert state.cursors()["hudoc: new decisions"] == "2026-11-24"
    state.close()


def test_a_new_ruling_that_was_not_answered_is_asked_by_the_next_run_of_any_kind(here: Here) -> None:
    new = "ECLI:NL:RBDHA:2026:5"
    here.world.words[new] = "De rechtbank overweegt."
    here.world.feed = [(new, "Rechtbank Den Haag, 20-11-2026, NL26.1", AT, None)]
    here.world.trouble = lambda q: Reply(b"", 503) if q.path.endswith(new) else None
    assert here.lines(here.run(Order(since=SINCE)))[new] == ("failed", "unavailable")
    here.world.trouble, here.world.feed = (lambda _: None), []
    here.clock.pass_(hours=1)
    assert here.lines(here.run(Order(everything=True)))[new] == ("fetched", None)


def test_a_bare_registration_is_no_failure(here: Here) -> None:
    new = "ECLI:NL:RBDHA:2026:5"
    here.world.feed = [(new, "Rechtbank Den Haag, 20-11-2026, NL26.1", AT, None)]
    here.world.trouble = lambda q: Reply(shapes.ruling(new, [])) if q.path.endswith(new) else None
    made = here.run(Order(since=SINCE))
    assert here.lines(made)[new] == ("skipped", "metadata-only")
    assert not made.failed


def test_a_change_that_the_feed_tells_is_fetched_although_it_was_asked_lately(here: Here) -> None:
    here.run(Order(everything=True))
    here.world.words[ruling(here)] = "De verbeterde tekst."
    here.world.feed = [(ruling(here), "x", "2026-11-24T09:30:00Z", None), (ruling(here, 1), "x", "2026-11-20T09:00:00Z", None)]
    here.clock.pass_(hours=1)
    asked = len(here.replay.asked)
    made = here.run(Order(since=SINCE))
    assert here.lines(made) == {ruling(here): ("fetched", None)}
    assert [entry.status for entry in made.ledger] == ["new-version"]
    contents = [path for path in here.replay.paths()[asked:] if path.startswith("/uitspraken/content")]
    assert len(contents) == 1, "the other was changed before our last answer"


def test_an_identifier_that_the_register_replaced_is_found_without_the_feed(here: Here) -> None:
    here.run(Order(everything=True))
    old, new = ruling(here), "ECLI:NL:RBDHA:2026:6"
    here.world.replaced[old] = new
    here.world.words[new] = "Onder het nieuwe nummer."
    here.clock.pass_(days=1)
    made = here.run(Order(everything=True))
    assert here.lines(made)[old] == ("skipped", "replaced")
    assert here.lines(made)[new] == ("fetched", None)
    library = here.library()
    found = library.find_document(old)
    assert found is not None
    assert found.id == new
    library.close()


def test_a_withdrawal_whose_replacements_go_round_takes_the_text_all_the_same(here: Here) -> None:
    here.world.words[ruling(here)] = "geheime woorden van de betrokkene"
    here.run(Order(everything=True))
    here.world.replaced = {ruling(here): "ECLI:NL:RBDHA:2026:6", "ECLI:NL:RBDHA:2026:6": ruling(here)}
    here.world.feed = [(ruling(here), "-", AT, "ecli")]
    made = here.run(Order(since=SINCE))
    assert [item.document_id for item in made.withdrawn] == [ruling(here)]
    assert [p for p in here.data_dir.rglob("*") if p.is_file() and b"geheime woorden" in p.read_bytes()] == []


def test_a_text_that_waits_and_is_withdrawn_meanwhile_never_gets_in(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.world.words[ruling(here)] = "geheime woorden van de betrokkene"
    with monkeypatch.context() as patched:
        patched.setattr("ingest.pipeline.Pipeline.ingest", _stop)
        with pytest.raises(KeyboardInterrupt):
            here.run(Order(everything=True))
    assert any(b"geheime woorden" in p.read_bytes() for p in here.data_dir.rglob("*") if p.is_file())
    here.world.feed = [(ruling(here), "-", AT, "doc")]
    here.world.gone[ruling(here)] = "doc"
    made = here.run(Order(since=SINCE))
    assert ruling(here) not in {entry.document_id for entry in made.ledger}
    assert [p for p in here.data_dir.rglob("*") if p.is_file() and b"geheime woorden" in p.read_bytes()] == []
    assert sum(entry.status == "indexed" for entry in made.ledger) == 3, "what else waited is taken in"


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_questions_of_a_run_never_leave_the_listed_hosts(here: Here) -> None:
    seen: list[Question] = here.replay.asked
    here.run(Order(everything=True, since=SINCE))
    assert {question.host for question in seen} <= {
        "data.rechtspraak.nl",
        "zoek.officielebekendmakingen.nl",
        "publications.europa.eu",
        "hudoc.echr.coe.int",
        "repository.overheid.nl",
        "opendata.rijksoverheid.nl",
        "gegevensmagazijn.tweedekamer.nl",
    }
