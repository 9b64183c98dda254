"""System checks: each is silent by default, and speaks up for one setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.apps import AccountConfig

NAMES = {"adapter_check", "settings_check", "deployment_check"}


def get_checks(*, deploy: bool = False) -> list[Callable[..., Any]]:
    registered: Any = checks.registry.registry.get_checks(include_deployment_checks=deploy)
    return [check for check in registered if check.__module__ == "allauth.account.checks"]


def run(*, deploy: bool = False) -> list[CheckMessage]:
    """What the checks of the account app have to say."""
    return [message for check in get_checks(deploy=deploy) for message in check(app_configs=None)]


def find(text: str) -> CheckMessage:
    """The one message that has ``text`` in it."""
    (message,) = [message for message in run() if text in message.msg]
    assert message.hint is None
    assert message.obj is None
    return message


def test_checks_are_registered_without_tags() -> None:
    assert {check.__name__ for check in get_checks(deploy=True)} == NAMES
    assert {check.__name__ for check in get_checks()} == NAMES - {"deployment_check"}
    assert not any(getattr(check, "tags", ()) for check in get_checks(deploy=True))


def test_default_settings_are_fine() -> None:
    assert run() == []


CRITICAL = [
    (
        {"SOCIALACCOUNT_ONLY": True, "ACCOUNT_LOGIN_BY_CODE_ENABLED": True},
        "SOCIALACCOUNT_ONLY cannot be combined with ACCOUNT_LOGIN_BY_CODE_ENABLED",
    ),
    (
        {"SOCIALACCOUNT_ONLY": True},
        "SOCIALACCOUNT_ONLY cannot be combined with ACCOUNT_EMAIL_VERIFICATION",
    ),
    (
        {"ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True},
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED needs ACCOUNT_EMAIL_VERIFICATION",
    ),
    (
        {"ACCOUNT_SIGNUP_FIELDS": ["username*", "password"]},
        "'password' should be 'password1'",
    ),
    (
        {"ACCOUNT_SIGNUP_FIELDS": ["username*", "password*"]},
        "'password*' should be 'password1*'",
    ),
    (
        {
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_UNIQUE_EMAIL": False,
            "ACCOUNT_SIGNUP_FIELDS": ["email*"],
        },
        "needs ACCOUNT_UNIQUE_EMAIL",
    ),
    ({"ACCOUNT_EMAIL_VERIFICATION": "mandatory"}, "needs 'email*' in ACCOUNT_SIGNUP_FIELDS"),
    (
        {
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        },
        "needs 'email*' in ACCOUNT_SIGNUP_FIELDS",
    ),
    (
        {
            "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*", "username"],
        },
        "ACCOUNT_SIGNUP_FIELDS has 'username'",
    ),
    (
        {
            "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
            "ACCOUNT_LOGIN_METHODS": {"email", "username"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*"],
        },
        "ACCOUNT_LOGIN_METHODS has 'username'",
    ),
    ({"ACCOUNT_MAX_EMAIL_ADDRESSES": 0}, "must be None or greater than zero"),
    ({"ACCOUNT_MAX_EMAIL_ADDRESSES": -1}, "must be None or greater than zero"),
    (
        {"ACCOUNT_CHANGE_EMAIL": True, "ACCOUNT_MAX_EMAIL_ADDRESSES": 1},
        "ACCOUNT_CHANGE_EMAIL needs ACCOUNT_MAX_EMAIL_ADDRESSES to be None or 2",
    ),
    (
        {"ACCOUNT_CHANGE_EMAIL": True, "ACCOUNT_MAX_EMAIL_ADDRESSES": 3},
        "ACCOUNT_CHANGE_EMAIL needs ACCOUNT_MAX_EMAIL_ADDRESSES to be None or 2",
    ),
]

WARNINGS = [
    ({"ACCOUNT_LOGIN_ATTEMPTS_LIMIT": 5}, "ACCOUNT_LOGIN_ATTEMPTS_LIMIT"),
    ({"ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT": 5}, "ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT"),
    ({"ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN": 5}, "ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN"),
    (
        {"ACCOUNT_AUTHENTICATION_METHOD": "username"},
        "ACCOUNT_LOGIN_METHODS = {'username'}",
    ),
    (
        {"ACCOUNT_AUTHENTICATION_METHOD": "username_email"},
        "ACCOUNT_LOGIN_METHODS = {'email', 'username'}",
    ),
    (
        {"ACCOUNT_USERNAME_REQUIRED": True},
        (
            "ACCOUNT_USERNAME_REQUIRED is deprecated, use ACCOUNT_SIGNUP_FIELDS ="
            " ['email', 'username*', 'password1*', 'password2*']"
        ),
    ),
    (
        {"ACCOUNT_EMAIL_REQUIRED": True},
        (
            "ACCOUNT_EMAIL_REQUIRED is deprecated, use ACCOUNT_SIGNUP_FIELDS ="
            " ['email*', 'username*', 'password1*', 'password2*']"
        ),
    ),
    (
        {"ACCOUNT_SIGNUP_EMAIL_ENTER_TWICE": True},
        (
            "ACCOUNT_SIGNUP_EMAIL_ENTER_TWICE is deprecated, use ACCOUNT_SIGNUP_FIELDS ="
            " ['email', 'email2', 'username*', 'password1*', 'password2*']"
        ),
    ),
    (
        {"ACCOUNT_SIGNUP_PASSWORD_ENTER_TWICE": False},
        (
            "ACCOUNT_SIGNUP_PASSWORD_ENTER_TWICE is deprecated, use ACCOUNT_SIGNUP_FIELDS ="
            " ['email', 'username*', 'password1*']"
        ),
    ),
]


@pytest.mark.parametrize(("changes", "text"), CRITICAL)
def test_contradiction_is_critical(settings: Any, changes: dict[str, Any], text: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)

    message = find(text)
    assert isinstance(message, checks.Critical)
    assert message.id is None


@pytest.mark.parametrize(("changes", "text"), WARNINGS)
def test_deprecated_setting_is_a_warning(settings: Any, changes: dict[str, Any], text: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)

    message = find(text)
    assert isinstance(message, checks.Warning)
    assert message.id is None
    assert run() == [message], "and nothing else"


@pytest.mark.parametrize(
    "changes",
    [
        {"ACCOUNT_EMAIL_VERIFICATION": "none", "SOCIALACCOUNT_ONLY": True},
        {"ACCOUNT_CHANGE_EMAIL": True},
        {"ACCOUNT_CHANGE_EMAIL": True, "ACCOUNT_MAX_EMAIL_ADDRESSES": 2},
        {"ACCOUNT_MAX_EMAIL_ADDRESSES": 1},
        {
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
            "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
            "ACCOUNT_LOGIN_METHODS": {"email"},
        },
        {
            "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
            "ACCOUNT_LOGIN_METHODS": {"email"},
            "ACCOUNT_SIGNUP_FIELDS": ["email*"],
        },
        {"ACCOUNT_UNIQUE_EMAIL": False},
        {"ACCOUNT_RATE_LIMITS": False},
        {"ACCOUNT_RATE_LIMITS": {"login": None}},
    ],
)
def test_sound_combination_is_fine(
    settings: Any, monkeypatch: Any, changes: dict[str, Any]
) -> None:
    from allauth import app_settings

    monkeypatch.setattr(type(app_settings._app_settings), "MFA_ENABLED", False)
    for name, value in changes.items():
        setattr(settings, name, value)

    assert run() == []


@pytest.mark.parametrize("is_installed", [True, False])
def test_second_factor_and_third_party_accounts_only(
    settings: Any, monkeypatch: Any, is_installed: bool
) -> None:
    from allauth import app_settings

    monkeypatch.setattr(type(app_settings._app_settings), "MFA_ENABLED", is_installed)
    settings.SOCIALACCOUNT_ONLY = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"

    assert [message.msg for message in run()] == [
        "SOCIALACCOUNT_ONLY cannot be combined with the app 'allauth.mfa'"
    ] * is_installed


def test_trust_of_codes_needs_the_app_that_keeps_it(settings: Any, monkeypatch: Any) -> None:
    from django.apps import apps

    settings.ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED = True
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "allauth.mfa")
    assert isinstance(find("LOGIN_BY_CODE_TRUST_ENABLED"), checks.Critical)

    monkeypatch.setattr(apps, "is_installed", lambda name: True)
    assert run() == []


@pytest.mark.parametrize(
    ("methods", "fields", "warns"),
    [
        ({"email"}, ["username*"], True),
        ({"email"}, ["email", "username*"], True),
        ({"phone"}, ["email*", "username*"], True),
        ({"email", "username"}, ["username*"], False),
        ({"phone"}, ["phone*"], False),
    ],
)
def test_login_needs_what_sign_up_asks_for(
    settings: Any, methods: set[str], fields: list[str], warns: bool
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods
    settings.ACCOUNT_SIGNUP_FIELDS = fields

    assert [message.id for message in run()] == ["account.W001"] * warns


class LegacyAdapter(DefaultAccountAdapter):
    """Has a hook by its name of old."""

    def get_email_confirmation_redirect_url(self, request: Any) -> str:
        return "/"


def test_hook_of_old_is_a_warning(settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.LegacyAdapter"

    message = find("get_email_verification_redirect_url")
    assert isinstance(message, checks.Warning)
    assert message.id is None


# Beyond the published release


@pytest.mark.parametrize("limit", ["5", "x/m", "5/w", "5/m/host", "5/m,", 5])
def test_malformed_rate_limit_is_critical(settings: Any, limit: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": limit}

    message = find("ACCOUNT_RATE_LIMITS['login']")
    assert isinstance(message, checks.Critical)
    assert message.id == "account.E001"


@pytest.mark.requirement("ATK-C09")
def test_cache_that_remembers_nothing_is_a_warning(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    assert [message.id for message in run()] == ["account.W002"]


@pytest.mark.requirement("ATK-C09")
@pytest.mark.parametrize(
    ("backend", "ids"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", ["account.W005"]),
        ("django.core.cache.backends.redis.RedisCache", []),
    ],
)
def test_cache_of_one_process_is_a_warning_at_deployment(
    settings: Any, backend: str, ids: list[str]
) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://127.0.0.1"}}

    assert [message.id for message in run(deploy=True)] == ids
    assert run() == []


@pytest.mark.requirement("ATK-C15")
@pytest.mark.parametrize(
    ("hosts", "ids"), [(["*"], ["account.W004"]), ([".example.org", "example.com"], [])]
)
def test_host_of_the_visitors_choice_is_a_warning_at_deployment(
    settings: Any, hosts: list[str], ids: list[str]
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    settings.ALLOWED_HOSTS = hosts

    assert [message.id for message in run(deploy=True)] == ids


@pytest.mark.requirement("INV-18")
@pytest.mark.parametrize(
    ("code_format", "warns"),
    [
        ({}, False),
        ({"length": 4}, True),
        ({"length": 5}, False),
        ({"numeric": True, "length": 5}, True),
        ({"numeric": True, "length": 6}, False),
        ({"allowed_chars": "ab"}, True),
        ({"allowed_chars": "ab", "length": 20}, False),
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "EMAIL_VERIFICATION_BY_CODE_FORMAT",
        "LOGIN_BY_CODE_FORMAT",
        "PASSWORD_RESET_BY_CODE_FORMAT",
        "PHONE_VERIFICATION_CODE_FORMAT",
    ],
)
def test_codes_that_can_be_guessed_are_a_warning(
    settings: Any, name: str, code_format: dict[str, Any], warns: bool
) -> None:
    setattr(settings, f"ACCOUNT_{name}", code_format)

    assert [message.id for message in run()] == ["account.W003"] * warns


# Start-up


@pytest.mark.requirement("SEC-024")
@pytest.mark.parametrize(
    "middleware",
    [
        [],
        ["allauth.account.middleware.OtherMiddleware"],
        ["tests.account.middleware.AccountMiddleware"],
    ],
)
def test_site_without_the_middleware_does_not_start(settings: Any, middleware: list[str]) -> None:
    from django.apps import apps

    config = apps.get_app_config("account")
    config.ready()
    settings.MIDDLEWARE = middleware
    with pytest.raises(ImproperlyConfigured, match=r"allauth\.account\.middleware"):
        config.ready()


def test_configuration_of_the_app() -> None:
    from django.apps import apps

    config = apps.get_app_config("account")
    assert type(config) is AccountConfig
    assert (config.name, config.label) == ("allauth.account", "account")
    assert str(config.verbose_name) == "Accounts"
    assert config.default_auto_field == "django.db.models.AutoField"
