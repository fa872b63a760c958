"""A library that reads each passage once answers as the library does."""

from pathlib import Path

from kb.domain.documents import TextStatus, Voice
from kb.domain.pinpoints import Pinpoint, PinpointKind
from kb.retrieval.passages import twin_key
from kb.retrieval.remembered import RememberedLibrary
from kb.wiring import KnowledgeBase
from tests.factories import ENTRIES, Entry, Text, knowledge_base


def test_it_answers_as_the_library_does_and_reads_once(light_index: KnowledgeBase) -> None:
    library = light_index.view().library
    remembered = RememberedLibrary(library)
    every = [p for d in library.documents()[:40] for e in library.expressions(d.id, with_text=False) for p in library.passages(e.key)]
    ids = [passage.id for passage in every]
    places = list(dict.fromkeys(twin_key(passage) for passage in every))
    for asked in (ids[:30], ids[10:90], ["no such passage", *ids[:5], ids[0]], []):
        assert remembered.passages_by_id(asked) == library.passages_by_id(asked)
    for at in (places[:20], places[5:60], [("no", "place"), *places[:3]], []):
        assert {p.id: p for p in remembered.twins(at)} == {p.id: p for p in library.twins(at)}
    remembered._all = None  # type: ignore[assignment]
    assert remembered.passages_by_id(ids[:90]) == library.passages_by_id(ids[:90])
    assert [p.id for p in remembered.twins(places[:60])] == sorted(p.id for p in library.twins(places[:60]))


def test_an_older_version_of_a_text_is_no_twin(tmp_path: Path) -> None:
    document = ENTRIES[0].document
    place = Pinpoint(PinpointKind.CONSIDERATION, "4", "4")
    texts = [
        Text("official", "nl", [(place, "De oude woorden.", Voice.COURT)], version=1, current=False),
        Text("official", "nl", [(place, "De nieuwe woorden.", Voice.COURT)], version=2),
        Text("digest-en", "en", [(place, "Old digest.", Voice.DIGEST)], TextStatus.DIGEST, version=1, current=False),
        Text("digest-en", "en", [(place, "New digest.", Voice.DIGEST)], TextStatus.DIGEST, version=2),
    ]
    library = knowledge_base(tmp_path, [Entry(document, texts)]).view().library
    found = RememberedLibrary(library).twins([(document.id, "ro-4")])
    assert [p.text for p in found] == [p.text for p in library.twins([(document.id, "ro-4")])] == ["De nieuwe woorden.", "New digest."]
