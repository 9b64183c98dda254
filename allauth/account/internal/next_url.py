"""The URL to which a request continues."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest

from allauth.account.internal.hooks import get_adapter
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.urls import add_query_params

if TYPE_CHECKING:
    from allauth.core.internal.types import StrOrPromise


def get_next_redirect_url(
    request: HttpRequest, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> str | None:
    """Return the URL to which the request asks to continue, if it is safe."""
    url = get_request_param(request, redirect_field_name)
    return url.strip() if url and get_adapter().is_safe_url(url) else None


def get_login_redirect_url(
    request: HttpRequest,
    url: StrOrPromise | Callable[[], str | None] | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    signup: bool = False,
) -> str:
    """Return the URL a login leads to: ``url``, the one the request asks for, or the default."""
    target = url() if callable(url) else url
    target = target or get_next_redirect_url(request, redirect_field_name)
    if target:
        return str(target)
    adapter = get_adapter()
    if signup:
        return adapter.get_signup_redirect_url(request)
    return adapter.get_login_redirect_url(request)


def passthrough_next_redirect_url(request: HttpRequest, url: str, redirect_field_name: str) -> str:
    """Return ``url`` with the URL to continue to, if there is a safe one, in its query."""
    target = get_next_redirect_url(request, redirect_field_name)
    return add_query_params(url, {redirect_field_name: target}) if target else url
