"""Who cites whom, with the place at both ends: extracted from the texts that still count, never from what we judged (treatment)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.domain.documents import CitationLink, plain_passage_id
from kb.domain.identifiers import PassageId
from kb.domain.pinpoints import slug_places
from kb.store.library import Library


@dataclass(frozen=True, slots=True)
class Edge:
    """One citation from a passage to a document. `target_passages` are the plain ids of the passages that its pinpoint names and
    that are held; empty where it has none, or where no such place is held."""

    link: CitationLink
    document_id: str  # of the text that cites
    from_pinpoint: str  # slug of the passage that cites
    target_passages: tuple[str, ...]


def edges_from(library: Library, document_id: str) -> list[Edge]:
    """What a document cites, in the order of its passages; what is not in the corpus is there too, unresolved."""
    return _edges(library, library.citations_from(document_id, current=True))


def edges_to(library: Library, document_id: str) -> list[Edge]:
    """Where other documents cite it."""
    return _edges(library, library.citations_to(document_id, current=True))


def edges_at(edges: Iterable[Edge], passage_id: str) -> list[Edge]:
    """Those of `edges` that lead to one passage, by its plain id."""
    return [edge for edge in edges if passage_id in edge.target_passages]


def _edges(library: Library, links: Sequence[CitationLink]) -> list[Edge]:
    asked = {(link.target, place) for link in links if link.resolved and link.pinpoint for place in _tries(link.pinpoint)}
    held = library.held_places(sorted(asked))
    made = []
    for link in links:
        own = PassageId.parse(link.passage_id)
        places = []
        for place in slug_places(link.pinpoint) if link.resolved and link.pinpoint else ():
            found = next((slug for slug in _widening(place) if (link.target, slug) in held), None)
            if found and found not in places:
                places.append(found)
        made.append(Edge(link, own.document, own.slug, tuple(plain_passage_id(link.target, place) for place in places)))
    return made


def _tries(pinpoint: str) -> set[str]:
    return {slug for place in slug_places(pinpoint) for slug in _widening(place)}


def _widening(place: str) -> tuple[str, ...]:
    """`art-3(2)` stands in `art-3` where the paragraph is no passage of its own."""
    whole = place.partition("(")[0]
    return (place, whole) if whole != place and whole.startswith("art-") else (place,)
