"""Sentences of a model that lies in many ways: what is shown, what is marked, what never reaches a reader."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Passage, TextStatus, Voice
from kb.domain.pinpoints import HOLDING, Pinpoint
from kb.domain.references import ReferenceFinder
from kb.domain.results import Standing, StandingValue, Successor
from kb.errors import CorpusInvalid
from kb.law.days import written_dates
from kb.law.facts import FactWords
from kb.law.prose import Checker, ProseRules, Sentence, Source, Verdict, Written
from kb.law.sentences import sentences_of
from kb.retrieval.lexical import Lexicon
from tests.conftest import REPOSITORY

CORPUS = REPOSITORY / "corpus"
RULES = ProseRules.load(CORPUS / "patterns")
FINDER = ReferenceFinder(CORPUS / "patterns")
LEXICON = Lexicon.load(CORPUS / "lexicon")
FACTS = FactWords.load(CORPUS / "patterns" / "facts.toml")
DAY = dt.date(2026, 11, 24)
GONE = "[quotation left out]"
GOOD = Standing(StandingValue.GOOD, None, DAY, {"nl": "Geldt.", "en": "Stands."})
SUCCESSOR = Successor(
    "RVS:202304791/1/V2", "The ruling of June", "2024-06-12",
    {"nl": "ABRvS 12 juni 2024, nr. 202304791/1/V2", "en": "ABRvS 12 June 2024, no. 202304791/1/V2"},
    {"nl": "Verlaten door ABRvS 12 juni 2024.", "en": "Abandoned by ABRvS 12 June 2024."},
)  # fmt: skip
OVERTAKEN = Standing(
    StandingValue.OVERTAKEN, None, DAY, {"nl": "Verlaten op 12 juni 2024.", "en": "Abandoned on 12 June 2024."}, (SUCCESSOR,)
)
TRANSFER = (
    "The Court considers that the transfer of 12 families to Denmark does not breach Article 4 of the Charter, because the reception "
    "conditions for 2 in 3 families with children were found adequate on 5 May 2023."
)
COSTS = "The applicant submits that rent in Athens costs 450 euros a month and that no landlord accepts a refugee without a tax number."


def states(text: str) -> frozenset[str]:
    return frozenset(code for code, words in FACTS.states.items() if words.found_in(text))


CHECKER = Checker(
    RULES, FINDER, LEXICON, states, "en", GONE, "Reception and indirect refoulement on transfer; the applicant must show a real risk."
)


def source(
    label: str,
    text: str,
    *,
    document: str = "ECLI:NL:RVS:2023:7001",
    place: str | None = "4.2",
    voice: Voice = Voice.COURT,
    status: TextStatus = TextStatus.VERBATIM,
    standing: Standing = GOOD,
    language: str = "en",
    title: str = "Afdeling, families to Denmark",
    date: str = "2023-06-07",
) -> Source:
    pinpoint = Pinpoint.parse(f"r.o. {place}") if place else HOLDING
    assert pinpoint is not None
    passage = Passage(
        id=f"{document}#{pinpoint.slug}", document_id=document, form="official", ordinal=0, pinpoint=pinpoint, heading_path=(), voice=voice,
        text_status=status, language=language, text=text, start_char=0, end_char=len(text), display=text,
        text_sha256="0" * 64,
    )  # fmt: skip
    held = Document(document, Kind.JUDGMENT, "Afdeling", title, language, date=LegalDate.parse(date), catalogued=True)
    citation = {"nl": f"ABRvS 7 juni 2023, {document}, r.o. {place}", "en": f"ABRvS 7 June 2023, {document}, r.o. {place}"}
    return Source(label, "supporting" if label.startswith("S") else "contrary", passage, held, citation, citation, standing)


SOURCES = (
    source("C1", TRANSFER),
    source("S1", COSTS, document="ECLI:NL:RBDHA:2024:7002", place="6.1", voice=Voice.APPLICANT, title="District court, Greece"),
    source(
        "S2", "The Afdeling accepted a fundamental difference in protection policy with Sweden.", document="ECLI:NL:RVS:2022:1862",
        place=None, voice=Voice.DIGEST, status=TextStatus.DIGEST, standing=OVERTAKEN, title="Sweden 2022",
    ),
    source("C2", "De opvangvoorzieningen zijn volgens de rechtbank toereikend.", document="ECLI:NL:RBDHA:2023:7003", language="nl"),
)  # fmt: skip


def checked(text: str, *passages: str) -> Sentence:
    return CHECKER.sentence(Written(text, passages), SOURCES)


# --- what is shown ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("The reception conditions for families with children in Denmark were found adequate.", ["C1"]),
        ("The Court considers that the transfer to Denmark does not breach Article 4 of the Charter.", ["C1"]),
        ("On 5 May 2023 the reception conditions were found adequate, so the transfer does not breach Article 4.", ["C1"]),
        ("The Court considers that “the transfer of 12 families to Denmark does not breach Article 4”.", ["C1"]),
        ("The transfer of twelve families does not breach the Charter (r.o. 4.2).", ["C1"]),
        ("According to ECLI:NL:RVS:2023:7001 the reception conditions for families with children were adequate.", ["C1"]),
        ("The applicant submits that rent in Athens costs 450 euros a month.", ["S1"]),
        ("The applicant submits that no landlord accepts a refugee without a tax number.", ["ECLI:NL:RBDHA:2024:7002#ro-6.1"]),
    ],
)  # fmt: skip
def test_a_sentence_that_stands_on_its_passages_is_shown(text: str, passages: list[str]) -> None:
    found = checked(text, *passages)
    assert (found.verdict, found.problems) == (Verdict.SHOWN, ())
    assert found.text == text
    assert found.passages
    assert len(found.citations) == len(found.passages)


# --- what never reaches a reader -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "passages", "problem"),
    [
        ("The reception conditions for families were found adequate.", [], "uncited"),
        ("The reception conditions for families were found adequate.", ["C9"], "unknown-passage"),
        ("The reception conditions for families were found adequate.", ["C1", "ECLI:NL:RVS:2019:1#ro-1"], "unknown-passage"),
        ("The reception conditions for families were found adequate (ECLI:NL:RVS:2021:9999).", ["C1"], "unknown-source"),
        ("The transfer of families to Denmark does not breach Article 4 (ECLI:NL:RBDHA:2024:7002).", ["C1"], "unknown-source"),
        ("The transfer of families to Denmark does not breach Article 4, as held in C-163/17.", ["C1"], "unknown-source"),
        ("The transfer of families to Denmark does not breach Article 4, as held in Jawo.", ["C1"], "unknown-name"),
        ("The transfer of families to Denmark does not breach Article 4 (r.o. 9.1).", ["C1"], "unknown-place"),
        ("The transfer of families to Denmark does not breach Article 17 of the Charter.", ["C1"], "unknown-place"),
        ("On 6 May 2023 the reception conditions for families were found adequate.", ["C1"], "unknown-date"),
        ("In June 2021 the reception conditions for families were found adequate.", ["C1"], "unknown-date"),
        ("The transfer of 14 families to Denmark does not breach Article 4 of the Charter.", ["C1"], "unknown-number"),
        ("The transfer of seven families to Denmark does not breach Article 4 of the Charter.", ["C1"], "unknown-number"),
        ("The applicant submits that rent in Athens costs 4,500 euros a month.", ["S1"], "unknown-number"),
        ("The transfer of families to Sweden does not breach Article 4 of the Charter.", ["C1"], "unknown-name"),
        ("The transfer of families does not breach Article 4, Amnesty International found.", ["C1"], "unknown-name"),
        ("Returnees sleep rough, beaten by police officers, hungry and sick for months.", ["C1"], "not-in-source"),
        ("The transfer of families to Denmark should be refused.", ["C1"], "decides"),
        ("The transfer to Denmark does not breach Article 4, see https://example.org for families.", ["C1"], "link"),
        ("<img src=x> The transfer to Denmark does not breach Article 4 of the Charter.", ["C1"], "link"),
        ("The transfer to Denmark does not breach Article 4 of the Charter. " + "families children " * 60, ["C1"], "too-long"),
    ],
)  # fmt: skip
def test_a_lie_is_withheld_and_the_reader_is_told_why(text: str, passages: list[str], problem: str) -> None:
    found = checked(text, *passages)
    assert found.verdict is Verdict.WITHHELD
    assert problem in found.problems
    assert (found.text, found.passages, found.citations) == ("", (), ())
    assert RULES.words_of(found.problems)[problem]["en"]


@pytest.mark.parametrize(
    ("text", "passages", "problem", "gone"),
    [
        ("The Court considers that “the transfer of families is always lawful and safe”.", ["C1"], "quote-not-found", "always lawful"),
        (
            "The Court considers that “the transfer of 12 families to Denmark does breach Article 4”.",
            ["C1"],
            "quote-differs",
            "does breach",
        ),
        ("For families with children in Denmark “rent in Athens costs 450 euros a month”.", ["C1"], "quote-elsewhere", "rent in"),
        ("There was “a fundamental difference in protection policy” with Sweden accepted.", ["S2"], "quote-of-digest", "fundamental"),
    ],
)
def test_the_words_of_a_quotation_that_fails_are_not_shown(text: str, passages: list[str], problem: str, gone: str) -> None:
    found = checked(text, *passages)
    assert problem in found.problems
    assert gone not in found.text
    if found.verdict is not Verdict.WITHHELD:
        assert GONE in found.text


def test_one_word_between_marks_is_somebodys_word_as_well() -> None:
    assert "quote-not-found" in checked("The Court calls the reception conditions for families “excellent” and adequate.", "C1").problems
    assert checked("The Court considers the reception conditions for families “adequate”.", "C1").verdict is Verdict.SHOWN


# --- what is marked ------------------------------------------------------------------------------------------------------------------


def test_a_partys_words_are_not_the_courts() -> None:
    found = checked("The court held that rent in Athens costs 450 euros a month.", "S1")
    assert (found.verdict, found.problems) == (Verdict.MARKED, ("voice",))


def test_what_turns_a_passage_round_is_marked() -> None:
    found = checked("The Court considers that the transfer of families to Denmark breaches Article 4 of the Charter.", "C1")
    assert "negation" in found.problems


def test_an_overtaken_source_never_stands_alone() -> None:
    found = checked("The Afdeling accepted a difference in protection policy with Sweden.", "S2")
    assert "overtaken" in found.problems
    assert found.verdict is Verdict.MARKED
    for language in ("nl", "en"):
        assert "202304791/1/V2" in found.notes[0][language]


def test_words_in_another_language_are_said_not_to_be_compared() -> None:
    assert checked("The reception facilities are adequate according to the court.", "C2").problems == ("other-language",)


def test_a_name_or_number_is_compared_in_another_language_too() -> None:
    assert "unknown-number" in checked("The court found 12 reception facilities adequate.", "C2").problems


# --- the shape of what a model gives --------------------------------------------------------------------------------------------------


def test_a_second_sentence_in_one_text_is_judged_by_itself() -> None:
    found = CHECKER.check(
        [Written("The reception conditions for families in Denmark were found adequate. Amnesty saw 40 people beaten there.", ("C1",))],
        SOURCES,
    )
    assert [sentence.verdict for sentence in found] == [Verdict.SHOWN, Verdict.WITHHELD]


def test_labels_inside_the_text_count_and_are_taken_out() -> None:
    found = checked("The reception conditions for families in Denmark were found adequate [C1].")
    assert found.verdict is Verdict.SHOWN
    assert found.text == "The reception conditions for families in Denmark were found adequate."
    assert checked("The reception conditions for families were found adequate [C8].", "C1").problems == ("unknown-passage",)


def test_no_more_sentences_are_read_than_the_rules_allow() -> None:
    one = Written("The reception conditions for families in Denmark were found adequate.", ("C1",))
    assert len(CHECKER.check([one] * 50, SOURCES)) == RULES.most_sentences


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("See r.o. 4.2 of M.S.S. v. Belgium and nr. 5. Then more.", ["See r.o. 4.2 of M.S.S. v. Belgium and nr. 5.", "Then more."]),
        ("He said “No. Never.” to it. Then more.", ["He said “No. Never.” to it.", "Then more."]),
        ("  ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, parts: list[str]) -> None:
    assert sentences_of(text) == parts


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.lists(st.sampled_from(["C1", "S1", "X", ""]), max_size=3))
def test_whatever_a_model_writes_is_judged_and_nothing_uncited_is_shown(text: str, passages: list[str]) -> None:
    for found in CHECKER.check([Written(text, tuple(passages))], SOURCES):
        assert found.verdict is Verdict.WITHHELD or found.passages
        assert (found.text == "") is (found.verdict is Verdict.WITHHELD) or not text.strip()


# --- the rules are data ------------------------------------------------------------------------------------------------------------------


def test_every_problem_is_said_in_dutch_and_english() -> None:
    for verdict, words in RULES.problems.values():
        assert verdict in ("withheld", "marked", "step")
        assert set(words) == {"nl", "en"}
        assert all(words.values())


@pytest.mark.parametrize("broken", ["", "own_words = 'x'", "[problem.uncited]\nverdict = 'perhaps'\nnl = 'a'\nen = 'b'"])
def test_a_slip_in_the_file_is_named(tmp_path: Path, broken: str) -> None:
    (tmp_path / "model-text.toml").write_text(broken, "utf-8")
    (tmp_path / "quotes.toml").write_text((CORPUS / "patterns" / "quotes.toml").read_text("utf-8"), "utf-8")
    with pytest.raises(CorpusInvalid, match=r"model-text\.toml"):
        ProseRules.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("op 12 juni 2024 en op 1 July 2026", ["2024-06-12", "2026-07-01"]),
        ("in juni 2024, sinds 2021", ["2024-06"]),
        ("June 12, 2024; 12-06-2024; 12.06.2024; 2024-06-12", ["2024-06-12"] * 4),
        ("31 februari 2024 en 12 vis 2024", []),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, dates: list[str]) -> None:
    assert [written.date.value for written in written_dates(text)] == dates
    for written in written_dates(text):
        assert text[written.start : written.end].strip() == text[written.start : written.end]
