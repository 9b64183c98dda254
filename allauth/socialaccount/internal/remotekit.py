"""Talking to providers: requests, what is kept of their answers, and what goes wrong."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.core.exceptions import MultipleObjectsReturned, PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.single_flight import flights
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.exceptions import ProviderException
from allauth.socialaccount.providers.oauth.client import OAuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

logger = logging.getLogger(__name__)

DOCUMENT_TIMEOUT = 60 * 60
"""Seconds for which a document that a provider publishes, such as its keys, is kept."""

View = Callable[..., HttpResponseBase]

_mask_post = sensitive_post_parameters(
    "access_token", "code", "credential", "id_token", "oauth_token", "oauth_verifier", "token"
)


@sensitive_variables()
def fetch_json(url: str, **kwargs: Any) -> dict[str, Any]:
    """Ask a provider for a JSON object; ``kwargs`` are those of ``requests.Session.get``.

    Raises ``requests.RequestException`` if that is not what comes back.
    """
    from allauth.core.internal.http import read_json

    with get_adapter().get_requests_session() as session:
        return read_json(session.get(url, **kwargs))


def load_document(
    url: str, is_usable: Callable[[dict[str, Any]], bool] | None = None
) -> dict[str, Any]:
    """Return what anybody may read at ``url``: what was kept or, failing that, fetched now.

    One request fetches it for all threads that need it at the same time.

    Parameters:
        is_usable: Whether to keep a document that was fetched; all are without it.

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
    """Return what anybody may read at ``url`` as it is now, for all threads that need it.

    Parameters:
        may_fetch: Whether to fetch it; asked by one of the threads that need it at the same time.

    Without a request it is what was kept, perhaps just now, or ``None``. Raises
    ``requests.RequestException`` if there is no such document.
    """

    def reload() -> dict[str, Any] | None:
        if not may_fetch():
            return get_kept_document(url)
        document = fetch_json(url)
        keep_document(url, document)
        return document

    return flights.run(("reload", url), reload)


def keep_document(url: str, document: dict[str, Any]) -> None:
    """Keep what anybody may read at ``url`` for an hour."""
    ask_cache(cache.set, _get_document_key(url), document, DOCUMENT_TIMEOUT)


def get_kept_document(url: str) -> dict[str, Any] | None:
    """What was kept for ``url``, not long ago."""
    document = ask_cache(cache.get, _get_document_key(url))
    return document if isinstance(document, dict) else None


def _get_document_key(url: str) -> str:
    return f"allauth:socialaccount:document:{hashlib.sha256(url.encode()).hexdigest()}"


def ask_cache(operation: Callable[..., Any], *args: Any) -> Any:
    """Do something with the cache; ``None`` if it is out of order, which is no reason to fail."""
    try:
        return operation(*args)
    except Exception:
        logger.exception("The cache is out of order")
        return None


def get_remote_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What the error page is for: the provider, or the network, did not do its part.

    Meant for the head of an ``except`` clause: it imports ``requests`` only if something failed.
    """
    from requests import RequestException

    return (
        OAuth2Error,
        OAuthError,
        PermissionDenied,
        ProviderException,
        RequestException,
        *others,
    )


@contextmanager
def expecting_profile() -> Iterator[None]:
    """Turn the failures of code that meets a profile of an unexpected shape into one kind.

    Providers answer in all shapes when they are in trouble; that is no defect of this site. It is
    logged all the same, since it may be one of the code.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, get_remote_errors()):
            raise
        logger.warning("The answer of a provider is not as expected", exc_info=True)
        raise ProviderException("The answer of the provider is not as expected.") from error


@contextmanager
def refusing_bad_tokens() -> Iterator[None]:
    """Turn everything that is wrong with a posted token into one ``ValidationError``."""
    try:
        with expecting_profile():
            yield
    except get_remote_errors() as error:
        raise get_adapter().validation_error("invalid_token") from error


def remote_view(view: View) -> View:
    """Mark a view that talks to a provider.

    It is open to everybody, its answers are not to be kept by browsers, reports of errors do not
    show the tokens that were posted to it, and no transaction is open while the provider is waited
    for: the part that changes rows opens its own. Without an app there is no such page, and with
    several it cannot be told which one is meant.
    """

    @_mask_post
    @transaction.non_atomic_requests
    @login_not_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
        except MultipleObjectsReturned as error:
            return render_authentication_error(request, None, exception=error)

    return guarded


def complete(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponseBase:
    """Go on with what a provider said, in the transaction that ``ATOMIC_REQUESTS`` asks for."""
    if not connection.settings_dict["ATOMIC_REQUESTS"]:
        return complete_social_login(request, sociallogin)
    with transaction.atomic():
        return complete_social_login(request, sociallogin)
