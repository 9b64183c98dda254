"""Which pages visitors see under Django's ``LoginRequiredMiddleware``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import django
import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver

from allauth import urls as allauth_urls
from allauth.account import urls as account_urls
from tests.support.mails import read_path
from tests.support.middleware import AUTHENTICATION, replace_middleware
from tests.support.pages import LOGIN, route_account_pages, submit_login
from tests.support.sessions import is_logged_in

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(django.VERSION < (5, 1), reason="Django has the middleware since 5.1"),
]

# Pages that need somebody who is logged in; all the others are open.
GUARDED = {
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "account_change_phone",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "socialaccount_connections",
    "usersessions_list",
    "device_authorization",
}
ACCOUNT = {
    "account_login": "login/",
    "account_logout": "logout/",
    "account_inactive": "inactive/",
    "account_signup": "signup/",
    "account_signup_by_passkey": "signup/passkey/",
    "account_email_verification_sent": "confirm-email/",
    "account_confirm_email": "confirm-email/key/",
    "account_reset_password": "password/reset/",
    "account_reset_password_done": "password/reset/done/",
    "account_reset_password_from_key": "password/reset/key/1-key/",
    "account_reset_password_from_key_done": "password/reset/key/done/",
    "account_confirm_password_reset_code": "password/reset/confirm/",
    "account_complete_password_reset": "password/reset/complete/",
    "account_password_reset_completed": "password/reset/done/",
    "account_request_login_code": "login/code/",
    "account_confirm_login_code": "login/code/confirm/",
    "account_verify_phone": "phone/verify/",
    "account_reauthenticate": "reauthenticate/",
    "account_email": "email/",
    "account_change_password": "password/change/",
    "account_set_password": "password/set/",
    "account_change_phone": "phone/change/",
}


@pytest.fixture(params=[False, True], ids=["by link", "by code"])
def by_code(request: pytest.FixtureRequest, settings: Any, sms_outbox: Any) -> bool:
    """Has all pages there are, behind the middleware; whether codes are used in place of links."""
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "phone", "password1*"]
    settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
    settings.MFA_PASSKEY_SIGNUP_ENABLED = True
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = request.param
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = request.param
    settings.MIDDLEWARE = replace_middleware(
        AUTHENTICATION,
        AUTHENTICATION,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    )
    route_account_pages(settings)
    return bool(request.param)


@pytest.mark.requirement("SEC-017", "ATK-C41")
def test_pages_of_the_account_app_are_all_listed(by_code: bool) -> None:
    names = {pattern.name for pattern in account_urls._build_urlpatterns()}

    assert names <= set(ACCOUNT)
    only_by_code = {
        "account_confirm_password_reset_code",
        "account_complete_password_reset",
        "account_password_reset_completed",
    }
    only_by_link = {
        "account_confirm_email",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
    assert set(ACCOUNT) - names == (only_by_link if by_code else only_by_code)


@pytest.mark.requirement("SEC-017", "ATK-C41")
def test_visitor_sees_what_is_open(client_factory: Callable[..., Client], by_code: bool) -> None:
    names = {str(pattern.name) for pattern in account_urls._build_urlpatterns()}
    for name in names:
        path = f"/accounts/{ACCOUNT[name]}"
        for method in ("get", "post"):
            response = getattr(client_factory(), method)(path)
            location = response.headers.get("Location", "")
            is_refused = location.startswith(f"{LOGIN}?next=")
            assert is_refused is (name in GUARDED), (name, method)


@pytest.mark.requirement("SEC-017")
def test_other_pages_are_not_open(client: Client, by_code: bool) -> None:
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/accounts/")["Location"] == LOGIN


@pytest.mark.requirement("SEC-017")
def test_whole_login_works(
    client: Client, user: Any, password: str, settings: Any, by_code: bool
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    client.get(LOGIN)
    submit_login(client, user.username, password)

    assert client.get("/accounts/login/code/confirm/").status_code == 200
    assert not is_logged_in(client)


@pytest.mark.requirement("SEC-017")
def test_lost_password_can_be_replaced(client: Client, user: Any, by_code: bool) -> None:
    response = client.post("/accounts/password/reset/", {"email": user.email})

    page = client.get(response["Location"])
    assert page.status_code == 200
    if not by_code:
        assert client.get(read_path(), follow=True).status_code == 200


def _iterate(patterns: Any) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _iterate(pattern.url_patterns)
        else:
            yield pattern


def _list_all_patterns() -> list[URLPattern]:
    from importlib import import_module

    modules = [allauth_urls]
    for app, module in (
        ("allauth.headless", "allauth.headless.urls"),
        ("allauth.idp.oidc", "allauth.idp.urls"),
    ):
        if apps.is_installed(app):
            modules.append(import_module(module))
    return [pattern for module in modules for pattern in _iterate(module.urlpatterns)]


@pytest.mark.requirement("SEC-017", "ATK-C41")
def test_views_of_all_apps_are_marked() -> None:
    """What is open says so to the middleware; what is not does not."""
    wrong = {
        str(pattern.name)
        for pattern in _list_all_patterns()
        if getattr(pattern.callback, "login_required", True) is not (pattern.name in GUARDED)
    }

    assert wrong == set()
