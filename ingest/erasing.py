"""The builder's runs that take texts away: `forget`, the publishers' withdrawals, and what an earlier run left undone.

Each makes a generation without the text, and only then removes the other traces (`ingest.erasure`) and every older generation. What
is to go is written down first, so that a killed run is finished by the next one.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingest.erasure import Pending, Traces, facts_in
from ingest.withdrawals import Withdrawal, Withdrawn, apply, apply_again, located
from kb.errors import StoreDamaged, StoreEmpty
from kb.store.generations import Build, Generations, current_library
from kb.store.ledger import Ledger
from kb.store.library import Library, LibraryWriter


@dataclass(frozen=True, slots=True)
class Erasing:
    """`writer` opens the library to work in, `sync` brings the corpus in again, `finish` publishes without old vectors."""

    data_dir: Path
    generations: Generations
    writer: Callable[[Build], LibraryWriter]
    sync: Callable[[LibraryWriter], object]
    finish: Callable[[Build, LibraryWriter], object]

    def forget(self, document_id: str) -> dict[str, int]:
        """See `Pipeline.forget`."""
        self.finish_earlier()
        removed: dict[str, int] = {}
        with self.generations.building() as build:
            writer = self.writer(build)
            try:
                document = writer.document(document_id)
                expressions = [e for e in writer.expressions(document.id, with_text=False) if e.trust != "curated"]
                removed["texts"] = len(expressions)
                removed["passages"] = sum(len(writer.passages(e.key)) for e in expressions)
                for expression in expressions:
                    writer.drop_expression(expression.key)
                if not document.catalogued:
                    writer.drop_document(document.id)
                    removed["documents"] = 1
                today = dt.datetime.now(dt.UTC).date().isoformat()
                writer.set_meta(f"forgotten:{document.id}", today)
                sources = sorted({e.source_sha256 for e in expressions})
                for source in sources:
                    writer.set_meta(f"forgotten-part:{source}:{document.id}", today)
                    if not writer.holds_source(source):
                        writer.set_meta(f"forgotten-source:{source}", document.id)
                pending = self._publish(build, writer, Pending((document.id,), tuple(sources), (document.id,)))
            except BaseException:
                writer.discard()
                raise
            return removed | self.erase_traces(pending)

    def withdraw(self, withdrawals: Sequence[Withdrawal]) -> list[Withdrawn]:
        """See `Pipeline.withdraw`."""
        self.finish_earlier()
        with self.generations.building() as build:
            writer = self.writer(build)
            try:
                applied = apply(writer, withdrawals)
                if not applied.changed:
                    found = located(applied.done, writer)
                    writer.discard()
                    return found
                self.sync(writer)
                found = located(applied.done, writer)
                names = tuple(item.document_id for item in found)
                pending = self._publish(build, writer, Pending(names, tuple(sorted(applied.sources))))
            except BaseException:
                writer.discard()
                raise
            self.erase_traces(pending)
        return found

    def finish_earlier(self) -> None:
        """What an erasure that was killed left, where its generation was published (else it has not begun); and what was erased here
        but is back, because a backup from before was restored."""
        traces = Traces(self.data_dir)
        pending = traces.pending()
        if pending is not None:
            with self.generations.building() as build:
                if _published(build, pending):
                    self.erase_traces(pending)
                else:
                    traces.done()
        if missing := erased_since(self.data_dir):
            self._erase_again(missing)

    def erase_traces(self, pending: Pending) -> dict[str, int]:
        """After the generation without the text was published: everything else that held it, and the record of the work last."""
        traces = Traces(self.data_dir)
        removed = traces.erase(pending.documents, pending.sources)
        removed["generations"] = len(self.generations.retire(0))
        if pending.forget_ledger:
            with closing(Ledger(self.data_dir / "ledger.sqlite")) as ledger:
                removed["ledger lines"] = sum(ledger.forget(name) for name in pending.forget_ledger)
        traces.done()
        return removed

    def _erase_again(self, facts: Mapping[str, str]) -> None:
        with self.generations.building() as build:
            writer = self.writer(build)
            try:
                applied = apply_again(writer, facts)
                self.sync(writer)
                names = tuple(item.document_id for item in applied.done)
                pending = self._publish(build, writer, Pending(names, tuple(sorted(applied.sources))))
            except BaseException:
                writer.discard()
                raise
            self.erase_traces(pending)

    def _publish(self, build: Build, writer: LibraryWriter, pending: Pending) -> Pending:
        Traces(self.data_dir).plan(pending)
        self.finish(build, writer)
        return pending


def erased_since(data_dir: Path) -> dict[str, str]:
    """What was erased here and the library that answers does not know: it came from a backup made before. Empty where all is known,
    or where there is no library to ask."""
    facts = Traces(data_dir).remembered()
    if not facts:
        return {}
    try:
        with current_library(data_dir) as library:
            known = facts_in(library)
    except (StoreEmpty, StoreDamaged):
        return {}
    return {key: value for key, value in facts.items() if key not in known}


def _published(build: Build, pending: Pending) -> bool:
    if build.base_library is None:
        return True
    with closing(Library(build.base_library)) as library:
        return not any(library.holds_text(name, pending.sources) for name in pending.documents)
