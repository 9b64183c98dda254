"""Middleware that notes on which event loop a request is served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import async_only_middleware

loops: list[asyncio.AbstractEventLoop] = []


@async_only_middleware
def note_loop(get_response: Callable[[HttpRequest], Any]) -> Any:
    """Adds the loop of the server to ``loops``."""

    async def middleware(request: HttpRequest) -> Any:
        loops.append(asyncio.get_running_loop())
        return await get_response(request)

    return middleware
