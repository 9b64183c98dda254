"""The bridge between synchronous flows and asynchronous callers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from allauth.core.async_support import (
    ASYNC_CAPABLE,
    AsyncOverridable,
    awaitable,
    awaitable_method,
    call_hook,
    guard_view,
    is_on_event_loop,
)
from tests.support.hops import count_hops

marker: ContextVar[str] = ContextVar("marker", default="")


@pytest.fixture
def no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes it an error to start an event loop."""

    def refuse(*args: Any) -> None:
        raise AssertionError("an event loop was started")

    monkeypatch.setattr(asyncio, "new_event_loop", refuse)


def test_gate_opens_with_the_django_that_has_auser() -> None:
    from django.contrib.auth import middleware

    assert ASYNC_CAPABLE is (django.VERSION >= (5, 0))
    assert ASYNC_CAPABLE is hasattr(middleware, "auser")


def test_knows_whether_it_is_on_an_event_loop() -> None:
    async def ask() -> tuple[bool, bool]:
        return is_on_event_loop(), await sync_to_async(is_on_event_loop)()

    assert not is_on_event_loop()
    assert asyncio.run(ask()) == (True, False)


class TestCallHook:
    def test_calls_a_synchronous_hook(self, no_event_loop: None) -> None:
        def hook(first: int, *, second: int) -> int:
            return first - second

        assert call_hook(hook, 3, second=1) == 2

    def test_runs_an_asynchronous_hook_to_its_end(self) -> None:
        async def hook(first: int, *, second: int) -> int:
            await asyncio.sleep(0)
            return first - second

        assert call_hook(hook, 3, second=1) == 2

    def test_hands_the_coroutine_back_on_an_event_loop(self) -> None:
        async def hook() -> asyncio.AbstractEventLoop:
            return asyncio.get_running_loop()

        async def main() -> bool:
            return await call_hook(hook) is asyncio.get_running_loop()

        assert asyncio.run(main())

    def test_uses_the_loop_of_the_server(self) -> None:
        async def hook() -> asyncio.AbstractEventLoop:
            await asyncio.sleep(0)
            return asyncio.get_running_loop()

        async def main() -> bool:
            return await sync_to_async(call_hook)(hook) is asyncio.get_running_loop()

        assert asyncio.run(main())

    @pytest.mark.parametrize("exception", [ValidationError("no"), LookupError("no")])
    def test_exceptions_reach_the_caller(self, exception: Exception) -> None:
        async def hook() -> None:
            await asyncio.sleep(0)
            raise exception

        with pytest.raises(type(exception)) as caught:
            call_hook(hook)
        assert caught.value is exception

    def test_context_variables_go_in_and_come_out(self) -> None:
        async def hook() -> str:
            seen = marker.get()
            marker.set("set by the hook")
            return seen

        token = marker.set("set by the flow")
        try:
            assert call_hook(hook) == "set by the flow"
            assert marker.get() == "set by the hook"
        finally:
            marker.reset(token)


class Hooks(AsyncOverridable):
    """A base as the package has it."""

    color = "attribute"

    def greet(self, name: str) -> str:
        return f"Hello {name}"

    def welcome(self, name: str) -> str:
        return f"{self.greet(name)}!"


class AsyncHooks(Hooks):
    """What a project makes of it."""

    async def greet(self, name: str) -> str:
        await asyncio.sleep(0)
        return super().greet(name).upper()

    async def __aenter__(self) -> AsyncHooks:
        return self


