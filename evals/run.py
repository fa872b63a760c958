"""Collections against searchers. What is measured is `KnowledgeBase.search`, the very object that the API serves."""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from evals.load import Collection, Question, RunLine, Split
from evals.pinpoint import Printed
from kb.domain.identifiers import PassageId
from kb.domain.query import Query, normalise_query
from kb.domain.results import Hit, StandingValue
from kb.errors import KbError
from kb.ports import Embedder, Vectors, VectorSpace
from kb.store.library import Library
from kb.wiring import KnowledgeBase

DEPTH = 100  # passages asked for; the first ten documents and passages of them count
OURS = "kb"


@dataclass(frozen=True, slots=True)
class Shown:
    """One passage as a system put it before a reader. `item` is its plain id, `expression` the text that its offsets count in.

    `item` is empty where a system shows a piece of text that is no passage of ours.
    """

    item: str
    document: str
    expression: str
    language: str
    spans: tuple[tuple[int, int], ...]
    score: float
    overtaken_by: tuple[str, ...] = ()  # successors that must be seen with it
    printed: bool | None = None  # whether the cited pinpoint stands in the source at that place; None: cites no place


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system showed for one question, best first. `failed` holds the code of an error."""

    shown: tuple[Shown, ...]
    seconds: float = 0.0
    failed: str | None = None

    @property
    def refused(self) -> bool:
        return not self.shown

    def items(self) -> list[str]:
        """Passages in order, each once."""
        return list(dict.fromkeys(shown.item for shown in self.shown if shown.item))

    def documents(self) -> list[str]:
        """Documents in the order of their best passage: the first counts, later ones are dropped."""
        return list(dict.fromkeys(shown.document for shown in self.shown))


class System(Protocol):
    """Anything that answers questions: ours, and the baselines."""

    @property
    def name(self) -> str: ...

    def answer(self, question: Question) -> Sequence[Shown]: ...


class OurSearch:
    """`KnowledgeBase.search` with the question's own clock and filters, in the order that a reader gets."""

    name = OURS

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._printed = Printed(kb)

    def answer(self, question: Question) -> Sequence[Shown]:
        query = Query(question.text, as_of=question.as_of, limit=DEPTH, filters=question.filters)
        return [self._shown(hit) for hit in self._kb.search(query).hits]

    def _shown(self, hit: Hit) -> Shown:
        passage = hit.passage
        overtaken = hit.standing.successors if hit.standing.value is StandingValue.OVERTAKEN else ()
        return Shown(
            item=str(PassageId.parse(passage.id).plain()),
            document=hit.document.id,
            expression=expression_key(passage.document_id, passage.form),
            language=passage.language,
            spans=passage.spans or ((passage.start_char, passage.end_char),),
            score=hit.score,
            overtaken_by=tuple(successor.document_id for successor in overtaken),
            printed=self._printed(passage),
        )


_BRACKETED = re.compile(r"\s*\((?:[^()]|\([^()]*\))*?\bEU:C:\d{4}:\d+(?:[^()]|\([^()]*\))*\)")


def without_references(text: str) -> str:
    """A paragraph without its own number and without the brackets in which the Court of Justice names its judgments."""
    return _BRACKETED.sub("", re.sub(r"^\d+\s+", "", text))


def expression_key(document_id: str, form: str) -> str:
    return document_id if form in ("", "official") else f"{document_id}@{form}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One collection's answers by system and question. `lost` are judged ids that the index does not hold: they count as misses."""

    collection: Collection
    questions: tuple[Question, ...]
    answers: Mapping[str, Mapping[str, Answer]]
    lost: tuple[str, ...] = ()
    skipped: str | None = None

    def run_lines(self, system: str) -> list[RunLine]:
        """A TREC run at the collection's own level; scores fall with the rank, so that no tool breaks ties another way."""
        lines = []
        for question in self.questions:
            answer = self.answers[system][question.qid]
            ranked = answer.items() if self.collection.card.level == "passage" else answer.documents()
            lines += [RunLine(question.qid, item, place, float(DEPTH + 1 - place), system) for place, item in enumerate(ranked, 1)]
        return lines


