"""Polite: the rate, the back-off, conditional questions. Careful: what is no document is never kept and never `not found`."""

import datetime as dt
import itertools
import sqlite3
import time
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path

import pytest

from ingest.provenance import HTTP_CACHE, erase
from ingest.sources import recognise
from ingest.sources.client import Answer, Client
from ingest.sources.problems import FetchProblem
from ingest.sources.rules import SourceRules
from ingest.sources.state import State
from tests.ingest.sources import shapes
from tests.ingest.sources.conftest import make_client
from tests.ingest.sources.replay import Clock, Replay, Reply, in_turn

ECLI = "ECLI:NL:RBDHA:2099:1"
URL = f"https://data.rechtspraak.nl/uitspraken/content?id={ECLI}"
GOOD = Reply(shapes.ruling(ECLI, ["De rechtbank oordeelt dat het dak lekt."]))


def get(client: Client, ecli: str = ECLI) -> Answer:
    url = f"https://data.rechtspraak.nl/uitspraken/content?id={ecli}"
    return client.get(url, accept="application/xml", recognise=recognise.rechtspraak(ecli), for_document=ecli)


def reason(client: Client) -> str:
    with pytest.raises(FetchProblem) as caught:
        get(client)
    return caught.value.reason


def test_the_publisher_learns_who_asks(client: Client, replay: Replay) -> None:
    replay.answer = lambda _: GOOD
    get(client)
    assert replay.asked[0].headers["user-agent"] == "dublin-kb/0.0 (legal knowledge base; contact: library@example.org)"


def test_one_question_a_second_and_the_rate_outlives_the_process(
    tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock
) -> None:
    replay.answer = lambda q: Reply(shapes.ruling(q.path.partition("id=")[2], ["Ja."]))
    times = []
    for first in (1, 4):
        with make_client(tmp_path, rules, state, replay, clock) as client:
            for number in range(first, first + 3):
                get(client, f"ECLI:NL:RBDHA:2099:{number}")
            times += [line.at for line in client.log.asked]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 6
    assert all(gap >= rules.hosts["data.rechtspraak.nl"].interval_s for gap in gaps), gaps


def test_hosts_have_their_own_turns(client: Client, replay: Replay, clock: Clock) -> None:
    replay.answer = lambda q: GOOD if "rechtspraak" in q.host else Reply(shapes.letter("kst-1-2", ["Ja."]))
    get(client)
    client.get("https://zoek.officielebekendmakingen.nl/kst-1-2.xml", accept="application/xml", recognise=recognise.paper("kst-1-2"))
    assert clock.slept == []


def test_what_is_held_is_asked_for_conditionally_and_not_sent_twice(client: Client, replay: Replay) -> None:
    replay.answer = lambda _: GOOD
    first, second = get(client), get(client)
    assert replay.sent == [200, 304]
    assert first.content == second.content
    assert (first.from_cache, second.from_cache) == (False, True)


def test_a_last_modified_date_serves_where_there_is_no_etag(client: Client, replay: Replay) -> None:
    changed = "Fri, 20 Nov 2026 10:00:00 GMT"
    replay.answer = lambda q: (
        Reply(b"", 304) if q.headers.get("if-modified-since") == changed else replace(GOOD, etag=False, headers={"Last-Modified": changed})
    )
    assert get(client).content == get(client).content
    assert replay.sent == [200, 304]


def test_another_language_of_the_same_address_is_another_text(client: Client, replay: Replay) -> None:
    replay.answer = lambda q: Reply(
        shapes.arrest("C-297/17", None, [q.headers["accept-language"]], language="en"), kind="application/xhtml+xml"
    )
    texts = [
        client.get(
            "https://publications.europa.eu/resource/celex/62017CJ0297",
            accept="application/xhtml+xml",
            language=language,
            recognise=recognise.court_of_justice(["C-297/17"], "xhtml"),
            for_document="ECLI:EU:C:2019:219",
        ).content
        for language in ("eng", "nld", "eng")
    ]
    assert texts[0] == texts[2] != texts[1]
    assert replay.sent == [200, 200, 304]


