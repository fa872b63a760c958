"""The run with everything that it needs in the product: settings, lock, client, builder."""

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ingest.child import ChildLimits
from ingest.pipeline import NamedFile, Outcome, Pipeline
from ingest.progress import Bar
from ingest.reader import ChildReader
from ingest.sources.client import Client
from ingest.sources.plan import Sources
from ingest.sources.rules import SourceRules
from ingest.sources.run import Run
from ingest.sources.state import State
from ingest.withdrawals import Withdrawal, Withdrawn
from kb.errors import SettingsInvalid, StoreBusy
from kb.settings import Settings
from kb.store.generations import Generations
from kb.store.ledger import Entry
from kb.wiring import build_embedder, build_engine

_LOCK = "fetch.lock"


@dataclass(frozen=True)
class PipelineStore:
    """Fulfils `run.Store` with the builder."""

    pipeline: Pipeline
    library: Callable[[], Path | None]

    def ingest(self, files: Sequence[NamedFile | Entry]) -> Outcome:
        return self.pipeline.ingest(files)

    def withdraw(self, withdrawals: Sequence[Withdrawal]) -> Sequence[Withdrawn]:
        return self.pipeline.withdraw(withdrawals)


def current_library(settings: Settings) -> Path | None:
    """The library of the generation that answers; None before the first."""
    generations = Generations(settings.data_dir, build_engine(settings))
    name = generations.current_name()
    return generations.root / name / "library.sqlite" if name else None


@contextmanager
def open_store(settings: Settings) -> Iterator[PipelineStore]:
    bar = Bar()
    with ChildReader(ChildLimits(wall_s=float(settings.parse_timeout_s))) as reader:
        pipeline = Pipeline(
            settings,
            embedder=lambda: build_embedder(settings, bulk=True),
            engine=build_engine(settings),
            read=reader,
            progress=bar,
        )
        yield PipelineStore(pipeline, lambda: current_library(settings))


def contact_of(settings: Settings) -> str:
    """Raises: SettingsInvalid where nobody is named whom a publisher could reach."""
    contact = (settings.contact or "").strip()
    if not contact or not ("@" in contact or contact.startswith("https://")) or any(ord(c) < 32 or ord(c) > 126 for c in contact):
        raise SettingsInvalid(
            "KB_CONTACT is not set: publishers ask who fetches from them; give an e-mail address or an https:// page, "
            "for example KB_CONTACT=library@example.org"
        )
    return contact


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """One fetching process a data directory. Raises: StoreBusy."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusy("another process is fetching into this data directory: try again when it has ended") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def open_run(settings: Settings, store: PipelineStore, state: State) -> Iterator[Run]:
    """The run, with a client that says who asks. Raises: SettingsInvalid, CorpusInvalid."""
    rules = SourceRules.load(settings.corpus_dir)

    def client() -> Client:
        return Client(rules, state, settings.data_dir, contact=contact_of(settings), version=version("dublin-kb"))

    yield Run(
        data_dir=settings.data_dir,
        corpus_dir=settings.corpus_dir,
        sources=Sources.of(rules),
        state=state,
        store=store,
        client=client,
        progress=Bar(),
    )


def since_of(text: str, state: State) -> dt.date:
    """A day, or `last`: the day up to which all feeds were walked, one day earlier for safety. Raises: SettingsInvalid."""
    if text == "last":
        if not (cursors := state.cursors()):
            raise SettingsInvalid("no feed was walked yet, so there is no last time: give a date, for example --since 2026-11-01")
        return min(dt.date.fromisoformat(value) for value in cursors.values()) - dt.timedelta(days=1)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsInvalid(f"--since {text!r} is neither a date (2026-11-01) nor `last`") from None
