"""The request being served, for code that is not handed one.

``context.request`` is looked up at each access, so it is right per thread and per task; importing
the name itself would only bind the value of that moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

_current_request: ContextVar[HttpRequest | None] = ContextVar("allauth_request", default=None)


def __getattr__(name: str) -> Any:
    if name == "request":
        return _current_request.get()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def request_context(request: HttpRequest | None) -> Iterator[None]:
    """Make ``request`` the current one for the duration of a ``with`` block.

    What was current before is restored when the block ends, however it ends.
    """
    token = _current_request.set(request)
    try:
        yield
    finally:
        # An abandoned coroutine is closed by the garbage collector in a foreign context; the one
        # that held the request is gone already.
        with suppress(ValueError):
            _current_request.reset(token)
