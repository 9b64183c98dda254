"""The account adapter of the project.

The environment variable ``TEST_ECHO_PORT`` is the port of the echo server that its hooks talk to.
"""

from __future__ import annotations

import os
from typing import ClassVar

from tests.projects.async_hooks.client import LoopBoundClient
from tests.projects.custom_hooks.adapters import AsyncAdapter


class ConnectedAdapter(AsyncAdapter):
    """Every hook talks over the one connection of the process before it does its work."""

    client: ClassVar[LoopBoundClient] = LoopBoundClient(int(os.environ["TEST_ECHO_PORT"]))

    async def _begin(self, name: str) -> None:
        await super()._begin(name)
        assert await self.client.ask(name) == name
