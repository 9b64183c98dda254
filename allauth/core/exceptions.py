"""Exceptions by which hooks and flows change the answer to a request."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse


class ImmediateHttpResponse(Exception):
    """A response that a hook gives instead of letting the request go on."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response)
        self.response = response


class ReauthenticationRequired(Exception):
    """The user has to reauthenticate before this action."""


class SignupClosedException(Exception):
    """A sign-up was attempted while the site does not accept new accounts."""


class RateLimited(Exception):
    """An action was refused because it has been used too often."""


class ClientAddressUnknown(PermissionDenied, ImproperlyConfigured):
    """The forwarding headers contradict the proxy settings.

    It is a ``PermissionDenied``, which answers 403, since a request that goes around the proxy is
    the usual cause. It is also an ``ImproperlyConfigured``, since wrong settings are the other
    cause.
    """
