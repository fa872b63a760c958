"""The shipped legal tests, read as a lawyer would: which version governs, what stands in it, what its check would catch."""

import datetime as dt
import functools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.corpus import load_corpus
from kb.domain.dates import LegalDate
from kb.domain.documents import Track
from kb.domain.identifiers import canonical_document_id
from kb.domain.pinpoints import Pinpoint
from kb.errors import CorpusInvalid, NotFound
from kb.law.frameworks import FACT_KEYS, AuthorityRef, Frameworks, Side, Verification, check
from kb.law.treatment import Standings

CORPUS = Path(__file__).parents[3] / "corpus"
HELD = Frameworks.load(CORPUS / "frameworks")
DUBLIN, STATUS = Track.DUBLIN_TRANSFER, Track.STATUS_HOLDER
IR, IBRAHIM = "indirect-refoulement", "ibrahim-threshold"
DAY = dt.date.fromisoformat


@pytest.fixture(scope="module")
def known_ids() -> set[str]:
    return {document.id for document, _, _ in load_corpus(CORPUS).documents}


def every_ref() -> list[tuple[str, AuthorityRef]]:
    found = []
    for framework in HELD.frameworks:
        positions = [p for v in framework.versions for p in v.positions] + [p for line in framework.lines for p in line.positions]
        found += [(f"{framework.id}/{p.id}", ref) for p in positions for ref in p.authorities]
        for version in framework.versions:
            found += [(f"{version.id}/replaced", ref) for ref in (version.replaced.authorities if version.replaced else ())]
            for element in version.elements:
                found += [(f"{version.id}/{element.id}", ref) for ref in element.authorities]
                found += [(f"{version.id}/{element.id}/{f.id}", ref) for f in element.factors for ref in f.authorities]
    return found


# --- which version governs -------------------------------------------------------------------------------------------------------------


def damascus(decided_on: str, registered_on: str | None = None) -> tuple[str, tuple[str, ...]]:
    """A Syrian from Damascus, Dublin transfer to Denmark: version and the positions that hold."""
    registered = LegalDate.parse(registered_on) if registered_on else None
    version = HELD.version_at(IR, DAY(decided_on), registered, DUBLIN)
    return version.id, tuple(p.id for p in version.positions_at(DAY(decided_on), member_state="DK", nationality="SY"))


def test_five_dates_give_five_answers_to_the_same_case() -> None:
    answers = [
        damascus("2022-09-15"),
        damascus("2023-10-15"),
        damascus("2024-01-15"),
        damascus("2024-07-15"),
        damascus("2026-09-15", registered_on="2026-08-03"),
    ]
    assert answers == [
        ("test-2022", ("dk-policy-difference",)),
        ("test-2022", ("dk-difference-gone",)),
        ("test-2022", ("dk-difference-gone", "cjeu-november-2023")),
        ("dublin-iii", ("dk-question-not-asked",)),
        ("ammr", ("ammr-no-case-law",)),
    ]
    assert len(set(answers)) == 5


@pytest.mark.parametrize(
    ("framework", "as_of", "registered_on", "track", "version"),
    [
        (IR, "2022-07-05", None, DUBLIN, "before-2022"),
        (IR, "2022-07-06", None, DUBLIN, "test-2022"),
        (IR, "2024-06-11", None, DUBLIN, "test-2022"),
        (IR, "2024-06-12", None, DUBLIN, "dublin-iii"),
        (IR, "2026-09-01", "2026-06-30", DUBLIN, "dublin-iii"),
        (IR, "2026-09-01", "2026-07-01", DUBLIN, "ammr"),
        (IR, "2026-09-01", "2026-07-01", STATUS, "status-holder"),
        (IR, "2023-10-01", "2023-01-01", STATUS, "status-holder"),
        (IBRAHIM, "2019-03-18", None, STATUS, "before-ibrahim"),
        (IBRAHIM, "2019-03-19", None, STATUS, "apd"),
        (IBRAHIM, "2026-09-01", "2026-06-11", STATUS, "apd"),
        (IBRAHIM, "2026-09-01", "2026-06-12", STATUS, "apr"),
    ],
)
def test_registration_chooses_the_law_and_the_day_the_state_of_the_case_law(
    framework: str, as_of: str, registered_on: str | None, track: Track, version: str
) -> None:
    registered = LegalDate.parse(registered_on) if registered_on else None
    assert HELD.version_at(framework, DAY(as_of), registered, track).id == version


