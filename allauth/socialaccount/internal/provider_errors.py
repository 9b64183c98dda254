"""What may go wrong between the site and a provider."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied

from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.providers.base.exceptions import ProviderException
from allauth.socialaccount.providers.oauth.client import OAuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

logger = logging.getLogger(__name__)


def get_remote_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the exceptions that lead to the error page: failures of provider and network.

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
def profile_errors() -> Iterator[None]:
    """Raise ``ProviderException`` if the enclosed code fails on a malformed profile.

    Providers in trouble answer in all shapes, which is no defect of this site. The error is
    logged, since it may be one of the code.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, get_remote_errors()):
            raise
        logger.warning("The answer of a provider is not as expected", exc_info=True)
        raise ProviderException("The answer of the provider is not as expected.") from error


@contextmanager
def invalid_token_on_error() -> Iterator[None]:
    """Raise ``ValidationError`` with the code ``invalid_token`` for any failure of a provider."""
    try:
        with profile_errors():
            yield
    except get_remote_errors() as error:
        raise get_adapter().validation_error("invalid_token") from error
