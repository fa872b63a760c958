"""One question, one clock: what a reader is shown and told, beside the ranking itself."""

import datetime as dt
from collections.abc import Sequence

import pytest

from kb.domain.dates import LegalDate
from kb.domain.documents import Kind, TextStatus, Track, Voice
from kb.domain.query import Filters, Query
from kb.domain.results import SearchResult, StandingValue
from kb.errors import InvalidQuery
from kb.retrieval.ranking import Ranking
from kb.retrieval.search import MAX_LIMIT, Searcher
from kb.wiring import KnowledgeBase
from tests.factories import COURT_OF_JUSTICE, HOSTILE, NEW_TEST, OLD_TEST
from tests.kb.retrieval.shelf import BOTH, GUIDE, MONTH, UNDATED, shelf

TODAY = dt.date(2026, 11, 24)
EARLIER = dt.date(2023, 1, 1)
DANISH = "Het Deense beschermingsbeleid voor Syriërs verschilt evident en fundamenteel van het Nederlandse beleid"
NONSENSE = "qwzxv plofk wrtgh zzbnm hjkpl"


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return shelf(tmp_path_factory.mktemp("search"))


def ask(kb: KnowledgeBase, text: str, as_of: dt.date = TODAY, filters: Filters | None = None, **more: object) -> SearchResult:
    return kb.search(Query(text, as_of=as_of, filters=filters or Filters(), **more))  # type: ignore[arg-type]


def codes(result: SearchResult) -> list[str]:
    return [notice.code for notice in result.notices]


def ids(result: SearchResult) -> list[str]:
    return [hit.document.id for hit in result.hits]


# ---------------------------------------------------------------- the clock


def test_an_as_of_day_hides_what_was_decided_later_and_says_so(kb: KnowledgeBase) -> None:
    then = ask(kb, DANISH, EARLIER)
    assert NEW_TEST not in ids(then)
    assert all(hit.document.date is None or hit.document.date.first_day <= EARLIER for hit in then.hits)
    assert "as-of" in codes(then)
    notice = next(notice for notice in then.notices if notice.code == "as-of")
    assert EARLIER.isoformat() in notice.message["en"]
    assert EARLIER.isoformat() in notice.message["nl"]
    assert then.searched.passages < ask(kb, DANISH).searched.passages


def test_today_hides_nothing_and_says_nothing_of_it(kb: KnowledgeBase) -> None:
    assert "as-of" not in codes(ask(kb, DANISH, dt.datetime.now(tz=dt.UTC).date()))


def test_the_last_day_before_a_decision_and_its_own_day(kb: KnowledgeBase) -> None:
    assert NEW_TEST not in ids(ask(kb, DANISH, dt.date(2024, 6, 11)))
    assert NEW_TEST in ids(ask(kb, DANISH, dt.date(2024, 6, 12)))


def test_standing_and_treatment_are_those_of_the_as_of_day(kb: KnowledgeBase) -> None:
    now = next(hit for hit in ask(kb, DANISH).hits if hit.document.id == OLD_TEST)
    then = next(hit for hit in ask(kb, DANISH, EARLIER).hits if hit.document.id == OLD_TEST)
    assert now.standing.value is StandingValue.OVERTAKEN
    assert then.standing.value is not StandingValue.OVERTAKEN
    assert [edge.by for edge in now.treatment] == [NEW_TEST]
    assert then.treatment == ()


# ---------------------------------------------------------------- overtaken authorities


def test_an_overtaken_authority_is_followed_at_once_by_what_overtook_it(kb: KnowledgeBase) -> None:
    found = ids(ask(kb, f"{DANISH} van de staatssecretaris"))
    assert found[found.index(OLD_TEST) + 1] == NEW_TEST or found.index(NEW_TEST) < found.index(OLD_TEST)