def test_without_a_registration_date_both_laws_remain_possible_after_the_boundary() -> None:
    assert [version.id for version in HELD.versions_at(IR, DAY("2026-09-01"), None, DUBLIN)] == ["dublin-iii", "ammr"]
    assert [version.id for version in HELD.versions_at(IR, DAY("2026-06-30"), None, DUBLIN)] == ["dublin-iii"]
    assert not HELD.regime(IR, DAY("2026-09-01"), None, DUBLIN).is_known


def test_without_a_track_the_framework_serves_its_own() -> None:
    assert HELD.version_at(IR, DAY("2024-07-01")).track is DUBLIN
    assert HELD.version_at(IBRAHIM, DAY("2024-07-01")).track is STATUS


def test_a_framework_for_status_holders_does_not_answer_a_dublin_case() -> None:
    with pytest.raises(NotFound, match="dublin-transfer"):
        HELD.version_at(IBRAHIM, DAY("2024-07-01"), None, DUBLIN)


def test_an_unknown_framework_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=IBRAHIM):
        HELD.version_at("jawo", DAY("2024-07-01"))


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)), st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)))
def test_there_is_a_version_for_every_day(as_of: dt.date, registered_on: dt.date | None) -> None:
    registered = LegalDate.of(registered_on) if registered_on else None
    for framework, track in ((IR, DUBLIN), (IR, STATUS), (IBRAHIM, STATUS)):
        version = HELD.version_at(framework, as_of, registered, track)
        assert version.holds(as_of)
        assert version.track is track


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)))
def test_the_2022_test_governs_on_its_days_and_on_no_other(as_of: dt.date) -> None:
    governs = HELD.version_at(IR, as_of, LegalDate.parse("2000"), DUBLIN).id == "test-2022"
    assert governs == (dt.date(2022, 7, 6) <= as_of <= dt.date(2024, 6, 11))


# --- what stands in them ---------------------------------------------------------------------------------------------------------------


def test_the_2022_test_has_its_steps_in_order_and_the_burden_shifts_last() -> None:
    version = HELD.framework(IR).version("test-2022")
    steps = [element.id for element in version.elements][:6]
    assert steps == [
        "mutual-trust", "policy-difference", "weight-of-difference", "no-help-there", "personal-relevance", "shift-to-state",
    ]  # fmt: skip
    assert [version.element(step).burden for step in steps] == ["applicant"] * 5 + ["authority"]


def test_sweden_is_never_said_to_be_denmark() -> None:
    for where, ref in every_ref():
        if ref.document_id == "ECLI:NL:RVS:2022:1862":
            assert not where.startswith("indirect-refoulement/dk-")


def test_no_step_of_the_2022_test_survives_in_dublin_cases() -> None:
    current = {element.id for element in HELD.framework(IR).version("dublin-iii").elements}
    assert not current & {"policy-difference", "weight-of-difference", "no-help-there", "personal-relevance", "shift-to-state"}


@pytest.mark.parametrize(("framework", "version"), [(IR, "status-holder"), (IR, "ammr"), (IR, "before-2022"), (IBRAHIM, "apr")])
def test_what_is_open_in_law_is_said_to_be_open(framework: str, version: str) -> None:
    held = HELD.framework(framework).version(version)
    assert held.open
    assert any(element.is_open for element in held.elements)


