"""One run: what is wanted is asked for, what came goes into the store in one generation, and every document has its line.

The order matters for what must not be kept: withdrawals are applied before anything that was fetched is taken in.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ingest.pipeline import NamedFile, Outcome
from ingest.provenance import Provenance, erase, keep_provenance, provenance_of
from ingest.sources.client import Client
from ingest.sources.harvest import FeedLine, Harvest, Harvested
from ingest.sources.model import Found, Wanted
from ingest.sources.plan import Holdings, Sources
from ingest.sources.problems import NOT_ANSWERED, FetchProblem
from ingest.sources.review import ReviewLine, keep_for_review, to_review
from ingest.sources.state import Line, State, WaitingFile
from ingest.withdrawals import Withdrawal, Withdrawn
from kb.domain.documents import Kind
from kb.store.ledger import Entry, report
from kb.store.library import Library

# a registered ruling without a text, a document that no publisher here serves: nothing went wrong
_NO_FAILURE = frozenset({"metadata-only", "replaced"})
_TAKEN = frozenset({"indexed", "new-version", "unchanged"})


class Store(Protocol):
    """The builder, as a run uses it."""

    def library(self) -> Path | None:
        """The current generation's library; None before the first."""
        ...

    def ingest(self, files: Sequence[NamedFile | Entry]) -> Outcome: ...

    def withdraw(self, withdrawals: Sequence[Withdrawal]) -> Sequence[Withdrawn]: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is asked for. `ids`: as typed; `everything`: all catalogued documents; `since`: a day, or None for no harvest."""

    ids: Sequence[str] = ()
    everything: bool = False
    since: dt.date | None = None
    again: bool = False  # ask although it was answered lately
    dry_run: bool = False

    @property
    def named_alone(self) -> bool:
        """Whether somebody asks for these documents and no others: then an earlier `not found` is no reason not to look again."""
        return bool(self.ids) and not self.everything


@dataclass
class Report:
    """What a run did. `lines` has one line a text; `requests` counts what reached the network."""

    lines: list[Line] = field(default_factory=list)
    ledger: list[Entry] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    review: list[ReviewLine] = field(default_factory=list)
    feeds: list[FeedLine] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    generation: str | None = None

    @property
    def failed(self) -> bool:
        asked = any(line.status == "failed" for line in self.lines) or any(feed.status == "failed" for feed in self.feeds)
        return asked or any(entry.status == "failed" for entry in self.ledger)

    def to_json(self) -> dict[str, Any]:
        counts = Counter(line.status for line in self.lines)
        return {
            "documents": [
                {
                    **{name: value for name, value in asdict(line).items() if name != "asked_at"},
                    "asked_at": _iso(line.asked_at) if line.asked_at else None,
                }
                for line in self.lines
            ],
            "totals": {"texts": len(self.lines), **{name: counts[name] for name in ("fetched", "unchanged", "skipped", "failed")}},
            "ledger": report(self.ledger),
            "withdrawn": [asdict(item) for item in self.withdrawn],
            "review": [asdict(line) for line in self.review],
            "feeds": [asdict(feed) for feed in self.feeds],
            "requests": self.requests,
            "generation": self.generation,
        }


class Run:
    """One run over one data directory. The caller holds the lock."""

    def __init__(
        self,
        *,
        data_dir: Path,
        corpus_dir: Path,
        sources: Sources,
        state: State,
        store: Store,
        client: Callable[[], Client],
        progress: Callable[[str, int, int], None],
    ) -> None:
        self._data_dir, self._corpus_dir = data_dir, corpus_dir
        self._sources, self._state, self._store = sources, state, store
        self._make_client, self._progress = client, progress

    def make(self, order: Order) -> Report:
        """Asks, withdraws, ingests, lists for review. Raises: CorpusInvalid, StoreBusy and what else the builder raises."""
        made = Report()
        holdings = Holdings.read(self._corpus_dir, self._store.library())
        if order.dry_run:
            made.lines = self._planned(holdings, order)
            return made
        with self._make_client() as client:
            try:
                harvested = self._ask_all(client, holdings, order, made)
            finally:
                made.requests = client.log.per_host()
        self._withdraw(harvested, made)
        self._ingest(holdings, made)
        for name, value in harvested.cursors.items():
            self._state.move_cursor(name, value)
        return made

    def ask(self, holdings: Holdings, ids: Sequence[str]) -> list[tuple[str, list[Line]]]:
        """Only asks, for a caller that ingests by itself: each name with one line a text."""
        asked = []
        with self._make_client() as client:
            for name in ids:
                made = Report()
                self._ask_all(client, holdings, Order(ids=[name]), made)
                asked.append((name, made.lines))
        return asked

    # -- asking

    def _ask_all(self, client: Client, holdings: Holdings, order: Order, made: Report) -> Harvested:
        harvested = Harvested()
        if order.since:
            harvested = Harvest(self._sources, client, self._state, holdings, self._progress).walk(order.since)
            made.feeds = harvested.feeds
            for wanted in harvested.new:
                self._state.note(wanted)
        gone = {item.document_id for item in harvested.withdrawals}
        asked, refused = self._asked(holdings, order)
        made.lines += refused
        queue = {(wanted.document_id, wanted.part): wanted for wanted in [*asked, *harvested.changed, *harvested.new]}
        done: set[tuple[str, str]] = set()
        while ahead := [wanted for key, wanted in queue.items() if key not in done]:
            for wanted in ahead:
                done.add((wanted.document_id, wanted.part))
                if wanted.document_id not in gone:
                    made.lines.append(self._ask(client, holdings, wanted, order, harvested))
                self._progress("asking", len(done), len(queue))
            # what was found to be replaced brings its successor along
            queue |= {(wanted.document_id, wanted.part): wanted for wanted in harvested.new}
        return harvested

    def _asked(self, holdings: Holdings, order: Order) -> tuple[list[Wanted], list[Line]]:
        """The texts asked for, and a line for each document that cannot be."""
        wanted: list[Wanted] = []
        refused: list[Line] = []
        for name in order.ids:
            document = holdings.find(name)
            texts = self._sources.wanted(document) if document else ()
            wanted += texts
            if not texts:
                detail = "no publisher that is asked here serves it" if document else "neither a document of the catalogue nor an ECLI"
                refused.append(Line(document.id if document else name, "", "", "failed", 0, "no-source" if document else "unknown", detail))
        if order.everything:
            for document in (holdings.documents[name] for name in sorted(holdings.catalogued)):
                texts = self._sources.wanted(document)
                wanted += texts
                if not texts and document.kind is not Kind.GUIDE:
                    refused.append(Line(document.id, "", "", "skipped", 0, "no-source", "no publisher that is asked here serves it"))
            before = self._state.all_wanted()
            published = {text.document_id for text in before if text.source == self._sources.publications.name}
            # a fresh paper's file from the House gives way to the published text
            wanted += [text for text in before if text.source != self._sources.tweedekamer.name or text.document_id not in published]
        if order.everything or order.since:
            wanted += self._state.unanswered()
        return wanted, refused

    def _planned(self, holdings: Holdings, order: Order) -> list[Line]:
        wanted, refused = self._asked(holdings, order)
        lines = []
        for text in {(w.document_id, w.part): w for w in wanted}.values():
            line = self._not_to_be_asked(holdings, text, order, frozenset(), now=dt.datetime.now(dt.UTC).timestamp())
            lines.append(line or Line(text.document_id, text.part, text.source, "skipped", 0, "dry-run", "would be asked"))
        return [*refused, *lines]

    def _not_to_be_asked(
        self, holdings: Holdings, wanted: Wanted, order: Order, changed: Iterable[tuple[str, str]], *, now: float
    ) -> Line | None:
        """The line of a text that is not asked for, with the reason; None for one that is."""
        document_id, part = wanted.document_id, wanted.part
        if document_id in holdings.forgotten:
            return Line(document_id, part, wanted.source, "skipped", 0, "forgotten", "erased here with `dublin-kb forget`")
        if document_id in holdings.withdrawn and (document_id, part) not in changed:
            return Line(document_id, part, wanted.source, "skipped", 0, "withdrawn", "its publisher withdrew the text")
        prior = self._state.line(document_id, part)
        if prior is None or order.again or (document_id, part) in changed or (prior.status == "failed" and prior.reason in NOT_ANSWERED):
            return None
        if now - prior.asked_at >= self._sources.rules.client.ask_again_after_s or (prior.status == "failed" and order.named_alone):
            return None
        if prior.status == "failed":
            return replace(prior, detail=f"answered at {_iso(prior.asked_at)}, not asked again yet: {prior.detail}")
        return replace(prior, status="skipped", reason="asked-lately", detail=f"{prior.status} at {_iso(prior.asked_at)}")

    def _ask(self, client: Client, holdings: Holdings, wanted: Wanted, order: Order, harvested: Harvested) -> Line:
        changed = {(text.document_id, text.part) for text in harvested.changed}
        if line := self._not_to_be_asked(holdings, wanted, order, changed, now=client.now()):
            return line
        asked_at = client.now()
        try:
            found = self._sources.named(wanted.source).fetch(client, wanted)
        except FetchProblem as error:
            problem = error
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            # one answer that our reading did not foresee must not keep the others out of the store
            problem = FetchProblem("internal", f"the answer could not be read: {type(error).__name__}: {error}")
        else:
            return self._came(holdings, wanted, order, asked_at, found)
        return self._failed(client, holdings, wanted, harvested, asked_at, problem)

    def _failed(
        self, client: Client, holdings: Holdings, wanted: Wanted, harvested: Harvested, asked_at: float, problem: FetchProblem
    ) -> Line:
        missing = wanted.optional and problem.reason in ("not-found", "not-in-this-form", "no-text")
        failed = problem.reason not in _NO_FAILURE and not missing
        line = Line(
            wanted.document_id, wanted.part, wanted.source, "failed" if failed else "skipped", asked_at, problem.reason, str(problem)
        )
        if problem.reason == "replaced" and holdings.holds(wanted.document_id):
            line = self._replaced(client, wanted, harvested, line)
        prior = self._state.line(wanted.document_id, wanted.part)
        # a failure does not make us forget which bytes are held
        self._state.put(wanted, replace(line, sha256=prior.sha256 if prior else None))
        return line

    def _came(self, holdings: Holdings, wanted: Wanted, order: Order, asked_at: float, found: Found) -> Line:
        answer = found.answer
        line = Line(wanted.document_id, wanted.part, wanted.source, "fetched", asked_at, url=answer.url, sha256=answer.sha256)
        made = Provenance(
            document_id=wanted.document_id,
            part=wanted.part,
            source=wanted.source,
            url=answer.url,
            asked_url=answer.asked_url,
            status=answer.status,
            headers=answer.headers,
            asked_at=answer.asked_at,
            sha256=answer.sha256,
            size=len(answer.content),
        )
        if self._has(holdings, wanted, answer.sha256) and not order.again:
            line = replace(line, status="unchanged", reason="not-modified" if answer.from_cache else "same-bytes")
            self._state.put(wanted, line)
            if provenance_of(self._data_dir, answer.sha256) is None:  # a backup does not hold it, nor a file that was ingested by hand
                keep_provenance(self._data_dir, made)
            return line
        keep_provenance(self._data_dir, made)
        self._state.keep(wanted, line, answer.content, found.file_name)
        return line

    def _has(self, holdings: Holdings, wanted: Wanted, sha256: str) -> bool:
        """Whether the store has had these bytes for this document, and still has what it made of them."""
        outcome = self._state.outcome(sha256, wanted.document_id)
        return holdings.holds_file(wanted.document_id, sha256) or (outcome is not None and outcome not in _TAKEN)

    def _replaced(self, client: Client, wanted: Wanted, harvested: Harvested, line: Line) -> Line:
        """The register itself says that this ECLI has another now: as if the feed had said it."""
        if any(item.document_id == wanted.document_id for item in harvested.withdrawals):
            return line
        rechtspraak = self._sources.rechtspraak
        try:
            new = rechtspraak.replacement(client, wanted.hints["ecli"])
        except FetchProblem as problem:
            return replace(line, status="failed", reason=problem.reason, detail=str(problem))
        day = dt.datetime.fromtimestamp(client.now(), dt.UTC).date()
        harvested.withdrawals.append(Withdrawal(wanted.document_id, "ecli", new, day))
        if new:
            harvested.new.append(rechtspraak.of(new))
        return line

    # -- what follows

    def _withdraw(self, harvested: Harvested, made: Report) -> None:
        if not harvested.withdrawals:
            return
        made.withdrawn = list(self._store.withdraw(harvested.withdrawals))
        erase(self._data_dir, [item.document_id for item in harvested.withdrawals])

    def _ingest(self, holdings: Holdings, made: Report) -> None:
        """Everything that waits, also from a run that was interrupted, in one generation."""
        inputs, done = self.waiting()
        if inputs:
            outcome = self._store.ingest(inputs)
            made.ledger, made.generation = outcome.entries, outcome.generation
            done(outcome.entries)
        library_path = self._store.library()
        if library_path is not None and made.ledger:
            new = [entry.document_id for entry in made.ledger if entry.document_id and entry.status in ("indexed", "new-version")]
            library = Library(library_path)
            try:
                made.review = to_review(library, [i for i in new if i not in holdings.catalogued], holdings.catalogued)
            finally:
                library.close()
            keep_for_review(self._data_dir, made.review)

    def waiting(self, only: Collection[str] | None = None) -> tuple[list[NamedFile], Callable[[Sequence[Entry]], None]]:
        """The fetched files that the store has not had (of some documents only), and what is to be called with the ledger once it has."""
        files = [file for file in self._state.waiting() if file.path.exists() and (only is None or file.document_id in only)]
        named = {_label(file): file for file in files}
        inputs = [NamedFile(label, file.path, file.official_id) for label, file in named.items()]

        def done(entries: Sequence[Entry]) -> None:
            for label, file in named.items():
                own = [entry.status for entry in entries if entry.input == label or entry.input.startswith(f"{label}[")]
                best = next((status for status in ("indexed", "new-version", "unchanged") if status in own), own[0] if own else None)
                if best is not None:
                    self._state.taken(file, best)

        return inputs, done


def _label(file: WaitingFile) -> str:
    """What the ledger calls the file: its document, and the language where there are several texts."""
    return f"{file.document_id} ({file.part})" if len(file.part) == 2 else file.document_id


def _iso(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds")