@pytest.mark.parametrize("asked", [OLD_TEST, DANISH])
@pytest.mark.parametrize("group_by", ["passage", "document"])
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_no_page_ends_on_an_overtaken_authority_whose_successor_it_does_not_show(
    kb: KnowledgeBase, asked: str, group_by: str, limit: int
) -> None:
    hits = ask(kb, asked, limit=limit, group_by=group_by).hits
    shown = [hit.document.id for hit in hits]
    assert shown
    if OLD_TEST in shown[1:]:
        assert NEW_TEST in shown
    if shown[0] == OLD_TEST:  # it leads: it carries its successor in its standing, also where the limit shows nothing else
        assert [successor.document_id for successor in hits[0].standing.successors] == [NEW_TEST]
        assert limit == 1 or NEW_TEST in shown


def test_a_companion_says_that_it_is_one_and_is_not_ranked(kb: KnowledgeBase) -> None:
    result = ask(kb, OLD_TEST, filters=Filters(documents=(OLD_TEST,)), explain=True)
    beside = [hit for hit in result.hits if hit.companion]
    assert [hit.document.id for hit in beside] == [NEW_TEST]
    assert beside[0].explain["placed"] == "companion"
    assert all(hit.document.id == OLD_TEST for hit in result.hits if not hit.companion)


def test_for_the_track_in_which_a_test_still_stands_no_companion_is_forced(kb: KnowledgeBase) -> None:
    result = ask(kb, OLD_TEST, filters=Filters(documents=(OLD_TEST,), tracks=(Track.DUBLIN_TRANSFER,)))
    assert {hit.standing.value for hit in result.hits if hit.document.id == OLD_TEST} == {StandingValue.OVERTAKEN}
    assert NEW_TEST in ids(result)


# ---------------------------------------------------------------- identifiers


@pytest.mark.parametrize(
    "typed",
    [
        OLD_TEST,
        OLD_TEST.lower(),
        "ECLI:NL:RVS:2022:\u00ad9001",
        "ECLI：NL：RVS：2022：9001",
        "202106999/1/V3",
        "202106999/1/\u2060V3",
        "202106999\u20111\u2011V3",
    ],
)
def test_an_identifier_finds_its_document_first_with_score_one(kb: KnowledgeBase, typed: str) -> None:
    result = ask(kb, typed)
    assert ids(result)[0] == OLD_TEST
    assert result.hits[0].score == 1.0
    assert "not-in-corpus" not in codes(result)
    assert result.hits[0].passage.id.endswith("#holding")


@pytest.mark.parametrize(
    "typed", ["C-900/17 para 91", "ECLI:EU:C:2019:9002, punt 91", f"{COURT_OF_JUSTICE} para 91", "C\u2011900/17, point 91"]
)
def test_the_place_asked_for_leads(kb: KnowledgeBase, typed: str) -> None:
    result = ask(kb, typed)
    assert result.hits[0].passage.id == f"{COURT_OF_JUSTICE}#para-91"
    assert result.hits[0].passage.text == "The applicant submits that Greece offers no housing at all."


def test_a_place_that_the_document_does_not_have_still_finds_the_document(kb: KnowledgeBase) -> None:
    result = ask(kb, "C-900/17 para 999")
    assert ids(result)[0] == COURT_OF_JUSTICE
    assert not any(hit.passage.id.endswith("para-999") for hit in result.hits)


@pytest.mark.parametrize("typed", ["ECLI:NL:RVS:2022:9011", "ECLI:NL:RVS:2022:901", "ECLI:NL:RVS:2022:90011", "202106989/1/V3"])
def test_one_character_wrong_is_mended_and_said(kb: KnowledgeBase, typed: str) -> None:
    result = ask(kb, typed)
    assert ids(result)[0] == OLD_TEST
    notice = next(notice for notice in result.notices if notice.code == "read-as")
    assert typed in notice.message["en"]
    assert typed in notice.message["nl"]


@pytest.mark.parametrize("typed", ["ECLI:NL:RVS:2022:9999", "ECLI:EU:C:1999:1", "C-1/99", "201900001/1/V1"])
def test_an_identifier_that_is_not_held_is_said_to_be_absent_and_never_replaced(kb: KnowledgeBase, typed: str) -> None:
    result = ask(kb, typed)
    assert "not-in-corpus" in codes(result)
    assert "read-as" not in codes(result)
    assert all(hit.score != 1.0 for hit in result.hits)


