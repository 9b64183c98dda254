"""Helpers for providers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from allauth.account import app_settings as account_settings
from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.base.exceptions import InvalidUid, UidTooLong

if TYPE_CHECKING:
    from allauth.socialaccount.providers.base.provider import Provider

_SECRET_NAMES = {"access_token", "id_token", "oauth_token", "oauth_token_secret", "refresh_token"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def respond_to_login_on_get(request: HttpRequest, provider: Provider) -> HttpResponse | None:
    """Return the page that asks the user for confirmation, or ``None`` if none is needed.

    A POST needs no confirmation, nor does a GET with ``SOCIALACCOUNT_LOGIN_ON_GET``. Otherwise, an
    attacker could connect an account to the user by a link.
    """
    if request.method == "POST" or (request.method == "GET" and app_settings.LOGIN_ON_GET):
        return None
    context = {"provider": provider, "process": request.GET.get("process")}
    template = f"socialaccount/login.{account_settings.TEMPLATE_EXTENSION}"
    response = render(request, template, context)
    add_never_cache_headers(response)
    return response


def parse_uid(value: object) -> str:
    """Return an account id as text, for use in ``extract_uid()``.

    Raises ``InvalidUid`` for a missing, blank or padded value, and for any type but text and
    integers: converted to text, such a value could be the id of another account.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise InvalidUid("The provider sent no account id.")
    if value != value.strip() or _UNPRINTABLE.search(value):
        raise InvalidUid("The provider sent a malformed account id.")
    if len(value) > app_settings.UID_MAX_LENGTH:
        raise UidTooLong(f"An account id has more than {app_settings.UID_MAX_LENGTH} characters.")
    return value


def is_claim_true(value: object) -> bool:
    """Return whether a claim is ``true``, or one of the texts ``"true"`` and ``"1"``."""
    return value is True or value in ("true", "1")


def to_text(value: object) -> str | None:
    """Return a value of a profile as text, or ``None`` if it is neither text nor an integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def without_tokens(data: object) -> object:
    """Return a copy of a response of a provider without its tokens."""
    if isinstance(data, dict):
        return {
            name: without_tokens(value)
            for name, value in data.items()
            if not (name in _SECRET_NAMES and isinstance(value, str))
        }
    if isinstance(data, list | tuple):
        return [without_tokens(item) for item in data]
    return data
