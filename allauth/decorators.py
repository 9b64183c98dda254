"""Decorators for the views of a project, ``def`` or ``async def``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from allauth.core import ratelimit
from allauth.core.async_support import guard_view

ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def rate_limit(**kwargs: Any) -> Callable[[ViewT], ViewT]:
    """Limit how often a view may be used, by the limits in ``ACCOUNT_RATE_LIMITS``.

    Parameters:
        action: Whose limit counts; required.
        key: What rates per key count by.
        user: Whom rates per user count by, in place of the user of the request.
        config: Limits by action, in place of the setting.
        dry_run: Only ask, do not count.
        limit_get: Count safe requests too.
        raise_exception: Raise ``RateLimited`` in place of answering 429.

    On an ``async def`` view the check takes one hop.
    """
    check = partial(ratelimit.consume_or_429, **kwargs)

    def decorate(view: ViewT) -> ViewT:
        return guard_view(view, check)

    return decorate
