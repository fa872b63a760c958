"""A library that reads each passage once answers as the library does."""

from kb.retrieval.passages import twin_key
from kb.retrieval.remembered import RememberedLibrary
from kb.wiring import KnowledgeBase


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
