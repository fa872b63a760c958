"""`dublin-kb ingest ECLI:…`: an identifier among the inputs is fetched first, and then ingested as any file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.pipeline import NamedFile
from ingest.sources.builder import PipelineStore, locked, open_run
from ingest.sources.plan import Holdings
from ingest.sources.state import Line, State
from kb.settings import Settings
from kb.store.ledger import Entry

Inputs = list[str | NamedFile | Entry]


@contextmanager
def with_fetched(
    inputs: Sequence[str], settings: Settings, store: PipelineStore
) -> Iterator[tuple[Inputs, Callable[[Sequence[Entry]], None]]]:
    """The inputs with each identifier replaced by what was fetched for it, or by its ledger line; and what is to be called with
    the ledger afterwards. Files and folders are passed on as they are; without an identifier nothing is opened.

    Raises: SettingsInvalid where KB_CONTACT is missing, StoreBusy.
    """
    missing = [name for name in inputs if not Path(name).exists()]
    holdings = Holdings.read(settings.corpus_dir, store.library()) if missing else None
    ids = [name for name in missing if holdings and holdings.find(name)]
    if not ids or holdings is None:
        yield list(inputs), lambda _: None
        return
    with locked(settings.data_dir), closing(State(settings.data_dir)) as state, open_run(settings, store, state) as run:
        taken: Inputs = []
        lines = dict(run.ask(holdings, ids))
        files, done = run.waiting([line.document_id for name in lines for line in lines[name]])
        for name in inputs:
            taken += _input(name, lines[name], files) if name in lines else [name]
        yield taken, done


def _input(name: str, lines: Sequence[Line], files: Sequence[NamedFile]) -> Inputs:
    """What the builder gets for one identifier: its files, or one line that says why there is none."""
    own: Inputs = [file for file in files if any(line.document_id == file.document_id for line in lines)]
    if own:
        return own
    line = next((line for line in lines if line.status == "failed"), lines[0])
    if line.status == "failed":
        return [Entry(name, line.document_id, None, "failed", line.reason, detail=line.detail)]
    if line.reason in ("not-modified", "same-bytes", "asked-lately"):
        return [Entry(name, line.document_id, None, "unchanged", detail=line.detail)]
    return [Entry(name, line.document_id, None, "skipped", line.reason, detail=line.detail)]
