"""Whose words a passage of a Dutch ruling holds."""

import time
import tomllib
from pathlib import Path

import pytest

from evals.voices import read_labels, score_voices
from ingest.voice_nl import Court, Section, VoiceRules, load_rules
from kb.domain.documents import Voice
from kb.errors import CorpusInvalid

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "real"
LABELS = ROOT / "evals" / "collections" / "voices" / "labels-nl.jsonl"
real = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/real is not here")

# (text of a ground below "Overwegingen", deciding court, whose words)
GROUNDS = [
    ("De rechtbank is van oordeel dat de minister dit mocht vinden.", "RBDHA", Voice.COURT),
    ("Naar het oordeel van de Afdeling is dit onjuist. Het betoog slaagt.", "RVS", Voice.COURT),
    ("Deze beroepsgrond slaagt niet. De minister heeft dit mogen tegenwerpen.", "RBDHA", Voice.COURT),
    ("Het hoger beroep is kennelijk ongegrond. De aangevallen uitspraak dient te worden bevestigd.", "RVS", Voice.COURT),
    ("Met verweerder is de rechtbank van oordeel dat het relaas niet overtuigt.", "RBDHA", Voice.COURT),
    ("Eiser betoogt dat de opvang in Griekenland tekortschiet. Hij wijst op een rapport.", "RBDHA", Voice.APPLICANT),
    ("De vreemdeling klaagt in zijn grief dat de rechtbank dit niet heeft onderkend.", "RVS", Voice.APPLICANT),
    ("Volgens eiser is het besluit onzorgvuldig.", "RBDHA", Voice.APPLICANT),
    ("Verweerder stelt zich op het standpunt dat het vertrouwensbeginsel geldt.", "RBDHA", Voice.AUTHORITY),
    ("De staatssecretaris klaagt in de enige grief dat de rechtbank dit heeft miskend.", "RVS", Voice.AUTHORITY),
    ("De minister heeft in het besluit overwogen dat eiser kan klagen bij de autoriteiten.", "RBDHA", Voice.AUTHORITY),
    ("Ingevolge artikel 30, eerste lid, van de Vw wordt de aanvraag niet in behandeling genomen.", "RBDHA", Voice.QUOTED_LAW),
    ("De rechtbank gaat uit van de volgende feiten. Eiser is in 2020 aangekomen.", "RBDHA", Voice.FACTS),
    # mixed: the argument and the answer in one ground
    ("Eiser betoogt dat de opvang tekortschiet. De rechtbank volgt dit niet.", "RBDHA", Voice.UNKNOWN),
    ("Het gerecht stelt vast dat de termijn is verstreken. Klaagster heeft gesteld dat zij ziek was.", "OGAACMB", Voice.UNKNOWN),
    # what the lower court held is not this court's assessment
    ("De rechtbank heeft overwogen dat de opvang voldoet.", "RVS", Voice.UNKNOWN),
    (
        "Orange legt de algemene voorwaarden aan de vordering ten grondslag. Naar het oordeel van de rechtbank volgt hieruit niets.",
        "RBDHA",
        Voice.UNKNOWN,
    ),
    ("Zwartepoorte stelt dat (het hof neemt aan: door de brief) is ontbonden, zo stelt Zwartepoorte.", "GHDHA", Voice.UNKNOWN),
    ("De moeder woont in Utopia.", "RBDHA", Voice.UNKNOWN),
]


@pytest.mark.parametrize(("text", "court", "expected"), GROUNDS)
def test_a_ground_is_heard_as_its_sentences_tell(text: str, court: str, expected: Voice) -> None:
    assert load_rules().voice(f"4.1. {text}", Section.GROUNDS, Court(court)) is expected


def test_a_verdict_after_an_argument_may_be_the_partys_own() -> None:
    text = "Eiser stelt dat dit onjuist is. De minister heeft de aanvraag ten onrechte afgewezen."
    assert load_rules().voice(text, Section.GROUNDS, Court("RBDHA")) is not Voice.COURT


def test_the_same_words_are_anothers_in_a_higher_court() -> None:
    text = "De rechtbank is van oordeel dat dit voldoet. De rechtbank ziet geen aanleiding voor twijfel."
    rules = load_rules()
    assert rules.voice(text, Section.GROUNDS, Court("RBDHA")) is Voice.COURT
    assert rules.voice(text, Section.GROUNDS, Court("RVS")) is not Voice.COURT