class TestAsyncOverridable:
    def test_synchronous_method_is_left_alone(self, no_event_loop: None) -> None:
        hooks = Hooks()

        assert hooks.welcome("you") == "Hello you!"
        assert hooks.greet.__func__ is Hooks.greet
        assert hooks.color == "attribute"

    def test_flow_gets_the_result_of_an_asynchronous_override(self) -> None:
        assert AsyncHooks().welcome("you") == "HELLO YOU!"

    def test_asynchronous_override_is_awaitable_on_an_event_loop(self) -> None:
        async def main() -> str:
            return await AsyncHooks().greet("you")

        assert asyncio.run(main()) == "HELLO YOU"

    def test_asynchronous_override_still_says_what_it_is(self) -> None:
        assert iscoroutinefunction(AsyncHooks().greet)
        assert not iscoroutinefunction(Hooks().greet)

    def test_override_on_the_instance_counts_too(self) -> None:
        async def greet(name: str) -> str:
            return f"Hi {name}"

        hooks = Hooks()
        hooks.greet = greet  # type: ignore[method-assign,assignment]

        assert hooks.welcome("you") == "Hi you!"

    def test_protocols_of_the_language_are_left_alone(self) -> None:
        async def main() -> AsyncHooks:
            hooks = AsyncHooks()
            return await hooks.__aenter__()

        assert isinstance(asyncio.run(main()), AsyncHooks)


def divide(dividend: int, divisor: int = 1) -> float:
    """Divide one number by another."""
    return dividend / divisor


adivide = awaitable(divide)


class Account:
    """Something with a method that has a twin."""

    def __init__(self, balance: int) -> None:
        self.balance = balance

    def pay(self, amount: int) -> int:
        self.balance -= amount
        return self.balance

    apay = awaitable_method(pay)

    @classmethod
    def open(cls, balance: int) -> Account:
        return cls(balance)

    aopen = classmethod(awaitable_method(open.__func__))  # type: ignore[attr-defined]


