"""kill -9 in the middle of a fetch: run again, nothing that was answered is asked again and nothing is lost."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from ingest.provenance import SPOOL
from ingest.sources.run import Order
from tests.ingest.sources.replay import Clock, Question, Replay, Reply
from tests.ingest.sources.world import Day, World, corpus_of

SHARES = {"rechtspraak": 8, "hudoc": 1, "officielebekendmakingen": 1}


def _fetch(folder: Path, replay: Replay) -> None:
    Day(folder, replay, Clock()).run(Order(everything=True))


def test_a_killed_fetch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    world = World(corpus_of(tmp_path / "corpus", SHARES))
    reached, release = threading.Event(), threading.Event()

    def hang_at_the_sixth(question: Question) -> Reply | None:
        if question.host == "data.rechtspraak.nl" and len(replay.asked) == 6 and not release.is_set():
            reached.set()
            return Reply(b"", 503, wait=release)
        return None

    world.trouble = hang_at_the_sixth
    with Replay(world.answer) as replay:
        # fork: the child talks to the server of this process, with the clock of its own
        process = multiprocessing.get_context("fork").Process(target=_fetch, args=(tmp_path, replay))
        process.start()
        assert reached.wait(30)
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)
        assert process.exitcode == -signal.SIGKILL
        release.set()
        before = list(replay.asked)
        assert len(list((tmp_path / "data" / SPOOL).iterdir())) == 5, "five were answered and wait"
        day = Day(tmp_path, replay, Clock())
        made = day.run(Order(everything=True))

    assert not made.failed
    assert len(before) == 6
    asked = Counter((question.host, question.path) for question in replay.asked)
    cut_off = (before[5].host, before[5].path)
    assert asked.pop(cut_off) == 2, "the one that was never answered"
    assert set(asked.values()) == {1}
    library = day.library()
    held = {document.id for document in library.documents() if any(e.trust == "official" for e in library.expressions(document.id))}
    assert held == {document.id for document in world.documents}
    assert list((tmp_path / "data" / SPOOL).iterdir()) == []
    library.close()


@pytest.mark.parametrize("point", ["ingest.sources.state.State.taken", "ingest.pipeline.Pipeline.ingest"])
def test_a_run_killed_around_the_ingest_ends_the_same(tmp_path: Path, point: str) -> None:
    world = World(corpus_of(tmp_path / "corpus", {"rechtspraak": 2}))
    with Replay(world.answer) as replay:
        process = multiprocessing.get_context("fork").Process(target=_die_at, args=(point, tmp_path, replay))
        process.start()
        process.join(60)
        assert process.exitcode == 9
        asked = len(replay.asked)
        day = Day(tmp_path, replay, Clock())
        made = day.run(Order(everything=True))
    assert asked == len(replay.asked) == 2
    assert not made.failed
    library = day.library()
    assert all(any(e.trust == "official" and e.version == 1 for e in library.expressions(d.id)) for d in world.documents)
    assert list((tmp_path / "data" / SPOOL).iterdir()) == []
    library.close()


def _die_at(point: str, folder: Path, replay: Replay) -> None:
    from unittest import mock

    with mock.patch(point, side_effect=lambda *_, **__: os._exit(9)):
        _fetch(folder, replay)


def test_two_processes_do_not_fetch_into_one_directory(tmp_path: Path) -> None:
    from ingest.sources.builder import locked
    from kb.errors import StoreBusy

    with locked(tmp_path), pytest.raises(StoreBusy, match="try again when it has ended"), locked(tmp_path):
        time.sleep(0)
