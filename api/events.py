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


def quiet_libraries() -> None:
    """The access log holds the search words, and an HTTP client's log the addresses: both stay silent."""
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).disabled = True
