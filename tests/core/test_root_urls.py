"""What is routed below the prefix of the project's choice."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import NoReverseMatch, clear_url_caches, reverse

import allauth.account.urls
import allauth.urls


@pytest.fixture
def reload_urls(settings: Any) -> Iterator[Any]:
    """Reads the URLs again under the settings of the test."""

    def reload() -> None:
        importlib.reload(allauth.account.urls)
        importlib.reload(allauth.urls)
        clear_url_caches()

    originals = [allauth.account.urls.urlpatterns, allauth.urls.urlpatterns]
    settings.ROOT_URLCONF = "allauth.urls"
    yield reload
    allauth.account.urls.urlpatterns, allauth.urls.urlpatterns = originals
    clear_url_caches()


LOCAL = {
    "account_signup": "/signup/",
    "account_reauthenticate": "/reauthenticate/",
    "account_email": "/email/",
    "account_email_verification_sent": "/confirm-email/",
    "account_change_password": "/password/change/",
    "account_set_password": "/password/set/",
    "account_reset_password": "/password/reset/",
    "account_confirm_login_code": "/login/code/confirm/",
}
ALWAYS = {
    "account_login": "/login/",
    "account_logout": "/logout/",
    "account_inactive": "/inactive/",
}


def is_routed(name: str, *args: Any) -> bool:
    try:
        reverse(name, args=args)
    except NoReverseMatch:
        return False
    return True


def test_pages_have_no_namespace_and_their_paths(reload_urls: Any) -> None:
    reload_urls()

    assert not hasattr(allauth.urls, "app_name")
    for name, path in {**ALWAYS, **LOCAL}.items():
        assert reverse(name) == path
    assert reverse("account_confirm_email", args=["a:b-c_1"]) == "/confirm-email/a:b-c_1/"
    assert reverse("account_reset_password_from_key", args=["1x", "a-b"]) == (
        "/password/reset/key/1x-a-b/"
    )
    assert reverse("account_reset_password_done") == "/password/reset/done/"
    assert reverse("account_reset_password_from_key_done") == "/password/reset/key/done/"


def test_headless_only_site_has_no_pages(reload_urls: Any, settings: Any) -> None:
    settings.HEADLESS_ONLY = True
    reload_urls()

    for name in (*ALWAYS, *LOCAL):
        assert not is_routed(name)


def test_site_with_third_party_accounts_only_has_no_local_ones(
    reload_urls: Any, settings: Any
) -> None:
    settings.SOCIALACCOUNT_ONLY = True
    reload_urls()

    assert [name for name in (*ALWAYS, *LOCAL) if is_routed(name)] == list(ALWAYS)


@pytest.mark.parametrize(
    ("setting", "value", "added", "removed"),
    [
        (
            "ACCOUNT_LOGIN_BY_CODE_ENABLED",
            True,
            {"account_request_login_code": "/login/code/"},
            [],
        ),
        (
            "ACCOUNT_SIGNUP_FIELDS",
            ["phone*", "password1*"],
            {
                "account_verify_phone": "/phone/verify/",
                "account_change_phone": "/phone/change/",
            },
            [],
        ),
        (
            "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED",
            True,
            {
                "account_confirm_password_reset_code": "/password/reset/confirm/",
                "account_complete_password_reset": "/password/reset/complete/",
                "account_password_reset_completed": "/password/reset/done/",
            },
            ["account_reset_password_done", "account_reset_password_from_key_done"],
        ),
        ("MFA_PASSKEY_SIGNUP_ENABLED", True, {"account_signup_by_passkey": "/signup/passkey/"}, []),
    ],
)
def test_pages_of_optional_features(
    reload_urls: Any,
    settings: Any,
    setting: str,
    value: Any,
    added: dict[str, str],
    removed: list[str],
) -> None:
    reload_urls()
    assert not any(is_routed(name) for name in added)

    setattr(settings, setting, value)
    reload_urls()
    for name, path in added.items():
        assert reverse(name) == path
    assert not any(is_routed(name) for name in removed)


def test_addresses_verified_by_code_have_no_links(reload_urls: Any, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    reload_urls()

    assert not is_routed("account_confirm_email", "key")
    assert is_routed("account_email_verification_sent")