def test_a_named_document_outside_the_filters_is_said_to_be_held(kb: KnowledgeBase) -> None:
    result = ask(kb, OLD_TEST, filters=Filters(kinds=(Kind.REPORT,)))
    notice = next(notice for notice in result.notices if notice.code == "filtered-out")
    assert notice.document_ids == (OLD_TEST,)
    assert OLD_TEST not in ids(result)
    assert "filtered-out" in codes(ask(kb, NEW_TEST, EARLIER))


@pytest.mark.parametrize(
    "filters",
    [
        Filters(voices=(Voice.APPLICANT,)),
        Filters(voices=(Voice.DIGEST,)),
        Filters(text_statuses=(TextStatus.DIGEST,)),
        Filters(languages=("nl",)),
        Filters(voices=(Voice.COURT,), languages=("en",)),
    ],
    ids=str,
)
def test_a_filter_holds_for_the_passages_of_a_named_document_too(kb: KnowledgeBase, filters: Filters) -> None:
    hits = ask(kb, "C-900/17", filters=filters).hits
    assert hits[0].document.id == COURT_OF_JUSTICE
    for hit in (hit for hit in hits if not hit.companion):
        assert not filters.voices or hit.passage.voice in filters.voices
        assert not filters.text_statuses or hit.passage.text_status in filters.text_statuses
        assert not filters.languages or hit.passage.language in filters.languages


# ---------------------------------------------------------------- notices


def test_a_question_without_an_answer_gets_none_and_is_told_what_was_searched(kb: KnowledgeBase) -> None:
    result = ask(kb, NONSENSE, language="nl", filters=Filters(languages=("nl",)))
    assert result.hits == ()
    assert result.groups == ()
    assert codes(result) == ["nothing-relevant"]
    message = result.notices[0].message
    assert str(result.searched.passages) in message["en"]
    assert str(result.searched.documents) in message["nl"]
    assert "not proof" in message["en"]


def test_what_was_searched_is_counted_within_the_filters(kb: KnowledgeBase) -> None:
    whole = ask(kb, DANISH).searched
    assert whole.documents == 8
    assert (whole.earliest, whole.latest) == ("2019-03-19", "2024-06-12")
    assert whole.languages == ("en", "nl")
    one = ask(kb, DANISH, filters=Filters(documents=(OLD_TEST,), languages=("nl",))).searched
    assert (one.documents, one.passages, one.languages, one.earliest) == (1, 2, ("nl",), "2022-07-06")


def test_a_date_filter_says_how_many_undated_passages_it_leaves_out(kb: KnowledgeBase) -> None:
    result = ask(kb, "pushbacks aan de grens", filters=Filters(decided_from=LegalDate("2019-01-01")))
    assert UNDATED not in ids(result)
    notice = next(notice for notice in result.notices if notice.code == "undated-left-out")
    assert notice.message["en"].startswith("1 passages")
    assert UNDATED in ids(ask(kb, "pushbacks aan de grens"))


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(decided_from=LegalDate("2023-05-10")), True),
        (Filters(decided_until=LegalDate("2023-05-10")), True),
        (Filters(decided_from=LegalDate("2023-05-01"), decided_until=LegalDate("2023-05-31")), False),
        (Filters(decided_from=LegalDate("2023")), False),
    ],
    ids=["from within", "until within", "whole month", "whole year"],
)
def test_a_month_that_may_lie_within_is_shown_and_said(kb: KnowledgeBase, filters: Filters, said: bool) -> None:
    result = ask(kb, "pushbacks aan de grens", filters=filters)
    assert MONTH in ids(result)
    named = [notice.document_ids for notice in result.notices if notice.code == "partial-date"]
    assert any(MONTH in found for found in named) is said