def test_the_question_for_status_holders_is_extended_from_neither_line() -> None:
    element = HELD.framework(IR).version("status-holder").element("refoulement-test")
    assert element.open is not None
    marks = {ref.document_id: ref.verification for ref in element.authorities}
    assert marks["RVS:202304791/1/V2"] is Verification.INFERENCE
    assert marks["ECLI:NL:RVS:2022:1864"] is Verification.INFERENCE


def test_each_factor_table_of_the_fact_sheets_is_there() -> None:
    factors = {f.id for v in HELD.framework(IBRAHIM).versions for e in v.elements for f in e.factors}
    assert factors == {
        "housing", "work", "language", "health", "children", "single-women", "couples", "network", "documents", "time-since-status",
        "left-before-grant", "benefits", "complaining", "assurance",
    }  # fmt: skip
    assert {f.id for v in HELD.framework(IR).versions for e in v.elements for f in e.factors} >= {
        "remedies-used-up", "dutch-presumption", "percentages", "risk-group-label", "region", "complaint-available", "no-forced-return",
        "rejection-there", "state-says-no-places", "reception-and-remedies", "own-experiences", "medical-harm", "pushback-of-returnees",
    }  # fmt: skip


def test_national_lines_are_apart_and_the_swiss_test_is_its_own() -> None:
    framework = HELD.framework(IBRAHIM)
    assert [line.country for line in framework.lines] == ["NL", "DE", "IE", "CH", "BE", "LU", "DK", "NO", "AT"]
    assert {line.country for line in framework.lines if line.own_test} == {"CH", "NO"}
    germany = framework.line("DE")
    assert germany is not None
    assert [p.id for p in germany.positions_at(DAY("2025-04-15"))] == ["de-2021-no-return"]
    assert [p.id for p in germany.positions_at(DAY("2025-04-16"))] == ["de-2025-single-men"]


def test_evidence_is_sought_on_both_sides_of_every_step() -> None:
    for framework in HELD.frameworks:
        for version in framework.versions:
            for element in version.elements:
                for language in ("nl", "en"):
                    assert element.supporting[language], (version.id, element.id)
                    assert element.contrary[language], (version.id, element.id)
                    assert not set(element.supporting[language]) & set(element.contrary[language]), (version.id, element.id)


def test_both_sides_have_authorities_somewhere_in_every_version() -> None:
    for framework in HELD.frameworks:
        for version in framework.versions:
            sides = {ref.side for element in version.elements for ref in element.authorities}
            assert sides == set(Side), version.id


@pytest.fixture(scope="module")
def dates() -> dict[str, LegalDate | None]:
    return {document.id: document.date for document, _, _ in load_corpus(CORPUS).documents}


@pytest.mark.parametrize("as_of", ["2018-06-01", "2021-08-01", "2022-09-15", "2024-01-15", "2024-07-15", "2025-08-01", "2026-09-15"])
@pytest.mark.parametrize(("framework", "track"), [(IR, DUBLIN), (IR, STATUS), (IBRAHIM, STATUS)])
def test_what_was_decided_later_is_not_shown_for_an_earlier_day(
    framework: str, track: Track, as_of: str, dates: dict[str, LegalDate | None]
) -> None:
    version = HELD.version_at(framework, DAY(as_of), None, track).known_on(DAY(as_of), dates)
    shown = [ref for element in version.elements for ref in element.authorities]
    shown += [ref for element in version.elements for factor in element.factors for ref in factor.authorities]
    shown += [ref for position in version.positions_at(DAY(as_of)) for ref in position.authorities]
    assert shown
    assert version.replaced is None
    for ref in shown:
        date = dates[ref.document_id]
        assert date is None or date.first_day <= DAY(as_of), ref


