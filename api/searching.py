"""Results by date: the best documents of a search, newest first. An overtaken authority never stands alone on a page of them."""

from collections.abc import Callable
from dataclasses import replace

from kb.domain.query import Query
from kb.domain.results import Group, SearchResult
from kb.retrieval.paging import page_of

SORTED_DOCUMENTS = 50  # by date all that is remotely alike would come first: only the best are put in order


def newest_first(search: Callable[[Query], SearchResult], query: Query) -> SearchResult:
    """One page of the `SORTED_DOCUMENTS` most relevant documents, newest first.

    `query.limit` and `query.offset` count documents. Documents of one day keep the order of relevance; those without a date come
    last. Raises: as `search`.
    """
    found = search(replace(query, limit=SORTED_DOCUMENTS, offset=0, group_by="document"))
    order = sorted(found.groups, key=lambda group: -(group.document.date.last if group.document.date else 0))
    page = page_of([group.hits for group in order], offset=query.offset, limit=query.limit)
    ranked = [replace(hit, rank=query.offset + place) for place, hit in enumerate(page.hits, 1)]
    groups, at = [], 0
    for unit in page.units:
        groups.append(Group(unit[0].document, tuple(ranked[at : at + len(unit)])))
        at += len(unit)
    return replace(found, groups=tuple(groups), hits=tuple(ranked), following=page.following)
