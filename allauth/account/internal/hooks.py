"""Access to the hooks of the project, for all modules below the default adapter."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.urls import reverse

from allauth.account import app_settings
from allauth.core.internal.loading import import_callable
from allauth.core.internal.urls import build_absolute_uri, get_frontend_url

if TYPE_CHECKING:
    from allauth.account.adapter import DefaultAccountAdapter
    from allauth.core.internal.types import User


MAX_PASSWORD_LENGTH = 4096
"""Longer passwords are refused before anything is computed from them."""


def get_adapter(request: HttpRequest | None = None) -> DefaultAccountAdapter:
    """Return a new instance of the class that ``ACCOUNT_ADAPTER`` names."""
    return cast("DefaultAccountAdapter", import_callable(app_settings.ADAPTER)(request))


def generate_phone_code(adapter: DefaultAccountAdapter, user: User | None, phone: str) -> str:
    """Call the hook of the adapter, which in old projects takes no arguments."""
    hook: Callable[..., str] = adapter.generate_phone_verification_code
    if inspect.signature(hook).parameters:
        return hook(user=user, phone=phone)
    warnings.warn(
        "generate_phone_verification_code() must take the keyword arguments user and phone",
        DeprecationWarning,
        stacklevel=2,
    )
    return hook()


def get_page_url(request: HttpRequest | None, urlname: str) -> str:
    """Return the absolute URL of a page, on the project's own front end if that has it."""
    return get_frontend_url(request, urlname) or build_absolute_uri(request, reverse(urlname))