def test_a_feed_is_kept_nowhere(client: Client, replay: Replay, tmp_path: Path) -> None:
    listed = shapes.feed([(ECLI, "met de woorden van een samenvatting", "2026-11-24T10:00:00Z", None)])
    replay.answer = lambda _: Reply(listed, kind="application/atom+xml")
    for _ in range(2):
        client.get("https://data.rechtspraak.nl/uitspraken/zoeken?max=1", accept="application/atom+xml", recognise=recognise.feed)
    assert replay.sent == [200, 200]
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"woorden van een samenvatting" in path.read_bytes()] == []


def test_a_changed_text_is_sent_again(client: Client, replay: Replay) -> None:
    replay.answer = in_turn([GOOD, Reply(shapes.ruling(ECLI, ["Het dak lekt niet."]))])
    assert get(client).content != get(client).content
    assert replay.sent == [200, 200]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(client: Client, replay: Replay, clock: Clock, form: str) -> None:
    at = dt.datetime.fromtimestamp(clock.at + 30, dt.UTC)
    value = "30" if form == "seconds" else format_datetime(at, usegmt=True)
    replay.answer = in_turn([Reply(b"later", 429, "text/plain", {"Retry-After": value}), GOOD])
    get(client)
    assert sum(clock.slept) == pytest.approx(30)


def test_a_long_retry_after_leaves_the_host_alone_also_in_the_next_process(
    tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock
) -> None:
    replay.answer = in_turn([Reply(b"", 503, headers={"Retry-After": "7200"}), GOOD])
    for _ in range(2):
        with make_client(tmp_path, rules, state, replay, clock) as client:
            assert reason(client) == "source-paused"
    assert len(replay.asked) == 1
    clock.pass_(hours=2)
    with make_client(tmp_path, rules, state, replay, clock) as client:
        assert get(client).status == 200


def test_failures_that_may_pass_are_asked_again_with_growing_waits(
    client: Client, replay: Replay, clock: Clock, rules: SourceRules
) -> None:
    replay.answer = lambda _: Reply(b"down", 503, "text/plain")
    assert reason(client) == "unavailable"
    assert len(replay.asked) == rules.client.attempts
    assert clock.slept == sorted(clock.slept)
    assert clock.slept[-1] > clock.slept[0] >= rules.client.wait_initial_s


@pytest.mark.parametrize("status", [500, 502, 504, 408])
def test_a_server_s_trouble_is_not_the_end(client: Client, replay: Replay, status: int) -> None:
    replay.answer = in_turn([Reply(b"", status), GOOD])
    assert get(client).status == 200


def test_a_cut_connection_is_asked_again_and_half_a_text_is_never_kept(client: Client, replay: Replay, tmp_path: Path) -> None:
    replay.answer = in_turn([replace(GOOD, cut=700), GOOD])
    assert get(client).content == GOOD.body
    assert len(replay.asked) == 2
    with sqlite3.connect(tmp_path / HTTP_CACHE) as db:
        assert db.execute("select count(*) from entries").fetchone() == (1,)


