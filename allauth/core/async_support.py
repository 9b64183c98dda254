"""The bridge between synchronous flows and asynchronous callers.

Flows are written once, synchronously. This module lets them serve an event loop: it says whether
middleware may take an asynchronous path, calls hooks that are synchronous or asynchronous, makes
awaitable twins of functions, and frames view decorators that work for ``def`` and ``async def``
views alike.

It depends on Django and asgiref only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import django
from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

P = ParamSpec("P")
R = TypeVar("R")
ViewT = TypeVar("ViewT", bound=Callable[..., object])

AsyncCallable = Callable[P, Coroutine[Any, Any, R]]
"""A coroutine function with the parameters ``P`` and the result ``R``."""

ASYNC_CAPABLE: bool = django.VERSION >= (5, 0)
"""``True`` if middleware takes an asynchronous path: Django 5.0 brought ``request.auser()``."""


def is_on_event_loop() -> bool:
    """Return whether the calling thread is running an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class ConcealedCall:
    """A pending call whose arguments appear in no error report.

    Reports show the variables of all frames. ``sensitive_variables()`` hides them, except those of
    coroutines before Django 5.0, and those of asgiref, whose frames hold the arguments of every hop
    between threads. The ``repr()`` of an instance shows nothing, in whichever frame it is.
    """

    __slots__ = ("_args", "_function", "_kwargs")

    def __init__(
        self, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
    ) -> None:
        self._function: Callable[..., Any] = function
        self._args = args
        self._kwargs = kwargs

    def make(self) -> Any:
        """Make the call, of a synchronous or asynchronous function; see :func:`call_hook`."""
        if iscoroutinefunction(self._function) and not is_on_event_loop():
            return async_to_sync(self._amake)()
        return self._function(*self._args, **self._kwargs)

    async def _amake(self) -> object:
        return await self._function(*self._args, **self._kwargs)


def call_hook(hook: Callable[..., object], /, *args: object, **kwargs: object) -> Any:
    """Call ``hook``, which a project may have written as ``def`` or as ``async def``.

    From synchronous code, a coroutine runs to its end before this returns: on the server's event
    loop under ASGI, on a private loop under WSGI. On an event loop, the coroutine is returned for
    the caller to await. A synchronous hook is simply called, and no loop is started for it.
    """
    call = ConcealedCall(hook, args, kwargs)
    del args, kwargs  # error reports would show them
    return call.make()


class AsyncOverridable:
    """Base of classes whose public methods a project may override as ``async def``.

    Looking up such an override on an instance returns a callable that goes through
    :func:`call_hook`. ``super()`` still reaches the method of the base class itself.
    """

    # Hidden from type checkers, which would take every misspelled name for an attribute.
    if not TYPE_CHECKING:

        def __getattribute__(self, name: str) -> object:
            value = super().__getattribute__(name)
            if name.startswith("__") or not iscoroutinefunction(value):
                return value

            @wraps(value)
            def hook(*args: object, **kwargs: object) -> object:
                call = ConcealedCall(value, args, kwargs)
                del args, kwargs  # error reports would show them
                return call.make()

            return markcoroutinefunction(hook)


def awaitable(function: Callable[P, R]) -> AsyncCallable[P, R]:
    """Return the awaitable twin of a synchronous function: one hop into the request's thread.

    The twin takes the same parameters, returns the same result and raises the same exceptions. If
    the awaiting task is cancelled, the function still runs to its end in its thread.
    """

    @wraps(function)
    async def twin(*args: P.args, **kwargs: P.kwargs) -> R:
        call = ConcealedCall(function, args, kwargs)
        del args, kwargs  # error reports would show them
        return cast(R, await sync_to_async(call.make, thread_sensitive=True)())

    return _as_twin(twin, function.__name__)


def awaitable_method(method: Callable[P, R]) -> AsyncCallable[P, R]:
    """Return the awaitable twin of a method, which calls the synchronous method by its name.

    A subclass that overrides the synchronous method changes the twin as well. Wrap the result in
    ``classmethod`` for a twin of a class method.
    """
    name = method.__name__

    @wraps(method)
    async def twin(self: object, *args: object, **kwargs: object) -> R:
        call = ConcealedCall(getattr(self, name), args, kwargs)
        del args, kwargs  # error reports would show them
        return cast(R, await sync_to_async(call.make, thread_sensitive=True)())

    return cast("AsyncCallable[P, R]", _as_twin(twin, name))


def _as_twin(twin: Callable[P, R], name: str) -> Callable[P, R]:
    twin.__name__ = f"a{name}"
    twin.__qualname__ = f"{twin.__qualname__.removesuffix(name)}a{name}"
    twin.__doc__ = f"Awaitable twin of ``{name}``."
    return twin


def guard_view(
    view: ViewT, check: Callable[..., HttpResponseBase | None], *, checks_arguments: bool = False
) -> ViewT:
    """Return a view that runs ``check(request)`` before ``view``, in the mode of ``view``.

    A response from ``check`` is the answer; ``None`` lets the view run. ``check`` is synchronous
    and may use session, user and database: before an asynchronous view it takes one hop.

    Parameters:
        view: A view, ``def`` or ``async def``.
        check: A function of the request.
        checks_arguments: Pass the further arguments of the view to ``check`` too.
    """

    def run_check(
        request: HttpRequest, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> HttpResponseBase | None:
        return check(request, *args, **kwargs) if checks_arguments else check(request)

    async def aguarded(request: HttpRequest, *args: object, **kwargs: object) -> object:
        response = await sync_to_async(run_check, thread_sensitive=True)(request, args, kwargs)
        if response is not None:
            return response
        result = view(request, *args, **kwargs)
        return await result if isawaitable(result) else result

    if iscoroutinefunction(view):
        return cast(ViewT, wraps(view)(aguarded))

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> object:
        if is_on_event_loop() or _is_async_dispatch(view):
            return aguarded(request, *args, **kwargs)
        response = run_check(request, args, kwargs)
        return view(request, *args, **kwargs) if response is None else response

    return cast(ViewT, guarded)


def _is_async_dispatch(view: Callable[..., object]) -> bool:
    """Return whether ``view`` is ``dispatch`` of a view class whose handlers are ``async def``.

    Such a ``dispatch`` is a plain function that returns a coroutine. Under WSGI, Django calls it
    off the event loop and still awaits the result. ``method_decorator`` passes it inside a
    ``partial``.
    """
    method = getattr(view, "func", view)
    return getattr(getattr(method, "__self__", None), "view_is_async", False)
