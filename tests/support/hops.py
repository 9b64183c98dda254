"""Counts how often a request leaves the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from asgiref.sync import SyncToAsync


class Hops:
    """The functions that were called through ``sync_to_async``, in order."""

    def __init__(self) -> None:
        self.functions: list[Any] = []

    def __len__(self) -> int:
        return len(self.functions)

    def clear(self) -> None:
        """Forget what was counted so far."""
        self.functions.clear()


@contextmanager
def count_hops() -> Iterator[Hops]:
    """Count the hops made within the block, by whichever request."""
    hops = Hops()
    original = SyncToAsync.__call__

    async def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        hops.functions.append(self.func)
        return await original(self, *args, **kwargs)

    with mock.patch.object(SyncToAsync, "__call__", counting):
        yield hops
