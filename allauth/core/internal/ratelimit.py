"""Rate limits: sliding windows in the cache.

Each rate of an action keeps, per subject, the times of the events it admitted. An event is admitted
if all rates agree, and only then is it recorded by any of them. The entries, and the locks around
them, are those of the published release, so that both can run side by side.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.utils.module_loading import import_string

from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from allauth.core.internal import client_address, extensions
from allauth.core.settings import get_setting

if TYPE_CHECKING:
    from allauth.core.internal.types import User

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 10.0
"""Seconds after which a lock whose holder died is void."""
LOCK_PATIENCE = 1.0
"""Seconds to wait for a lock before the event is refused."""

REPLAYED_ATTRIBUTE = "_allauth_is_replayed"
"""Set on a request that was suspended for reauthentication and goes on now."""

_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
_ORDER = ("ip", "user", "key")

PART = "core"


class Face(Protocol):
    """The answers of :mod:`allauth.core` to clients of an API."""

    def respond_rate_limited(self, request: HttpRequest) -> HttpResponse:
        """Answer a request that is refused for now."""


@dataclass(frozen=True)
class Rate:
    """At most ``amount`` events in ``duration`` seconds for each ``per``: ip, user or key."""

    amount: int
    duration: int | float
    per: str = "ip"

    @classmethod
    def parse(cls, rate: str) -> Rate:
        """Parse one rate such as ``10/m/ip``; raise ``ValueError`` if it is malformed."""
        amount, duration, *rest = rate.split("/")
        per = rest[0] if rest else "ip"
        if len(rest) > 1 or per not in _ORDER:
            raise ValueError(f"{rate!r}: a rate ends in /ip, /user or /key.")
        return cls(int(amount), _parse_duration(duration), per)

    @classmethod
    def parse_list(cls, rates: str) -> list[Rate]:
        """Parse a comma-separated list of rates, each of which counts once."""
        return list(_parse_rates(rates))


def _parse_duration(text: str) -> int | float:
    number, unit = text[:-1], text[-1:]
    if unit not in _SECONDS:
        raise ValueError(f"{text!r}: a duration ends in one of the units s, m, h and d.")
    # The printed form is part of the cache key: an int without a number, a float with one.
    return float(number) * _SECONDS[unit] if number else _SECONDS[unit]


@lru_cache(maxsize=256)
def _parse_rates(rates: str) -> tuple[Rate, ...]:
    return tuple(dict.fromkeys(Rate.parse(rate.strip()) for rate in rates.split(",")))


def parse_rates(rates: str | None) -> list[Rate]:
    """Parse a limit, which has no rates if it is empty; raise ``ValueError`` if it is malformed."""
    return list(_parse_rates(rates)) if rates else []


@dataclass(frozen=True)
class SingleRateLimitUsage:
    """An event that one rate admitted and recorded."""

    cache_key: str
    cache_duration: int | float
    timestamp: float

    def rollback(self) -> None:
        """Take the event back; if the entry stays locked, the limit is merely stricter."""
        with locked(self.cache_key) as is_locked:
            if not is_locked:
                return
            history = cache.get(self.cache_key, [])
            if self.timestamp in history:
                history.remove(self.timestamp)
                cache.set(self.cache_key, history, self.cache_duration)


@dataclass
class RateLimitUsage:
    """An admitted event, with one entry per rate that recorded it."""

    usage: list[SingleRateLimitUsage] = field(default_factory=list)

    def rollback(self) -> None:
        """Take the event back from every rate."""
        for usage in self.usage:
            usage.rollback()


def consume(
    request: HttpRequest,
    *,
    app: str,
    action: str,
    config: Mapping[str, str | None] | None = None,
    key: str | None = None,
    user: User | None = None,
    dry_run: bool = False,
    limit_get: bool = False,
    raise_exception: bool = False,
) -> RateLimitUsage | None:
    """Record one more ``action``, unless that exceeds its limit.

    An action without a limit is always admitted, and so is a safe request without ``limit_get``. If
    the cache does not answer or an entry stays locked, the action is refused.

    Parameters:
        request: The current request.
        app: Dotted path of the app whose limits count.
        action: The action whose limit counts.
        config: Limits by action, in place of the app's ``RATE_LIMITS``.
        key: The subject of rates per key; it reaches the cache only as a hash.
        user: The subject of rates per user, in place of the user of the request.
        dry_run: Do not record the action.
        limit_get: Count safe requests too.
        raise_exception: Raise ``RateLimited`` if the action is refused.

    Returns the usage, which can be rolled back, or ``None`` if the action is refused.
    """
    usage: RateLimitUsage | None
    if request.method in ("GET", "HEAD", "OPTIONS") and not limit_get:
        usage = RateLimitUsage()
    else:
        entries = _get_entries(request, app, action, config, key, user)
        usage = _admit(entries, dry_run) if entries else RateLimitUsage()
    if usage is None and raise_exception:
        raise RateLimited
    return usage


def _admit(entries: list[tuple[str, Rate]], dry_run: bool) -> RateLimitUsage | None:
    try:
        with ExitStack() as locks:
            now = time.time()
            histories: list[list[float]] = []
            for cache_key, rate in entries:
                if rate.amount <= 0:
                    return None
                # A dry run changes nothing: it needs no lock.
                if not dry_run and not locks.enter_context(locked(cache_key)):
                    return None
                history = _recent(cache.get(cache_key, []), now, rate.duration)
                if len(history) >= rate.amount:
                    return None
                histories.append(history)
            if dry_run:
                return RateLimitUsage()
            usage = RateLimitUsage()
            for (cache_key, rate), history in zip(entries, histories, strict=True):
                cache.set(cache_key, [now, *history], rate.duration)
                usage.usage.append(SingleRateLimitUsage(cache_key, rate.duration, now))
            return usage
    except Exception:
        logger.exception("Refused an action since its rate limit could not be checked")
        return None


def _recent(history: list[float], now: float, duration: int | float) -> list[float]:
    # Times in the future, left by a clock that was set back since, count as now.
    return [min(timestamp, now) for timestamp in history if timestamp > now - duration]


@contextmanager
def locked(cache_key: str) -> Iterator[bool]:
    """Hold the lock of a cache entry; yield whether it was acquired in time."""
    lock_key = f"{cache_key}:lock"
    deadline = time.monotonic() + LOCK_PATIENCE
    pause = 0.01
    while not cache.add(lock_key, 1, timeout=LOCK_TIMEOUT):
        if time.monotonic() >= deadline:
            yield False
            return
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
    try:
        yield True
    finally:
        cache.delete(lock_key)


def _get_entries(
    request: HttpRequest,
    app: str,
    action: str,
    config: Mapping[str, str | None] | None,
    key: str | None,
    user: User | None,
) -> list[tuple[str, Rate]]:
    """Return the cache entries that decide, those of the address first.

    The order is the same for all requests, so that no two wait for each other. A client that is
    refused by its address never holds up the account that it names.
    """
    if config is None:
        config = importlib.import_module(f"{app}.app_settings").RATE_LIMITS
    rates = parse_rates(config.get(action))
    return [
        (_get_cache_key(request, app, action, rate, key, user), rate)
        for rate in sorted(rates, key=lambda rate: _ORDER.index(rate.per))
    ]


def _get_cache_key(
    request: HttpRequest, app: str, action: str, rate: Rate, key: str | None, user: User | None
) -> str:
    subject = _get_subject(request, rate.per, key, user)
    return f"allauth:rl:{app}:{action}:{rate.amount}/{rate.duration}/{rate.per}:{subject}"


def _get_subject(request: HttpRequest, per: str, key: str | None, user: User | None) -> str:
    if per == "ip":
        return f"ip:{client_address.get_network(client_address.resolve(request))}"
    if per == "user":
        owner = request.user if user is None else user
        if owner.is_anonymous:
            raise ImproperlyConfigured("A rate per user cannot limit anonymous visitors.")
        return f"user:{owner.pk}"
    if key is None:
        raise ImproperlyConfigured("A rate per key needs a key.")
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def clear(
    request: HttpRequest,
    *,
    app: str,
    action: str,
    config: Mapping[str, str | None] | None = None,
    key: str | None = None,
    user: User | None = None,
    scopes: tuple[str, ...] = _ORDER,
) -> None:
    """Forget the records of ``action``, of the rates that count per one of ``scopes``."""
    for cache_key, rate in _get_entries(request, app, action, config, key, user):
        if rate.per not in scopes:
            continue
        with locked(cache_key) as is_locked:
            if is_locked:
                cache.delete(cache_key)


def consume_or_429(request: HttpRequest, **kwargs: Any) -> HttpResponse | None:
    """Return ``None`` if the action is admitted, or the response that refuses it.

    A request that is replayed after reauthentication was counted when it first came.
    """
    if getattr(request, REPLAYED_ATTRIBUTE, False):
        return None
    if consume(request, **kwargs) is None:
        return respond_429(request)
    return None


def respond_429(request: HttpRequest) -> HttpResponse:
    """Return the answer to a request that is refused for now.

    In this order: that of the face for clients of an API, the project's ``handler429``, its
    template ``429.html``, a minimal page.
    """
    face = cast("Face | None", extensions.find_face(PART, request))
    if face is not None:
        return face.respond_rate_limited(request)
    handler = _get_handler429(request)
    if handler is not None:
        return handler(request)
    extension = get_setting("ACCOUNT_TEMPLATE_EXTENSION", "html")
    try:
        return render(request, f"429.{extension}", status=429)
    except TemplateDoesNotExist:
        return HttpResponse(_PLAIN_PAGE, content_type="text/html", status=429)


_PLAIN_PAGE = (
    "<!DOCTYPE html><html lang=en><title>Too Many Requests</title>"
    "<h1>429 Too Many Requests</h1><p>Please wait a little, then try again.</p></html>"
)


def _get_handler429(request: HttpRequest) -> Callable[[HttpRequest], HttpResponse] | None:
    urlconf = getattr(request, "urlconf", None) or settings.ROOT_URLCONF
    try:
        if isinstance(urlconf, str):
            urlconf = importlib.import_module(urlconf)
        handler = urlconf.handler429
        found: Callable[[HttpRequest], HttpResponse] | None
        found = import_string(handler) if isinstance(handler, str) else handler
        return found
    except (ImportError, AttributeError):
        return None


@contextmanager
def rate_limited_as_response(request: HttpRequest) -> Iterator[None]:
    """Turn ``RateLimited`` into the response that refuses the request, for callers who expect it.

    Raises ``ImmediateHttpResponse``.
    """
    try:
        yield
    except RateLimited as error:
        raise ImmediateHttpResponse(respond_429(request)) from error
