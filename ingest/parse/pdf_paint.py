"""White text on white paper: what a page says to a program and to nobody who looks at it (threat T12).

White is the colour of many headings, on a coloured bar. So text in white is hidden only where nothing dark was painted under it before:
no filled shape, no picture. Only shapes are remembered, as upright rectangles; a page is not rendered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_WHITE: Final = 0.97  # every part of a colour at least this bright
_SHOWS: Final = frozenset({b"Tj", b"TJ", b"'", b'"'})
_FILLS: Final = frozenset({b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"})
_ENDS: Final = frozenset({b"n", b"S", b"s"})
_POINTS: Final = {b"m": 1, b"l": 1, b"c": 3, b"v": 2, b"y": 2}
_MOST: Final = 20_000  # shapes kept of a page; one with more is left as it is

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Paint:
    """Follows the operators of one page, as a `visitor_operand_before` of pypdf; `hidden` counts the bytes of text taken out."""

    hidden: int = 0
    _white: bool = False
    _stack: list[bool] = field(default_factory=list)
    _path: list[tuple[float, float]] = field(default_factory=list)
    _painted: list[Box] = field(default_factory=list)

    def before(self, operator: bytes, operands: list[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        """Empties the string of a text operator whose text nobody sees. A broken operand is none of this visitor's business."""
        try:
            self._follow(operator, operands, cm, tm)
        except (TypeError, ValueError, IndexError, OverflowError):
            return

    def _follow(self, operator: bytes, operands: list[Any], cm: Sequence[float], tm: Sequence[float]) -> None:
        if operator == b"q":
            self._stack.append(self._white)
        elif operator == b"Q":
            self._white = self._stack.pop() if self._stack else self._white
        elif operator in (b"g", b"rg", b"sc", b"scn"):
            colour = [float(part) for part in operands if isinstance(part, int | float)]
            # one part is grey, three are red, green and blue; four are inks, of which none is white
            self._white = all(part <= 1 - _WHITE for part in colour) if len(colour) == 4 else _bright(colour)
        elif operator == b"k":
            self._white = all(float(part) <= 1 - _WHITE for part in operands)
        elif operator == b"re":
            x, y, width, height = (float(part) for part in operands[:4])
            self._path += [_placed(cm, x, y), _placed(cm, x + width, y + height)]
        elif operator in _POINTS:
            numbers = [float(part) for part in operands]
            self._path += [_placed(cm, numbers[i], numbers[i + 1]) for i in range(0, 2 * _POINTS[operator], 2)]
        elif operator in _FILLS:
            if self._path and not self._white:
                self._paint(self._path)
            self._path = []
        elif operator in _ENDS:
            self._path = []
        elif operator in (b"Do", b"INLINE IMAGE", b"BI", b"sh"):
            self._paint([_placed(cm, 0, 0), _placed(cm, 1, 1), _placed(cm, 0, 1), _placed(cm, 1, 0)])
        elif operator in _SHOWS and self._white and operands and not self._seen(_placed(cm, float(tm[4]), float(tm[5]))):
            self._empty(operator, operands)

    def _paint(self, points: Sequence[tuple[float, float]]) -> None:
        if len(self._painted) < _MOST:
            xs, ys = [x for x, _ in points], [y for _, y in points]
            self._painted.append((min(xs), min(ys), max(xs), max(ys)))

    def _seen(self, place: tuple[float, float]) -> bool:
        x, y = place
        if len(self._painted) >= _MOST:
            return True
        return any(left - 2 <= x <= right + 2 and low - 4 <= y <= high + 2 for left, low, right, high in self._painted)

    def _empty(self, operator: bytes, operands: list[Any]) -> None:
        shown = operands[0] if operator == b"TJ" else [operands[-1]]
        texts = [part for part in shown if isinstance(part, str | bytes)]
        self.hidden += sum(len(part.strip()) for part in texts)
        if operator == b"TJ":
            operands[0] = type(operands[0])()
        else:
            operands[-1] = type(operands[-1])()


def _bright(colour: Sequence[float]) -> bool:
    return bool(colour) and all(part >= _WHITE for part in colour)


def _placed(cm: Sequence[float], x: float, y: float) -> tuple[float, float]:
    return (x * cm[0] + y * cm[2] + cm[4], x * cm[1] + y * cm[3] + cm[5])
