"""What is logged: events as JSON lines on stderr, without anything that was asked, uploaded or found."""

import logging
import sys
from typing import Any

import structlog

from api import trace

_FORBIDDEN = frozenset({"q", "query", "text", "url", "body", "detail", "message", "headers"})


def _refuse_facts(_logger: Any, _name: str, event: Any) -> Any:
    """Fields that could hold case facts never pass, whoever logs them."""
    return {key: value for key, value in event.items() if key not in _FORBIDDEN}


def _stderr(*_args: Any) -> Any:
    return structlog.WriteLogger(sys.stderr)


def log(event: str, **fields: str | int | float | bool | None) -> None:
    """One event: names, counts, codes and times."""
    logger = structlog.wrap_logger(
        _stderr(),
        processors=[_refuse_facts, structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()],
        wrapper_class=structlog.BoundLogger,
    )
    request_id = trace.current_id()
    logger.info(event, **fields, **({"request_id": request_id} if request_id else {}))


class _Library(logging.Handler):
    """A library's warning as an event. Its message is left out where it could hold what was asked: only the server's own is told."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        told = {"note": record.getMessage()[:300]} if record.name == "uvicorn.error" and not error else {}
        place = f"{record.module}:{record.lineno}"
        log("library", logger=record.name, level=record.levelname.lower(), place=place, **({"error": error} if error else {}), **told)


def quiet_libraries() -> None:
    """Every line on stderr is one of our events: the access log holds the search words, and an HTTP client's log the addresses, so
    both stay silent; what other libraries warn of is told by name and place."""
    for name in ("uvicorn.access", "httpx", "httpx2", "httpcore"):
        logging.getLogger(name).disabled = True
    for name in ("uvicorn", "uvicorn.error"):
        # a server that was started with its own set-up prints the message of an error, and with it what was asked
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    root = logging.getLogger()
    if not any(isinstance(handler, _Library) for handler in root.handlers):
        root.addHandler(_Library(logging.WARNING))
    logging.captureWarnings(True)
