"""Every warning of the corpus with the case that must trigger it and the near case that must not; and the words they look for."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.corpus import load_corpus
from kb.domain.citations import cite
from kb.domain.courts import Courts
from kb.domain.documents import Document, Passage, TextStatus, Track
from kb.domain.identifiers import PassageId, canonical_document_id
from kb.errors import CorpusInvalid
from kb.law.assess import IBRAHIM, choose, open_points
from kb.law.case import Case, as_of_day
from kb.law.frameworks import Frameworks
from kb.law.treatment import Standings
from kb.law.warnings import CONDITIONS, Caution, Shown, Situation, WarningRules
from kb.law.words import WordList

CORPUS = Path(__file__).parents[3] / "corpus"
RULES = WarningRules.load(CORPUS / "warnings.toml")
FRAMEWORKS = Frameworks.load(CORPUS / "frameworks")
TODAY = dt.date(2026, 11, 24)


class Corpus:
    """The shipped documents and what can be asked of them without an index."""

    def __init__(self) -> None:
        content = load_corpus(CORPUS)
        courts = Courts.load(CORPUS / "courts" / "courts.toml")
        self.documents: dict[str, Document] = {document.id: document for document, _, _ in content.documents}
        self.passages: dict[tuple[str, str], Passage] = {}
        for _, _, texts in content.documents:
            for _, passages in texts:
                self.passages |= {(p.document_id, PassageId.parse(p.id).slug): p for p in passages}
        self.cite = lambda document, pinpoint: cite(document, pinpoint, courts)
        self.standings = Standings(self.documents.values(), content.treatments, self.cite)

    def shown(self, cited: str, as_of: dt.date, track: Any) -> Shown:
        head, mark, slug = cited.rpartition("#")
        document = self.documents[canonical_document_id(head if mark else cited)]
        passage = self.passages.get((document.id, slug)) if mark else None
        return Shown(
            document,
            self.standings.standing(document.id, as_of, track),
            self.cite(document, passage.pinpoint if passage else None),
            cited=True,
            verification=passage.verification if passage else None,
            text_status=TextStatus.DIGEST,
        )


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


def warned(corpus: Corpus, example: Mapping[str, Any]) -> list[Caution]:
    """The warnings for an example of the file: only the documents that it cites are shown."""
    facts = {key: value for key, value in example.items() if key != "elements"}
    case = Case.parse(facts)
    as_of, imprecise = as_of_day(case, None, TODAY)
    choice = choose(FRAMEWORKS, case, None)
    version = FRAMEWORKS.version_at(choice.framework, as_of, case.registered_on, choice.track)
    version = version.known_on(as_of, {d.id: d.date for d in corpus.documents.values()})
    if "elements" in example:
        points = tuple(element.title for element in version.elements if element.is_open and element.id in example["elements"])
    else:
        points = open_points(version)
    first = case.decided_on.first_day if case.decided_on else as_of
    earlier = FRAMEWORKS.version_at(choice.framework, first, case.registered_on, choice.track)
    return list(
        RULES.evaluate(
            Situation(
                case=case,
                framework=choice.framework,
                version=version.id,
                regime=str(FRAMEWORKS.regime(choice.framework, as_of, case.registered_on, choice.track).id),
                track=choice.track,
                argued_track=choice.argued_track,
                as_of=as_of,
                shown=[corpus.shown(cited, as_of, choice.track) for cited in example.get("cites", [])],
                open_points=points,
                framework_open=choice.is_open,
                date_imprecise=imprecise and earlier.id != version.id,
            )
        )
    )


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_warning_is_given_in_the_case_that_calls_for_it(rule: Any, corpus: Corpus) -> None:
    assert rule.id in {w.rule for w in warned(corpus, rule.example["triggers"])}


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_a_warning_is_not_given_in_the_near_case(rule: Any, corpus: Corpus) -> None:
    assert rule.id not in {w.rule for w in warned(corpus, rule.example["near"])}


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.id)
def test_no_placeholder_is_left_in_a_message_that_is_shown(rule: Any, corpus: Corpus) -> None:
    for warning in warned(corpus, rule.example["triggers"]):
        for language in ("nl", "en"):
            assert "{" not in warning.message[language]
            assert warning.rule != rule.id or "…" not in warning.message[language], warning.message[language]


def test_what_stops_a_step_comes_first(corpus: Corpus) -> None:
    found = warned(
        corpus, {"track": "dublin-transfer", "status_there": "refugee", "member_state": "GR", "decided_on": "2026-09-01", "health": "ziek"}
    )
    severities = [w.severity for w in found]
    assert severities == sorted(severities, key=["stop", "look"].index)
    assert severities[0] == "stop"
    assert severities[-1] == "look"


def test_an_overtaken_authority_is_named_with_its_successor(corpus: Corpus) -> None:
    found = warned(corpus, next(r for r in RULES.rules if r.id == "overtaken-authority").example["triggers"])
    [warning] = [w for w in found if w.rule == "overtaken-authority"]
    assert "202304791/1/V2" in warning.message["nl"]
    assert warning.document_ids == ("ECLI:NL:RVS:2022:1864", "RVS:202304791/1/V2")


def test_what_the_assessment_only_shows_does_not_say_stop(corpus: Corpus) -> None:
    facts = {"track": "dublin-transfer", "member_state": "DK", "nationality": "SY", "decided_on": "2024-07-01"}
    [cited] = [w for w in warned(corpus, {**facts, "cites": ["ECLI:NL:RVS:2022:1864"]}) if w.rule == "overtaken-authority"]
    assert (cited.cited, cited.severity) == (True, "stop")
    standing = corpus.standings.standing("ECLI:NL:RVS:2022:1864", dt.date(2024, 7, 1), Track.DUBLIN_TRANSFER)
    document = corpus.documents["ECLI:NL:RVS:2022:1864"]
    shown = Shown(document, standing, corpus.cite(document, None))
    rule = next(rule for rule in RULES.rules if rule.id == "overtaken-authority")
    situation = Situation(
        Case(), "indirect-refoulement", "dublin-iii", "dublin-iii", Track.DUBLIN_TRANSFER, Track.DUBLIN_TRANSFER, standing.as_of
    )
    assert RULES.word(rule, situation, shown).severity == "look"


def test_the_vocabulary_of_the_file_is_the_vocabulary_of_the_program() -> None:
    head = (CORPUS / "warnings.toml").read_text(encoding="utf-8").split("\n[settings]")[0]
    assert not [name for name in CONDITIONS if name not in head]


def test_a_registration_as_coarse_as_a_year_does_not_prove_that_it_came_later(corpus: Corpus) -> None:
    facts = {"track": "dublin-transfer", "decided_on": "2026-09-01", "narrative": "Op grond van Dublin III is Denemarken verantwoordelijk."}
    codes = {w.rule for w in warned(corpus, {**facts, "registered_on": "2026"})}
    assert "wrong-regime-dublin-after-ammr" not in codes
    assert "regime-unknown" in codes


def test_a_status_holder_argued_as_dublin_and_a_dublin_case_argued_as_status_holder_are_both_wrong(corpus: Corpus) -> None:
    status_holder = Case.parse({"status_there": "subsidiary", "member_state": "DK"})
    choice = choose(FRAMEWORKS, status_holder, "indirect-refoulement")
    assert (str(choice.track), str(choice.argued_track)) == ("status-holder", "dublin-transfer")
    applicant = Case.parse({"status_there": "applicant", "member_state": "GR"})
    choice = choose(FRAMEWORKS, applicant, IBRAHIM)
    assert (str(choice.track), str(choice.argued_track)) == ("status-holder", "status-holder")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('when = { colour = ["red"] }', "unknown conditions"),
        ("when = { }", "always given"),
        ('when = { has = ["shoe_size"] }', "no fields of a case"),
        ('when = { decided_from = "2024" }', "not a day"),
    ],
)
def test_a_slip_in_the_file_is_named(tmp_path: Path, entry: str, fault: str) -> None:
    text = f"""
