"""Alias of the modules for URLs, request data and frozen requests."""

from __future__ import annotations

from allauth.core.internal.frozen_request import deserialize_request, serialize_request
from allauth.core.internal.request_data import (
    authenticated_user,
    extract_basic_auth,
    get_authorization_credential,
    is_headless_request,
)
from allauth.core.internal.urls import (
    add_query_params,
    build_absolute_uri,
    default_get_frontend_url,
    del_query_params,
    get_frontend_url,
    redirect,
    redirect_to_page,
    render_url,
)

headed_redirect_response = redirect_to_page

__all__ = [
    "add_query_params",
    "authenticated_user",
    "build_absolute_uri",
    "default_get_frontend_url",
    "del_query_params",
    "deserialize_request",
    "extract_basic_auth",
    "get_authorization_credential",
    "get_frontend_url",
    "headed_redirect_response",
    "is_headless_request",
    "redirect",
    "redirect_to_page",
    "render_url",
    "serialize_request",
]