def test_every_notice_speaks_dutch_and_english(kb: KnowledgeBase) -> None:
    results = [
        ask(kb, NONSENSE, language="nl", filters=Filters(languages=("nl",))),
        ask(kb, DANISH, EARLIER),
        ask(kb, "ECLI:NL:RVS:2022:9011"),
        ask(kb, "ECLI:NL:RVS:2022:9999"),
        ask(kb, "pushbacks aan de grens", filters=Filters(decided_from=LegalDate("2023-05-10"))),
        ask(kb, OLD_TEST, filters=Filters(kinds=(Kind.REPORT,))),
    ]
    seen = {notice.code for result in results for notice in result.notices}
    assert seen >= {"nothing-relevant", "as-of", "read-as", "not-in-corpus", "undated-left-out", "partial-date", "filtered-out"}
    for notice in (notice for result in results for notice in result.notices):
        assert notice.message["nl"]
        assert notice.message["en"]
        assert notice.message["nl"] != notice.message["en"]


# ---------------------------------------------------------------- the shape of an answer


def test_highlights_are_the_words_of_the_question_as_offsets_into_the_passage(kb: KnowledgeBase) -> None:
    result = ask(kb, "indifference of the authorities and extreme material poverty")
    place = next(hit for hit in result.hits if hit.passage.id == f"{COURT_OF_JUSTICE}#para-90")
    marked = [place.passage.text[start:end] for start, end in place.highlights]
    assert {"indifference", "authorities", "extreme", "material", "poverty"} <= set(marked)
    assert not {"of", "the", "and"} & set(marked)
    for hit in result.hits:
        spans = list(hit.highlights)
        assert spans == sorted(spans)
        assert all(0 <= start < end <= len(hit.passage.text) for start, end in spans)


def test_a_passage_shown_is_its_slice_of_the_stored_text(kb: KnowledgeBase) -> None:
    library = kb.view().library
    hits = ask(kb, "Greece extreme material poverty overdracht").hits
    assert hits
    for hit in hits:
        stored = library.resolve_passage(hit.passage.id, language="en")
        expression = next(e for e in library.expressions(hit.document.id) if e.form == hit.passage.form)
        assert hit.passage.text == expression.text[hit.passage.start_char : hit.passage.end_char]
        assert stored.text == hit.passage.text, "the id that is shown opens the passage that is shown"


def test_groups_hold_each_document_once_and_the_limit_counts_documents(kb: KnowledgeBase) -> None:
    text = "extreme material poverty beschermingsbeleid pushbacks overdracht"
    result = ask(kb, text, group_by="document", limit=3)
    documents = [group.document.id for group in result.groups]
    assert len(documents) == len(set(documents))
    assert len([group for group in result.groups if not all(hit.companion for hit in group.hits)]) <= 3
    assert all(1 <= len(group.hits) <= 3 for group in result.groups)
    assert sorted(hit.passage.id for group in result.groups for hit in group.hits) == sorted(hit.passage.id for hit in result.hits)


def test_pages_of_one_answer_hold_every_passage_once(kb: KnowledgeBase) -> None:
    text = "pushbacks grens beschermingsbeleid overdracht voogd"
    whole = [hit.passage.id for hit in ask(kb, text, limit=MAX_LIMIT).hits]
    paged = [hit.passage.id for at in range(len(whole)) for hit in ask(kb, text, limit=1, offset=at).hits[:1]]
    assert paged == whole
    assert ask(kb, text, offset=len(whole) + 5).hits == ()


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (MAX_LIMIT + 1, 0), (10, -1)])
def test_a_limit_out_of_bounds_is_refused(kb: KnowledgeBase, limit: int, offset: int) -> None:
    with pytest.raises(InvalidQuery, match="limit must lie between 1 and 100"):
        ask(kb, DANISH, limit=limit, offset=offset)


@pytest.mark.parametrize("limit", [1, 2, 5, MAX_LIMIT])
def test_an_answer_is_never_longer_than_asked_but_for_companions(kb: KnowledgeBase, limit: int) -> None:
    hits = ask(kb, DANISH, limit=limit).hits
    assert len(hits) > 0
    assert len(hits) <= limit + sum(hit.companion or hit.document.id == NEW_TEST for hit in hits)
    assert len({hit.passage.id for hit in hits}) == len(hits)


def test_an_unknown_court_is_refused_and_quoted(kb: KnowledgeBase) -> None:
    with pytest.raises(InvalidQuery, match="'Hof van Nergens'"):
        ask(kb, DANISH, filters=Filters(courts=("Hof van Nergens",)))


