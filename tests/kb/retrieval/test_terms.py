"""Legal terms across languages, and the states and peoples that a question names."""

import tomllib
from pathlib import Path

import pytest

from kb.domain.documents import Kind
from kb.errors import CorpusInvalid
from kb.retrieval.lexical import Lexicon, read_toml
from kb.retrieval.terms import Subjects, Terms

DIRECTORY = Path(__file__).resolve().parents[3] / "corpus" / "lexicon"
LEXICON = Lexicon.load(DIRECTORY)
TERMS = Terms.load(DIRECTORY, LEXICON)
SUBJECTS = Subjects.load(DIRECTORY)
FILES = (DIRECTORY / "terms.toml", *sorted(DIRECTORY.glob("terms-*.toml")))
ROWS = [row for file in FILES for row in tomllib.loads(file.read_text(encoding="utf-8"))["term"]]
LANGUAGES = ("nl", "en", "de", "da", "fr", "el")


def made(tmp_path: Path, body: str) -> Terms:
    (tmp_path / "terms.toml").write_text(body, encoding="utf-8")
    return Terms.load(tmp_path, LEXICON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_of_the_lexicon_is_found_in_its_own_language(language: str) -> None:
    terms = [
        (number, term, LEXICON.stems(term, language))
        for number, row in enumerate(ROWS)
        for term in row.get(language, "").split("|")
        if term
    ]
    assert len(terms) > 1_000
    assert not [(number, term) for number, term, stems in terms if not stems], "a term of stop words alone is never found"
    assert not [(number, term) for number, term, stems in terms if number not in TERMS.concepts(stems, language)]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_concept_can_be_asked_in_dutch_and_in_english(language: str) -> None:
    assert not [number for number, row in enumerate(ROWS) if not TERMS.translated([number], language) or not set(row) <= set(LANGUAGES)]


def test_terms_may_stand_in_several_files(tmp_path: Path) -> None:
    (tmp_path / "terms-more.toml").write_text('[[term]]\nen = "reception centre"\nnl = "opvangcentrum"\n', encoding="utf-8")
    terms = made(tmp_path, '[[term]]\nen = "mutual trust"\nnl = "wederzijds vertrouwen"\n')
    assert terms.concepts(LEXICON.stems("mutual trust in a reception centre", "en"), "en") == [0, 1]
    assert terms.translated([1], "nl") == LEXICON.stems("opvangcentrum", "nl")


@pytest.mark.parametrize(
    ("question", "language", "into", "stem_of"),
    [
        ("Geldt het interstatelijk vertrouwensbeginsel nog?", "nl", "en", "mutual trust"),
        ("May a status holder be sent back?", "en", "nl", "statushouders"),
        ("Ist der Antrag unzulässig?", "de", "nl", "niet-ontvankelijk"),
        ("systemic deficiencies in reception", "en", "nl", "systeemfouten"),
        ("Hvornår er der gensidig tillid?", "da", "nl", "wederzijds vertrouwen"),
    ],
)
def test_a_legal_term_crosses_languages(question: str, language: str, into: str, stem_of: str) -> None:
    concepts = TERMS.concepts(LEXICON.stems(question, language), language)
    assert set(LEXICON.stems(stem_of, into)) <= set(TERMS.translated(concepts, into))


def test_a_term_is_a_whole_phrase_in_its_order(tmp_path: Path) -> None:
    terms = made(tmp_path, '[[term]]\nen = "mutual trust"\nnl = "wederzijds vertrouwen"\n')
    assert terms.concepts(LEXICON.stems("the mutual trust of states", "en"), "en") == [0]
    assert terms.concepts(LEXICON.stems("mutual understanding and trust", "en"), "en") == []
    assert terms.concepts(LEXICON.stems("trust mutual", "en"), "en") == []
    assert terms.concepts(LEXICON.stems("mutual trust", "en"), "nl") == []


def test_the_longest_phrase_wins_and_uses_its_words_up(tmp_path: Path) -> None:
    body = '[[term]]\nen = "poverty"\n[[term]]\nen = "material poverty"\n[[term]]\nen = "extreme material poverty"\n'
    terms = made(tmp_path, body)
    assert terms.concepts(LEXICON.stems("extreme material poverty", "en"), "en") == [2]
    assert terms.concepts(LEXICON.stems("material poverty, then poverty", "en"), "en") == [1, 0]


def test_a_phrase_of_two_concepts_gives_both_and_each_once(tmp_path: Path) -> None:
    terms = made(tmp_path, '[[term]]\nen = "accommodation"\nnl = "opvang"\n[[term]]\nen = "accommodation"\nnl = "woning"\n')
    assert terms.concepts(LEXICON.stems("accommodation accommodation", "en"), "en") == [0, 1]
    assert terms.translated([0, 1, 0], "nl") == LEXICON.stems("opvang woning", "nl")


def test_nothing_asked_is_nothing_found() -> None:
    assert TERMS.concepts([], "nl") == []
    assert TERMS.concepts(["opvang"], "xx") == []
    assert TERMS.translated([], "en") == []


@pytest.mark.parametrize(
    ("words", "states", "peoples"),
    [
        ("griekse statushouders", {"GR"}, set()),
        ("greece", {"GR"}, set()),
        ("ελλάδα", {"GR"}, set()),
        ("deense beleid voor syriërs", {"DK"}, {"SY"}),
        ("syrien dänemark", {"DK"}, {"SY"}),
        ("damascus", set(), {"SY"}),
        ("afghaanse vrouw in zweden", {"SE"}, {"AF"}),
        ("opvang in polen en kroatië", {"PL", "HR"}, set()),
        ("germany", {"DE"}, set()),
        ("iraakse man in hongarije", {"HU"}, {"IQ"}),
        ("hongaarse grens", {"HU"}, set()),
        ("roemeense en sloveense opvang", {"RO", "SI"}, set()),
        ("russische dienstplichtige uit rusland", set(), {"RU"}),
        ("rust en ruimte", set(), set()),
        ("opvang", set(), set()),
        ("", set(), set()),
    ],
)
def test_the_states_and_peoples_of_a_question(words: str, states: set[str], peoples: set[str]) -> None:
    assert SUBJECTS.named(words.split()) == (states, peoples)


@pytest.mark.parametrize("name", ["terms.toml", "states.toml"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusInvalid, match=name):
        Terms.load(tmp_path, LEXICON) if name == "terms.toml" else Subjects.load(tmp_path)


@pytest.mark.parametrize("ending", ["", "s", "nen", "ά"])
def test_every_beginning_names_its_state_and_its_people_whatever_follows(ending: str) -> None:
    for at, table in enumerate((SUBJECTS.states, SUBJECTS.peoples)):
        for code, starts in table.items():
            for start in starts:
                assert code in SUBJECTS.named(["de", start + ending])[at], start


def test_words_shorter_than_any_name_and_no_words_name_nobody() -> None:
    assert SUBJECTS.named(["a", "", "de"]) == SUBJECTS.named([]) == (frozenset(), frozenset())


def test_without_names_nobody_is_named() -> None:
    assert Subjects({}, {}).named(["denemarken"]) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("text", "courts"),
    [
        ("Wat zegt de Raad van State over Griekenland?", ("nl-rvs",)),
        ("What did Luxembourg hold?", ("eu-cjeu",)),
        ("Was sagt der Europäische Gerichtshof für Menschenrechte?", ("ce-ecthr",)),
        ("Was sagt der Gerichtshof?", ("eu-cjeu",)),
        ("Welke rechtbanken weken af van het EHRM?", ("ce-ecthr", "nl-rb")),
        ("een onafdeling en een subrechtbank", ()),
        ("", ()),
    ],
)
def test_the_courts_that_a_question_names(text: str, courts: tuple[str, ...]) -> None:
    assert SUBJECTS.courts_named(text) == courts


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Welche Frist gilt nach der neuen Verordnung?", ("regulation",)),
        ("Wat schreef het kabinet in de brief?", ("letter",)),
        ("What does the AIDA report say?", ("report",)),
        ("Mag de minister overdragen?", ()),
    ],
)
def test_the_kinds_of_documents_that_a_question_asks_for(text: str, kinds: tuple[str, ...]) -> None:
    assert SUBJECTS.kinds_named(text) == kinds


def test_every_court_named_is_a_court_of_the_corpus_and_every_kind_a_kind() -> None:
    keys = {str(court["key"]) for court in read_toml(DIRECTORY.parent / "courts" / "courts.toml")["court"]}
    assert [start for start in SUBJECTS.courts if not any(key.startswith(start) for key in keys)] == []
    assert set(SUBJECTS.kinds) <= {kind.value for kind in Kind}


def test_without_phrases_nothing_is_named() -> None:
    assert Subjects({}, {}).courts_named("Raad van State") == ()
    assert Subjects({}, {}).kinds_named("brief") == ()


def test_a_span_says_where_a_term_stands_and_the_longest_one_wins() -> None:
    stems = LEXICON.stems("Verstoß gegen das gegenseitige Vertrauen bei Überstellung", "de")
    spans = TERMS.spans(stems, "de")
    trust = LEXICON.stems("gegenseitiges Vertrauen", "de")
    place = next(places for places, _ in spans if [stems[number] for number in places] == trust)
    assert len(place) == 2
    used = [number for places, _ in spans for number in places]
    assert len(used) == len(set(used))
