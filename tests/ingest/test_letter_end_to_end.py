"""The letter to Parliament of 7 November 2022, from its bytes to an answer: corpus and letter built by the real pipeline with the
bundled model, then asked about each of its eight subjects in Dutch and in English."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.pipeline import Outcome, Pipeline
from ingest.reader import ChildReader
from kb.domain.documents import Passage, TextStatus
from kb.domain.pinpoints import PinpointKind
from kb.domain.query import Query
from kb.settings import Settings
from kb.wiring import KnowledgeBase, build_embedder, build_engine

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY.parent / "shared" / "real" / "letter"
LETTER = "kst-30573-195"
TODAY = dt.date(2026, 11, 24)

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/real/letter is not on this machine"),
    pytest.mark.xdist_group("letter"),
]

# (beginning of the section's heading, question). Words of the heading are avoided where a person would not know them.
QUESTIONS = [
    ("Het niet tijdig", "Waarom worden vreemdelingen te laat opgehaald uit het detentiecentrum door de Dienst Vervoer en Ondersteuning?"),
    ("Het niet tijdig", "Why were foreign nationals picked up late from the detention centre by the transport service?"),
    ("Het niet tijdig", "In hoeveel procent van de gevallen was DV&O volgens de Inspectie te laat?"),
    ("Het niet tijdig", "Which inspectorate found that the transport service was late in 46% of the cases, and why?"),
    ("Implementatie", "Hoe lang wordt een verblijfsvergunning voor medische behandeling verleend na de uitspraak van 1 februari 2021?"),
    (
        "Implementatie",
        "For how long is a residence permit for medical treatment granted when care remains unavailable in the country of origin?",
    ),
    ("Motie", "Waarom voert de IND geen casemanagement in bij complexe asielzaken?"),
    ("Motie", "Why has the IND not introduced case management in complex asylum cases?"),
    ("Motie", "Wat doet de IND in plaats van casemanagement om complexe zaken zorgvuldig af te doen?"),
    ("Motie", "What do the knopendoorhakteams of the IND do?"),
    ("Deense", "Worden Syriërs uit Damascus door Denemarken gedwongen teruggestuurd volgens de Deense autoriteiten?"),
    ("Deense", "What did the Danish authorities answer about forced removal of Syrians from Damascus, and are Dublin transfers resumed?"),
    ("Deense", "Worden Dublinoverdrachten aan Denemarken hervat?"),
    ("Griekse", "Hoeveel zaken van Griekse statushouders heeft de IND op voorraad en wanneer is niet-ontvankelijkverklaring nog mogelijk?"),
    ("Griekse", "How many cases of people with a status in Greece did the IND have in stock in 2022?"),
    ("Griekse", "Does the IND still ask the Greek authorities for individual guarantees for unaccompanied minors with a Greek status?"),
    ("Griekse", "Vraagt de IND de Griekse autoriteiten nog om individuele garanties voor minderjarige statushouders?"),
    (
        "Griekse",
        "In which cases can an application of someone with Greek protection status still be declared inadmissible according to "
        "the State Secretary?",
    ),
    ("Begeleiding", "Hoe is de begeleiding van alleenstaande minderjarige vreemdelingen in Ter Apel geregeld?"),
    ("Begeleiding", "How are unaccompanied minors supervised in Ter Apel given the shortage of reception places?"),
    ("Veranderopgave", "Wat waren de aanbevelingen van de doorlichting van EY van de asiel- en migratieketen?"),
    ("Veranderopgave", "What did the external review by EY of the asylum and migration chain lead to?"),
    ("Verhuisbewegingen", "Hoe wil het kabinet het aantal verhuizingen van asielzoekers en kinderen beperken?"),
    ("Verhuisbewegingen", "How does the government plan to reduce the number of relocations of asylum seekers, especially children?"),
]


@dataclass(frozen=True)
class Built:
    kb: KnowledgeBase
    settings: Settings
    first: Outcome
    file: Path

    def ingest(self, *inputs: str) -> Outcome:
        with ChildReader() as read:
            pipeline = Pipeline(
                self.settings,
                embedder=lambda: build_embedder(self.settings, bulk=True),
                engine=build_engine(self.settings),
                read=read,
            )
            return pipeline.ingest(list(inputs))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path_factory.mktemp("letter"),
        corpus_dir=REPOSITORY / "corpus",
    )
    (file,) = [path for path in FOLDER.iterdir() if path.suffix == ".txt"]
    made = Built(KnowledgeBase(settings), settings, Outcome([], None, False, {}), file)  # questions by the backend that serves them
    return Built(made.kb, settings, made.ingest(str(file)), file)


def letter_passages(built: Built) -> list[Passage]:
    return [p for p in built.kb.view().library.passages(LETTER) if p.text_status is TextStatus.VERBATIM]


def test_the_letter_is_recognised_and_its_ledger_line_says_so(built: Built) -> None:
    (entry,) = built.first.entries
    assert (entry.status, entry.document_id, entry.kind) == ("indexed", LETTER, "letter")
    assert entry.passages == len(letter_passages(built)) > 40


def test_the_stored_text_is_the_file_and_every_passage_its_slice(built: Built) -> None:
    original = built.file.read_bytes().decode("utf-8-sig")
    stored = built.kb.view().library.expression(LETTER).text
    assert stored == original
    for passage in letter_passages(built):
        assert passage.text == original[passage.start_char : passage.end_char]


@pytest.mark.parametrize(
    ("section", "question"),
    QUESTIONS,
)
def test_a_passage_of_the_right_section_is_among_the_first_three(built: Built, section: str, question: str) -> None:
    result = built.kb.search(Query(question, as_of=TODAY, limit=10))
    original = built.file.read_bytes().decode("utf-8-sig")
    found = [
        hit.passage
        for hit in result.hits[:3]
        if hit.document.id == LETTER
        and hit.passage.text_status is TextStatus.VERBATIM
        and hit.passage.heading_path
        and hit.passage.heading_path[0].startswith(section)
    ]
    assert found, [hit.passage.id for hit in result.hits]
    for passage in found:
        assert passage.text == original[passage.start_char : passage.end_char]


def test_the_questions_ask_about_each_of_the_eight_subjects_in_both_languages(built: Built) -> None:
    sections = {p.heading_path[0] for p in letter_passages(built) if p.heading_path}
    asked = {section for section, _ in QUESTIONS}
    assert len(asked) == 8
    assert all(sum(heading.startswith(section) for heading in sections) == 1 for section in asked)


def test_no_place_of_the_letter_has_a_number_that_the_letter_does_not_print(built: Built) -> None:
    for passage in letter_passages(built):
        if passage.pinpoint and passage.pinpoint.is_place:
            assert passage.pinpoint.kind in (PinpointKind.SECTION, PinpointKind.FOOTNOTE), passage.id


def test_a_second_ingest_changes_nothing(built: Built) -> None:
    before = built.kb.generations.open_current(built.kb.embedder)
    again = built.ingest(str(built.file))
    after = built.kb.generations.open_current(built.kb.embedder)
    assert [(e.status, e.document_id, e.passages) for e in again.entries] == [("unchanged", LETTER, built.first.entries[0].passages)]
    assert not again.changed
    assert (after.name, after.manifest.points, after.manifest.content_sha256) == (
        before.name,
        before.manifest.points,
        before.manifest.content_sha256,
    )
    before.close()
    after.close()
