"""Sentences that may be treatment: proposed where a court speaks of an earlier decision, and never more than proposed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from kb.domain.dates import LegalDate
from kb.domain.documents import CitationLink, Document, TextStatus, Treatment, Voice
from kb.errors import CorpusInvalid
from kb.law.candidates import CandidateRules, candidates
from kb.store.library import Library, LibraryWriter
from tests.kb.store.samples import made

PATTERNS = Path(__file__).resolve().parents[3] / "corpus" / "patterns"
BY, OF, OTHER = "ECLI:NL:RVS:2099:2", "ECLI:NL:RVS:2098:1", "ECLI:NL:RVS:2097:1"
RULES = CandidateRules.load(PATTERNS)


def shelf(
    path: Path, text: str, *, voice: Voice = Voice.COURT, of: str = OF, edges: tuple[Treatment, ...] = (), **expression: object
) -> Library:
    """The earlier decision, and a later one that says `text`; every ECLI in it is a link."""
    writer = LibraryWriter(path / "library.sqlite")
    earlier, own, passages = made(OF, ("De eerste overweging.",))
    writer.put_document(dated(earlier, "2098-01-01"))
    writer.put_expression(own, passages)
    later, own, passages = made(BY, (text,))
    writer.put_document(dated(later, "2099-01-01"))
    links = [
        CitationLink(passages[0].id, at, at + len(target), target, target, "ecli", named=(target,))
        for target in (of, OTHER)
        if (at := text.find(target)) >= 0
    ]
    writer.put_expression(replace(own, **expression), [replace(passages[0], voice=voice)], links)  # type: ignore[arg-type]
    writer.replace_treatments(edges)
    writer.finish()
    return Library(path / "library.sqlite")


def dated(document: Document, day: str) -> Document:
    return replace(document, date=LegalDate(day))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("departs-from", f"De Afdeling komt in zoverre terug van de uitspraak {OF}."),
        ("departs-from", f"Anders dan in de uitspraak {OF} is geoordeeld, geldt nu het volgende."),
        ("departs-from", f"De rechtbank ziet in {OF} een lijn die is verlaten."),
        ("departs-from", f"The Court departs from its judgment {OF}."),
        ("departs-from", f"An der Rechtsprechung in {OF} wird nicht mehr festgehalten."),
        ("departs-from", f"La Cour revient sur sa jurisprudence ({OF})."),
        ("distinguishes", f"Dit geval is niet vergelijkbaar met dat in {OF}."),
        ("distinguishes", f"That case ({OF}) must be distinguished from the present one."),
        ("set-aside", f"De Afdeling vernietigt de uitspraak van de rechtbank ({OF})."),
        ("clarifies", f"Ter verduidelijking van de uitspraak {OF} overweegt de Afdeling het volgende."),
    ],
)
def test_a_court_that_speaks_so_of_an_earlier_decision_is_proposed(tmp_path: Path, kind: str, text: str) -> None:
    (found,) = candidates(shelf(tmp_path, text), RULES)
    assert (found.by, found.of, found.type, found.held, found.pinpoint) == (BY, OF, kind, True, "ro-1")
    assert found.words == text
    assert found.sign in found.words


@pytest.mark.parametrize(
    "text",
    [
        f"De rechtbank volgt de uitspraak {OF}.",
        f"Anders dan eiser betoogt, volgt uit {OF} geen ander oordeel.",
        f"De Afdeling ziet geen aanleiding terug te komen van {OF}.",
        f"The Court sees no reason to depart from {OF}.",
        f"De minister komt terug van zijn standpunt. De uitspraak {OF} gaat over iets anders.",
        f"De Afdeling komt terug van eerdere rechtspraak. Die betrof kortgezegd overdracht.\n\nZie {OF}.",
    ],
    ids=["follows", "party", "no-reason-nl", "no-reason-en", "next-sentence", "next-block"],
)
def test_what_does_nothing_to_the_decision_is_not_proposed(tmp_path: Path, text: str) -> None:
    assert list(candidates(shelf(tmp_path, text), RULES)) == []


SAYS = f"De Afdeling komt terug van de uitspraak {OF}."


@pytest.mark.parametrize("voice", [Voice.APPLICANT, Voice.AUTHORITY, Voice.QUOTED_RULING, Voice.FACTS])
def test_what_a_party_or_a_quotation_says_is_not_proposed(tmp_path: Path, voice: Voice) -> None:
    assert list(candidates(shelf(tmp_path, SAYS, voice=voice), RULES)) == []


def test_words_of_an_unknown_speaker_are_proposed_as_such(tmp_path: Path) -> None:
    (found,) = candidates(shelf(tmp_path, SAYS, voice=Voice.UNKNOWN), RULES)
    assert found.voice is Voice.UNKNOWN


def test_what_the_catalogue_has_judged_is_not_asked_again(tmp_path: Path) -> None:
    edge = Treatment(of=OF, by=BY, type="departs-from", effect="overtaken")
    assert list(candidates(shelf(tmp_path, SAYS, edges=(edge,)), RULES)) == []


@pytest.mark.parametrize(
    "expression",
    [{"text_status": TextStatus.DIGEST}, {"trust": "upload"}, {"trust": "curated"}],
    ids=["digest", "upload", "ours"],
)
def test_only_the_publishers_texts_propose(tmp_path: Path, expression: dict[str, object]) -> None:
    assert list(candidates(shelf(tmp_path, SAYS, **expression), RULES)) == []


def test_a_decision_that_is_not_held_is_proposed_and_said_to_be_absent(tmp_path: Path) -> None:
    library = shelf(tmp_path, f"De Afdeling komt terug van de uitspraak {OTHER}.")
    (found,) = candidates(library, RULES)
    assert (found.of, found.held) == (OTHER, False)
    assert list(candidates(library, RULES, of=[OF])) == []


def test_the_words_are_those_of_the_stored_text_at_the_place_given(tmp_path: Path) -> None:
    long = (
        "Dit is een zin die voorafgaat. " + "Overweging " * 20 + f"waarin de Afdeling terugkomt van de uitspraak {OF} " + "en verder " * 90
    )
    library = shelf(tmp_path, long.strip() + ".")
    (found,) = candidates(library, RULES)
    assert found.words == library.expression(BY).text[found.start_char : found.end_char]
    assert len(found.words) <= RULES.sentence_chars + len(OF)
    assert OF in found.words
    assert found.sign in found.words


def test_a_word_list_that_names_no_treatment_is_refused(tmp_path: Path) -> None:
    text = (PATTERNS / "treatment-candidates.toml").read_text(encoding="utf-8")
    (tmp_path / "treatment-candidates.toml").write_text(text.replace('"overrules"', '"crushes"'), encoding="utf-8")
    with pytest.raises(CorpusInvalid, match="crushes"):
        CandidateRules.load(tmp_path)


def test_the_command_lists_and_says_that_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store" / "gen-000001").mkdir(parents=True)
    shelf(tmp_path / "store" / "gen-000001", SAYS).close()
    (tmp_path / "store" / "CURRENT").symlink_to("gen-000001")
    monkeypatch.setenv("KB_DATA_DIR", str(tmp_path))
    shown = CliRunner().invoke(app, ["catalogue", "candidates"])
    assert shown.exit_code == 0
    assert shown.output.splitlines() == [
        f"departs-from {BY} of 2099-01-01 on {OF}, at {BY}#ro-1",
        f"             …{SAYS}… [komt terug van; court]",
        "1 sentences to read; none of them changes how a document stands",
    ]
    (item,) = json.loads(CliRunner().invoke(app, ["catalogue", "candidates", "--json", "--of", OF]).output)
    assert (item["by"], item["of"], item["words"], item["by_date"]) == (BY, OF, SAYS, "2099-01-01")
