"""Results by date: the best documents of a search, newest first. An overtaken authority never stands alone on a page of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kb.domain.query import Query
from kb.domain.results import Group, SearchResult

SORTED_DOCUMENTS = 50  # by date all that is remotely alike would come first: only the best are put in order


def newest_first(search: Callable[[Query], SearchResult], query: Query) -> tuple[SearchResult, bool]:
    """One page of the `SORTED_DOCUMENTS` most relevant documents, newest first, and whether more follow.

    `query.limit` and `query.offset` count documents. Documents of one day keep the order of relevance; those without a date come
    last. Raises: as `search`.
    """
    found = search(replace(query, limit=SORTED_DOCUMENTS, offset=0, group_by="document"))
    order = sorted(found.groups, key=lambda group: -(group.document.date.last if group.document.date else 0))
    page = with_successors(order[query.offset : query.offset + query.limit], order)
    groups = []
    rank = query.offset
    for group in page:
        hits = tuple(replace(hit, rank=rank + place) for place, hit in enumerate(group.hits, 1))
        rank += len(hits)
        groups.append(Group(group.document, hits))
    hits = tuple(hit for group in groups for hit in group.hits)
    return replace(found, groups=tuple(groups), hits=hits), len(order) > query.offset + query.limit


def with_successors(page: Sequence[Group], every: Sequence[Group]) -> list[Group]:
    """A page of groups in which each overtaken authority has at least one successor beside it, where `every` holds one."""
    shown = {group.document.id for group in page}
    held = {group.document.id: group for group in every}
    made: list[Group] = []
    for group in page:
        made.append(group)
        successors = [successor.document_id for successor in group.hits[0].standing.successors]
        if successors and not shown.intersection(successors):
            beside = next((held[id_] for id_ in successors if id_ in held), None)
            if beside is not None:
                shown.add(beside.document.id)
                made.append(beside)
    return made
