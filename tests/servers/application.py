"""An ASGI application as a project composes it: Django for HTTP, its own code for the rest."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.projects.account_only.settings")

from tests.projects.account_only.asgi import application as django_application
from tests.projects.probe_views import events


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Route by the type of the connection."""
    if scope["type"] == "lifespan":
        await serve_lifespan(receive, send)
    elif scope["type"] == "websocket":
        await echo_messages(receive, send)
    else:
        await django_application(scope, receive, send)


async def serve_lifespan(receive: Any, send: Any) -> None:
    """Note that the server started, and end when it does."""
    await receive()
    events.append("lifespan started")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def echo_messages(receive: Any, send: Any) -> None:
    """Send every message back until the client leaves."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
