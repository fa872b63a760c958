"""Everything that decides an order, one thing at a time: two documents that differ in nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, Passage, TextStatus, Voice
from kb.domain.query import Filters
from kb.retrieval.passages import public_id, shown_twin, twin_key
from kb.retrieval.ranking import Candidate, Ranker, official_first
from kb.wiring import KnowledgeBase
from tests.factories import COURT_OF_JUSTICE, ENTRIES, OLD_TEST, Entry
from tests.kb.retrieval.shelf import BOTH, EXTRA, GUIDE, WORDS, digest, document, official, shelf

QUESTIONS = (
    ("Wanneer is het Deense beschermingsbeleid evident verschillend?", "nl"),
    ("extreme material poverty and indifference of the authorities", "en"),
    ("Gibt es in Bulgarien einen Vormund?", "de"),
    ("overdracht", "nl"),
    ("pushbacks aan de grens", "nl"),
)


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return shelf(tmp_path_factory.mktemp("ranking"))


def ranker_of(kb: KnowledgeBase) -> Ranker:
    return kb.view().searcher.ranker


def ranked(kb: KnowledgeBase, text: str, language: str, filters: Filters | None = None, **more: Sequence[str]) -> list[Candidate]:
    return ranker_of(kb).rank(text, language, filters or Filters(), **more).candidates


def pair(data_dir: Path, one: Entry, other: Entry, question: str = WORDS, language: str = "nl") -> list[str]:
    """Ids of two documents as ranked, on a shelf with others that do not answer."""
    kb = shelf(data_dir, (*ENTRIES, one, other))
    wanted = {one.document.id, other.document.id}
    return [c.passage.document_id for c in ranked(kb, question, language) if c.passage.document_id in wanted]


@pytest.mark.parametrize(("text", "language"), QUESTIONS)
def test_texts_at_one_place_of_a_document_are_one_candidate(kb: KnowledgeBase, text: str, language: str) -> None:
    keys = [twin_key(candidate.passage) for candidate in ranked(kb, text, language)]
    assert len(keys) > 3
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("language", "form"), [("nl", "digest-nl"), ("en", "digest-en"), ("de", "digest-en"), ("el", "digest-en")])
def test_a_digest_is_shown_in_the_language_of_the_question(kb: KnowledgeBase, language: str, form: str) -> None:
    shown = [c.passage for c in ranked(kb, "Denemarken Danish policy beschermingsbeleid", language) if c.passage.document_id == OLD_TEST]
    assert {passage.form for passage in shown} == {form}
    assert public_id(shown[0], language, official_held=False) == f"{OLD_TEST}#{shown[0].id.rpartition('#')[2]}"


@pytest.mark.parametrize("language", ["nl", "en", "de"])
def test_the_official_text_is_shown_before_its_digests_whatever_the_language(kb: KnowledgeBase, language: str) -> None:
    shown = [c.passage for c in ranked(kb, "minor without guardian in Bulgaria", language) if c.passage.document_id == BOTH]
    assert [(passage.form, passage.text_status) for passage in shown] == [("official", TextStatus.VERBATIM)]


def test_of_twins_the_official_one_then_the_one_in_the_language_asked_is_chosen_in_any_order(kb: KnowledgeBase) -> None:
    twins = kb.view().library.twins([(BOTH, "ro-1")])
    assert len(twins) == 3
    digests = [passage for passage in twins if passage.text_status is TextStatus.DIGEST]
    for made in (twins, twins[::-1]):
        assert shown_twin(made, "en").form == "official"
    for made in (digests, digests[::-1]):
        assert [shown_twin(made, language).language for language in ("nl", "en", "fr")] == ["nl", "en", "en"]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(kinds=(Kind.JUDGMENT,)),
        Filters(languages=("nl",)),
        Filters(languages=("en",)),
        Filters(text_statuses=(TextStatus.DIGEST,)),
        Filters(text_statuses=(TextStatus.VERBATIM,)),
        Filters(voices=(Voice.COURT,)),
        Filters(voices=(Voice.DIGEST,)),
        Filters(voices=(Voice.APPLICANT,)),
        Filters(documents=(BOTH, OLD_TEST)),
        Filters(text_statuses=(TextStatus.DIGEST,), languages=("en",)),
    ],
    ids=str,
)
@pytest.mark.parametrize(("text", "language"), QUESTIONS)
def test_a_filter_holds_for_the_passage_that_is_shown(kb: KnowledgeBase, filters: Filters, text: str, language: str) -> None:
    found = ranked(kb, text, language, filters)
    assert found
    for candidate in found:
        passage = candidate.passage
        assert not filters.languages or passage.language in filters.languages
        assert not filters.text_statuses or passage.text_status in filters.text_statuses
        assert not filters.voices or passage.voice in filters.voices
        assert not filters.documents or passage.document_id in filters.documents
        assert not filters.kinds or kb.view().library.document(passage.document_id).kind in filters.kinds


def test_a_guide_stands_behind_the_authority_that_says_the_same(kb: KnowledgeBase) -> None:
    text = "Een verschil in beschermingsbeleid tussen lidstaten staat niet meer ter toets van de Dublinrechter."
    places = [candidate.passage.document_id for candidate in ranked(kb, text, "nl")]
    assert places[0] == "RVS:202400001/1/V2"
    assert GUIDE in places[1:]


def plain(document_id: str, **changed: object) -> Entry:
    return Entry(document(document_id, **changed), (official(WORDS),))


def test_equal_documents_are_ordered_by_id(tmp_path: Path) -> None:
    assert pair(tmp_path, plain("a-9"), plain("a-1")) == ["a-1", "a-9"]


def test_a_document_whose_number_stands_in_the_question_leads_its_equals(tmp_path: Path) -> None:
    kb = shelf(tmp_path, (*ENTRIES, plain("a-1"), plain("a-9")))
    assert [c.passage.document_id for c in ranked(kb, WORDS, "nl")[:2]] == ["a-1", "a-9"]
    found = ranked(kb, WORDS, "nl", numbers=("a-9",))
    assert [c.passage.document_id for c in found[:2]] == ["a-9", "a-1"]
    assert "number" in found[0].signals
    assert "number" not in found[1].signals


@pytest.mark.parametrize("state", ["GR", "DK", "IT"])
def test_a_question_that_names_a_state_finds_documents_on_that_state_first(tmp_path: Path, state: str) -> None:
    name = {"GR": "Griekse", "DK": "Deense", "IT": "Italiaanse"}[state]
    one, other = plain("a-1", states=("SE",)), plain("a-9", states=(state,))
    assert pair(tmp_path / "named", one, other, f"{name} {WORDS}") == ["a-9", "a-1"]
    assert pair(tmp_path / "plain", one, other) == ["a-1", "a-9"]


def test_a_question_that_names_a_people_finds_their_cases_first(tmp_path: Path) -> None:
    one, other = plain("a-1", nationalities=("AF",)), plain("a-9", nationalities=("SY",))
    assert pair(tmp_path, one, other, f"Syrische vrouw: {WORDS}") == ["a-9", "a-1"]


@pytest.mark.parametrize("voice", [Voice.APPLICANT, Voice.AUTHORITY, Voice.QUOTED_LAW, Voice.QUOTED_RULING, Voice.FACTS])
def test_the_courts_own_words_come_before_words_that_it_only_repeats(tmp_path: Path, voice: Voice) -> None:
    told, held = Entry(document("a-1"), (official(WORDS, voice),)), Entry(document("a-9"), (official(WORDS),))
    assert pair(tmp_path, told, held) == ["a-9", "a-1"]


def test_the_official_text_comes_before_a_digest_that_matches_as_well(tmp_path: Path) -> None:
    ours, theirs = Entry(document("a-1"), (digest("nl", WORDS),)), Entry(document("a-9"), (official(WORDS),))
    assert pair(tmp_path, ours, theirs) == ["a-9", "a-1"]


def test_an_english_question_finds_a_place_that_is_held_in_dutch_only(tmp_path: Path) -> None:
    only_dutch = Entry(document("a-1"), (official("De overdracht van Yusuf aan Kroatië is opgeschort wegens systeemfouten in de opvang."),))
    kb = shelf(tmp_path, (*ENTRIES, *EXTRA, only_dutch))
    found = ranked(kb, "Was the transfer of Yusuf suspended because of systemic deficiencies in reception?", "en")
    assert found[0].passage.document_id == "a-1"


NAMING = (
    ("Wat zegt de Raad van State: ", {"court_key": "nl-rvs"}, {"court_key": "nl-rbdha"}),
    ("Uitspraak van 2021: ", {"date": LegalDate("2021-05-06")}, {"date": LegalDate("2020-05-06")}),
    ("Brief van het kabinet: ", {"kind": Kind.LETTER}, {"kind": Kind.REPORT}),
)


@pytest.mark.parametrize(("asked", "meant", "other"), NAMING, ids=["court", "year", "kind"])
def test_the_court_the_year_and_the_kind_that_a_question_names_come_first(
    tmp_path: Path, asked: str, meant: dict[str, Any], other: dict[str, Any]
) -> None:
    # the name of the other one comes first where scores are equal
    one, two = Entry(document("a-1", **other), (official(WORDS),)), Entry(document("b-2", **meant), (official(WORDS),))
    assert pair(tmp_path / "named", one, two, f"{asked}{WORDS}") == ["b-2", "a-1"]
    assert pair(tmp_path / "plain", one, two, WORDS) == ["a-1", "b-2"]


def test_a_word_that_only_dutch_passages_have_crosses_from_an_english_question(tmp_path: Path) -> None:
    only_dutch = Entry(document("a-1"), (official("De knopendoorhakteams beslissen over zaken die lang liggen."),))
    kb = shelf(tmp_path, (*ENTRIES, *EXTRA, only_dutch))
    found = ranked(kb, "What do the knopendoorhakteams decide?", "en")
    assert found[0].passage.document_id == "a-1"
    assert found[0].words is not None


LONG = (
    "Member States may not transfer an asylum seeker where they cannot be unaware that systemic deficiencies in the asylum procedure and "
    "in the reception conditions amount to substantial grounds for believing that the person would face a real risk"
)


def test_a_long_text_finds_the_paragraph_that_says_the_same_in_its_own_words(tmp_path: Path) -> None:
    same = Entry(document("b-2", language="en"), (official(f"It follows that {LONG}.", language="en"),))
    title = document(
        "a-1", language="en", title="Member States asylum seeker transfer systemic deficiencies reception conditions real risk"
    )
    about = Entry(title, (official("The applicant arrived by boat and lodged a request with the municipality.", language="en"),))
    assert pair(tmp_path, about, same, LONG, "en")[0] == "b-2"


def test_the_story_of_a_case_is_no_paragraph_and_is_ranked_as_a_question(kb: KnowledgeBase) -> None:
    story = (
        "Mijn cliënt reisde via Athene en Milaan, verloor onderweg zijn telefoon, woonde bij een neef in Tilburg, werkte in een bakkerij, "
        "kreeg daar ruzie, en vraagt zich af of zijn overdracht doorgaat."
    )
    found = ranked(kb, story, "nl")
    assert any(candidate.dense for candidate in found[:3])
    dense_only = [candidate for candidate in found if candidate.words is None]
    assert all(candidate.score > 0 for candidate in dense_only[:3])


def candidate(passage_id: str, status: TextStatus, score: float) -> Candidate:
    name = passage_id.partition("#")[0].partition("@")[0]
    return Candidate(
        Passage(passage_id, name, "official", 1, None, (), Voice.COURT, status, "nl", "tekst", 0, 5), score=score, dense=None, words=None
    )


def test_the_documents_own_words_stand_before_a_digest_that_is_found_first() -> None:
    digest_a, other = candidate("a@digest-nl#holding", TextStatus.DIGEST, 3.0), candidate("b#p-1", TextStatus.VERBATIM, 2.0)
    own, later = candidate("a#ro-4", TextStatus.VERBATIM, 1.0), candidate("a#ro-5", TextStatus.VERBATIM, 0.5)
    found = official_first([digest_a, other, own, later])
    assert [one.passage.id for one in found] == ["a#ro-4", "a@digest-nl#holding", "b#p-1", "a#ro-5"]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_digest_further_down_or_without_official_text_stays_where_it_is() -> None:
    head = [candidate(f"{name}#p-1", TextStatus.VERBATIM, 9.0) for name in "xyz"]
    low = [*head, candidate("a@digest-nl#holding", TextStatus.DIGEST, 3.0), candidate("a#ro-4", TextStatus.VERBATIM, 1.0)]
    assert official_first(low) == low
    alone = [candidate("a@digest-nl#holding", TextStatus.DIGEST, 3.0), candidate("b#p-1", TextStatus.VERBATIM, 2.0)]
    assert official_first(alone) == alone


def told(candidates: Sequence[Candidate]) -> list[tuple[str, float]]:
    return [(candidate.passage.id, candidate.score) for candidate in candidates]


@pytest.mark.parametrize(("text", "language"), QUESTIONS)
def test_twenty_repeats_rank_alike(kb: KnowledgeBase, text: str, language: str) -> None:
    first = told(ranked(kb, text, language))
    assert all(told(ranked(kb, text, language)) == first for _ in range(20))


def test_the_order_in_which_documents_came_in_ranks_nothing(tmp_path: Path) -> None:
    forth, back = shelf(tmp_path / "forth"), shelf(tmp_path / "back", (*EXTRA[::-1], *ENTRIES[::-1]))
    for text, language in QUESTIONS:
        one, other = told(ranked(forth, text, language)), told(ranked(back, text, language))
        assert [passage for passage, _ in one] == [passage for passage, _ in other]
        assert [score for _, score in one] == pytest.approx([score for _, score in other], rel=1e-5)


@pytest.mark.parametrize(("text", "language"), QUESTIONS)
def test_scores_fall_and_every_candidate_was_found_by_a_retriever(kb: KnowledgeBase, text: str, language: str) -> None:
    found = ranked(kb, text, language)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert all(candidate.dense or candidate.words for candidate in found)


def test_a_question_of_unknown_words_is_ranked_by_meaning_alone(kb: KnowledgeBase) -> None:
    found = ranker_of(kb).rank("qqq zzz", "nl", Filters())
    assert found.candidates
    assert all(candidate.words is None for candidate in found.candidates)


def test_a_filter_that_nothing_satisfies_ranks_nothing(kb: KnowledgeBase) -> None:
    found = ranker_of(kb).rank("overdracht", "nl", Filters(states=("XX",)))
    assert (found.candidates, found.nearest, found.dense_scores) == ([], 0.0, [])


def test_weights_are_the_rankers_own(kb: KnowledgeBase) -> None:
    """The order of guide and authority comes from the weight, not from chance."""
    ranker = ranker_of(kb)
    fond = replace(ranker, weights=replace(ranker.weights, guide=9.0))
    text = "Een verschil in beschermingsbeleid tussen lidstaten staat niet meer ter toets van de Dublinrechter."
    assert fond.rank(text, "nl", Filters()).candidates[0].passage.document_id == GUIDE


def test_the_digest_of_a_document_held_officially_keeps_its_suffix(kb: KnowledgeBase) -> None:
    library = kb.view().library
    ours = library.passages_by_id([f"{COURT_OF_JUSTICE}@digest-nl#holding"])[f"{COURT_OF_JUSTICE}@digest-nl#holding"]
    assert public_id(ours, "nl", official_held=True) == f"{COURT_OF_JUSTICE}@digest-nl#holding"
    assert public_id(ours, "nl", official_held=False) == f"{COURT_OF_JUSTICE}#holding"
    assert public_id(ours, "en", official_held=False) == f"{COURT_OF_JUSTICE}@digest-nl#holding"
    assert isinstance(library.document(COURT_OF_JUSTICE), Document)
