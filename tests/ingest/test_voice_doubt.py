"""The last word about `court`: it is taken away in doubt, never given."""

import copy
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from ingest.parse import voice_doubt
from ingest.parse.model import Metadata, ParsedDocument, ParsedPassage
from ingest.parse.voice_doubt import FAMILIES, FILE, NAME, checked, family_of, load_doubt, rules_alone, with_doubt
from ingest.pipeline import Pipeline
from kb.domain.documents import Expression, TextStatus, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.errors import CorpusInvalid

FINDING = (
    "It follows from the foregoing considerations that Article 17(1) of that regulation must be interpreted as meaning that it does not "
    "preclude the Member State concerned from examining the application itself, and the answer to the first question is therefore that "
    "such a decision is a matter for the discretion of that Member State."
)
ARGUMENT = (
    "The applicant in the main proceedings has opposed the transfer, relying on the reports which she lodged on 3 May 2021, submitting, in "
    "particular, that the authorities of that Member State had refused her accommodation on 12 March 2020 and that the Government of that "
    "State disputed none of those facts; according to the Commission, the complaint was lodged out of time."
)
OORDEEL = (
    "Naar het oordeel van de rechtbank heeft verweerder het besluit onvoldoende gemotiveerd. Gelet hierop is het beroep gegrond en zal de "
    "rechtbank het bestreden besluit vernietigen. De rechtbank ziet aanleiding verweerder te veroordelen in de proceskosten."
)
BETOOG = (
    "Eiser betoogt dat hij op 4 maart 2021 bij brief van 2 februari 2021 is gehoord en dat verweerder daarvan geen verslag heeft gemaakt. "
    "Volgens verweerder was eiser op 3 april 2021 vertrokken. Eiser stelt verder dat artikel 17 van de verordening hem beschermt en dat "
    "de rechtbank in haar uitspraak van 1 juni 2020 in de zaak van zijn broer anders heeft geoordeeld. Daarop ziet de grief."
)


def judgment(
    *texts: str, parser: str = "cjeu/3", court: str = "Court of Justice", heading: str = "Consideration of the questions referred"
) -> ParsedDocument:
    """A document whose every passage the rules called `court`."""
    passages, at = [], 0
    for number, text in enumerate(texts, 31):
        pinpoint = Pinpoint(PinpointKind.PARAGRAPH, str(number), str(number))
        passages.append(ParsedPassage(at, at + len(text), pinpoint, (heading,), Voice.COURT))
        at += len(text) + 1
    return ParsedDocument("\n".join(texts), passages, Metadata(id="ECLI:EU:C:2031:1", court=court), parser)


def dutch(*texts: str) -> ParsedDocument:
    made = judgment(*texts, parser="rechtspraak/2+voice-nl/3", court="Rechtbank Den Haag", heading="Beoordeling door de rechtbank")
    made.metadata.id = "ECLI:NL:RBDHA:2031:1"
    return made


def voices(document: ParsedDocument) -> list[Voice]:
    return [passage.voice for passage in document.passages]


@pytest.mark.parametrize(
    ("make", "finding", "argument"), [(judgment, FINDING, ARGUMENT), (dutch, OORDEEL, BETOOG)], ids=["court-of-justice", "dutch"]
)
def test_an_argument_told_in_the_courts_part_becomes_unknown_and_a_plain_finding_stays(make: Any, finding: str, argument: str) -> None:
    document = with_doubt(make(finding, argument, finding))
    assert voices(document) == [Voice.COURT, Voice.UNKNOWN, Voice.COURT]


def test_nothing_but_court_is_ever_changed_and_only_to_unknown() -> None:
    for voice in Voice:
        document = judgment(FINDING, ARGUMENT, FINDING)
        document.passages = [replace(passage, voice=voice) for passage in document.passages]
        after = voices(with_doubt(document))
        assert set(after) <= ({voice, Voice.UNKNOWN} if voice is Voice.COURT else {voice})


def test_the_same_text_gives_the_same_voice_however_often_it_is_read() -> None:
    first = with_doubt(judgment(FINDING, ARGUMENT))
    again = [with_doubt(judgment(FINDING, ARGUMENT)) for _ in range(3)]
    assert all(document == first for document in again)


def test_the_score_does_not_depend_on_the_order_in_which_signs_were_seen() -> None:
    family = load_doubt().families["dutch"]
    signs = sorted(family.weights)
    assert family.score(frozenset(signs)) == family.score(frozenset(reversed(signs)))


def test_what_is_shorter_than_any_sample_held_keeps_what_the_rules_said() -> None:
    assert voices(with_doubt(judgment("The applicant submits that she was refused.", ARGUMENT))) == [Voice.COURT, Voice.UNKNOWN]


