"""`dublin-kb mcp`: the knowledge base for assistants, over standard input and output or HTTP on this machine."""

from typing import Annotated

import typer


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP on this machine, at /mcp, instead of standard input.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="With --http.")] = 8001,
) -> None:
    """Serve the Model Context Protocol: search, open a passage, assess, check a draft."""
    from api import events
    from api.mcp import create_server
    from kb.wiring import open_knowledge_base

    events.quiet_libraries()
    server = create_server(open_knowledge_base())
    if http:
        # strangers' hosts and origins are refused by the library on loopback
        server.run("streamable-http", host="127.0.0.1", port=port, streamable_http_path="/mcp", stateless_http=True)
    else:
        server.run("stdio")
