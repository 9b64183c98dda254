"""Calls that many threads need at once, and one of them makes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async

from allauth.socialaccount.internal import single_flight
from allauth.socialaccount.internal.single_flight import SingleFlight

THREADS = 8


class Call:
    """A function that returns, or raises, once it is let go."""

    def __init__(self, *results: Any) -> None:
        self.results = list(results)
        self.count = 0
        self.began = threading.Event()
        self.may_end = threading.Event()

    def __call__(self) -> Any:
        self.count += 1
        result = self.results.pop(0)
        self.began.set()
        assert self.may_end.wait(10)
        if isinstance(result, BaseException):
            raise result
        return result


class CountedFlights(SingleFlight):
    """Lets a test wait until as many threads as it says make, or wait for, a call."""

    def __init__(self) -> None:
        super().__init__()
        self.joined = threading.Semaphore(0)

    def _join(self, key: Any) -> Any:
        joined = super()._join(key)
        self.joined.release()
        return joined

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.joined.acquire(timeout=10)


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


def run_together(pool: ThreadPoolExecutor, call: Call) -> list[Future[Any]]:
    """Have a thread make the call, and others join it; then let it go."""
    flights = CountedFlights()
    futures = [pool.submit(flights.run, "key", call)]
    assert call.began.wait(10)
    futures += [pool.submit(flights.run, "key", call) for _ in range(THREADS - 1)]
    flights.wait_for(THREADS)
    call.may_end.set()
    return futures


def test_calls_at_the_same_time_are_one_call(pool: ThreadPoolExecutor) -> None:
    call = Call({"a": 1})

    results = [future.result(10) for future in run_together(pool, call)]

    assert results == [{"a": 1}] * THREADS
    assert call.count == 1


def test_an_error_is_raised_for_all_that_wait_and_not_remembered(pool: ThreadPoolExecutor) -> None:
    error = OSError("down")
    call = Call(error)

    assert [future.exception(10) for future in run_together(pool, call)] == [error] * THREADS

    flights = SingleFlight()
    call = Call(error, "up")
    call.may_end.set()
    with pytest.raises(OSError, match="down"):
        flights.run("key", call)
    assert flights.run("key", call) == "up"


def test_a_thread_that_is_aborted_is_replaced(pool: ThreadPoolExecutor) -> None:
    call = Call(SystemExit(), *["up"] * THREADS)

    first, *others = run_together(pool, call)

    assert isinstance(first.exception(10), SystemExit)
    assert {future.result(10) for future in others} == {"up"}


def test_results_are_not_kept() -> None:
    flights = SingleFlight()
    results = iter(["first", "second"])

    assert flights.run("key", lambda: next(results)) == "first"
    assert flights.run("key", lambda: next(results)) == "second"


def test_calls_with_other_keys_do_not_wait(pool: ThreadPoolExecutor) -> None:
    flights = SingleFlight()
    call = Call("slow")
    slow = pool.submit(flights.run, "slow", call)
    assert call.began.wait(10)

    assert flights.run("fast", lambda: "fast") == "fast"

    assert not slow.done()
    call.may_end.set()
    assert slow.result(10) == "slow"


def test_waiting_has_an_end(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_flight, "WAIT_TIMEOUT", 0.05)
    flights = SingleFlight()
    call = Call("slow")
    slow = pool.submit(flights.run, "key", call)
    assert call.began.wait(10)

    assert flights.run("key", lambda: "own") == "own"

    call.may_end.set()
    assert slow.result(10) == "slow"


def test_event_loop_goes_on_while_the_threads_of_its_requests_wait() -> None:
    flights, call = CountedFlights(), Call("up")

    async def serve() -> Any:
        async with ThreadSensitiveContext():
            return await sync_to_async(flights.run)("key", call)

    async def main() -> list[Any]:
        requests = [asyncio.create_task(serve()) for _ in range(THREADS)]
        await asyncio.to_thread(flights.wait_for, THREADS)
        call.may_end.set()
        return await asyncio.gather(*requests)

    assert asyncio.run(asyncio.wait_for(main(), 20)) == ["up"] * THREADS
    assert call.count == 1


def test_forked_processes_wait_for_no_thread_of_their_parent() -> None:
    script = """
import os, sys, threading, warnings
from allauth.socialaccount.internal.single_flight import flights
warnings.simplefilter("ignore")
began, may_end = threading.Event(), threading.Event()
def call():
    began.set()
    may_end.wait()
thread = threading.Thread(target=flights.run, args=("key", call))
thread.start()
began.wait()
pid = os.fork()
if not pid:
    os._exit(flights.run("key", lambda: 7))
status = os.waitpid(pid, 0)[1]
may_end.set()
thread.join()
sys.exit(os.waitstatus_to_exitcode(status))
"""
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=20).returncode == 7
