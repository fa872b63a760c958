"""Keeping current: what the publishers' feeds and searches say is new, changed or withdrawn since a day.

Each feed is walked for itself; one that fails is told and leaves its cursor where it was, so that the next run asks for the same days.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ingest.sources.client import Client
from ingest.sources.model import Wanted
from ingest.sources.parliament import dossier_of
from ingest.sources.plan import Holdings, Sources
from ingest.sources.problems import NOT_ANSWERED, FetchProblem
from ingest.sources.rechtspraak import Entry
from ingest.sources.rules import Walk
from ingest.sources.state import State
from ingest.withdrawals import Withdrawal

_SAFETY_S = 6 * 3600  # the feed prints no time zone that can be relied on


@dataclass(frozen=True, slots=True)
class FeedLine:
    """How one feed went: what it listed, and what of it was taken up."""

    name: str
    status: Literal["walked", "failed"]
    listed: int = 0
    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    reason: str | None = None
    detail: str | None = None


@dataclass
class Harvested:
    """`cursors` are moved when the run has done its work."""

    new: list[Wanted] = field(default_factory=list)
    changed: list[Wanted] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    feeds: list[FeedLine] = field(default_factory=list)
    cursors: dict[str, str] = field(default_factory=dict)


class Harvest:
    def __init__(
        self, sources: Sources, client: Client, state: State, holdings: Holdings, progress: Callable[[str, int, int], None]
    ) -> None:
        self._sources, self._client, self._state, self._holdings, self._progress = sources, client, state, holdings, progress
        self._made = Harvested()
        self._seen: set[tuple[str, str]] = set()

    def walk(self, since: dt.date) -> Harvested:
        """All feeds, from `since` on."""
        feeds: list[tuple[str, Callable[[], int]]] = [
            (f"rechtspraak: {walk.name}", lambda walk=walk: self._rulings(walk, since))  # type: ignore[misc]
            for walk in self._sources.rules.walks
        ]
        feeds += [
            ("cellar: new decisions", lambda: self._court_of_justice(since)),
            ("hudoc: new decisions", lambda: self._strasbourg(since)),
            ("officielebekendmakingen: dossiers", lambda: self._papers(since)),
            ("tweedekamer: dossiers", lambda: self._fresh_papers(since)),
            ("rijksoverheid: country reports", lambda: self._reports(since)),
        ]
        for number, (name, ask) in enumerate(feeds, 1):
            before = len(self._made.new), len(self._made.changed), len(self._made.withdrawals)
            reason = detail = None
            listed = 0
            try:
                listed = ask()
            except FetchProblem as problem:
                reason, detail = problem.reason, str(problem)
            taken = len(self._made.new) - before[0], len(self._made.changed) - before[1], len(self._made.withdrawals) - before[2]
            self._made.feeds.append(FeedLine(name, "failed" if reason else "walked", listed, *taken, reason, detail))
            if reason is None:
                self._made.cursors[name] = _today(self._client).isoformat()
            self._progress("feeds", number, len(feeds))
        return self._made

    # -- Rechtspraak

    def _rulings(self, walk: Walk, since: dt.date) -> int:
        count = 0
        for entry in self._sources.rechtspraak.entries(self._client, walk.parameters, since.isoformat()):
            count += 1
            document = self._holdings.find(entry.ecli)
            held = document is not None and self._holdings.holds(document.id)
            if entry.deleted:
                if held and document is not None:
                    self._gone(document.id, entry)
            elif held:
                self._changed(entry)
            elif walk.take == "all" or (walk.take == "matching" and self._sources.rules.concerns_aliens(f"{entry.title} {entry.summary}")):
                self._new(self._sources.rechtspraak.of(entry.ecli))
        return count

    def _gone(self, document_id: str, entry: Entry) -> None:
        assert entry.deleted
        if any(item.document_id == document_id for item in self._made.withdrawals):
            return
        new = None
        if entry.deleted == "ecli":
            try:
                new = self._sources.rechtspraak.replacement(self._client, entry.ecli)
            except FetchProblem as problem:
                # no answer: the feed is walked again; a loop: the text goes all the same
                if problem.reason in NOT_ANSWERED:
                    raise
        self._made.withdrawals.append(Withdrawal(document_id, entry.deleted, new, _day(entry.updated)))
        if new and not self._holdings.holds(new):
            self._new(self._sources.rechtspraak.of(new))

    def _changed(self, entry: Entry) -> None:
        """Asked again only where the change is later than our last answer."""
        document = self._holdings.find(entry.ecli)
        assert document is not None
        for wanted in self._sources.rechtspraak.wanted(document):
            prior = self._state.line(wanted.document_id, wanted.part)
            if (prior is None or _moment(entry.updated) > prior.asked_at - _SAFETY_S) and wanted not in self._made.changed:
                self._made.changed.append(wanted)

    # -- the others

    def _court_of_justice(self, since: dt.date) -> int:
        count = 0
        for decision in self._sources.cellar.new_decisions(self._client, since.isoformat()):
            count += 1
            if not self._known(decision.ecli) and not self._known(decision.celex):
                for wanted in self._sources.cellar.of(decision.ecli, decision.celex):
                    self._new(wanted)
        return count

    def _strasbourg(self, since: dt.date) -> int:
        count = 0
        for item in self._sources.hudoc.new_items(self._client, since, _today(self._client)):
            count += 1
            if not any(self._known(name) for name in (item.ecli, item.itemid, *(f"ECHR-{number}" for number in item.applications)) if name):
                self._new(self._sources.hudoc.of(item))
        return count

    def _papers(self, since: dt.date) -> int:
        count = 0
        for dossier in self._dossiers():
            for paper in self._sources.publications.changed(self._client, dossier, since.isoformat()):
                count += 1
                document = self._holdings.find(paper)
                texts = self._sources.publications.wanted(document) if document else [self._sources.publications.of(paper)]
                for wanted in texts:
                    if document is not None and wanted not in self._made.changed:
                        self._made.changed.append(wanted)
                    elif document is None:
                        self._new(wanted)
        return count

    def _fresh_papers(self, since: dt.date) -> int:
        """What the House has and the official publications do not have yet; when they have it, their text takes its place."""
        count = 0
        for dossier in self._dossiers():
            for paper, number in self._sources.tweedekamer.changed(self._client, dossier, since.isoformat()):
                count += 1
                if not self._known(paper) and not any(wanted.document_id == paper for wanted in self._made.new):
                    self._new(self._sources.tweedekamer.of(paper, number))
        return count

    def _dossiers(self) -> list[str]:
        """Of the catalogue: a paper that was fetched for its dossier does not bring another one."""
        documents = [self._holdings.documents[name] for name in self._holdings.catalogued]
        return sorted({dossier for document in documents if (dossier := dossier_of(document))})

    def _reports(self, since: dt.date) -> int:
        count = 0
        for wanted in self._sources.rijksoverheid.new_reports(self._client, since.isoformat()):
            count += 1
            self._new(wanted)
        return count

    def _new(self, wanted: Wanted) -> None:
        if (wanted.document_id, wanted.part) not in self._seen:
            self._seen.add((wanted.document_id, wanted.part))
            self._made.new.append(wanted)

    def _known(self, name: str) -> bool:
        document = self._holdings.find(name)
        return document is not None and self._holdings.holds(document.id)


def _today(client: Client) -> dt.date:
    return dt.datetime.fromtimestamp(client.now(), dt.UTC).date()


def _moment(text: str) -> float:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise FetchProblem("changed-schema", f"the feed prints a time that cannot be read: {text[:40]!r}") from None
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp()


def _day(text: str) -> dt.date:
    return dt.datetime.fromtimestamp(_moment(text), dt.UTC).date()