def test_a_position_rests_on_something_that_was_there_when_it_began(dates: dict[str, LegalDate | None]) -> None:
    positions = [p for f in HELD.frameworks for v in f.versions for p in v.positions]
    for position in [*positions, *(p for f in HELD.frameworks for line in f.lines for p in line.positions)]:
        days = [day for ref in position.authorities if (day := dates[ref.document_id]) is not None]
        if position.since is not None and days:
            assert min(day.first_day for day in days) <= position.since.last_day, position.id
        assert all(position.until is None or day.first_day <= position.until.last_day for day in days), position.id


def test_a_question_is_not_said_to_be_open_before_it_arose(dates: dict[str, LegalDate | None]) -> None:
    version = HELD.framework(IR).version("test-2022")
    assert not version.known_on(DAY("2023-01-01"), dates).element("individual-risk").is_open
    assert version.known_on(DAY("2024-01-15"), dates).element("individual-risk").is_open


def test_a_version_rests_on_no_authority_that_was_overtaken_in_its_time() -> None:
    """Two German rulings are kept: the step itself says that the German courts first held otherwise."""
    content = load_corpus(CORPUS)
    standings = Standings(
        [document for document, _, _ in content.documents], content.treatments, lambda document, _: {"nl": document.id, "en": document.id}
    )
    overtaken = {
        (version.id, element.id, ref.document_id)
        for framework in HELD.frameworks
        for version in framework.versions
        for element in version.elements
        for ref in (*element.authorities, *(ref for factor in element.factors for ref in factor.authorities))
        if standings.standing(ref.document_id, version.valid_until or DAY("2026-11-01"), version.track).value == "overtaken"
    }
    assert overtaken == {
        ("status-holder", "protection-there", "VG Ansbach AN 14 K 22.50037"),
        ("status-holder", "protection-there", "VG München M 22 K 19.32762"),
    }


# --- pinpoints -------------------------------------------------------------------------------------------------------------------------


@functools.cache
def catalogued_pinpoints() -> dict[str, dict[str, str]]:
    """Document -> printed reference -> mark, as the digests have them."""
    found: dict[str, dict[str, str]] = {}
    for path in (CORPUS / "digests").glob("*.toml"):
        digest = tomllib.loads(path.read_text(encoding="utf-8"))
        found[canonical_document_id(digest["id"])] = {passage["ref"]: passage["status"] for passage in digest["passage"]}
    return found


def test_no_pinpoint_stands_here_that_the_catalogue_does_not_have() -> None:
    catalogue = catalogued_pinpoints()
    pinpoints = [(where, ref) for where, ref in every_ref() if ref.pinpoint]
    assert len(pinpoints) > 200
    for where, ref in pinpoints:
        assert ref.pinpoint in catalogue[ref.document_id], (where, ref)


def test_a_pinpoint_is_never_marked_better_than_in_the_catalogue() -> None:
    order = list(Verification)
    for where, ref in every_ref():
        if ref.pinpoint:
            mark = catalogued_pinpoints()[ref.document_id][ref.pinpoint]
            assert order.index(ref.verification) >= order.index(Verification(mark)), (where, ref)


def test_the_steps_of_2022_have_no_number_of_their_own() -> None:
    """Fact sheet, section 1: only 8 to 9.3 was seen, for the difference in policy; section 9 point 8."""
    for where, ref in every_ref():
        if ref.document_id in {"ECLI:NL:RVS:2022:1862", "ECLI:NL:RVS:2022:1863", "ECLI:NL:RVS:2022:1864"}:
            assert ref.pinpoint in {None, "r.o. 1", "onder 8 t/m 9.3"}, where


# --- the check -------------------------------------------------------------------------------------------------------------------------


def test_the_shipped_frameworks_pass_their_check(known_ids: set[str]) -> None:
    assert check(HELD, known_ids) == []


