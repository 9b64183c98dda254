"""The way to the hooks of the project, for everything below the default adapter."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest
from django.urls import reverse

from allauth.account import app_settings
from allauth.core.internal.loading import import_callable
from allauth.core.internal.urls import build_absolute_uri, get_frontend_url

if TYPE_CHECKING:
    from allauth.account.adapter import DefaultAccountAdapter


MAX_PASSWORD_LENGTH = 4096
"""Longer ones are refused before anything is computed of them."""


def get_adapter(request: HttpRequest | None = None) -> DefaultAccountAdapter:
    """A new instance of the class that ``ACCOUNT_ADAPTER`` names."""
    return cast("DefaultAccountAdapter", import_callable(app_settings.ADAPTER)(request))


def generate_phone_code(adapter: Any, user: Any, phone: str) -> str:
    """Call the adapter's hook, which in projects of old takes no arguments."""
    hook = adapter.generate_phone_verification_code
    if inspect.signature(hook).parameters:
        return cast(str, hook(user=user, phone=phone))
    warnings.warn(
        "generate_phone_verification_code() must take the keyword arguments user and phone",
        DeprecationWarning,
        stacklevel=2,
    )
    return cast(str, hook())


def get_page_url(request: HttpRequest | None, urlname: str) -> str:
    """The absolute URL of a page, of the project's own front end if that has it."""
    return get_frontend_url(request, urlname) or build_absolute_uri(request, reverse(urlname))
