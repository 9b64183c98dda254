"""Rate limits of the account app, for project code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from allauth.core.async_support import awaitable
from allauth.core.exceptions import RateLimited
from allauth.core.internal import extensions, ratelimit
from allauth.core.internal.ratelimit import Rate, respond_429

if TYPE_CHECKING:
    from allauth.core.internal.types import User

__all__ = [
    "Rate",
    "RateLimited",
    "aclear",
    "aconsume",
    "clear",
    "consume",
    "consume_or_429",
    "respond_429",
]


def _get_app() -> str:
    app = extensions.ratelimit_app.get()
    if app is None:
        raise ImproperlyConfigured("No installed app has rate limits: add 'allauth.account'.")
    return app


def consume(
    request: HttpRequest,
    *,
    action: str,
    key: str | None = None,
    user: User | None = None,
    dry_run: bool = False,
    raise_exception: bool = False,
) -> bool:
    """Record one more ``action``, unless that exceeds its limit in ``ACCOUNT_RATE_LIMITS``.

    Safe requests are never counted.

    Parameters:
        request: The current request.
        action: The action whose limit counts.
        key: The subject of rates per key.
        user: The subject of rates per user, in place of the user of the request.
        dry_run: Do not record the action.
        raise_exception: Raise ``RateLimited`` if the action is refused.

    Returns whether the action is allowed.
    """
    usage = ratelimit.consume(
        request,
        app=_get_app(),
        action=action,
        key=key,
        user=user,
        dry_run=dry_run,
        raise_exception=raise_exception,
    )
    return usage is not None


def consume_or_429(request: HttpRequest, *args: object, **kwargs: Any) -> HttpResponse | None:
    """Return ``None`` if the action is allowed, or the response that refuses it.

    Takes the arguments of :func:`consume`, and further ``config`` and ``limit_get``.
    """
    return ratelimit.consume_or_429(request, app=_get_app(), **kwargs)


def clear(
    request: HttpRequest, *, action: str, key: str | None = None, user: User | None = None
) -> None:
    """Forget how often ``action`` was used by this address, user or key."""
    ratelimit.clear(request, app=_get_app(), action=action, key=key, user=user)


aconsume = awaitable(consume)
aclear = awaitable(clear)