def test_a_court_whose_structure_was_never_wrong_is_not_doubted() -> None:
    doubted = judgment(ARGUMENT, ARGUMENT, parser="rows/3", court="Committee against Torture")
    certain = judgment(ARGUMENT, ARGUMENT, parser="rows/3", court="European Court of Human Rights")
    assert Voice.UNKNOWN in voices(with_doubt(doubted))
    assert voices(with_doubt(certain)) == [Voice.COURT, Voice.COURT]


def test_in_a_language_without_labels_the_rules_stand() -> None:
    danish = (
        "Ansøgeren har gjort gældende, at myndighederne den 12. marts 2020 afviste at indkvartere hende, og at regeringen ikke har "
        "bestridt disse forhold; ifølge Kommissionen blev klagen indgivet for sent, hvilket ansøgeren har bestridt."
    )
    assert voices(with_doubt(judgment(danish, danish, ARGUMENT))) == [Voice.COURT, Voice.COURT, Voice.UNKNOWN]


def test_the_version_of_the_weights_is_written_into_the_document() -> None:
    assert with_doubt(judgment(FINDING)).parser == f"cjeu/3+{NAME}/{load_doubt().version}"
    letter = judgment(FINDING, parser="letter/1")
    assert with_doubt(letter).parser == "letter/1"
    assert family_of(letter) is None


def test_fitting_reads_what_the_rules_said_alone() -> None:
    with rules_alone():
        document = with_doubt(judgment(FINDING, ARGUMENT))
    assert voices(document) == [Voice.COURT, Voice.COURT]
    assert document.parser == "cjeu/3"
    assert voices(with_doubt(document)) == [Voice.COURT, Voice.UNKNOWN]


def held(parser: str) -> list[Expression]:
    return [Expression("ECLI:EU:C:2031:1", "official", 1, "en", TextStatus.VERBATIM, FINDING, "", "", "a.xml", parser)]


@pytest.mark.parametrize(
    ("parser", "again"),
    [
        ("cjeu/3+voice-doubt/0", True),  # fitted anew since
        ("cjeu/2", True),  # read before there was a doubt
        ("rows-cjeu/2", True),
        ("cjeu-formex/2", True),
        ("court-html-rii/2", True),
        (f"cjeu/3+voice-doubt/{load_doubt().version}", False),
    ],
)
def test_a_text_read_under_other_weights_is_read_again(parser: str, again: bool) -> None:
    assert Pipeline._rules_changed(held(parser)) is again


# -- the data file


def given() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return data


def test_the_data_file_is_small_enough_to_be_read_by_a_person() -> None:
    assert FILE.stat().st_size < 200_000
    for name, family in load_doubt().families.items():
        assert 50 < len(family.weights) < 700, name
        assert all(math.isfinite(weight) for weight in family.weights.values()), name


def test_words_that_cast_doubt_stand_first() -> None:
    for family in given()["families"].values():
        weights = list(family["weights"].values())
        assert weights[0] == min(weights) < 0 < weights[-1]


def broken(change: str) -> object:
    data = copy.deepcopy(given())
    family = data["families"]["dutch"]
    match change:
        case "no version":
            del data["version"]
        case "version of words":
            data["version"] = "new"
        case "family missing":
            del data["families"]["foreign"]
        case "family unknown":
            data["families"]["martian"] = family
        case "no weights":
            family["weights"] = {}
        case "weight in words":
            family["weights"]["word the"] = "heavy"
        case "weight true":
            family["weights"]["word the"] = True
        case "no threshold":
            del family["threshold"]
        case "no languages":
            family["languages"] = []
        case "certain no name":
            family["certain"] = [1]
        case "a list":
            return [data]
    return data


@pytest.mark.parametrize(
    "change",
    [
        "no version",
        "version of words",
        "family missing",
        "family unknown",
        "no weights",
        "weight in words",
        "weight true",
        "no threshold",
        "certain no name",
        "a list",
    ],
)
def test_a_damaged_data_file_is_refused_and_the_way_to_write_it_is_told(change: str) -> None:
    assert set(checked(given()).families) == set(FAMILIES)
    with pytest.raises(CorpusInvalid, match=r"voice-doubt\.json.*python -m evals\.voice_model"):
        checked(broken(change))


def test_an_absent_data_file_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_doubt, "FILE", tmp_path / "voice-doubt.json")
    with pytest.raises(CorpusInvalid, match=r"voice-doubt\.json cannot be read"):
        load_doubt.__wrapped__()
