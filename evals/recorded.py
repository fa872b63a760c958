"""Another system's answers from a TREC run, scored beside ours as if it stood in the room.

    dublin-kb-evals run asylum-dev --trec-run theirs.run

The run's fourth column and score give the order, as trec_eval has it: by score, best first. An id is a document or a passage of ours;
a passage that this index does not hold counts for its document.
"""

from collections.abc import Sequence
from pathlib import Path

from evals.load import Question, RunLine, canonical, read_run
from evals.run import Shown, expression_key
from kb.errors import CorpusInvalid, KbError, NotFound
from kb.store.library import Library


class RecordedRun:
    """The answers that a TREC run holds, under the name in its last column."""

    def __init__(self, path: Path, library: Library) -> None:
        """Raises: CorpusInvalid for a run that cannot be read, is empty, or mixes two systems."""
        try:
            lines = read_run(path)
        except OSError as error:
            raise CorpusInvalid(f"no TREC run in {path}: {error.strerror}") from error
        systems = {line.system for line in lines}
        if len(systems) != 1:
            raise CorpusInvalid(f"{path} names {len(systems)} systems in its last column; a run is of one")
        self._library = library
        self._name = systems.pop()
        self._lines: dict[str, list[RunLine]] = {}
        for line in lines:
            self._lines.setdefault(line.qid, []).append(line)

    @property
    def name(self) -> str:
        return self._name

    def answer(self, question: Question) -> Sequence[Shown]:
        ranked = sorted(self._lines.get(question.qid, ()), key=lambda line: (-line.score, line.rank))
        return [self._shown(line) for line in ranked]

    def _shown(self, line: RunLine) -> Shown:
        try:
            item = canonical(line.item)
        except KbError as error:
            raise CorpusInvalid(f"{self._name}, question {line.qid}: {error}") from error
        document, mark, _ = item.partition("#")
        held = self._library.find_document(document)
        name = held.id if held else document
        if not mark:
            return Shown("", name, name, "", (), line.score)
        try:
            passage = self._library.resolve_passage(item)
        except NotFound:
            return Shown("", name, name, "", (), line.score)
        spans = passage.spans or ((passage.start_char, passage.end_char),)
        return Shown(item, name, expression_key(passage.document_id, passage.form), passage.language, spans, line.score)