def test_after_three_failures_in_a_row_a_host_is_down_for_this_run(client: Client, replay: Replay, rules: SourceRules) -> None:
    replay.answer = lambda _: Reply(b"", 503)
    seen = [reason(client) for _ in range(5)]
    assert seen == ["unavailable"] * 3 + ["source-down"] * 2
    assert len(replay.asked) == 3 * rules.client.attempts


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(Reply(b"", 404), "not-found", id="404"),
        pytest.param(Reply(b"", 410), "not-found", id="410"),
        pytest.param(Reply(b"", 406), "not-in-this-form", id="406"),
        pytest.param(Reply(b"a\nb", 300, "text/plain"), "not-in-this-form", id="300"),
        pytest.param(Reply(b"", 204, etag=False), "no-text", id="204"),
        pytest.param(Reply(b"wrong parameter", 400, "text/plain"), "refused", id="400"),
        pytest.param(Reply(b"", 401), "refused", id="401"),
        pytest.param(Reply(b"", 202, headers={"x-amzn-waf-action": "challenge"}), "challenge", id="202 waf"),
        pytest.param(Reply(b"<html></html>", 202, "text/html"), "challenge", id="202"),
        pytest.param(Reply(shapes.CHALLENGE, 403, "text/html", {"cf-mitigated": "challenge"}), "challenge", id="403 cf"),
        pytest.param(Reply(shapes.CHALLENGE, 403, "text/html"), "challenge", id="403 just a moment"),
        pytest.param(Reply(shapes.CHALLENGE, 200, "text/html"), "challenge", id="200 just a moment"),
        pytest.param(Reply(shapes.CHALLENGE, 503, "text/html"), "challenge", id="503 just a moment"),
        pytest.param(Reply(b"<html><body>Onderhoud</body></html>", 200, "text/html"), "not-a-document", id="page"),
        pytest.param(Reply(b"<html><body>Onderhoud</body></html>", 200), "not-a-document", id="page as xml"),
        pytest.param(Reply(b"", 200), "no-text", id="empty"),
        pytest.param(Reply(b"<uitspraken><nieuw/></uitspraken>", 200), "changed-schema", id="another schema"),
        pytest.param(Reply(GOOD.body.replace(b"identifier", b"kenmerk"), 200), "changed-schema", id="no identifier"),
        pytest.param(Reply(shapes.ruling("ECLI:NL:RBDHA:2099:2", ["Ja."])), "other-document", id="another ruling"),
        pytest.param(Reply(shapes.ruling(ECLI, [])), "metadata-only", id="no text"),
        pytest.param(Reply(shapes.ruling(ECLI, [], replaced_by="ECLI:NL:RBDHA:2099:9")), "replaced", id="replaced"),
        pytest.param(Reply(GOOD.body, headers={"Content-Encoding": "br"}), "not-a-document", id="brotli"),
    ],
)
def test_what_is_no_document_has_a_reason_and_is_kept_nowhere(
    client: Client, replay: Replay, tmp_path: Path, reply: Reply, expected: str
) -> None:
    replay.answer = lambda _: reply
    assert reason(client) == expected
    assert len(replay.asked) == 1, "asked again, although it will not pass"
    with sqlite3.connect(tmp_path / HTTP_CACHE) as db:
        tables = {row[0] for row in db.execute("select name from sqlite_master")}
        assert "entries" not in tables or db.execute("select count(*) from entries").fetchone() == (0,)


def test_after_a_bot_check_the_host_is_left_alone_for_hours(
    tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock
) -> None:
    replay.answer = in_turn([Reply(shapes.CHALLENGE, 403, "text/html", {"cf-mitigated": "challenge"}), GOOD])
    with make_client(tmp_path, rules, state, replay, clock) as client:
        assert [reason(client), reason(client)] == ["challenge", "source-paused"]
    clock.pass_(hours=7)
    with make_client(tmp_path, rules, state, replay, clock) as client:
        assert get(client).status == 200
    assert len(replay.asked) == 2


def test_a_packed_answer_is_unpacked_and_known_again(client: Client, replay: Replay) -> None:
    replay.answer = lambda _: replace(GOOD, zipped=True)
    assert get(client).content == GOOD.body == get(client).content
    assert replay.asked[0].headers["accept-encoding"] == "gzip"


def small(rules: SourceRules, **changed: float) -> SourceRules:
    hosts = {name: replace(host, max_bytes=20_000) for name, host in rules.hosts.items()}
    return replace(rules, hosts=hosts, client=replace(rules.client, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "bomb"])
def test_more_than_the_limit_is_not_read(
    tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock, zipped: bool
) -> None:
    replay.answer = lambda _: Reply(GOOD.body.replace(b"lekt", b"lekt" + b" " * 3_000_000), zipped=zipped)
    with make_client(tmp_path, small(rules), state, replay, clock) as client:
        assert reason(client) == "too-large"


def test_an_answer_that_drips_ends_with_the_time_limit(
    tmp_path: Path, rules: SourceRules, state: State, replay: Replay, clock: Clock
) -> None:
    replay.answer = lambda _: replace(GOOD, drip_s=0.05)
    started = time.monotonic()
    with make_client(tmp_path, small(rules, total_timeout_s=0.4), state, replay, clock) as client:
        assert reason(client) == "too-slow"
    assert time.monotonic() - started < 3


def test_what_is_erased_is_in_no_page_of_the_cache(client: Client, replay: Replay, tmp_path: Path) -> None:
    replay.answer = lambda _: GOOD
    get(client)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"het dak lekt" in path.read_bytes() for path in files)
    client.__exit__()
    assert erase(tmp_path, [ECLI])["cached answers"] == 1
    assert not any(b"het dak lekt" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
