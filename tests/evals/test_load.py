import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import load
from evals.load import RunLine
from kb.errors import CorpusInvalid
from tests.evals import collections_of

QUERY = {"qid": "q1", "text": "Mag Nederland overdragen?"}
GRADES = {"q1": {"VGH München 24 B 23.30364": 3, "ECLI:EU:C:2019:219#para-90": 2}}


def test_a_collection_is_read_as_it_was_written(tmp_path: Path) -> None:
    query = {**QUERY, "as_of": "2022-09-01", "filters": {"member_state": "DK", "track": ["status-holder"]}}
    collections_of.write(tmp_path, "small", [query], GRADES)
    question = load.load("small", tmp_path).questions[0]
    assert question.grades == GRADES["q1"]
    assert (question.as_of, question.filters.states) == (dt.date(2022, 9, 1), ("DK",))
    assert question.document_grades() == {"VGH München 24 B 23.30364": 3, "ECLI:EU:C:2019:219": 2}


def test_a_question_without_a_day_is_asked_on_the_day_of_the_card(tmp_path: Path) -> None:
    collections_of.write(tmp_path, "small", [QUERY], GRADES)
    assert load.load("small", tmp_path).questions[0].as_of == dt.date(2026, 11, 1)


def test_a_question_limited_to_languages_is_asked_once_for_each(tmp_path: Path) -> None:
    collections_of.write(tmp_path, "small", [{**QUERY, "answer_languages": ["nl", "en"]}], GRADES)
    questions = load.load("small", tmp_path).questions
    assert [(q.qid, q.answer_language, q.filters.languages) for q in questions] == [("q1~nl", "nl", ("nl",)), ("q1~en", "en", ("en",))]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({**QUERY, "style": "poem"}, "style 'poem'"),
        ({**QUERY, "qid": "q 1"}, "holds a blank"),
        ({**QUERY, "answr": 1}, "unknown answr"),
        ({**QUERY, "filters": {"countries": "DK"}}, "unknown filter countries"),
        ({**QUERY, "text": "  "}, "the question is empty"),
        ({**QUERY, "answerable": False}, "an answerable question needs a judgment"),
    ],
)
def test_what_breaks_the_format_is_named_with_its_line(tmp_path: Path, query: dict[str, object], said: str) -> None:
    collections_of.write(tmp_path, "small", [query], GRADES)
    with pytest.raises(CorpusInvalid, match=r"queries\.jsonl, line 1: .*" + said.replace(" ", r"\s")):
        load.load("small", tmp_path)


def test_a_judgment_of_a_question_that_is_not_asked_is_refused(tmp_path: Path) -> None:
    collections_of.write(tmp_path, "small", [QUERY], {**GRADES, "q9": {"ECLI:EU:C:2019:219": 1}})
    with pytest.raises(CorpusInvalid, match="not asked: q9"):
        load.load("small", tmp_path)


def test_a_collection_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    collections_of.write(tmp_path, "small", [QUERY], GRADES)
    with pytest.raises(CorpusInvalid, match="there are small"):
        load.load("smal", tmp_path)


@given(st.text(alphabet="abC :#/%()20é", min_size=1).map(str.strip).filter(bool), st.integers(1, 99))
def test_any_id_survives_a_trec_run(tmp_path_factory: pytest.TempPathFactory, item: str, place: int) -> None:
    path = tmp_path_factory.mktemp("runs") / "a.run"
    line = RunLine("q1", item, place, float(100 - place), "kb")
    load.write_run(path, [line])
    assert load.read_run(path) == [line]
    assert len(path.read_text("utf-8").split()) == 6, "other tools split a line at blanks"


def test_qrels_with_a_plain_blank_are_understood_and_forms_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text("q1 0 VGH München 24 B 23.30364 3\nq1 0 ecli:eu:c:2019:219@digest-nl#para-90 2\n", "utf-8")
    assert load.read_qrels(path) == {"q1": {"VGH München 24 B 23.30364": 3, "ECLI:EU:C:2019:219#para-90": 2}}


def test_an_item_judged_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text("q1 0 ECLI:EU:C:2019:219 3\nq1 0 ecli:eu:c:2019:219 1\n", "utf-8")
    with pytest.raises(CorpusInvalid, match=r"line 2: .*judged twice"):
        load.read_qrels(path)


def test_the_split_is_of_the_words_and_not_of_their_writing() -> None:
    assert load.split_of("Mag  Nederland overdragen?") == load.split_of("mag nederland overdragen?")


@pytest.mark.parametrize("name", load.names())
def test_a_shipped_collection_is_whole(name: str) -> None:
    """Every judged document is catalogued, both halves are of a size, and the card says what must be said."""
    collection = load.load(name)
    card = collection.card
    assert min(map(len, (card.title, card.made, card.judged_by, card.licence))) > 5
    assert len(card.shows_not) > 40
    dev, test = len(collection.part("dev")), len(collection.part("test"))
    assert dev + test == len(collection.questions)
    assert min(dev, test) > 0.3 * len(collection.questions)
    assert all(grade in range(4) for question in collection.questions for grade in question.grades.values())


@pytest.mark.parametrize("name", [name for name in load.names() if not load.load(name).card.needs])
def test_every_judgment_of_a_corpus_collection_names_a_document_of_the_catalogue(name: str) -> None:
    from evals.identifiers import catalogue

    known = {load.canonical(str(d["id"])) for d in catalogue(Path(__file__).parents[2] / "corpus" / "catalogue")}
    known |= {alias for d in catalogue(Path(__file__).parents[2] / "corpus" / "catalogue") for alias in d["aliases"] or ()}
    judged = {document for question in load.load(name).questions for document in question.document_grades()}
    assert judged <= known


def test_every_collection_stands_in_the_readme_with_its_size() -> None:
    readme = (load.COLLECTIONS.parent / "README.md").read_text("utf-8")
    for name in load.names():
        collection = load.load(name)
        row = next((line for line in readme.splitlines() if line.startswith(f"| `{name}` |")), "")
        gated = "yes" if collection.card.gated else "no"
        assert row.endswith(f"| {len(collection.questions)} | {gated} |"), f"{name}: {row!r}"


@pytest.mark.parametrize("name", [name for name in load.names() if load.load(name).card.gated])
def test_a_gated_collection_is_pinned_on_the_questions_it_has(name: str) -> None:
    collection = load.load(name)
    asked = {question.qid for question in collection.questions if question.answerable}
    assert set(collection.expected["questions"]) == asked
