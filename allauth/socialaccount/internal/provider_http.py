"""Requests to providers, and a cache for the documents that they publish."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.single_flight import flights

if TYPE_CHECKING:
    from requests import Response

    from allauth.core.internal.http import JSON

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

DOCUMENT_TIMEOUT = 60 * 60
"""Lifetime of a document in the cache, such as the keys of a provider, in seconds."""


def read_json(response: Response, expected: type[JSON] = dict) -> JSON:  # type: ignore[assignment]
    """Return the JSON in a response of a provider.

    Parameters:
        expected: The type of the document: ``dict`` or ``list``.

    Raises ``requests.RequestException`` for an error status, and for any other content.
    """
    # This module imports ``requests``, which takes time and memory.
    from allauth.core.internal import http

    return http.read_json(response, expected)


@sensitive_variables()
def fetch_json(url: str, **kwargs: Any) -> JSONObject:
    """Return the JSON object at ``url``.

    Parameters:
        kwargs: Arguments of ``requests.Session.get``.

    Raises ``requests.RequestException`` for an error status, and for any other content.
    """
    with get_adapter().get_requests_session() as session:
        return read_json(session.get(url, **kwargs))


def load_document(url: str, is_usable: Callable[[JSONObject], bool] | None = None) -> JSONObject:
    """Return the public document at ``url``, from the cache if possible.

    Concurrent threads share one request, and the returned object: do not change it.

    Parameters:
        is_usable: Return whether to cache a fetched document. By default all are cached.

    Raises ``requests.RequestException`` if there is no such document.
    """
    cached = get_cached_document(url)
    if cached is not None:
        return cached

    def load() -> JSONObject:
        # Another thread may have cached it in the meantime.
        cached = get_cached_document(url)
        if cached is not None:
            return cached
        document = fetch_json(url)
        if is_usable is None or is_usable(document):
            cache_document(url, document)
        return document

    return flights.run(("load", url), load)


def reload_document(url: str, may_fetch: Callable[[], bool]) -> JSONObject | None:
    """Return the public document at ``url``, bypassing the cache.

    Concurrent threads share one request.

    Parameters:
        may_fetch: Return whether a request is allowed. If not, the document in the cache is
            returned, or ``None``.

    Raises ``requests.RequestException`` if there is no such document.
    """

    def reload() -> JSONObject | None:
        if not may_fetch():
            return get_cached_document(url)
        document = fetch_json(url)
        cache_document(url, document)
        return document

    return flights.run(("reload", url), reload)


def cache_document(url: str, document: JSONObject) -> None:
    """Store the public document at ``url`` in the cache for ``DOCUMENT_TIMEOUT`` seconds."""
    cache_or_none(cache.set, _get_document_key(url), document, DOCUMENT_TIMEOUT)


def get_cached_document(url: str) -> JSONObject | None:
    """Return the document at ``url`` from the cache, or ``None``."""
    document = cache_or_none(cache.get, _get_document_key(url))
    return document if isinstance(document, dict) else None


def _get_document_key(url: str) -> str:
    return f"allauth:socialaccount:document:{hashlib.sha256(url.encode()).hexdigest()}"


def cache_or_none(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
    """Return the result of a cache operation, or ``None`` if the cache is unavailable.

    Parameters:
        operation: A function that uses the cache.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
    """
    try:
        return operation(*args, **kwargs)
    except Exception:
        logger.exception("Cache operation failed")
        return None
