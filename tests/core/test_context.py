"""The request being served, for code that is not handed one."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest
from django.test import RequestFactory

from allauth.core import context
from allauth.core.context import request_context


@pytest.fixture
def requests(rf: RequestFactory) -> list[HttpRequest]:
    return [rf.get(f"/{number}/") for number in range(10)]


def test_there_is_no_request_outside_of_one() -> None:
    assert context.request is None


def test_other_names_do_not_exist() -> None:
    with pytest.raises(AttributeError, match="respond"):
        context.respond  # noqa: B018


def test_block_binds_and_restores(requests: list[HttpRequest]) -> None:
    with request_context(requests[0]):
        assert context.request is requests[0]
        with request_context(requests[1]):
            assert context.request is requests[1]
        assert context.request is requests[0]
        with request_context(None):
            assert context.request is None
        assert context.request is requests[0]
    assert context.request is None


def test_block_restores_after_an_error(requests: list[HttpRequest]) -> None:
    with pytest.raises(LookupError), request_context(requests[0]):
        raise LookupError
    assert context.request is None


def test_block_restores_after_cancellation(requests: list[HttpRequest]) -> None:
    async def main() -> None:
        async def bind_and_wait() -> None:
            with request_context(requests[0]):
                await asyncio.sleep(60)

        task = asyncio.create_task(bind_and_wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert context.request is None

    asyncio.run(main())


@pytest.mark.requirement("INV-45")
def test_threads_are_apart(requests: list[HttpRequest]) -> None:
    barrier = threading.Barrier(len(requests), timeout=60)
    seen: dict[int, Any] = {}

    def serve(number: int) -> None:
        with request_context(requests[number]):
            barrier.wait()
            seen[number] = context.request
            barrier.wait()

    threads = [threading.Thread(target=serve, args=(n,)) for n in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seen[number] for number in range(len(requests))] == requests
    assert context.request is None


@pytest.mark.requirement("INV-45")
def test_tasks_are_apart(requests: list[HttpRequest]) -> None:
    async def serve(request: HttpRequest) -> bool:
        with request_context(request):
            seen = []
            for _ in range(5):
                await asyncio.sleep(0)
                seen.append(context.request)
                seen.append(await sync_to_async(lambda: context.request)())
            return all(found is request for found in seen)

    async def main() -> list[bool]:
        return await asyncio.gather(*map(serve, requests))

    assert async_to_sync(main)() == [True] * len(requests)


def test_coroutine_closed_in_a_foreign_context_does_not_fail(
    requests: list[HttpRequest],
) -> None:
    async def bind_and_wait() -> None:
        with request_context(requests[0]):
            await asyncio.Event().wait()

    async def main() -> None:
        coroutine = bind_and_wait()
        contextvars.copy_context().run(coroutine.send, None)
        # As the garbage collector does it to a coroutine that nobody awaits any more.
        coroutine.close()
        assert context.request is None

    asyncio.run(main())
