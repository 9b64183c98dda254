"""Exceptions for responses of providers that cannot be used."""

from __future__ import annotations

from django.core.exceptions import (
    ImproperlyConfigured,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)

PROVIDER_UNAVAILABLE = (ImproperlyConfigured, MultipleObjectsReturned, ObjectDoesNotExist)
"""Exceptions for a provider that is not installed, or whose app is missing or not unique."""


class ProviderException(Exception):
    """The response of the provider cannot be used; the user gets the error page."""


class InvalidUid(ProviderException, ValueError):
    """The provider sent no account id, or a malformed one."""


class UidTooLong(InvalidUid, ImproperlyConfigured):
    """The account id is longer than its column; truncated, it could be that of another account."""
