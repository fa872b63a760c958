"""A library that reads each passage once: for many questions over one generation, as an assessment asks them."""

import re
from collections.abc import Sequence

from kb.domain.documents import Passage
from kb.retrieval.passages import TwinKey
from kb.store.library import Library

_OLDER = re.compile(r"[@-]v\d+$")  # `Expression.key`


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

    def twins(self, places: Sequence[TwinKey]) -> list[Passage]:
        asked = list(dict.fromkeys(place for place in places if place not in self._at))
        if asked:
            keys = self._current_texts([document_id for document_id, _ in asked])
            ids = {place: tuple(f"{key}#{place[1]}" for key in keys.get(place[0], ())) for place in asked}
            self.passages_by_id([passage_id for found in ids.values() for passage_id in found])
            self._at.update(ids)
        found = (self._held[passage_id] for place in dict.fromkeys(places) for passage_id in self._at[place])
        return sorted((passage for passage in found if passage is not None), key=lambda passage: passage.id)

    def _current_texts(self, document_ids: Sequence[str]) -> dict[str, list[str]]:
        """Keys of the texts that count now. The key of an older one ends with its version, and an index holds the keys: the row itself,
        with the whole text in it, is not read."""
        keys: dict[str, list[str]] = {}
        for document_id in dict.fromkeys(document_ids):
            rows = self._all("select key from expression where document_id = ?", document_id)
            keys[document_id] = [row["key"] for row in rows if not _OLDER.search(row["key"])]
        return keys
