"""Rate limits under threads, tasks and processes that all come at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from allauth.core import ratelimit as public
from allauth.core.internal import ratelimit

KEY = "allauth:rl:allauth.account:act:5/60/ip:ip:127.0.0.1"
ROOT = Path(__file__).parents[2]

RACER = """
import sys
from concurrent.futures import ThreadPoolExecutor

import django
from django.test import RequestFactory

django.setup()
from allauth.core.internal import ratelimit

def consume(number):
    usage = ratelimit.consume(
        RequestFactory().post("/"), app="allauth.account", action="act", config={"act": "5/m"}
    )
    return usage is not None

sys.stdin.readline()
with ThreadPoolExecutor(10) as executor:
    print(sum(executor.map(consume, range(20))))
"""


def consume(limit: str = "5/m", **kwargs: Any) -> Any:
    return ratelimit.consume(
        RequestFactory().post("/", REMOTE_ADDR=kwargs.pop("address", "127.0.0.1")),
        app="allauth.account",
        action="act",
        config={"act": limit},
        **kwargs,
    )


def race(*functions: Any) -> list[Any]:
    """Call all functions at once, each in a thread of its own."""
    barrier = threading.Barrier(len(functions))
    results: list[Any] = []

    def run(function: Any) -> None:
        barrier.wait()
        results.append(function())

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a lock gets it in the end, however busy the machine is."""
    monkeypatch.setattr(ratelimit, "LOCK_PATIENCE", 60)


@pytest.mark.requirement("SEC-002", "INV-27")
def test_threads_do_not_exceed_the_limit() -> None:
    admitted = [usage for usage in race(*[consume] * 50) if usage]

    assert len(admitted) <= 5
    assert len(cache.get(KEY)) == len(admitted)


@pytest.mark.requirement("SEC-002")
def test_few_threads_use_the_limit_up() -> None:
    assert sum(usage is not None for usage in race(*[lambda: consume("2/m")] * 5)) == 2


@pytest.mark.requirement("SEC-002")
async def test_tasks_do_not_exceed_the_limit(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"act": "5/m"}
    request = RequestFactory().post("/")

    answers = await asyncio.gather(*(public.aconsume(request, action="act") for _ in range(50)))
    assert sum(answers) == 5
    assert len(await cache.aget(KEY)) == 5


def test_concurrent_rollbacks_take_back_what_is_theirs() -> None:
    usages = [consume() for _ in range(5)]

    race(*[usage.rollback for usage in usages[:3]])
    assert len(cache.get(KEY)) == 2


@pytest.mark.requirement("ATK-C07")
def test_exhausted_address_does_not_hold_up_the_victim(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = "1/m/key,2/m/ip"
    for number in range(2):
        assert consume(limit, key=f"somebody {number}", address="9.9.9.9")
    asked_for: list[str] = []
    locked = ratelimit.locked

    def note_lock(cache_key: str) -> Any:
        asked_for.append(cache_key)
        return locked(cache_key)

    monkeypatch.setattr(ratelimit, "locked", note_lock)

    def attack() -> str:
        return "attacker" if consume(limit, key="victim", address="9.9.9.9") else ""

    def ask() -> str:
        return "victim" if consume(limit, key="victim", address="1.1.1.1") else ""

    assert sorted(race(*[attack] * 100, ask)) == [""] * 100 + ["victim"]
    # Nobody but the victim ever asked for the lock of the victim.
    assert sum("/key:" in cache_key for cache_key in asked_for) == 1


@pytest.mark.requirement("SEC-002")
@pytest.mark.databases
@pytest.mark.skipif(
    not os.environ.get("TEST_REDIS_URL"),
    reason="needs a Redis server that processes share, at TEST_REDIS_URL",
)
def test_processes_do_not_exceed_the_limit() -> None:
    cache.clear()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.projects.account_only.settings"},
        )
        for _ in range(2)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    admitted = [int(racer.communicate(timeout=60)[0]) for racer in racers]

    assert sum(admitted) <= 5
    assert len(cache.get(KEY)) == sum(admitted)
