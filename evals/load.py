"""Test collections and TREC files: what is asked, what answers it, and how that was judged.

A collection is a folder with `card.toml` (how it was made, by whom judged, licence, what it does not show), `queries.jsonl`,
`qrels.txt` (TREC: `qid 0 id grade`), and optionally `spans.jsonl` (judged characters) and `expected.toml` (pinned scores).
In TREC files a blank inside an id is written `%20`, so that other tools can read them; a plain blank is understood too.
"""

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from kb.domain.dates import LegalDate
from kb.domain.documents import Kind, Track, Voice
from kb.domain.identifiers import PassageId, canonical_document_id
from kb.domain.query import Filters, normalise_query
from kb.errors import CorpusInvalid, KbError

COLLECTIONS = Path(__file__).resolve().parent / "collections"
STYLES = ("keyword", "question", "case", "identifier")
Split = Literal["dev", "test", "all"]
Level = Literal["document", "passage"]
_CARD = {"title", "made", "judged_by", "licence", "shows_not", "as_of", "level", "needs", "gated", "language_note"}
_QUERY = {"qid", "text", "text_of", "exclude", "lang", "style", "as_of", "filters", "answer_languages", "answerable", "note"}


@dataclass(frozen=True, slots=True)
class Card:
    """What a collection is. `as_of` is the day its questions are asked on, pinned so that a score does not move with the calendar.

    `level` is the one its headline counts; `needs` names what must be indexed beside the corpus (`real`), or is empty.
    """

    title: str
    made: str
    judged_by: str
    licence: str
    shows_not: str
    as_of: dt.date
    level: Level = "document"
    needs: str = ""
    gated: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `grades` are of documents and passages (plain ids, 1 to 3; 0 is judged and does not answer).

    `text_of` names a passage whose words are the question, where those words are not ours to publish: they are read from the index,
    with the references in them taken out. Documents left out of the search stand in `filters.without`.
    """

    qid: str
    text: str
    lang: str
    style: str
    as_of: dt.date
    filters: Filters = field(default_factory=Filters)
    answer_language: str | None = None  # only passages in this language were allowed to answer
    answerable: bool = True
    grades: Mapping[str, int] = field(default_factory=dict)
    spans: tuple["Span", ...] = ()
    text_of: str | None = None

    @property
    def half(self) -> Literal["dev", "test"]:
        return split_of(self.text_of or self.text)

    def document_grades(self) -> dict[str, int]:
        """Each judged document with its grade: its own, else the best of its passages."""
        found = {name: grade for name, grade in self.grades.items() if "#" not in name}
        for name, grade in self.passage_grades().items():
            document = PassageId.parse(name).document
            if document not in self.grades:
                found[document] = max(grade, found.get(document, 0))
        return found

    def passage_grades(self) -> dict[str, int]:
        return {name: grade for name, grade in self.grades.items() if "#" in name}


@dataclass(frozen=True, slots=True)
class Span:
    """Judged characters: half-open offsets into the text of one expression (`<document id>[@form]`)."""

    expression: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Collection:
    name: str
    card: Card
    questions: tuple[Question, ...]
    expected: Mapping[str, Any] = field(default_factory=dict)

    def part(self, split: Split) -> tuple[Question, ...]:
        """The questions of one half. Only `dev` may be looked at while something is tuned."""
        return self.questions if split == "all" else tuple(q for q in self.questions if q.half == split)


@dataclass(frozen=True, slots=True)
class RunLine:
    """One line of a TREC run; `rank` counts from 1."""

    qid: str
    item: str
    rank: int
    score: float
    system: str


def split_of(text: str) -> Literal["dev", "test"]:
    """Which half a question belongs to, by a hash of its words: the same everywhere, and nobody chose it."""
    digest = hashlib.sha256(" ".join(text.casefold().split()).encode()).digest()
    return "dev" if digest[0] % 2 == 0 else "test"


def names(root: Path = COLLECTIONS) -> list[str]:
    """Every folder with a card and questions, in name order; other measures keep other files beside them."""
    return sorted(path.parent.name for path in root.glob("*/card.toml") if (path.parent / "queries.jsonl").is_file())


def load(name: str, root: Path = COLLECTIONS) -> Collection:
    """One collection. Raises: CorpusInvalid, naming file and line, for anything that is not as the format says."""
    folder = root / name
    if not (folder / "card.toml").is_file():
        raise CorpusInvalid(f"no collection {name!r}: there are {', '.join(names(root)) or 'none'}")
    card = _card(folder / "card.toml")
    grades = read_qrels(folder / "qrels.txt") if (folder / "qrels.txt").is_file() else {}
    spans = _spans(folder / "spans.jsonl")
    questions = list(_questions(folder / "queries.jsonl", card, grades, spans))
    known = {question.qid.partition("~")[0] for question in questions}
    if lost := sorted((grades.keys() | spans.keys()) - known):
        raise CorpusInvalid(f"{folder}: judgments of questions that are not asked: {', '.join(lost)}")
    expected = tomllib.loads((folder / "expected.toml").read_text("utf-8")) if (folder / "expected.toml").is_file() else {}
    return Collection(name, card, tuple(questions), expected)


def _card(path: Path) -> Card:
    try:
        body = tomllib.loads(path.read_text("utf-8"))
        if unknown := sorted(body.keys() - _CARD):
            raise CorpusInvalid(f"{path}: unknown {', '.join(unknown)}")
        body.pop("language_note", None)
        card = Card(**body)
    except (TypeError, tomllib.TOMLDecodeError) as error:
        raise CorpusInvalid(f"{path}: {error}") from error
    if card.level not in ("document", "passage") or not isinstance(card.as_of, dt.date):
        raise CorpusInvalid(f"{path}: level is document or passage, as_of a date")
    return card


def _questions(
    path: Path, card: Card, grades: Mapping[str, Mapping[str, int]], spans: Mapping[str, tuple[Span, ...]]
) -> Iterator[Question]:
    seen: set[str] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            body: dict[str, Any] = json.loads(line)
            if unknown := sorted(body.keys() - _QUERY):
                raise ValueError(f"unknown {', '.join(unknown)}")
            qid = body["qid"]
            if qid in seen or not qid or any(c.isspace() or c == "~" for c in qid):
                raise ValueError(f"qid {qid!r} is used twice or holds a blank or ~")
            if body["style"] not in STYLES:
                raise ValueError(f"style {body['style']!r} is none of {', '.join(STYLES)}")
            seen.add(qid)
            question = Question(
                qid=qid,
                text=normalise_query(body["text"]) if "text_of" not in body else "",
                lang=body["lang"],
                style=body["style"],
                as_of=dt.date.fromisoformat(body["as_of"]) if body.get("as_of") else card.as_of,
                filters=replace(_filters(body.get("filters") or {}), without=tuple(canonical(item) for item in body.get("exclude", ()))),
                answerable=body.get("answerable", True),
                grades=grades.get(qid, {}),
                spans=spans.get(qid, ()),
                text_of=canonical(body["text_of"]) if "text_of" in body else None,
            )
            if question.answerable != any(grade > 0 for grade in question.grades.values()):
                raise ValueError("an answerable question needs a judgment of 1 or more, another one may have none")
        except (KeyError, ValueError, TypeError, KbError) as error:
            raise CorpusInvalid(f"{path}, line {number}: {error}") from error
        wanted: Sequence[str] = body.get("answer_languages") or ()
        if not wanted:
            yield question
        for language in wanted:
            yield replace(
                question,
                qid=f"{qid}~{language}",
                answer_language=language,
                filters=replace(question.filters, languages=(language,)),
            )


def _filters(body: Mapping[str, Any]) -> Filters:
    """The filters under the names that the search address has."""
    known = {"kind", "court", "member_state", "language", "voice", "track", "from", "until"}
    if unknown := sorted(body.keys() - known):
        raise ValueError(f"unknown filter {', '.join(unknown)}")

    def many(name: str) -> tuple[str, ...]:
        value = body.get(name) or ()
        return (value,) if isinstance(value, str) else tuple(value)

    return Filters(
        kinds=tuple(Kind(value) for value in many("kind")),
        courts=many("court"),
        states=many("member_state"),
        languages=many("language"),
        voices=tuple(Voice(value) for value in many("voice")),
        tracks=tuple(Track(value) for value in many("track")),
        decided_from=LegalDate(body["from"]) if body.get("from") else None,
        decided_until=LegalDate(body["until"]) if body.get("until") else None,
    )


def _spans(path: Path) -> dict[str, tuple[Span, ...]]:
    found: dict[str, tuple[Span, ...]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.is_file() else (), 1):
        try:
            body = json.loads(line)
            span = Span(body["expression"], body["start"], body["end"])
            if not 0 <= span.start < span.end:
                raise ValueError("a span is 0 <= start < end")
            found[body["qid"]] = (*found.get(body["qid"], ()), span)
        except (KeyError, ValueError, TypeError) as error:
            raise CorpusInvalid(f"{path}, line {number}: {error}") from error
    return found


def canonical(item: str) -> str:
    """A document or passage id as it is compared: canonical document, no form. Raises: InvalidIdentifier."""
    return str(PassageId.parse(item).plain()) if "#" in item else canonical_document_id(item)


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """qid to item to grade. Raises: CorpusInvalid, naming the line."""
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            qid, _, rest = line.split(None, 2)
            item, grade = rest.rsplit(None, 1)
            name = canonical(_plain(item))
            if name in found.setdefault(qid, {}):
                raise ValueError(f"{name} is judged twice")
            found[qid][name] = int(grade)
        except (ValueError, KbError) as error:
            raise CorpusInvalid(f"{path}, line {number}: {error}") from error
    return found


def write_qrels(path: Path, grades: Mapping[str, Mapping[str, int]]) -> None:
    lines = [f"{qid} 0 {_encoded(item)} {grade}\n" for qid, judged in grades.items() for item, grade in judged.items()]
    path.write_text("".join(lines), "utf-8")


def read_run(path: Path) -> list[RunLine]:
    """A TREC run (`qid Q0 id rank score system`). Raises: CorpusInvalid, naming the line."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            qid, _, rest = line.split(None, 2)
            item, place, score, system = rest.rsplit(None, 3)
            found.append(RunLine(qid, _plain(item), int(place), float(score), system))
        except ValueError as error:
            raise CorpusInvalid(f"{path}, line {number}: {error}") from error
    return found


def write_run(path: Path, lines: Iterable[RunLine]) -> None:
    path.write_text("".join(f"{x.qid} Q0 {_encoded(x.item)} {x.rank} {x.score:.6f} {x.system}\n" for x in lines), "utf-8")


def _encoded(item: str) -> str:
    return item.replace("%", "%25").replace(" ", "%20")


def _plain(item: str) -> str:
    return item.replace("%20", " ").replace("%25", "%")
