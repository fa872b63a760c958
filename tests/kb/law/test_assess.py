"""An assessment over the shipped corpus: what stands beside what, at which day, and that nothing is weighed or lost."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from api.assessments import assessment_body
from kb.domain.documents import Track
from kb.domain.results import StandingValue
from kb.errors import InvalidQuery, NotFound
from kb.law.assess import IBRAHIM, PER_SIDE, REFOULEMENT, Assessment, assess, make_authority
from kb.law.case import Case
from kb.law.frameworks import AuthorityRef, Side
from kb.law.manifest import Manifest, digest
from kb.retrieval.passages import twin_key
from kb.wiring import KnowledgeBase

TODAY = dt.date(2026, 11, 24)
DAMASCUS = {"nationality": "Syrian", "region": "Damascus", "member_state": "Denemarken", "status_there": "applicant"}
ATHENS = {
    "nationality": "SY", "member_state": "Greece", "status_there": "refugee", "decided_on": "2026-03-02", "registered_on": "2025-11-03",
    "housing": "homeless in Athens", "children": "two children, 3 and 6", "vulnerabilities": ["single mother"],
}  # fmt: skip
MARK = "zqxmarkerzq"


def assessed(base: KnowledgeBase, facts: dict[str, Any], **options: Any) -> Assessment:
    case = Case.parse(facts, country=base.law.facts.country)
    return base.assess(case, today=options.pop("today", TODAY), language=options.pop("language", "en"), **options)


@pytest.fixture(scope="module")
def athens(light_index: KnowledgeBase) -> Assessment:
    return assessed(light_index, ATHENS)


# --- which test, which day ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "framework", "track", "is_open"),
    [
        ({"status_there": "refugee"}, IBRAHIM, "status-holder", False),
        ({"status_there": "expired"}, IBRAHIM, "status-holder", False),
        ({"status_there": "applicant"}, REFOULEMENT, "dublin-transfer", False),
        ({"status_there": "none"}, REFOULEMENT, "dublin-transfer", False),
        ({"status_there": "unknown"}, IBRAHIM, "status-holder", True),
        ({}, REFOULEMENT, "dublin-transfer", True),
    ],
)
def test_the_status_there_chooses_the_test(
    light_index: KnowledgeBase, facts: dict[str, Any], framework: str, track: str, is_open: bool
) -> None:
    found = assessed(light_index, {**facts, "member_state": "GR", "decided_on": "2026-03-02"})
    assert (found.framework.id, str(found.track), found.choice.is_open) == (framework, track, is_open)
    assert ("framework-open" in {w.code for w in found.warnings}) is is_open


@pytest.mark.parametrize(
    ("decided_on", "registered_on", "version", "regime", "position"),
    [
        ("2022-09-15", "2022-03-01", "test-2022", "dublin-iii", "dk-policy-difference"),
        ("2023-10-15", "2023-03-01", "test-2022", "dublin-iii", "dk-difference-gone"),
        ("2024-01-15", "2023-03-01", "test-2022", "dublin-iii", "cjeu-november-2023"),
        ("2024-07-15", "2023-03-01", "dublin-iii", "dublin-iii", "dk-question-not-asked"),
        ("2026-09-15", "2026-08-03", "ammr", "ammr", "ammr-no-case-law"),
    ],
)
def test_the_same_person_gets_five_answers_on_five_days(
    light_index: KnowledgeBase, decided_on: str, registered_on: str, version: str, regime: str, position: str
) -> None:
    found = assessed(light_index, {**DAMASCUS, "decided_on": decided_on, "registered_on": registered_on})
    assert (found.version.id, str(found.regime.id), found.as_of.isoformat()) == (version, regime, decided_on)
    assert position in {p.position.id for p in found.positions}


def test_an_as_of_day_that_is_asked_for_wins_over_the_day_of_the_decision(light_index: KnowledgeBase) -> None:
    found = assessed(light_index, {**DAMASCUS, "decided_on": "2024-07-15"}, as_of=dt.date(2022, 9, 1))
    assert found.version.id == "test-2022"


def test_a_month_in_which_the_answer_changed_is_said_to_be_too_coarse(light_index: KnowledgeBase) -> None:
    june, july = (assessed(light_index, {**DAMASCUS, "decided_on": month}) for month in ("2024-06", "2024-07"))
    assert "date-imprecise" in {w.code for w in june.warnings}
    assert "date-imprecise" not in {w.code for w in july.warnings}
    assert june.as_of == dt.date(2024, 6, 30)


def test_a_danish_status_holder_argued_as_dublin_is_assessed_as_a_status_holder_and_told_so(light_index: KnowledgeBase) -> None:
    facts = {**DAMASCUS, "status_there": "subsidiary", "decided_on": "2026-03-02"}
    found = assessed(light_index, facts, framework=REFOULEMENT)
    assert (found.version.id, str(found.track)) == ("status-holder", "status-holder")
    assert {"wrong-track", "law-open"} <= {w.code for w in found.warnings}
    assert "ECLI:NL:RVS:2023:3286" in {a.document_id for e in found.elements for a in e.authorities}


def test_an_unknown_framework_names_those_there_are(light_index: KnowledgeBase) -> None:
    with pytest.raises(NotFound, match="indirect-refoulement"):
        assessed(light_index, DAMASCUS, framework="dublin")


def test_nothing_later_than_the_day_is_shown(light_index: KnowledgeBase) -> None:
    day = dt.date(2022, 9, 15)
    found = assessed(light_index, {**DAMASCUS, "decided_on": day.isoformat()})
    documents = [hit.hit.document for e in found.elements for hit in (*e.supporting, *e.contrary)]
    documents += [a.document for a in found.authorities() if a.document]
    assert documents
    assert all(document.date is None or document.date.first_day <= day for document in documents)


# --- both sides --------------------------------------------------------------------------------------------------------------


def test_each_side_holds_at_most_five_and_no_passage_stands_on_both(athens: Assessment) -> None:
    for item in athens.elements:
        sides = [{twin_key(hit.hit.passage) for hit in side} for side in (item.supporting, item.contrary)]
        assert max(len(side) for side in sides) <= PER_SIDE
        assert not sides[0] & sides[1], item.element.id
        assert len(sides[0]) == len(item.supporting)


def test_what_the_legal_test_names_for_a_side_comes_first(athens: Assessment) -> None:
    for item in athens.elements:
        for side in (item.supporting, item.contrary):
            marked = [hit.marked for hit in side]
            assert marked == sorted(marked, reverse=True), item.element.id
    severity = next(item for item in athens.elements if item.element.id == "severity")
    assert any(hit.marked for hit in severity.supporting)
    assert any(hit.marked for hit in severity.contrary)


def test_a_hit_says_what_the_case_shares_with_it(athens: Assessment) -> None:
    element = next(item for item in athens.elements if item.element.id == "individual-assessment")
    first = element.supporting[0]
    shared = {f"{c.key}:{c.value}" for c in first.comparable}
    assert {"member_state:GR", "vulnerabilities:single-parent", "children:minor-children"} <= shared
    assert all(set(c.label) == {"nl", "en"} for c in first.comparable)


def test_what_only_the_search_put_on_a_side_is_not_called_reviewed(athens: Assessment) -> None:
    hits = [hit for item in athens.elements for hit in (*item.supporting, *item.contrary)]
    assert any(not hit.reviewed for hit in hits)
    assert all(hit.reviewed for hit in hits if hit.marked)


def test_a_fact_that_the_file_lacks_is_a_gap_and_a_question_is_there_to_ask_it(athens: Assessment) -> None:
    efforts = next(item for item in athens.elements if item.element.id == "own-efforts")
    assert "remedies_used" in efforts.lacking
    assert "housing" not in efforts.lacking
    assert any("remedies" in gap for gap in efforts.gaps["en"])
    assert any("rechtsmiddelen" in gap for gap in efforts.gaps["nl"])
    assert efforts.element.questions["en"]


def test_nothing_found_is_said_to_be_not_in_this_corpus(light_index: KnowledgeBase) -> None:
    found = assessed(light_index, {**DAMASCUS, "decided_on": "2000-01-01"})
    empty = [item for item in found.elements if not item.supporting]
    assert empty
    assert all(any("not in this corpus" in gap for gap in item.gaps["en"]) for item in empty)


def test_it_weighs_nothing_and_says_so(athens: Assessment) -> None:
    assert "weegt niets en beslist niets" in athens.weighs_nothing["nl"]
    assert "weighs nothing and decides nothing" in athens.weighs_nothing["en"]
    assert not {"score", "outcome", "prediction", "verdict"} & set(Assessment.__dataclass_fields__)


# --- facts that are only proposed --------------------------------------------------------------------------------------------

NARRATIVE = "Alleenstaande Syrische moeder met depressies; zij heeft een erkende vluchtelingenstatus in Griekenland. Geen diabetes."


def test_a_narrative_only_proposes_and_changes_no_passage(light_index: KnowledgeBase) -> None:
    bare = {"decided_on": "2026-03-02", "registered_on": "2025-11-03"}
    without, told = assessed(light_index, bare), assessed(light_index, {**bare, "narrative": NARRATIVE})
    assert told.framework.id == without.framework.id == REFOULEMENT
    assert _shown(told) == _shown(without)
    assert all(not hit.comparable or {c.key for c in hit.comparable} == {"track"} for e in told.elements for hit in e.supporting)
    proposed = {fact.id for fact in told.proposed_facts}
    assert {
        "nationality:SY",
        "member_state:GR",
        "status_there:refugee",
        "health:mental-illness",
        "vulnerabilities:single-parent",
    } <= proposed
    assert "health:physical-illness" not in proposed, "a denial is no fact"
    assert all(NARRATIVE[fact.start : fact.end] == fact.words for fact in told.proposed_facts)


def test_a_confirmed_proposal_is_a_fact(light_index: KnowledgeBase) -> None:
    facts = light_index.law.facts
    case = Case.parse({"narrative": NARRATIVE})
    confirmed = facts.confirm(case, ["status_there:refugee", "member_state:GR", "health:mental-illness"])
    assert (str(confirmed.status_there), confirmed.member_state) == ("refugee", "GR")
    assert "depressies" in confirmed.words_of("health")
    assert "status_there:refugee" not in {fact.id for fact in facts.propose(confirmed)}
    with pytest.raises(InvalidQuery, match="not proposed"):
        facts.confirm(case, ["health:broken-leg"])


# --- an overtaken authority never stands alone -------------------------------------------------------------------------------

DAYS = [dt.date(2018, 6, 1), dt.date(2019, 3, 19), dt.date(2021, 7, 28), dt.date(2022, 7, 6), dt.date(2022, 11, 7),
        dt.date(2023, 9, 6), dt.date(2023, 11, 30), dt.date(2024, 6, 12), dt.date(2025, 7, 2), TODAY]  # fmt: skip


@pytest.mark.parametrize("track", list(Track), ids=str)
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_overtaken_authority_stands_alone_anywhere_in_the_legal_tests(light_index: KnowledgeBase, day: dt.date, track: Track) -> None:
    view, walked = light_index.view(), 0
    for framework in light_index.frameworks.frameworks:
        versions = [version for version in framework.versions if version.holds(day)]
        refs: list[AuthorityRef] = [ref for v in versions for e in v.elements for ref in e.authorities]
        refs += [ref for v in versions for e in v.elements for f in e.factors for ref in f.authorities]
        refs += [ref for v in versions for p in v.positions for ref in p.authorities]
        for ref in refs:
            authority = make_authority(view, ref, day, track)
            walked += 1
            if authority.standing is not None and authority.standing.value is StandingValue.OVERTAKEN:
                assert authority.standing.successors, ref.document_id
                assert all(successor.citation["nl"] for successor in authority.standing.successors)
    assert walked > 30


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_no_overtaken_passage_is_shown_without_its_successor(light_index: KnowledgeBase, day: dt.date) -> None:
    for facts in (DAMASCUS, ATHENS):
        found = assessed(light_index, facts, as_of=day)
        standings = [hit.hit.standing for e in found.elements for hit in (*e.supporting, *e.contrary)]
        standings += [a.standing for a in found.authorities() if a.standing]
        assert all(s.successors for s in standings if s.value is StandingValue.OVERTAKEN)


# --- the record --------------------------------------------------------------------------------------------------------------


def _shown(found: Assessment) -> list[tuple[str, list[str], list[str]]]:
    return [(e.element.id, [h.stored_id for h in e.supporting], [h.stored_id for h in e.contrary]) for e in found.elements]


def test_the_same_case_gives_the_same_answer(light_index: KnowledgeBase, athens: Assessment) -> None:
    again = assessed(light_index, dict(reversed(ATHENS.items())))
    assert again.manifest == athens.manifest
    assert again.manifest.id == athens.manifest.id


def test_the_manifest_holds_no_fact_of_the_case(light_index: KnowledgeBase) -> None:
    facts = {**ATHENS, "narrative": f"Zij heet {MARK}1.", "health": f"{MARK}2", "region": f"{MARK}3", "work": f"{MARK}4"}
    found = assessed(light_index, facts)
    body = json.dumps(found.manifest.to_json(), ensure_ascii=False)
    assert MARK not in body
    assert "homeless in Athens" not in body
    assert found.manifest.case_sha256 == found.case.sha256()
    assert MARK in json.dumps(assessed(light_index, facts, save_facts=True).manifest.to_json())


def test_a_replay_shows_the_same_passages_without_the_facts(light_index: KnowledgeBase, athens: Assessment) -> None:
    manifest = Manifest.from_json(json.loads(json.dumps(athens.manifest.to_json())))
    again = light_index.replay(manifest)
    assert _shown(again) == _shown(athens)
    assert again.changes == ()
    assert [w.rule for w in again.warnings] == [w.rule for w in athens.warnings]
    assert [p.position.id for p in again.positions] == [p.position.id for p in athens.positions]
    assert [e.gaps for e in again.elements] == [e.gaps for e in athens.elements]
    assert again.regime.id is athens.regime.id


def test_a_replay_with_saved_facts_is_the_same_to_the_letter(light_index: KnowledgeBase) -> None:
    found = assessed(light_index, ATHENS, save_facts=True)
    again = light_index.replay(Manifest.from_json(found.manifest.to_json()))
    assert again.case == found.case
    assert again.warnings == found.warnings
    assert again.proposed_facts == found.proposed_facts
    assert [[h.comparable for h in (*e.supporting, *e.contrary)] for e in again.elements] == [
        [h.comparable for h in (*e.supporting, *e.contrary)] for e in found.elements
    ]


def test_a_replay_searches_nothing(light_index: KnowledgeBase, athens: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a replay needs no model")

    monkeypatch.setattr(type(light_index.embedder), "embed_query", refuse)
    assert light_index.replay(athens.manifest).elements


def test_a_replay_says_what_changed_since(light_index: KnowledgeBase, athens: Assessment) -> None:
    old = athens.manifest
    first = old.elements[0]
    shown = replace(first.supporting[0], text_sha256="0" * 64, standing="overtaken")
    gone = replace(first.contrary[0], id="ECLI:NL:RVS:1999:1#ro-1", document_id="ECLI:NL:RVS:1999:1")
    element = replace(first, content_sha256="1" * 64, supporting=(shown, *first.supporting[1:]), contrary=(gone, *first.contrary[1:]))
    document_id, edges = next((key, value) for key, value in old.documents.items() if value)
    changed = replace(
        old, corpus_sha256="2" * 64, elements=(element, *old.elements[1:]), documents={**old.documents, document_id: edges.splitlines()[0]}
    )
    told = " | ".join(change["en"] for change in light_index.replay(changed).changes)
    for words in (
        "the corpus has changed",
        f"the text of passage {shown.id} has changed",
        "passage ECLI:NL:RVS:1999:1#ro-1 is no longer in the corpus",
        f"step {first.id} was rewritten",
        f"standing of {shown.document_id}: was overtaken",
    ):
        assert words in told, told


def test_a_replay_from_the_whole_json_shows_the_words_of_then(light_index: KnowledgeBase, athens: Assessment) -> None:
    old, body = athens.manifest, json.loads(json.dumps(assessment_body(athens, "en"), ensure_ascii=False))
    words = "Words that the digest had then."
    hit = body["elements"][0]["supporting"][0]
    hit["passage"]["text"] = words
    record = body["manifest"]["elements"][0]["supporting"][0]
    record["text_sha256"] = digest(words)
    found = light_index.replay(Manifest.from_json(body))
    assert found.elements[0].supporting[0].hit.passage.text == words
    assert [change["en"] for change in found.changes] == [f"the text of passage {record['id']} has changed; the text of then is shown"]
    assert "texts" not in found.manifest.to_json()
    hit["passage"]["text"] = "Words that somebody put in."
    altered = light_index.replay(Manifest.from_json(body))
    assert altered.elements[0].supporting[0].hit.passage.text == athens.elements[0].supporting[0].hit.passage.text
    assert Manifest.from_json(old.to_json()).texts == {}


@pytest.mark.parametrize("body", [{}, {"manifest": 9}, {"manifest": 1}, {"manifest": 1, "elements": 3}])
def test_what_is_no_manifest_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidQuery):
        Manifest.from_json(body)


def test_saved_facts_that_were_altered_are_refused(light_index: KnowledgeBase) -> None:
    body = assessed(light_index, ATHENS, save_facts=True).manifest.to_json()
    body["case"]["nationality"] = "IQ"
    with pytest.raises(InvalidQuery, match="not those"):
        light_index.replay(Manifest.from_json(body))


def test_a_ruling_that_the_step_itself_names_is_not_crowded_out_by_rulings_on_factors(light_index: KnowledgeBase) -> None:
    found = assessed(light_index, {**DAMASCUS, "decided_on": "2023-10-15", "registered_on": "2023-03-01"})
    element = next(item for item in found.elements if item.element.id == "policy-difference")
    assert "ECLI:NL:RVS:2023:3286" in {hit.hit.document.id for hit in element.contrary}


# --- what each fact changes ----------------------------------------------------------------------------------------------------

PLAIN = {"member_state": "GR", "status_there": "refugee", "registered_on": "2024-11-03", "decided_on": "2025-12-02"}


@pytest.fixture(scope="module")
def plain(light_index: KnowledgeBase) -> Assessment:
    return assessed(light_index, PLAIN)


def shown(found: Assessment) -> list[tuple[str, str, str]]:
    sides = [(e.element.id, side, getattr(e, side)) for e in found.elements for side in ("supporting", "contrary")]
    return [(element, side, hit.stored_id) for element, side, hits in sides for hit in hits]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nationality", "SY"),
        ("vulnerabilities", ["single mother"]),
        ("housing", "slept on the street in Athens"),
        ("work", "worked in a restaurant"),
        ("children", "two children, 3 and 6"),
        ("health", "severe depression, suicidal"),
        ("remedies_used", "complaint to the Greek ombudsman"),
    ],
)
def test_each_fact_changes_what_is_shown_or_asked(light_index: KnowledgeBase, plain: Assessment, key: str, value: Any) -> None:
    found = assessed(light_index, {**PLAIN, key: value})
    asked = {(e.element.id, name) for e in plain.elements for name in e.lacking if name == key}
    assert not [name for e in found.elements for name in e.lacking if name == key], "what the file states is not asked again"
    assert asked or key == "nationality", f"no step asks for {key} where the file does not state it"
    assert shown(found) != shown(plain)


def test_the_region_is_asked_and_changes_what_is_shown_where_the_test_turns_on_it(light_index: KnowledgeBase) -> None:
    facts = {**DAMASCUS, "registered_on": "2022-03-01", "decided_on": "2022-09-15"}
    told, untold = assessed(light_index, facts), assessed(light_index, {**facts, "region": None})
    assert "region" in {name for e in untold.elements for name in e.lacking}
    assert "region" not in {name for e in told.elements for name in e.lacking}
    assert shown(told) != shown(untold)


@pytest.mark.parametrize(
    ("key", "value", "circumstance"),
    [
        ("vulnerabilities", ["single mother"], "single-parent"),
        ("housing", "slept on the street", "homeless"),
        ("children", "two children, 3 and 6", "minor-children"),
        ("health", "severe depression", "mental-illness"),
        ("nationality", "SY", "SY"),
        ("member_state", "GR", "GR"),
    ],
)
def test_a_ruling_with_the_same_fact_says_so(light_index: KnowledgeBase, key: str, value: Any, circumstance: str) -> None:
    found = assessed(light_index, {**PLAIN, key: value})
    shared = {(c.key, c.value) for e in found.elements for hit in (*e.supporting, *e.contrary) for c in hit.comparable}
    assert (key, circumstance) in shared


@pytest.mark.parametrize(("status", "track"), [("refugee", "status-holder"), ("applicant", "dublin-transfer")])
def test_the_status_there_and_the_member_state_choose_test_and_positions(light_index: KnowledgeBase, status: str, track: str) -> None:
    facts = {**PLAIN, "status_there": status, "decided_on": "2025-08-01"}
    greece, belgium = (assessed(light_index, {**facts, "member_state": state}) for state in ("GR", "BE"))
    assert str(greece.track) == str(belgium.track) == track
    assert {p.position.id for p in greece.positions} != {p.position.id for p in belgium.positions}


def test_what_the_search_alone_finds_uses_no_mark_of_the_legal_tests(light_index: KnowledgeBase) -> None:
    case = Case.parse(PLAIN)
    found = assess(light_index.view(), light_index.law, case, today=TODAY, language="en", marks=False)
    hits = [hit for e in found.elements for hit in (*e.supporting, *e.contrary)]
    assert hits
    assert not [hit for hit in hits if hit.marked or hit.reviewed]


def test_a_ruling_that_ended_against_the_applicant_is_placed_on_that_side(light_index: KnowledgeBase) -> None:
    case = Case.parse(PLAIN)
    found = assess(light_index.view(), light_index.law, case, today=TODAY, language="en", marks=False)
    side = light_index.law.outcomes.side
    ended = {
        name: [side(hit.hit.document.outcome or "") for e in found.elements for hit in getattr(e, name)]
        for name in ("supporting", "contrary")
    }
    assert ended["contrary"].count(Side.CONTRARY) > ended["contrary"].count(Side.SUPPORTS)
    assert ended["supporting"].count(Side.SUPPORTS) > ended["supporting"].count(Side.CONTRARY)
