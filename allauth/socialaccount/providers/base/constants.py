"""Words that flows, providers and templates have in common."""

from __future__ import annotations


class AuthError:
    """Why a login failed."""

    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DENIED = "denied"


class AuthProcess:
    """What a user is sent to the provider for."""

    LOGIN = "login"
    CONNECT = "connect"
    REDIRECT = "redirect"


class AuthAction:
    """How the provider is to treat the user."""

    AUTHENTICATE = "authenticate"
    REAUTHENTICATE = "reauthenticate"
    REREQUEST = "rerequest"