@dataclass
class Resolved:
    """Judgments under the ids that this index uses: an alias (an old docket) becomes the id that took its place."""

    library: Library
    lost: dict[str, None] = field(default_factory=dict)
    _known: dict[str, str | None] = field(default_factory=dict)

    def question(self, question: Question) -> Question:
        grades = {self._item(item): grade for item, grade in question.grades.items()}
        text = question.text
        if question.text_of and self._holds(*question.text_of.split("#", 1)):
            text = normalise_query(without_references(self.library.resolve_passage(question.text_of, language="en").display))
        return replace(question, grades=grades, text=text)

    def _item(self, item: str) -> str:
        document, mark, slug = item.partition("#")
        if document not in self._known:
            held = self.library.find_document(document)
            self._known[document] = held.id if held else None
        now = self._known[document]
        if now is None or (mark and not self._holds(now, slug)):
            self.lost[item] = None
        return f"{now or document}{mark}{slug}"

    def _holds(self, document: str, slug: str) -> bool:
        try:
            self.library.resolve_passage(f"{document}#{slug}")
        except KbError:
            return False
        return True


def run_collection(
    collection: Collection,
    systems: Sequence[System],
    library: Library,
    *,
    split: Split = "all",
    tell: Callable[[str], None] | None = None,
) -> Outcome:
    """Every question of the half to every system. An error of a system is an empty answer with its code: it costs its full share."""
    resolved = Resolved(library)
    questions = tuple(resolved.question(question) for question in collection.part(split))
    # a question whose own words are not held cannot be asked
    questions = tuple(question for question in questions if question.text)
    judged = {item for question in questions for item in question.grades}
    if collection.card.needs and (not questions or len(resolved.lost) > len(judged) / 2):
        reason = f"needs {collection.card.needs}: {len(resolved.lost)} of {len(judged)} judged ids are not in this index"
        return Outcome(collection, questions, {}, tuple(resolved.lost), reason)
    answers: dict[str, dict[str, Answer]] = {}
    for system in systems:
        if tell:
            tell(f"{collection.name}: {system.name}, {len(questions)} questions")
        answers[system.name] = {question.qid: _answered(system, question) for question in questions}
    return Outcome(collection, questions, answers, tuple(resolved.lost))


def _answered(system: System, question: Question) -> Answer:
    began = time.perf_counter()
    try:
        # a system that knows no filters may show what was to be left out
        shown = tuple(one for one in system.answer(question) if one.document not in question.filters.without)
    except KbError as error:
        return Answer((), time.perf_counter() - began, error.code)
    return Answer(shown, time.perf_counter() - began)


class RememberedQueries:
    """An embedder that keeps the vectors of questions on disk, so that four systems and the next run share them.

    Only questions are kept, under the model's identity, in a file that may be deleted at any time.
    """

    def __init__(self, embedder: Embedder, directory: Path) -> None:
        self._embedder = embedder
        space = embedder.space
        name = hashlib.sha256(f"{space.name} {space.weights_sha256} {space.query_prefix} {space.backend}".encode()).hexdigest()[:16]
        self._path = directory / f"questions-{name}.npz"
        self._held: dict[str, Vectors] = {}
        if self._path.is_file():
            with np.load(self._path) as stored:
                self._held = {key: stored[key] for key in stored.files}
        self._new = 0

    @property
    def space(self) -> VectorSpace:
        return self._embedder.space

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> Vectors:
        key = hashlib.sha256(text.encode()).hexdigest()
        if key not in self._held:
            self._held[key] = self._embedder.embed_query(text)
            self._new += 1
        return self._held[key]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def save(self) -> None:
        if self._new:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            arrays: dict[str, Vectors] = self._held
            np.savez(self._path, allow_pickle=False, **arrays)
            self._new = 0
