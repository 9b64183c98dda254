"""Exceptions by which hooks and flows change what happens to a request."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse


class ImmediateHttpResponse(Exception):
    """Raised by a hook to answer the request with ``response`` instead of going on."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response)
        self.response = response


class ReauthenticationRequired(Exception):
    """The action needs proof, given just now, that the user is present."""


class SignupClosedException(Exception):
    """Somebody tried to sign up while the site does not accept new accounts."""


class RateLimited(Exception):
    """An action was refused because it has been used too often."""


class ClientAddressUnknown(PermissionDenied, ImproperlyConfigured):
    """The forwarding headers are not what the proxy settings promise.

    It answers 403, since a request that goes around the proxy is the usual cause, and it is an
    ``ImproperlyConfigured`` for those who look into the settings.
    """
