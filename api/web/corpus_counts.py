"""What the corpus holds, counted for the first page."""

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.domain.documents import Kind

if TYPE_CHECKING:
    from kb.wiring import View


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the corpus holds, counted once a generation."""

    documents: int
    passages: int
    earliest: str | None
    latest: str | None
    made_on: str
    kinds: list[tuple[str, int]]
    courts: list[tuple[str, int]]
    states: list[tuple[str, int]]


_counted: dict[str, Coverage] = {}
_counting = threading.Lock()


def coverage(view: "View") -> Coverage:
    generation = view.generation
    key = f"{generation.library.path} {generation.manifest.content_sha256}"
    with _counting:
        if key not in _counted:
            _counted.clear()
            _counted[key] = _count(view)
        return _counted[key]


def _count(view: "View") -> Coverage:
    documents = view.library.documents()
    dates = sorted(d.date.value for d in documents if d.date and d.kind is not Kind.GUIDE)
    manifest = view.generation.manifest
    return Coverage(
        documents=len(documents),
        passages=manifest.passages,
        earliest=dates[0] if dates else None,
        latest=dates[-1] if dates else None,
        made_on=manifest.made_at[:10],
        kinds=Counter(str(d.kind) for d in documents).most_common(),
        courts=Counter(d.court for d in documents).most_common(12),
        states=Counter(state for d in documents for state in d.states).most_common(12),
    )
