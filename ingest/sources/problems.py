"""Why a question to a publisher brought no document. Each is a value in the summary of a run, never an exception that ends it."""

from typing import Final

# reasons that may pass: asked again at once, then by the next run
PASSING: Final = frozenset({"busy", "unavailable", "no-connection", "cut-off", "timeout"})
# no answer to the question: it is open until one comes
NOT_ANSWERED: Final = PASSING | {"challenge", "source-down", "source-paused", "too-slow", "not-asked", "certificate"}


class FetchProblem(Exception):
    """`reason` is a stable word; `retry_after_s` is what the publisher asked for; `pause_s` leaves the host alone for so long."""

    def __init__(self, reason: str, message: str, *, retry_after_s: float | None = None, pause_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.pause_s = pause_s

    @property
    def passing(self) -> bool:
        return self.reason in PASSING
