"""Deduplication of concurrent calls.

A process that starts with an empty cache may serve many logins at the same time. All of them need
the same documents of the provider, for which one request each is enough.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

WAIT_TIMEOUT = 30.0
"""Time to wait for the call of another thread before making the call, in seconds."""

T = TypeVar("T")


class SingleFlight:
    """A group of calls, in which threads share concurrent calls with the same key.

    No result is kept: the next call with the same key is made again. No lock is held during a call.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Drop all calls; a forked child has none of the threads that make them."""
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[Any]] = {}

    def run(self, key: Hashable, function: Callable[[], T]) -> T:
        """Return the result of ``function()``, called in this or in a concurrent thread.

        An exception is raised in all threads that wait for the result. If the calling thread is
        aborted, another thread calls the function.
        """
        while True:
            flight, is_new = self._join(key)
            if is_new:
                return self._call_and_share(key, flight, function)
            if not wait([flight], WAIT_TIMEOUT).done:
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

    def _call_and_share(self, key: Hashable, flight: Future[Any], function: Callable[[], T]) -> T:
        try:
            result = function()
        except Exception as error:
            self._finish(key)
            flight.set_exception(error)
            raise
        except BaseException:
            # The interruption is meant for this thread, and not for those that wait.
            self._finish(key)
            flight.set_exception(_Aborted())
            raise
        self._finish(key)
        flight.set_result(result)
        return result

    def _finish(self, key: Hashable) -> None:
        with self._lock:
            self._flights.pop(key, None)


class _Aborted(Exception):
    """The thread that made the call was aborted."""


flights = SingleFlight()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=flights.reset)
