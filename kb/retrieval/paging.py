"""Pages of an answer: nothing lost between them, nothing twice but a successor beside what it overtook, and no overtaken authority alone.

A page is filled from where the one before it ended, so pages joined are the whole list whatever their length. An overtaken authority
whose successor would only fit on the next page moves to that page as well; where the successor stood on an earlier page, it is shown
again beside it, as a companion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kb.domain.results import Hit

Unit = tuple[Hit, ...]  # what `limit` counts: one passage, or the passages of one document


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` units; `following` is the offset of the next page, None on the last one."""

    units: tuple[Unit, ...]
    following: int | None

    @property
    def hits(self) -> list[Hit]:
        return [hit for unit in self.units for hit in unit]


def page_of(units: Sequence[Unit], *, offset: int, limit: int) -> Page:
    """The page that begins at `offset`, as pages of `limit` follow each other from the first.

    A page of one passage shows an overtaken authority without its successor, which leads the next page: its standing names it. A page
    of one document shows the successor beside it, beyond the limit.
    """
    number, rest = divmod(offset, limit)
    start = 0
    for _ in range(number):
        if start >= len(units):
            break
        _, start = _filled(units, start, limit)
    page, end = _filled(units, start + rest, limit)
    return Page(tuple(page), offset + limit - rest if page and end < len(units) else None)


def without_lost_successors(hits: Sequence[Hit]) -> list[Hit]:
    """Hits without overtaken authorities of which no successor is held. One that leads stays: it was asked for."""
    held = {hit.document.id for hit in hits}
    return [hit for place, hit in enumerate(hits) if not place or not _successors(hit) or _successors(hit) & held]


def _filled(units: Sequence[Unit], start: int, limit: int) -> tuple[list[Unit], int]:
    """One page from `start`, and where the next one begins."""
    page: list[Unit] = []
    shown: set[str] = set()
    at = start
    while at < len(units) and len(page) < limit:
        taken, step = [units[at]], 1
        beside = _lacking(units, at, shown)
        if beside == at + 1:
            taken, step = [units[at], units[at + 1]], 2
        elif beside is not None:
            taken = [units[at], tuple(replace(hit, companion=True) for hit in units[beside][:1])]
        if len(page) + len(taken) > limit:
            if page:
                break
            beyond = tuple(replace(hit, companion=True) for hit in taken[1][:1])
            taken, step = [units[at], beyond] if len(units[at]) > 1 else [units[at]], 1
        page += taken
        shown |= {hit.document.id for unit in taken for hit in unit}
        at += step
    return page, at


def _lacking(units: Sequence[Unit], at: int, shown: set[str]) -> int | None:
    """The place of the successor that a reader of `units[at]` would miss on a page that already shows `shown`."""
    wanted = {name for hit in units[at] for name in _successors(hit)}
    if not wanted or wanted & (shown | {hit.document.id for hit in units[at]}):
        return None
    places = [place for place, unit in enumerate(units) if any(hit.document.id in wanted for hit in unit)]
    return min(places, key=lambda place: (place != at + 1, place), default=None)


def _successors(hit: Hit) -> set[str]:
    return {successor.document_id for successor in hit.standing.successors}