@pytest.mark.parametrize("court", ["nl-rvs", "NL-RVS", "Raad van State", "afdeling bestuursrechtspraak"])
def test_a_court_is_asked_by_key_or_by_words_of_its_name(kb: KnowledgeBase, court: str) -> None:
    hits = ask(kb, DANISH, filters=Filters(courts=(court,))).hits
    assert {hit.document.court_key for hit in hits} == {"nl-rvs"}


@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (Filters(kinds=(Kind.REPORT,)), {UNDATED, MONTH}),
        (Filters(states=("BG",)), {BOTH}),
        (Filters(nationalities=("SY",)), {OLD_TEST, NEW_TEST}),  # the successor stands beside it
        (Filters(tracks=(Track.STATUS_HOLDER,)), {COURT_OF_JUSTICE}),
        (Filters(documents=(GUIDE,)), {GUIDE}),
        (Filters(decided_until=LegalDate("2021")), {COURT_OF_JUSTICE, BOTH, GUIDE, HOSTILE}),
    ],
    ids=lambda value: ",".join(sorted(value)) if isinstance(value, set) else ",".join(c.field for c in value.conditions()),
)
def test_a_filter_keeps_all_else_out(kb: KnowledgeBase, filters: Filters, allowed: set[str]) -> None:
    text = "verschil in beschermingsbeleid, pushbacks aan de grens, geen voogd, indifference of the authorities, overdracht"
    assert set(ids(ask(kb, text, filters=filters, limit=50))) <= allowed


def told(result: SearchResult) -> Sequence[object]:
    return result.hits, result.notices, result.groups, result.total, result.searched


@pytest.mark.parametrize("text", [DANISH, OLD_TEST, "overdracht", "C-900/17 para 91", NONSENSE])
def test_twenty_repeats_answer_alike(kb: KnowledgeBase, text: str) -> None:
    first = told(ask(kb, text, explain=True))
    assert all(told(ask(kb, text, explain=True)) == first for _ in range(20))


def test_two_openings_of_one_generation_answer_alike(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = shelf(tmp_path_factory.mktemp("search-again"))
    for text in (DANISH, "overdracht", "extreme material poverty"):
        assert told(ask(kb, text)) == told(ask(other, text))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("poverty", "en"),
        ("overdracht", "nl"),
        ("beschermingsbeleid", "nl"),
        ("What did the Court of Justice decide about extreme poverty?", "en"),
        ("Was hat der Gerichtshof über die Überstellung von Flüchtlingen entschieden?", "de"),
        ("Czy sąd zezwolił na przekazanie cudzoziemców?", "en"),  # a language that is not read: answered in English
    ],
)
def test_the_language_of_a_question_is_found(kb: KnowledgeBase, text: str, language: str) -> None:
    result = ask(kb, text)
    assert result.language == language
    assert ask(kb, text, language="nl").language == "nl"


def test_hostile_text_and_the_longest_question_are_answered(kb: KnowledgeBase) -> None:
    for text in ("' OR 1=1; --", "\\ % _ * ? [a", "<script>", "overdracht " * 700, "(" * 5000, "#", "ECLI:", "@v2#"):
        result = ask(kb, text[:8000])
        assert result.hits or result.notices


def test_a_filter_by_language_changes_nothing_in_whether_a_question_is_answered(kb: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[set[str]] = []

    def answers(_: Searcher, ranking: Ranking) -> bool:
        judged.append({candidate.passage.language for candidate in ranking.candidates})
        return True

    monkeypatch.setattr(Searcher, "answers", answers)
    found = ask(kb, DANISH, filters=Filters(languages=("en",)))
    assert {hit.passage.language for hit in found.hits} == {"en"}
    ask(kb, DANISH)
    assert judged[0] == judged[1] >= {"nl"}


def test_a_document_that_is_left_out_is_not_found(kb: KnowledgeBase) -> None:
    first = ids(ask(kb, DANISH))[0]
    assert first not in ids(ask(kb, DANISH, filters=Filters(without=(first,))))
