"""Decorators for the views of a project, ``def`` or ``async def``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from allauth.core import ratelimit
from allauth.core.async_support import guard_view

ViewT = TypeVar("ViewT", bound=Callable[..., object])


def rate_limit(**kwargs: Any) -> Callable[[ViewT], ViewT]:
    """Limit how often a view may be used, by the limits in ``ACCOUNT_RATE_LIMITS``.

    On an ``async def`` view the check takes one hop.

    Parameters:
        action: The action whose limit counts; required.
        key: The subject of rates per key.
        user: The subject of rates per user, in place of the user of the request.
        config: Limits by action, in place of the setting.
        dry_run: Do not record the action.
        limit_get: Count safe requests too.
        raise_exception: Raise ``RateLimited`` in place of answering 429.
    """
    check = partial(ratelimit.consume_or_429, **kwargs)

    def decorate(view: ViewT) -> ViewT:
        return guard_view(view, check)

    return decorate
