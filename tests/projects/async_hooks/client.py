"""A client that belongs to one event loop, as those of databases, caches and mail servers do."""

from __future__ import annotations

import asyncio


class LoopBoundClient:
    """Talks to an echo server over one connection, which is opened at first use and kept.

    Nothing here asks which loop is running. The streams of :mod:`asyncio` serve the loop they were
    opened on, and raise :exc:`RuntimeError` on any other.

    Parameters:
        port: Where the echo server listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, word: str) -> str:
        """Send ``word`` and return what comes back."""
        async with self._lock:
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._streams
            writer.write(f"{word}\n".encode())
            await writer.drain()
            return (await reader.readline()).decode().removesuffix("\n")

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            _, writer = self._streams
            writer.close()
            await writer.wait_closed()
