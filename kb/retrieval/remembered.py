"""A library that reads each passage once: for many questions over one generation, as an assessment asks them."""

from collections.abc import Sequence

from kb.domain.documents import Passage
from kb.retrieval.passages import TwinKey, twin_key
from kb.store.library import Library


class RememberedLibrary(Library):
    """The passages of `library`, kept from one question to the next for as long as this object lives. It opens no file of its own."""

    def __init__(self, library: Library) -> None:
        self.__dict__.update(library.__dict__)
        self._held: dict[str, Passage | None] = {}
        self._at: dict[TwinKey, tuple[str, ...]] = {}

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        asked = list(dict.fromkeys(passage_id for passage_id in ids if passage_id not in self._held))
        if asked:
            found = super().passages_by_id(asked)
            self._held.update((passage_id, found.get(passage_id)) for passage_id in asked)
        held = ((passage_id, self._held[passage_id]) for passage_id in ids)
        return {passage_id: passage for passage_id, passage in held if passage is not None}

    def twins(self, places: Sequence[tuple[str, str]]) -> list[Passage]:
        asked = list(dict.fromkeys(place for place in places if place not in self._at))
        if asked:
            at: dict[TwinKey, list[str]] = {place: [] for place in asked}
            for passage in super().twins(asked):
                self._held[passage.id] = passage
                at.setdefault(twin_key(passage), []).append(passage.id)
            self._at.update((place, tuple(ids)) for place, ids in at.items())
        found = [self._held[passage_id] for place in dict.fromkeys(places) for passage_id in self._at[place]]
        return sorted((passage for passage in found if passage is not None), key=lambda passage: passage.id)
