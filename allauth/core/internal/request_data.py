"""Data of a request: parameters, credentials, the kind of client, the user."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def get_request_param(
    request: HttpRequest | None, param: str, default: str | None = None
) -> str | None:
    """Return a posted parameter of the request or, if it is missing or empty, that of the query."""
    if request is None:
        return default
    return request.POST.get(param) or request.GET.get(param, default)


def is_headless_request(request: HttpRequest) -> str | None:
    """Return ``"app"`` or ``"browser"`` for a request to the JSON API, else ``None``."""
    headless = getattr(getattr(request, "allauth", None), "headless", None)
    client = getattr(headless, "client", None)
    return client if client in ("app", "browser") else None


@sensitive_variables()
def get_authorization_credential(request: HttpRequest, auth_scheme: str) -> str | None:
    """Return the credential of the header ``Authorization: <scheme> <credential>``."""
    words = request.headers.get("Authorization", "").split()
    if len(words) == 2 and words[0].lower() == auth_scheme.lower():
        return words[1]
    return None


@sensitive_variables()
def extract_basic_auth(headers: Mapping[str, str]) -> tuple[str, str] | tuple[None, None]:
    """Return user id and password of HTTP Basic authentication (RFC 7617), or twice ``None``."""
    scheme, _, credential = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        decoded = base64.b64decode(credential.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None, None
    user_id, _, password = decoded.partition(":")
    return (user_id, password) if user_id and password else (None, None)


def authenticated_user(request: HttpRequest) -> User:
    """Return the logged-in user; raise ``PermissionDenied`` if there is none."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user
