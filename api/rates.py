"""How often one client may ask: a window that slides, a key or an address at a time, and an answer that says when to come back.

A known key or account counts for itself, wherever it comes from; everyone else counts by address, so that trying keys is slowed down
too. Counts are kept in memory, under what the logs call the asker, for as long as the window lasts.
"""

import math
import re
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import LOCAL, Access, is_loopback
from api.errors import NotAuthenticated, RateLimited, kb_error
from kb.errors import SettingsInvalid
from kb.settings import Settings

DEFAULT = "600/minute"
HEAVY = 10  # an assessment, a draft, a file or an upload costs as much as this many questions
_HEAVY_PATHS = re.compile(r"(?:/api/v1)?/(?:assess|case|check|export|bundle|search/export)|/api/v1/documents|/mcp")
_FREE_PATHS = re.compile(r"/(?:healthz|readyz|metrics|robots\.txt|static/.*)")


def rate_of(settings: Settings) -> RateLimitItem | None:
    """The limit that holds; none for `off`, and none unasked on a server that only this machine reaches.

    Raises: SettingsInvalid.
    """
    asked = (settings.rate_limit or "").strip()
    if asked.casefold() == "off":
        return None
    if not asked:
        alone = is_loopback(settings.host) and settings.api_keys is None and not settings.allowed_hosts
        return None if alone else parse(DEFAULT)
    try:
        found = parse(asked)
    except ValueError:
        raise SettingsInvalid(f"KB_RATE_LIMIT={asked!r} is no rate: write a number and a span, such as {DEFAULT}, or off") from None
    if found.amount < HEAVY:
        raise SettingsInvalid(f"KB_RATE_LIMIT={asked!r} would let nobody check a draft, which counts as {HEAVY}: allow at least {HEAVY}")
    return found


class Rates:
    """Refuses what comes too often, before anything of it is read."""

    def __init__(self, app: ASGIApp, *, rate: RateLimitItem, access: Access) -> None:
        self._app = app
        self._rate, self._access = rate, access
        self._storage = MemoryStorage()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _FREE_PATHS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        who = self._who(HTTPConnection(scope))
        if self._limiter.hit(self._rate, who, cost=cost_of(scope)):
            await self._app(scope, receive, send)
            return
        seconds = self._wait_s(who, cost_of(scope))
        error = RateLimited(
            f"more than {self._rate.amount} requests in {self._rate.multiples} {self._rate.GRANULARITY.name}: try again in {seconds} s. "
            f"Assessments, drafts, files and uploads count as {HEAVY}",
            retry_after_s=seconds,
        )
        await kb_error(Request(scope, receive), error)(scope, receive, send)

    def _who(self, connection: HTTPConnection) -> str:
        address = connection.client.host if connection.client else "unknown"
        try:
            identity = self._access.reader(connection)
        except NotAuthenticated:
            return address
        return address if identity == LOCAL else identity.who

    def _wait_s(self, who: str, cost: int) -> int:
        """After how many whole seconds as many requests as `cost` fit again, if none comes between.

        The library weighs the window before by the part of it that the sliding one still covers; its own answer is when one of them
        leaves, which is too early where the present window is full by itself.
        """
        span, amount = self._rate.get_expiry(), self._rate.amount
        before, left_before, now, kept = self._storage.get_sliding_window(self._rate.key_for(who), span)
        left_now, room = kept - span, amount - cost  # a count is kept for one more window, in which it is the one before
        if now <= room and before:
            return max(1, math.ceil(left_before - (room - now) * span / before))
        return max(1, math.ceil(left_now + span * (1 - room / max(now, 1))))


def cost_of(scope: Mapping[str, object]) -> int:
    heavy = scope["method"] != "GET" and scope["method"] != "HEAD" and bool(_HEAVY_PATHS.fullmatch(str(scope["path"])))
    return HEAVY if heavy else 1
