"""Why an answer of a provider cannot be used."""

from __future__ import annotations

from django.core.exceptions import (
    ImproperlyConfigured,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)

PROVIDER_UNAVAILABLE = (ImproperlyConfigured, MultipleObjectsReturned, ObjectDoesNotExist)
"""What looking up a provider raises if its app was removed, is not unique, or is not installed."""


class ProviderException(Exception):
    """The provider answered something that cannot be used; the user gets the error page."""


class InvalidUid(ProviderException, ValueError):
    """The provider did not say, or not usably, which of its accounts this is."""


class UidTooLong(InvalidUid, ImproperlyConfigured):
    """The id is longer than the column, and a part of it could be that of another account."""