def test_an_authority_that_is_not_catalogued_is_found(known_ids: set[str]) -> None:
    faults = check(HELD, known_ids - {"ECLI:EU:C:2019:219"})
    assert any("ibrahim-threshold: apd/severity: ECLI:EU:C:2019:219 is not catalogued" in fault for fault in faults)


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (IR, 'valid_until = "2024-06-11"\n[version.title]', 'valid_until = "2024-06-10"\n[version.title]', "gap or overlap"),
        (IR, 'valid_until = "2024-06-11"\n[version.title]', 'valid_until = "2024-06-12"\n[version.title]', "gap or overlap"),
        (IR, 'by = "test-2022"', 'by = "dublin-iii"', "does not say that test-2022 replaced it"),
        (IR, 'pinpoint = "para 140"', 'pinpoint = "operative part (refoulement), no para number seen"', "names no place"),
        (
            IR,
            'verification = "verified-indirect", pinpoint = "para 140"',
            'verification = "inference", pinpoint = "para 140"',
            "seen by nobody",
        ),
        (IR, 'sources = ["guide-indirect-refoulement"]\nauthorities', "sources = []\nauthorities", "no source"),
        (IBRAHIM, 'id = "work"\nelement = "severity"', 'id = "housing"\nelement = "severity"', "stands there twice"),
        (IBRAHIM, 'from = "2023-11-01"', 'from = "2023-11-01"\nuntil = "2023-01-01"', "ends before it begins"),
        (
            IBRAHIM,
            'nl = ["een Eurodac-treffer alleen", "de eigen verklaring alleen"]',
            'nl = ["een Eurodac-treffer alleen"]',
            "1 in Dutch, 2 in English",
        ),
        (
            IBRAHIM,
            'en = ["current situation of status holders in Greece at the time of the ruling"]',
            "en = []",
            "1 in Dutch, 0 in English",
        ),
    ],
)
def test_each_slip_of_the_pen_is_found(tmp_path: Path, known_ids: set[str], file: str, old: str, new: str, fault: str) -> None:
    faults = check(broken(tmp_path, file, old, new), known_ids)
    assert any(fault in each for each in faults), faults


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        (IR, 'side = "supports"', 'side = "helps"', "helps"),
        (IR, 'verification = "verified"', 'verification = "certain"', "certain"),
        (IR, 'burden = "applicant"', 'burden = "nobody"', "nobody"),
        (IR, 'fact_keys = ["member_state"]', 'fact_keys = ["shoe_size"]', "shoe_size"),
        (IR, 'valid_from = "2022-07-06"', 'valid_from = "2022-07-36"', "2022-07-36"),
        (IR, 'versions = ["test-2022"]', 'versions = ["test-2023"]', "test-2023"),
        (IR, 'default_track = "dublin-transfer"', 'default_track = "dublin-transfer"\nmood = "good"', "mood"),
        (IR, 'id = "indirect-refoulement"', 'id = "refoulement"', "file's name"),
        (IBRAHIM, 'element = "own-efforts"', 'element = "own-effort"', "own-effort"),
        (IBRAHIM, 'en = "Burden of proof"', 'en = ""', "English"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    with pytest.raises(CorpusInvalid, match=re.escape(fault)):
        broken(tmp_path, file, old, new)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusInvalid, match="no frameworks"):
        Frameworks.load(tmp_path, HELD.regimes)


def broken(tmp_path: Path, file: str, old: str, new: str) -> Frameworks:
    """The shipped frameworks with the first `old` of one file replaced by `new`."""
    for path in (CORPUS / "frameworks").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.stem == file:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return Frameworks.load(tmp_path, HELD.regimes)


def test_the_readme_names_every_key_and_mark_that_a_reviewer_meets() -> None:
    readme = (CORPUS / "frameworks" / "README.md").read_text(encoding="utf-8")
    words = [
        *(mark.value for mark in Verification),
        *(side.value for side in Side),
        "valid_from",
        "does_not_count",
        "[[factor]]",
        "[[line]]",
    ]
    assert not [word for word in words if f"`{word}`" not in readme and f"`{word}" not in readme]


# --- warnings --------------------------------------------------------------------------------------------------------------------------

