"""Constants of flows, providers and templates."""

from __future__ import annotations


class AuthError:
    """Reasons of a failed login."""

    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DENIED = "denied"


class AuthProcess:
    """Purposes of a redirect to the provider."""

    LOGIN = "login"
    CONNECT = "connect"
    REDIRECT = "redirect"


class AuthAction:
    """Ways in which the provider authenticates the user."""

    AUTHENTICATE = "authenticate"
    REAUTHENTICATE = "reauthenticate"
    REREQUEST = "rerequest"
