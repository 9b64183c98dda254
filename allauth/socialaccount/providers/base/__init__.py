"""Base classes of all providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.socialaccount.providers.base.account import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthAction, AuthError, AuthProcess
from allauth.socialaccount.providers.base.exceptions import ProviderException

if TYPE_CHECKING:
    from allauth.socialaccount.providers.base.provider import Provider

__all__ = [
    "AuthAction",
    "AuthError",
    "AuthProcess",
    "Provider",
    "ProviderAccount",
    "ProviderException",
]


def __getattr__(name: str) -> Any:
    """Import ``Provider`` at the first use: it imports the models, which import this package."""
    if name != "Provider":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from allauth.socialaccount.providers.base.provider import Provider

    return Provider