WARNINGS: dict[str, Any] = tomllib.loads((CORPUS / "warnings.toml").read_text(encoding="utf-8"))
CONDITIONS = {
    "argued_track", "framework_open", "date_imprecise", "member_state_not", "registered_after_decision", "not_subtypes",
    "undated",
    "track", "regime", "status_there", "member_state", "nationality", "framework", "version", "has", "lacks", "words", "without_words",
    "decided_from", "decided_until", "registered_from", "registered_until", "cited", "documents", "standing", "kinds", "subtypes", "topics",
    "undecided", "document_track", "outside_state", "too_old", "facts_end_before", "verification", "text_status", "element_open",
}  # fmt: skip
PLACEHOLDERS = {"document", "successor", "track", "date", "days", "point", "member_state", "registered_on", "decided_on", "element"}


def test_every_warning_of_the_interface_is_there() -> None:
    codes = {warning["code"] for warning in WARNINGS["warning"]}
    assert codes >= {
        "overtaken-authority", "wrong-track", "wrong-regime", "stale-evidence", "foreign-authority", "motivation-ruling", "not-decided",
        "status-not-proven", "child-own-position", "law-open",
    }  # fmt: skip


@pytest.mark.parametrize("warning", WARNINGS["warning"], ids=lambda warning: warning["id"])
def test_a_warning_has_a_condition_a_source_and_both_languages(warning: dict[str, Any], known_ids: set[str]) -> None:
    assert set(warning) - {"severity_shown"} == {"id", "code", "severity", "sources", "documents", "when", "message", "example"}
    assert {warning["severity"], warning.get("severity_shown", "look")} <= {"stop", "look"}
    assert warning["when"], "a warning without a condition is always given"
    assert set(warning["when"]) <= CONDITIONS
    assert warning["sources"]
    named = {*warning["sources"], *warning["documents"], *warning["when"].get("documents", [])}
    assert {canonical_document_id(name) for name in named} <= known_ids
    assert set(warning["message"]) == {"nl", "en"}
    used = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in warning["message"].items()}
    assert used["nl"] == used["en"]
    assert used["nl"] <= PLACEHOLDERS


@pytest.mark.parametrize("warning", WARNINGS["warning"], ids=lambda warning: warning["id"])
def test_a_warning_comes_with_a_case_that_triggers_it_and_a_near_one_that_does_not(warning: dict[str, Any], known_ids: set[str]) -> None:
    assert set(warning["example"]) == {"triggers", "near"}
    triggers, near = warning["example"]["triggers"], warning["example"]["near"]
    assert triggers != near
    for facts in (triggers, near):
        assert set(facts) - {"track", "cites", "narrative", "elements"} <= set(FACT_KEYS), json.dumps(facts)
        for cited in facts.get("cites", []):
            assert canonical_document_id(cited.partition("#")[0]) in known_ids


def test_warning_ids_are_unique() -> None:
    ids = [warning["id"] for warning in WARNINGS["warning"]]
    assert len(ids) == len(set(ids))


def test_every_readme_condition_is_described_in_the_file_itself() -> None:
    head = (CORPUS / "warnings.toml").read_text(encoding="utf-8").split("\n[settings]")[0]
    assert not [name for name in CONDITIONS if name not in head]
    assert not [name for name in PLACEHOLDERS if f"{{{name}}}" not in head]


def test_turning_points_are_dates_with_sources(known_ids: set[str]) -> None:
    points = {point["id"]: point for point in WARNINGS["turning_point"]}
    assert points["sy-fall-of-damascus"]["date"] == "2024-12-08"
    for point in points.values():
        LegalDate.parse(point["date"])
        assert set(point["sources"]) <= known_ids
        assert set(point["text"]) == {"nl", "en"}
    assert WARNINGS["settings"]["report_max_age_days"] == 730


def test_the_pinpoints_read_as_places() -> None:
    for where, ref in every_ref():
        if ref.pinpoint:
            assert isinstance(ref.place, Pinpoint), where
