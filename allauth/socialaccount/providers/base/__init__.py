"""What all providers derive from."""

from __future__ import annotations

from allauth.socialaccount.providers.base.constants import AuthAction, AuthError, AuthProcess
from allauth.socialaccount.providers.base.provider import (
    Provider,
    ProviderAccount,
    ProviderException,
)

__all__ = [
    "AuthAction",
    "AuthError",
    "AuthProcess",
    "Provider",
    "ProviderAccount",
    "ProviderException",
]
