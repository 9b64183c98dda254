"""Where a request goes on."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest

from allauth.account.internal.hooks import get_adapter
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.urls import add_query_params


def get_next_redirect_url(
    request: HttpRequest, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> str | None:
    """Where the visitor asked to be sent to, if that is safe."""
    url = get_request_param(request, redirect_field_name)
    return url.strip() if url and get_adapter().is_safe_url(url) else None


def get_login_redirect_url(
    request: HttpRequest,
    url: Any = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    signup: bool = False,
) -> str:
    """Where a login leads: to ``url``, where the visitor asked to be sent, or the default."""
    target = url() if callable(url) else url
    target = target or get_next_redirect_url(request, redirect_field_name)
    if target:
        return str(target)
    adapter = get_adapter()
    if signup:
        return adapter.get_signup_redirect_url(request)
    return adapter.get_login_redirect_url(request)


def passthrough_next_redirect_url(request: HttpRequest, url: str, redirect_field_name: str) -> str:
    """``url`` with where the visitor asked to be sent to in its query, if that is safe."""
    target = get_next_redirect_url(request, redirect_field_name)
    return add_query_params(url, {redirect_field_name: target}) if target else url
