"""Calls that many threads need at the same time, made by one of them.

A process that starts with an empty cache gets many logins at the same moment. Each of them needs
the same documents of the provider; one request per document is enough.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

PATIENCE = 30.0
"""Seconds to wait for the call of another thread before making it oneself."""

T = TypeVar("T")


class SingleFlight:
    """Merges calls with the same key that are made at the same time, in the threads of a process.

    Nothing outlives the call: the next one with its key is made anew, whether it succeeded or not.
    No lock is held during a call.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all calls: a forked child has none of the threads that make them."""
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[Any]] = {}

    def run(self, key: Hashable, function: Callable[[], T]) -> T:
        """Return what ``function()`` returns, in this thread or in one that is calling it already.

        Its exceptions are raised for all that wait. If the calling thread is aborted, another one
        calls the function again.
        """
        while True:
            flight, is_leader = self._join(key)
            if is_leader:
                return self._lead(key, flight, function)
            if not wait([flight], PATIENCE).done:
                return function()
            try:
                result: T = flight.result()
            except _Aborted:
                continue
            return result

    def _join(self, key: Hashable) -> tuple[Future[Any], bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Future()
            return flight, True

    def _lead(self, key: Hashable, flight: Future[Any], function: Callable[[], T]) -> T:
        try:
            result = function()
        except Exception as error:
            self._land(key)
            flight.set_exception(error)
            raise
        except BaseException:
            # The end of this thread is none of the others' business.
            self._land(key)
            flight.set_exception(_Aborted())
            raise
        self._land(key)
        flight.set_result(result)
        return result

    def _land(self, key: Hashable) -> None:
        with self._lock:
            self._flights.pop(key, None)


class _Aborted(Exception):
    """The thread that made the call ended before it had a result."""


flights = SingleFlight()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=flights.reset)
