"""The Model Context Protocol inside the server, at `/mcp`: the same tools as `dublin-kb mcp`, behind the same keys, hosts and limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import deps
from kb.errors import NotFound

if TYPE_CHECKING:
    from api.deps import Services

PATH = "/mcp"


class McpDoor:
    """Streamable HTTP without sessions: every request stands alone, so that any worker answers it. Open while `running` is."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def running(self, held: "Services") -> AsyncIterator[None]:
        from mcp.server.transport_security import TransportSecuritySettings

        from api.mcp import create_server  # half a second of imports, which the command line does not pay

        server = create_server(held.knowledge_base, held.searches)
        # hosts and origins were checked at the gate, with the names that the settings allow
        trusted = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._app = server.streamable_http_app(
            streamable_http_path=PATH, stateless_http=True, json_response=True, transport_security=trusted
        )
        try:
            async with server.session_manager.run():
                yield
        finally:
            self._app = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises: NotAuthenticated; NotFound while the server starts or stops."""
        deps.reader(Request(scope, receive))
        if self._app is None:
            raise NotFound("the server is starting or stopping: try again")
        await self._app(scope, receive, send)
