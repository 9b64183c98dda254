"""Requests to providers, and the documents of theirs that are kept."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.single_flight import flights

if TYPE_CHECKING:
    from requests import Response

JSON = TypeVar("JSON", dict[str, Any], list[Any])

logger = logging.getLogger(__name__)

DOCUMENT_TIMEOUT = 60 * 60
"""Seconds for which a document that a provider publishes, such as its keys, is kept."""


def read_json(response: Response, expected: type[JSON] = dict) -> JSON:  # type: ignore[assignment]
    """Return the JSON that a provider answered with.

    Parameters:
        expected: ``dict`` for an object, or ``list``.

    Raises ``requests.RequestException`` for an error status, and for anything else than that.
    """
    # What imports ``requests`` is imported once a provider is talked to.
    from allauth.core.internal import http

    return http.read_json(response, expected)


@sensitive_variables()
def fetch_json(url: str, **kwargs: Any) -> dict[str, Any]:
    """Return the JSON object at ``url``; ``kwargs`` are those of ``requests.Session.get``.

    Raises ``requests.RequestException`` if the provider answers anything else.
    """
    with get_adapter().get_requests_session() as session:
        return read_json(session.get(url, **kwargs))


def load_document(
    url: str, is_usable: Callable[[dict[str, Any]], bool] | None = None
) -> dict[str, Any]:
    """Return the public document at ``url``, from the cache if it is there.

    Threads that need it at the same time share one request, and one object: do not change it.

    Parameters:
        is_usable: Whether to keep a document that was fetched. By default all are kept.

    Raises ``requests.RequestException`` if there is no such document.
    """
    kept = get_kept_document(url)
    if kept is not None:
        return kept

    def load() -> dict[str, Any]:
        # Another thread may have kept it since.
        kept = get_kept_document(url)
        if kept is not None:
            return kept
        document = fetch_json(url)
        if is_usable is None or is_usable(document):
            keep_document(url, document)
        return document

    return flights.run(("load", url), load)


def reload_document(url: str, may_fetch: Callable[[], bool]) -> dict[str, Any] | None:
    """Return the public document at ``url`` as it is now.

    Threads that need it at the same time share one request.

    Parameters:
        may_fetch: Whether a request is allowed. Without one, the document in the cache is
            returned, or ``None``.

    Raises ``requests.RequestException`` if there is no such document.
    """

    def reload() -> dict[str, Any] | None:
        if not may_fetch():
            return get_kept_document(url)
        document = fetch_json(url)
        keep_document(url, document)
        return document

    return flights.run(("reload", url), reload)


def keep_document(url: str, document: dict[str, Any]) -> None:
    """Keep the public document at ``url`` in the cache for an hour."""
    cache_or_none(cache.set, _get_document_key(url), document, DOCUMENT_TIMEOUT)


def get_kept_document(url: str) -> dict[str, Any] | None:
    """Return the document that is in the cache for ``url``, if there is one."""
    document = cache_or_none(cache.get, _get_document_key(url))
    return document if isinstance(document, dict) else None


def _get_document_key(url: str) -> str:
    return f"allauth:socialaccount:document:{hashlib.sha256(url.encode()).hexdigest()}"


def cache_or_none(operation: Callable[..., Any], *args: Any) -> Any:
    """Call an operation of the cache; ``None`` if the cache is unavailable."""
    try:
        return operation(*args)
    except Exception:
        logger.exception("Cache operation failed")
        return None