class PremiumAccount(Account):
    """Overrides the synchronous method only."""

    def pay(self, amount: int) -> int:
        return super().pay(amount // 2)


class TestAwaitable:
    def test_takes_returns_and_raises_the_same(self) -> None:
        async def main() -> None:
            assert await adivide(6, divisor=3) == 2
            with pytest.raises(ZeroDivisionError):
                await adivide(1, 0)
            with pytest.raises(TypeError):
                await adivide(1, 2, 3)  # type: ignore[call-arg]

        asyncio.run(main())

    def test_is_one_hop(self) -> None:
        with count_hops() as hops:
            asyncio.run(adivide(1))

        assert len(hops) == 1

    def test_has_a_name_and_a_docstring_of_its_own(self) -> None:
        assert adivide.__name__ == adivide.__qualname__ == "adivide"
        assert adivide.__doc__ == "Awaitable twin of ``divide``."
        assert Account.apay.__qualname__ == "Account.apay"
        assert divide.__name__ == "divide"
        assert iscoroutinefunction(adivide)

    def test_runs_in_the_thread_of_the_request(self) -> None:
        aget_thread = awaitable(threading.current_thread)

        assert async_to_sync(aget_thread)() is threading.current_thread()

    def test_function_runs_to_its_end_when_the_caller_is_cancelled(self) -> None:
        started, released, finished = (threading.Event() for _ in range(3))

        def work() -> None:
            started.set()
            assert released.wait(timeout=60)
            finished.set()

        async def main() -> None:
            task = asyncio.create_task(awaitable(work)())
            while not started.is_set():
                await asyncio.sleep(0.001)
            task.cancel()
            released.set()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert finished.wait(timeout=60)

    def test_twin_of_a_method(self) -> None:
        assert asyncio.run(Account(10).apay(amount=4)) == 6

    def test_twin_of_a_method_follows_an_override(self) -> None:
        assert asyncio.run(PremiumAccount(10).apay(4)) == 8

    def test_twin_of_a_class_method(self) -> None:
        account = asyncio.run(PremiumAccount.aopen(10))

        assert type(account) is PremiumAccount


def refuse(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
    """Refuse requests that say so, and say what else was handed over."""
    assert not is_on_event_loop()
    if "refuse" in request.GET:
        return HttpResponse(f"refused {args} {kwargs}", status=403)
    return None


def sync_view(request: HttpRequest, number: int = 0) -> HttpResponse:
    """A view of the project."""
    return HttpResponse(f"served {number}")


async def async_view(request: HttpRequest, number: int = 0) -> HttpResponse:
    """An asynchronous view of the project."""
    await asyncio.sleep(0)
    return HttpResponse(f"served {number}")


def serve(view: Callable[..., Any], request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Call ``view`` the way Django does: on the event loop only if it says that it is async."""
    if not iscoroutinefunction(view):
        return view(request, **kwargs)
    return async_to_sync(view)(request, **kwargs)


class SyncPage(View):
    """A class-based view with ordinary handlers."""

    def get(self, request: HttpRequest, number: int = 0) -> HttpResponse:
        return sync_view(request, number)


class AsyncPage(View):
    """A class-based view with asynchronous handlers."""

    async def get(self, request: HttpRequest, number: int = 0) -> HttpResponse:
        return await async_view(request, number)


guard = method_decorator(lambda view: guard_view(view, refuse), name="dispatch")


class TestGuardView:
    @pytest.mark.parametrize(
        "view",
        [
            guard_view(sync_view, refuse),
            guard_view(async_view, refuse),
            guard_view(SyncPage.as_view(), refuse),
            guard_view(AsyncPage.as_view(), refuse),
            guard(type("Page", (SyncPage,), {})).as_view(),
            guard(type("Page", (AsyncPage,), {})).as_view(),
            guard_view(never_cache(sync_view), refuse),
            never_cache(guard_view(sync_view, refuse)),
            guard_view(guard_view(async_view, refuse), refuse),
        ],
        ids=[
            "def",
            "async def",
            "class",
            "async class",
            "dispatch",
            "async dispatch",
            "around Django's",
            "inside Django's",
            "twice",
        ],
    )
    def test_lets_the_view_run_or_answers_itself(
        self, rf: RequestFactory, view: Callable[..., Any]
    ) -> None:
        served = serve(view, rf.get("/"), number=7)
        refused = serve(view, rf.get("/?refuse"), number=7)

        assert served.content == b"served 7"
        assert refused.content == b"refused () {}"

    @pytest.mark.skipif(django.VERSION < (5, 0), reason="Django's own became hybrid in 5.0")
    def test_stacks_with_decorators_of_django_on_an_async_view(self, rf: RequestFactory) -> None:
        for view in (
            guard_view(never_cache(async_view), refuse),
            never_cache(guard_view(async_view, refuse)),
        ):
            assert iscoroutinefunction(view)
            assert serve(view, rf.get("/")).content == b"served 0"
            assert serve(view, rf.get("/?refuse")).status_code == 403

    def test_color_name_and_docstring_are_those_of_the_view(self) -> None:
        for view in (sync_view, async_view):
            guarded = guard_view(view, refuse)
            assert iscoroutinefunction(guarded) is iscoroutinefunction(view)
            assert (guarded.__name__, guarded.__doc__) == (view.__name__, view.__doc__)

    @pytest.mark.parametrize("view", [sync_view, async_view])
    def test_check_may_ask_for_the_arguments_of_the_view(
        self, rf: RequestFactory, view: Callable[..., Any]
    ) -> None:
        guarded = guard_view(view, refuse, checks_arguments=True)

        refused = serve(guarded, rf.get("/?refuse"), number=7)

        assert refused.content == b"refused () {'number': 7}"

    def test_is_one_hop_before_an_async_view(self, rf: RequestFactory) -> None:
        with count_hops() as hops:
            serve(guard_view(async_view, refuse), rf.get("/"))

        assert len(hops) == 1

    def test_starts_no_event_loop_for_a_sync_view(
        self, rf: RequestFactory, no_event_loop: None
    ) -> None:
        assert serve(guard_view(sync_view, refuse), rf.get("/")).content == b"served 0"

    @pytest.mark.parametrize("view", [sync_view, async_view])
    def test_exceptions_of_the_check_reach_the_caller(
        self, rf: RequestFactory, view: Callable[..., Any]
    ) -> None:
        def fail(request: HttpRequest) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            serve(guard_view(view, fail), rf.get("/"))
