"""The template context of the pages for users who are not logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.internal.next_url import passthrough_next_redirect_url
from allauth.core.internal import extensions

if TYPE_CHECKING:
    from allauth.core.internal.types import TemplateContext


def get_entrance_context_data(
    request: HttpRequest, redirect_field_name: str = "next"
) -> TemplateContext:
    """Return links between the entrance pages, and the ways to log in that are enabled."""

    def link(urlname: str) -> str | None:
        try:
            url = reverse(urlname)
        except NoReverseMatch:
            return None
        return passthrough_next_redirect_url(request, url, redirect_field_name)

    data: TemplateContext = {
        "signup_url": None if allauth_settings.SOCIALACCOUNT_ONLY else link("account_signup"),
        "login_url": link("account_login"),
        "site": SimpleLazyObject(lambda: get_current_site(request)),
        "SOCIALACCOUNT_ENABLED": allauth_settings.SOCIALACCOUNT_ENABLED,
        "SOCIALACCOUNT_ONLY": allauth_settings.SOCIALACCOUNT_ONLY,
        "LOGIN_BY_CODE_ENABLED": app_settings.LOGIN_BY_CODE_ENABLED,
        "PASSKEY_LOGIN_ENABLED": False,
        "PASSKEY_SIGNUP_ENABLED": False,
    }
    for contribute in extensions.entrance_context:
        data.update(contribute(request))
    data["signup_by_passkey_url"] = (
        link("account_signup_by_passkey") if data["PASSKEY_SIGNUP_ENABLED"] else None
    )
    if app_settings.LOGIN_BY_CODE_ENABLED:
        data["request_login_code_url"] = link("account_request_login_code")
    return data
