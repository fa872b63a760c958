"""Pictures that we draw ourselves: authorities in time with what overtook what, and the citations around a document.

Only geometry and words leave this module; a template places them as SVG without inline style, and a table or list says the same.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

_LABEL = 270  # width of the names beside a timeline; all measures are units of the viewBox
_WIDTH = 860
_ROW = 26
_TOP = 44
_NODE = 320  # of a graph: width of a box
_GAP = 90
_CHARACTERS = 34  # that fit beside a timeline
_NODE_CHARACTERS = 42


@dataclass(frozen=True, slots=True)
class Mark:
    """One authority in time: from its day to the day on which it was overtaken (None: it was not)."""

    key: str
    label: str
    day: dt.date
    overtaken: dt.date | None = None
    by: tuple[str, ...] = ()  # keys of what overtook it


@dataclass(frozen=True, slots=True)
class Bar:
    y: int
    x: int
    end: int
    label: str
    overtaken: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the end of an overtaken authority to the dot of the one that overtook it."""

    x: int
    y: int
    to_y: int


@dataclass(frozen=True, slots=True)
class Tick:
    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    width: int
    height: int
    bars: list[Bar]
    arrows: list[Arrow]
    years: list[Tick]
    turns: list[Tick]  # days on which a version of the test begins
    left: int


def short(text: str, limit: int = _CHARACTERS) -> str:
    """A citation as far as its number, cut to fit: `HvJ EU 19 maart 2019, C-297/17`, `ABRvS 6 juli 2022, 2022:1864`."""
    head, found, ecli = text.partition(", ECLI:")
    if found and "," not in head:  # no number of its own: the end of the ECLI tells it from others of that day
        head = f"{head}, {':'.join(ecli.split(',')[0].split()[0].split(':')[-2:])}"
    return head if len(head) <= limit else head[: limit - 1].rstrip() + "…"


def timeline(marks: Sequence[Mark], turns: Sequence[tuple[str, dt.date]], until: dt.date) -> Timeline | None:
    """Authorities from the oldest down, each a line as long as it stood, up to `until`; None where there are none.

    Args:
        turns: (label, day) of the days on which the test itself changed.
    """
    shown = sorted((mark for mark in marks if mark.day <= until), key=lambda mark: (mark.day, mark.key))
    if not shown:
        return None
    first = dt.date(min(shown[0].day.year, until.year), 1, 1)
    days = max(1, (until - first).days)

    def across(day: dt.date) -> int:
        return _LABEL + 10 + round((max(first, min(day, until)) - first).days / days * (_WIDTH - _LABEL - 50))

    rows = {mark.key: _TOP + index * _ROW for index, mark in enumerate(shown)}
    bars, arrows = [], []
    for mark in shown:
        gone = mark.overtaken if mark.overtaken is not None and mark.overtaken <= until else None
        bars.append(Bar(rows[mark.key], across(mark.day), across(gone or until), short(mark.label), gone is not None))
        if gone is not None:
            arrows += [Arrow(across(gone), rows[mark.key], rows[key]) for key in mark.by if key in rows]
    step = max(1, -(-(until.year - first.year + 1) // 12))
    years = [Tick(across(dt.date(year, 1, 1)), str(year)) for year in range(first.year, until.year + 1, step)]
    changed = [Tick(across(day), label) for label, day in turns if first <= day <= until]
    return Timeline(_WIDTH, _TOP + len(shown) * _ROW + 10, bars, arrows, years, changed, _LABEL)


@dataclass(frozen=True, slots=True)
class Node:
    """One end of a citation, or of a treatment (`effect` of it: none, caution, overtaken; None for a citation alone)."""

    label: str
    effect: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    x: int
    y: int
    label: str
    effect: str | None


@dataclass(frozen=True, slots=True)
class Curve:
    path: str
    effect: str | None


@dataclass(frozen=True, slots=True)
class Graph:
    width: int
    height: int
    node_width: int
    boxes: list[Box]
    curves: list[Curve]
    middle: Box


def graph(middle: str, earlier: Sequence[Node], later: Sequence[Node], limit: int = 12) -> Graph | None:
    """A document between what it relies on (left) and what came after it (right), at most `limit` on either side; None for neither."""
    sides = (list(earlier)[:limit], list(later)[:limit])
    if not any(sides):
        return None
    height = max(len(side) for side in sides) * (_ROW + 6) + 20
    step = _NODE + _GAP
    middle_x = step if sides[0] else 0  # an empty side takes no room
    middle_y = height // 2
    boxes: list[Box] = []
    curves: list[Curve] = []
    for x, side in ((0, sides[0]), (middle_x + step, sides[1])):
        start = middle_y - len(side) * (_ROW + 6) // 2 + (_ROW + 6) // 2
        left = min(x, middle_x) + _NODE
        right, bend = left + _GAP, left + _GAP // 2
        for index, node in enumerate(side):
            y = start + index * (_ROW + 6)
            boxes.append(Box(x, y, short(node.label, _NODE_CHARACTERS), node.effect))
            from_y, to_y = (y, middle_y) if x < middle_x else (middle_y, y)
            curves.append(Curve(f"M{left} {from_y}C{bend} {from_y} {bend} {to_y} {right} {to_y}", node.effect))
    width = (middle_x + step if sides[1] else middle_x) + _NODE
    return Graph(width, height, _NODE, boxes, curves, Box(middle_x, middle_y, short(middle, _NODE_CHARACTERS), None))


@dataclass(frozen=True, slots=True)
class Column:
    x: int
    y: int
    height: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Columns:
    width: int
    height: int
    bars: list[Column]
    bar_width: int


def columns(counts: Sequence[tuple[str, int]]) -> Columns | None:
    """A bar for each (label, count); None where nothing is counted."""
    most = max((n for _, n in counts), default=0)
    if not most:
        return None
    wide, tall, top = 28, 150, 20
    bars = []
    for index, (label, n) in enumerate(counts):
        height = max(2, round(n / most * tall)) if n else 0
        bars.append(Column(index * wide + 2, top + tall - height, height, label, n))
    return Columns(len(counts) * wide, top + tall + 20, bars, wide - 6)
