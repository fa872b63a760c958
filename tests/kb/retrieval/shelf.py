"""Small shelves for tests of ranking and search: invented documents that differ in one thing each."""

from collections.abc import Sequence
from pathlib import Path

from kb.domain.dates import LegalDate
from kb.domain.documents import Document, Kind, TextStatus, Voice
from kb.domain.pinpoints import HOLDING, Pinpoint, PinpointKind
from kb.wiring import KnowledgeBase
from tests.factories import ENTRIES, Entry, Text, knowledge_base

WORDS = "Het meisje verblijft op het eiland zonder onderdak en zonder school."
BOTH = "ECLI:NL:RBDHA:2023:9101"  # official text and digests at one place
GUIDE = "guide-9102"
UNDATED = "report-9103"
MONTH = "report-9104"


def document(document_id: str, kind: Kind = Kind.JUDGMENT, language: str = "nl", **changed: object) -> Document:
    body: dict[str, object] = {"date": LegalDate("2020-02-03"), "court": "Rechtbank Den Haag", "title": "Zaak", "deciding_state": "NL"}
    return Document(id=document_id, kind=kind, language=language, **{**body, **changed})  # type: ignore[arg-type]


def official(words: str, voice: Voice = Voice.COURT, language: str = "nl") -> Text:
    return Text("official", language, ((Pinpoint(PinpointKind.CONSIDERATION, "1", "1"), words, voice),))


def digest(language: str, words: str, pinpoint: Pinpoint = HOLDING) -> Text:
    return Text(f"digest-{language}", language, ((pinpoint, words, Voice.DIGEST),), TextStatus.DIGEST)


RO_1 = Pinpoint(PinpointKind.CONSIDERATION, "1", "r.o. 1")
EXTRA = (
    Entry(
        document(BOTH, states=("BG",), court="Rechtbank Den Haag", court_key="nl-rbdha"),
        (
            official("De minderjarige kan in Bulgarije geen voogd krijgen en blijft daar dakloos achter."),
            digest("nl", "In Bulgarije is geen voogd voor de minderjarige en dreigt dakloosheid.", RO_1),
            digest("en", "In Bulgaria there is no guardian for the minor, who risks homelessness.", RO_1),
        ),
    ),
    Entry(
        document(GUIDE, Kind.GUIDE, court="dublin-kb", title="Guide"),
        (digest("nl", "Een verschil in beschermingsbeleid tussen lidstaten staat niet meer ter toets van de Dublinrechter."),),
    ),
    Entry(
        document(UNDATED, Kind.REPORT, date=None, court="NGO", title="Ongedateerd verslag"),
        (digest("nl", "Verslag over pushbacks aan de grens, zonder datum uitgegeven."),),
    ),
    Entry(
        document(MONTH, Kind.REPORT, date=LegalDate("2023-05"), court="NGO", title="Verslag van mei"),
        (digest("nl", "Verslag over pushbacks aan de grens, in mei uitgegeven."),),
    ),
)


def shelf(data_dir: Path, entries: Sequence[Entry] = (*ENTRIES, *EXTRA)) -> KnowledgeBase:
    return knowledge_base(data_dir, entries)
