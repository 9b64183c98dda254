"""The request being served, for code that is not passed one.

``context.request`` is looked up at each access, so it is right per thread and per task. Importing
the name itself would bind the value of the moment of the import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from django.http import HttpRequest

_current_request: ContextVar[HttpRequest | None] = ContextVar("allauth_request", default=None)


def __getattr__(name: str) -> HttpRequest | None:
    if name == "request":
        return _current_request.get()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def request_context(request: HttpRequest | None) -> Iterator[None]:
    """Make ``request`` the current one for the duration of a ``with`` block.

    The request that was current before is restored when the block ends, however it ends.
    """
    token = _current_request.set(request)
    try:
        yield
    finally:
        # The garbage collector closes an abandoned coroutine in another context; the context that
        # held the request is gone already.
        with suppress(ValueError):
            _current_request.reset(token)
