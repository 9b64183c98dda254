"""The pages of the account app: their paths, serving them, and filling them in."""

from __future__ import annotations

from html import unescape
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import include, path

from allauth import urls as allauth_urls
from allauth.account import urls as account_urls
from tests.support.mails import read_code, read_path
from tests.support.middleware import build_urlconf

LOGIN = "/accounts/login/"
SIGNUP = "/accounts/signup/"
LOGOUT = "/accounts/logout/"
EMAIL = "/accounts/email/"
EMAIL_VERIFICATION_SENT = "/accounts/confirm-email/"
LOGIN_CODE_REQUEST = "/accounts/login/code/"
LOGIN_CODE_CONFIRM = "/accounts/login/code/confirm/"
PASSWORD_CHANGE = "/accounts/password/change/"
PASSWORD_SET = "/accounts/password/set/"
RESET = "/accounts/password/reset/"
RESET_DONE = "/accounts/password/reset/done/"
RESET_CODE_CONFIRM = "/accounts/password/reset/confirm/"
RESET_CODE_COMPLETE = "/accounts/password/reset/complete/"
PHONE_VERIFY = "/accounts/phone/verify/"
PHONE_CHANGE = "/accounts/phone/change/"

STRONG_PASSWORD = "quiet otters 9 lanterns"

needs_phones = pytest.mark.skipif(
    "tests.projects.phones" not in django_settings.INSTALLED_APPS,
    reason="the project stores no phone numbers",
)
needs_providers = pytest.mark.skipif(
    "allauth.socialaccount" not in django_settings.INSTALLED_APPS,
    reason="the project has no third-party accounts",
)

# By the names of their pages, and further patterns: it takes Django a while to read one.
_urlconfs: dict[tuple[tuple[str | None, ...], tuple[Any, ...]], ModuleType] = {}


def route_account_pages(settings: Any, *patterns: Any) -> None:
    """Serve the pages that the settings of the test call for, and ``patterns``.

    Which pages there are is decided as the URLs are imported.
    """
    pages = account_urls._build_urlpatterns()
    key = (tuple(page.name for page in pages), patterns)
    if key not in _urlconfs:
        _urlconfs[key] = _build_root(pages, patterns)
    settings.ROOT_URLCONF = _urlconfs[key]


def _build_root(pages: list[Any], patterns: tuple[Any, ...]) -> ModuleType:
    regular = import_module("tests.projects.regular.urls")
    account = [*pages, *_leave_out(account_urls, allauth_urls)]
    return build_urlconf(
        *patterns, path("accounts/", include(account)), *_leave_out(allauth_urls, regular)
    )


def _leave_out(included: ModuleType, urlconf: ModuleType) -> list[Any]:
    return [
        pattern
        for pattern in urlconf.urlpatterns
        if getattr(pattern, "urlconf_module", None) is not included
    ]


def configure(settings: Any, **values: Any) -> None:
    """Set settings of the account app, by their names without prefix, and adapt the URLs."""
    for name, value in values.items():
        setattr(settings, f"ACCOUNT_{name}", value)
    route_account_pages(settings)


def submit_login(client: Client, login: str, password: str, **data: Any) -> Any:
    """Post the login form; further arguments are further fields."""
    return client.post(LOGIN, {"login": login, "password": password, **data})


def submit_signup(client: Client, **data: Any) -> Any:
    """Post the sign-up form with a strong password, unless ``data`` says otherwise."""
    passwords = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}
    return client.post(SIGNUP, {**passwords, **data})


def request_login_code(client: Client, email: str, **data: Any) -> Any:
    """Ask for a code that logs in; the login by code has to be on, and its pages routed."""
    return client.post(LOGIN_CODE_REQUEST, {"email": email, **data})


def submit_code(client: Client, page: str, code: str, **data: Any) -> Any:
    """Post a code to the page that takes it."""
    return client.post(page, {"code": code, **data})


def change_to(client: Client, email: str, **data: Any) -> Any:
    """Correct the address of a sign-up that waits for its code."""
    return client.post(EMAIL_VERIFICATION_SENT, {"action": "change", "email": email, **data})


def reset_password_by_link(client: Client, email: str, new_password: str = STRONG_PASSWORD) -> Any:
    """Ask for the link, open it, and choose a new password."""
    client.post(RESET, {"email": email})
    page = client.get(read_path())
    return client.post(page["Location"], {"password1": new_password, "password2": new_password})


def reset_password_by_code(client: Client, email: str, new_password: str = STRONG_PASSWORD) -> Any:
    """Ask for the code, enter it, and choose a new password."""
    client.post(RESET, {"email": email})
    submit_code(client, RESET_CODE_CONFIRM, read_code())
    data = {"password1": new_password, "password2": new_password}
    return client.post(RESET_CODE_COMPLETE, data)


def read_page(response: Any) -> str:
    """Return the text of a page, without entities."""
    return unescape(response.content.decode())


def list_messages(response: Any) -> list[tuple[str, str]]:
    """Return level and text of the messages queued while ``response`` was made."""
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def list_error_codes(response: Any, field: str | None = None) -> list[str]:
    """Return the codes of the errors of ``field`` of the form shown, or of the form itself."""
    errors = response.context["form"].errors.as_data()
    return [error.code for error in errors.get(field or "__all__", [])]
