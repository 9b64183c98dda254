"""Errors in the communication with providers."""

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

    Call this function in an ``except`` clause, where ``requests`` is imported only after a failure.

    Parameters:
        others: Further exceptions to include.
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

    A malformed profile is no defect of the site. The error is logged all the same, since it may
    come from the code of a provider class.
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
