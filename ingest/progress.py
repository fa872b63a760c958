"""Progress of long steps on standard error."""

import sys
import time


class Bar:
    """A bar that is redrawn on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._started: dict[str, float] = {}
        self._said = 0.0

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        began = self._started.setdefault(step, now)
        last = done >= total
        if not last and now - self._said < (0.1 if self._terminal else 5.0):
            return
        self._said = now
        left = f", {_duration((now - began) / done * (total - done))} left" if 0 < done < total else ""
        if self._terminal:
            filled = int(30 * done / total) if total else 30
            text = f"\r{step:<10} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}{left}\033[K"
            sys.stderr.write(text + ("\n" if last else ""))
        elif total:
            sys.stderr.write(f"{step}: {done}/{total}{left}\n")
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