[settings]
home_state = "NL"
report_max_age_days = 730
[[turning_point]]
id = "x"
state = "SY"
date = "2024-12-08"
text = {{ nl = "x", en = "x" }}
[[warning]]
id = "slip"
code = "slip"
severity = "look"
sources = []
documents = []
{entry}
message = {{ nl = "x", en = "x" }}
"""
    path = tmp_path / "warnings.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusInvalid, match=fault):
        WarningRules.load(path)


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["depress*"], "Zij is DEPRESSIEF.", True),
        (["ill"], "He is still here.", False),
        (["geboren in Nederland"], "geboren\n in  Nederland", True),
        (["kind"], "kinderen", False),
        (["604/2013"], "Verordening 604/2013", True),
    ],
)
def test_words_are_whole_words_unless_a_star_ends_them(words: list[str], text: str, found: bool) -> None:
    assert WordList.of(words).found_in(text) is found


@given(st.text(max_size=200))
def test_a_word_list_finds_itself_and_never_fails(text: str) -> None:
    listed = WordList.of(["a b*", "(x", "c.d"])
    assert all(text[start:end] for start, end in listed.finds(text))
    assert listed.found_in("... (x ...")


def test_every_example_states_facts_that_a_case_knows() -> None:
    data = tomllib.loads((CORPUS / "warnings.toml").read_text(encoding="utf-8"))
    for warning in data["warning"]:
        for example in warning["example"].values():
            Case.parse({key: value for key, value in example.items() if key != "elements"})
