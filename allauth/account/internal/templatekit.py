"""What the pages of visitors who are not logged in have in common."""

from __future__ import annotations

from typing import Any

from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.utils import passthrough_next_redirect_url


def get_entrance_context_data(
    request: HttpRequest, redirect_field_name: str = "next"
) -> dict[str, Any]:
    """Links between the entrance pages, and which ways to log in there are."""

    def link(urlname: str) -> str | None:
        try:
            url = reverse(urlname)
        except NoReverseMatch:
            return None
        return passthrough_next_redirect_url(request, url, redirect_field_name)

    passkey_login, passkey_signup = _get_passkey_flags()
    data: dict[str, Any] = {
        "signup_url": None if allauth_settings.SOCIALACCOUNT_ONLY else link("account_signup"),
        "signup_by_passkey_url": link("account_signup_by_passkey") if passkey_signup else None,
        "login_url": link("account_login"),
        "site": SimpleLazyObject(lambda: get_current_site(request)),
        "SOCIALACCOUNT_ENABLED": allauth_settings.SOCIALACCOUNT_ENABLED,
        "SOCIALACCOUNT_ONLY": allauth_settings.SOCIALACCOUNT_ONLY,
        "LOGIN_BY_CODE_ENABLED": app_settings.LOGIN_BY_CODE_ENABLED,
        "PASSKEY_LOGIN_ENABLED": passkey_login,
        "PASSKEY_SIGNUP_ENABLED": passkey_signup,
    }
    if app_settings.LOGIN_BY_CODE_ENABLED:
        data["request_login_code_url"] = link("account_request_login_code")
    return data


def _get_passkey_flags() -> tuple[bool, bool]:
    if not allauth_settings.MFA_ENABLED:
        return False, False
    import importlib

    mfa_settings = importlib.import_module("allauth.mfa.app_settings")
    return mfa_settings.PASSKEY_LOGIN_ENABLED, mfa_settings.PASSKEY_SIGNUP_ENABLED
