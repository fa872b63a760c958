"""Words and stems, a language at a time."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import CorpusInvalid
from kb.retrieval.lexical import MAX_QUERY_TERMS, Lexicon, stem

LEXICON = Lexicon.load(Path(__file__).resolve().parents[3] / "corpus" / "lexicon")
LANGUAGES = ("nl", "en", "de", "da", "fr", "el")


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("nl", "statushouder", "statushouders"),
        ("nl", "overdracht", "overdrachten"),
        ("nl", "uitspraak", "uitspraken"),
        ("nl", "vreemdeling", "vreemdelingen"),
        ("nl", "geïnformeerd", "geinformeerd"),
        ("nl", "Syriër", "Syriërs"),
        ("en", "transfer", "transfers"),
        ("en", "transferred", "transferring"),
        ("en", "beneficiary", "beneficiaries"),
        ("de", "Überstellung", "Überstellungen"),
        ("de", "Flüchtling", "Flüchtlinge"),
        ("da", "flygtning", "flygtninge"),
        ("da", "overførsel", "overførsels"),
        ("fr", "réfugié", "réfugiés"),
        ("fr", "transfert", "transferts"),
        ("fr", "l'accueil", "accueil"),
        ("fr", "d’asile", "asile"),
        ("el", "πρόσφυγας", "πρόσφυγες"),
        ("el", "ΔΙΕΘΝΟΥΣ", "διεθνούς"),
    ],
)
def test_forms_of_one_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert LEXICON.stems(one, language) == LEXICON.stems(other, language) != []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [("nl", "opvang", "overdracht"), ("en", "status", "state"), ("de", "Rückführung", "Aufnahme"), ("nl", "Italië", "Kroatië")],
)
def test_different_words_keep_different_stems(language: str, one: str, other: str) -> None:
    assert LEXICON.stems(one, language) != LEXICON.stems(other, language)


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("nl", "de opvang van het kind", 2),
        ("en", "the reception of the child", 2),
        ("de", "die Aufnahme und das Kind", 2),
        ("da", "modtagelse og barnet", 2),
        ("fr", "les conditions de l'accueil", 2),
        ("el", "η υποδοχή και το παιδί", 2),
    ],
)
def test_words_without_a_subject_are_left_out(language: str, text: str, left: int) -> None:
    assert len(LEXICON.stems(text, language)) == left


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", "niet geen noch nooit"),
        ("en", "not no nor never"),
        ("de", "nicht kein keine nie"),
        ("da", "ikke ingen ej"),
        ("fr", "ne pas aucun jamais"),
        ("el", "δεν μη όχι"),
    ],
)
def test_a_negation_is_never_dropped(language: str, words: str) -> None:
    kept = [token.word for token in LEXICON.tokens(words, language)]
    assert kept == words.split()


def test_what_names_the_parties_apart_is_kept() -> None:
    assert [token.word for token in LEXICON.tokens("M.S.S. v. Belgium", "en")][-2:] == ["v", "belgium"]
    assert "tegen" in [token.word for token in LEXICON.tokens("A. tegen België", "nl")]


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("C-297/17", ["c", "297", "17"]),
        ("604/2013", ["604", "2013"]),
        ("202304791/1/V2", ["202304791", "1", "v2"]),
        ("2021:1626", ["2021", "1626"]),
        ("30a", ["30a"]),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_numbers_are_words_that_no_stemmer_touches(language: str, text: str, stems: list[str]) -> None:
    assert LEXICON.stems(text, language) == stems


def test_a_token_says_where_its_word_stands() -> None:
    text = "De Syriërs — uit ‘Damascus’ — zijn níet teruggestuurd."
    for token in LEXICON.tokens(text, "nl"):
        assert text[token.start : token.end].lower() == token.word
    assert [text[t.start : t.end] for t in LEXICON.tokens(text, "nl")] == ["Syriërs", "Damascus", "níet", "teruggestuurd"]


@given(st.text(max_size=120), st.sampled_from(LANGUAGES))
def test_every_token_lies_in_its_text_in_order_and_has_a_stem(text: str, language: str) -> None:
    end = 0
    for token in LEXICON.tokens(text, language):
        assert end <= token.start < token.end <= len(text)
        assert token.stem
        assert " " not in token.stem  # the engine splits on blanks
        end = token.end


@given(st.text(max_size=120), st.sampled_from(LANGUAGES))
def test_a_question_asks_for_stems_that_its_own_text_would_be_found_by(text: str, language: str) -> None:
    asked = LEXICON.query_stems(text, language)
    assert set(asked) <= set(LEXICON.stems(text, language))
    assert len(asked) == len(set(asked)) <= MAX_QUERY_TERMS


def test_a_long_question_asks_for_its_first_terms_only() -> None:
    text = " ".join(f"w{number}" for number in range(500))
    assert LEXICON.query_stems(text, "en") == [f"w{number}" for number in range(MAX_QUERY_TERMS)]


def test_the_index_keeps_repeats_and_the_question_does_not() -> None:
    assert LEXICON.stems("opvang opvang", "nl") == ["opvang", "opvang"]
    assert LEXICON.query_stems("opvang opvang", "nl") == ["opvang"]


def test_names_and_numbers_cross_to_another_language() -> None:
    crossed = LEXICON.names("Waarom krijgt een Syriër uit Damascus in Denemarken in 2023 geen verblijf?", "nl", "en")
    assert {"damascus", "2023"} <= set(crossed)
    assert stem("verblijf", "en") not in crossed


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert LEXICON.stems("azil kérelem", "hu") == ["azil", "kerelem"]


def test_a_missing_word_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match=r"stopwords\.toml"):
        Lexicon.load(tmp_path)
    (tmp_path / "stopwords.toml").write_text("nl = ", encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=r"stopwords\.toml"):
        Lexicon.load(tmp_path)
