"""A day and the next at the publishers: what goes wrong, what changes, what is withdrawn; and what the store holds after two runs."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ingest.provenance import provenance_of
from ingest.sources.client import Log
from ingest.sources.rules import SourceRules
from ingest.sources.run import Order, Report
from kb.domain.documents import Document
from kb.store.library import Library
from tests.ingest.builds import ROOT
from tests.ingest.sources import shapes
from tests.ingest.sources.replay import Clock, Question, Replay, Reply
from tests.ingest.sources.world import SHARES, Day, World, corpus_of

SECRET = "de betrokkene woont aan de Lindelaan"
NEW = "ECLI:NL:RBDHA:2026:77001"
SUCCESSOR = "ECLI:NL:RBDHA:2026:77002"


@dataclass
class Told:
    day: Day
    world: World
    first: Report
    second: Report
    sent: tuple[list[int], list[int]]
    asked: tuple[list[Question], list[Question]]
    withdrawn: Document
    replaced: Document
    changed: list[Document]

    def library(self) -> Library:
        return self.day.library()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("day")
    documents = corpus_of(folder / "corpus", SHARES)
    rulings = [document for document in documents if document.id.startswith("ECLI:NL")]
    courts = [document for document in documents if document.deciding_state == "EU"]
    withdrawn, replaced, changed_ruling, changed_arrest = rulings[2], rulings[5], rulings[7], courts[1]
    world = World(documents)
    world.words[withdrawn.id] = SECRET
    clock = Clock()
    with Replay(world.answer) as replay:
        day = Day(folder, replay, clock)

        # Tuesday: a 429 among the rulings, the Publications Office goes down after its fourth text, Strasbourg checks for robots
        seen: Counter[str] = Counter()

        def tuesday(question: Question) -> Reply | None:
            seen[question.host] += 1
            if question.host == "data.rechtspraak.nl" and seen[question.host] == 10:
                return Reply(b"slow down", 429, "text/plain", {"Retry-After": "45"})
            if question.host == "publications.europa.eu" and seen[question.host] > 8:
                return Reply(b"Service Unavailable", 503, "text/plain")
            if question.host == "hudoc.echr.coe.int" and seen[question.host] >= 3:
                return Reply(shapes.CHALLENGE, 403, "text/html", {"cf-mitigated": "challenge"})
            return None

        world.trouble = tuesday
        first = day.run(Order(everything=True))
        cut = len(replay.sent)

        # Wednesday: all is well again; two texts have changed, one is withdrawn, one ECLI is replaced, two rulings are new
        clock.pass_(hours=24)
        world.trouble = lambda _: None
        world.words[changed_ruling.id] = "De verbeterde overweging van de rechtbank"
        world.modified[changed_ruling.id] = "2026-11-25T07:00:00"
        world.words[changed_arrest.id] = "The corrected paragraph of the Court"
        world.gone[withdrawn.id] = "doc"
        world.replaced[replaced.id] = SUCCESSOR
        world.words[SUCCESSOR] = "Dezelfde uitspraak onder haar nieuwe nummer"
        world.words[NEW] = f"Zie ook de uitspraak van {rulings[0].id}, onder 1."
        at = "2026-11-25T07:00:00Z"
        world.feed = [
            (changed_ruling.id, "Rechtbank Den Haag, vreemdelingenrecht", at, None),
            (NEW, "Rechtbank Den Haag, 20-11-2026, NL26.9999", at, None),
            ("ECLI:NL:RBDHA:2026:77003", "Rechtbank Den Haag, 20-11-2026, C/09/1234 huurrecht", at, None),
            (withdrawn.id, "-", at, "doc"),
            (replaced.id, "-", at, "ecli"),
            ("ECLI:NL:HR:1999:AA1234", "-", at, "doc"),
        ]
        second = day.run(Order(everything=True, since=dt.date(2026, 11, 24)))
        yield Told(
            day,
            world,
            first,
            second,
            (replay.sent[:cut], replay.sent[cut:]),
            (replay.asked[:cut], replay.asked[cut:]),
            withdrawn,
            replaced,
            [changed_ruling, changed_arrest],
        )


def test_the_first_run_says_of_each_text_why_it_is_not_there(told: Told) -> None:
    reasons = Counter((line.source, line.status, line.reason) for line in told.first.lines)
    assert reasons["rechtspraak", "fetched", None] == SHARES["rechtspraak"], "a 429 costs a wait, not a text"
    assert reasons["officielebekendmakingen", "fetched", None] == SHARES["officielebekendmakingen"]
    assert reasons["hudoc", "failed", "challenge"] == 1
    assert reasons["hudoc", "failed", "source-paused"] > 0
    assert reasons["cellar", "failed", "unavailable"] == 3, "then the host counts as down"
    assert reasons["cellar", "failed", "source-down"] > 0
    assert told.first.failed
    assert not any(line.reason == "not-found" for line in told.first.lines), "no answer is not `not found`"


def test_the_second_run_brings_what_the_first_could_not(told: Told) -> None:
    failed = [line for line in told.second.lines if line.status == "failed"]
    assert failed == []
    assert [entry for entry in told.second.ledger if entry.status == "failed"] == []
    assert [feed for feed in told.second.feeds if feed.status == "failed"] == []
    assert not told.second.failed


def test_after_two_runs_the_store_holds_what_it_should(told: Told) -> None:
    library = told.library()
    expected = {document.id for document in told.world.documents} - {told.withdrawn.id, told.replaced.id} | {SUCCESSOR, NEW}
    official = {
        document.id: expression
        for document in library.documents()
        for expression in library.expressions(document.id)
        if expression.trust == "official" and expression.current and expression.form == "official"
    }
    assert set(official) == expected
    for document_id, expression in official.items():
        assert told.world.words[document_id] in expression.text
    languages = {document.id for document in told.world.documents if document.deciding_state == "EU"}
    assert set(library.documents_with_form("tr-nl")) == languages, "each judgment of the Court in Dutch too"
    assert library.find_document("ECLI:NL:RBDHA:2026:77003") is None, "a rent case is none of ours"
    library.close()


def test_a_changed_text_is_a_new_version_and_the_old_one_resolves(told: Told) -> None:
    library = told.library()
    for document in told.changed:
        held = {(e.version, e.current) for e in library.expressions(document.id) if e.form == "official"}
        assert held == {(1, False), (2, True)}
    ruling = told.changed[0].id
    old, new = library.resolve_passage(f"{ruling}@v1#ro-1"), library.resolve_passage(f"{ruling}#ro-1")
    assert f"Eigen woorden van {ruling}" in old.text
    assert "verbeterde overweging" in new.text
    library.close()


def test_the_withdrawn_text_is_in_no_file_and_the_document_stays(told: Told) -> None:
    holding = [str(path) for path in told.day.data_dir.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []
    library = told.library()
    document = library.find_document(told.withdrawn.id)
    assert document is not None
    assert [e.trust for e in library.expressions(document.id)] == ["curated", "curated"], "our digest in two languages"
    library.close()


def test_a_replaced_identifier_leads_to_its_successor(told: Told) -> None:
    library = told.library()
    document = library.find_document(told.replaced.id)
    assert document is not None
    assert document.id == SUCCESSOR
    library.close()


def test_withdrawals_are_told(told: Told) -> None:
    assert {(item.document_id, item.kind, item.now) for item in told.second.withdrawn} == {
        (told.withdrawn.id, "doc", told.withdrawn.id),
        (told.replaced.id, "ecli", SUCCESSOR),
    }


def test_a_new_ruling_that_cites_an_authority_is_listed_for_review(told: Told) -> None:
    cited = next(document.id for document in told.world.documents if document.id.startswith("ECLI:NL"))
    lines = {line.document_id: line for line in told.second.review}
    assert NEW in lines
    assert cited in {cite.document_id for cite in lines[NEW].cites}
    assert NEW in (told.day.data_dir / "review" / "new-citations.json").read_text(encoding="utf-8")


def _interval(rules: SourceRules, log: Log) -> Iterator[tuple[str, float, float]]:
    for host, rule in rules.hosts.items():
        times = [line.at for line in log.asked if line.host == host]
        for earlier, later in itertools.pairwise(times):
            yield host, later - earlier, rule.interval_s


def test_every_host_was_asked_at_its_own_rate(told: Told) -> None:
    rules = SourceRules.load(ROOT / "corpus")
    gaps = [gap for log in told.day.logs for gap in _interval(rules, log)]
    assert len(gaps) > 100
    assert [gap for gap in gaps if gap[1] < gap[2]] == []
    first = [line for line in told.day.logs[0].asked if line.host == "data.rechtspraak.nl"]
    waited = next(later.at - line.at for line, later in itertools.pairwise(first) if line.status == 429)
    assert waited >= 45, "Retry-After"


@pytest.mark.parametrize("run", [0, 1], ids=["first", "second"])
def test_nothing_that_was_answered_is_asked_again_in_a_run(told: Told, run: int) -> None:
    answered: Counter[tuple[str, str, str, str]] = Counter()
    for question, status in zip(told.asked[run], told.sent[run], strict=True):
        if status < 400 or status in (404, 406):
            headers = question.headers
            answered[question.host, question.path, headers.get("accept-language", ""), headers["accept"]] += 1
    assert {key: count for key, count in answered.items() if count > 1} == {}


def test_what_had_not_changed_was_not_sent_again(told: Told) -> None:
    unchanged = [line for line in told.second.lines if line.status == "unchanged"]
    assert len(unchanged) > 30
    assert {line.reason for line in unchanged} == {"not-modified"}
    assert told.sent[1].count(304) >= len(unchanged)


def test_each_original_says_where_it_came_from(told: Told) -> None:
    library = told.library()
    texts = [e for d in library.documents() for e in library.expressions(d.id, with_text=False) if e.trust == "official"]
    for expression in texts:
        came = provenance_of(told.day.data_dir, expression.source_sha256)
        assert came is not None
        assert came.document_id == expression.document_id or came.document_id == told.replaced.id
        assert came.url.startswith("https://")
        assert came.status == 200
        original = told.day.data_dir / "originals" / came.sha256[:2] / came.sha256
        assert original.stat().st_size == came.size
    library.close()


def test_nothing_waits_when_a_run_has_ended(told: Told) -> None:
    assert list((told.day.data_dir / "fetched").iterdir()) == []