@pytest.mark.parametrize("section", [Section.FACTS, Section.DECISION, Section.SUMMARY, Section.REMEDY, Section.OPERATIVE])
def test_no_section_but_the_courts_own_gives_the_label_court(section: Section) -> None:
    assert load_rules().voice("De rechtbank is van oordeel dat dit voldoet.", section, Court("RBDHA")) is not Voice.COURT


def test_a_conclusion_holds_no_courts_voice() -> None:
    text = "De Hoge Raad is van oordeel dat het middel faalt."
    assert load_rules().voice(text, Section.COURT, Court("HR"), opinion=True) is not Voice.COURT


def test_a_passage_that_is_mostly_quotation_is_not_the_court() -> None:
    text = "De rechtbank acht het volgende van belang: “" + "Dit is een lang citaat uit een rapport over Utopia. " * 4 + "”"
    assert load_rules().voice(text, Section.GROUNDS, Court("RBDHA")) is not Voice.COURT


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Procesverloop", Section.FACTS),
        ("1. Ontstaan en loop van het geding", Section.FACTS),
        ("B E S L I S S I N G", Section.OPERATIVE),
        ("III. BESLISSING", Section.OPERATIVE),
        ("Het standpunt van appellante", Section.APPLICANT),
        ("3. Het bestreden besluit", Section.DECISION),
        ("Beoordeling door de rechtbank", Section.COURT),
        ("2De beoordeling", Section.COURT),
        ("Wettelijk kader", Section.LAW),
        ("Conclusie en gevolgen", Section.CONCLUSION),
        ("Informatie over hoger beroep", Section.REMEDY),
        ("Eiser woont in Utopia en heeft een hond", None),
    ],
)
def test_a_heading_tells_its_section(printed: str, expected: Section | None) -> None:
    assert load_rules().heading(printed) is expected


def test_the_lower_courts_judgment_under_a_heading_is_the_decision_under_review() -> None:
    assert load_rules().heading("Het oordeel van de rechtbank", Court("GHAMS")) is Section.DECISION
    assert load_rules().heading("Het oordeel van de rechtbank", Court("RBDHA")) is Section.COURT


def test_a_pattern_file_that_lacks_a_list_is_refused() -> None:
    data = tomllib.loads((ROOT / "corpus" / "patterns" / "voice-nl.toml").read_text(encoding="utf-8"))
    del data["markers"]["court_opening"]
    with pytest.raises(CorpusInvalid, match="court_opening"):
        VoiceRules(data)
    with pytest.raises(CorpusInvalid):
        VoiceRules({**data, "headings": {"facts": ["(broken"]}})


PUMPS = [
    "heeft ",
    "eiser ",
    "De rechtbank ",
    "is het hof ",
    "Ingevolge artikel 3 ",
    "a",
    "Gelet op het ",
    '"',
    "(",
    "“a ",
    "mr. Aa ",
    ". ",
    "\n",
    " ",
    "Eiser heeft de. ",
]


@pytest.mark.parametrize("pump", PUMPS)
def test_the_rules_take_time_in_line_with_the_text(pump: str) -> None:
    rules = load_rules()
    rules.voice("x", Section.GROUNDS, Court("GHAMS"))

    def seconds(characters: int) -> float:
        text = "a" + pump * (characters // len(pump))
        started = time.process_time()
        rules.voice(text, Section.GROUNDS, Court("GHAMS"))
        return time.process_time() - started

    # a quadratic rule takes minutes here; the margin is for a busy machine
    assert min(seconds(100_000) for _ in range(2)) < 2.0


# -- against the labels -----------------------------------------------------------------------------------------------------


def test_the_labels_are_enough_to_say_something() -> None:
    labels = read_labels(LABELS)
    assert len(labels) >= 400
    assert {label.format for label in labels} == {"rechtspraak-xml", "rechtspraak-xml-annotated", "rechtspraak-json", "rechtspraak-csv"}
    assert sum(label.held_out for label in labels) >= 100


@real
@pytest.mark.real
@pytest.mark.slow
def test_the_label_court_is_right_in_98_of_100() -> None:
    labels = read_labels(LABELS)
    fresh = [label for label in read_labels(LABELS.with_name("labels-fresh.jsonl")) if label.format.startswith("rechtspraak")]
    scores = score_voices([*labels, *fresh], REAL)
    assert scores.missing == ()
    court = scores.row(Voice.COURT)
    assert court.predicted >= 200
    assert court.precision is not None
    assert court.precision >= 0.98
    held_out = score_voices([label for label in labels if label.held_out], REAL).row(Voice.COURT)
    assert held_out.precision is not None
    assert held_out.precision >= 0.98
