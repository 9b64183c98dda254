"""System checks: settings that contradict each other, are deprecated, or unsafe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Critical, Warning, register

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.app_settings import EmailVerificationMethod, get_legacy_signup_fields
from allauth.account.internal.hooks import get_adapter
from allauth.core.internal.ratelimit import parse_rates
from allauth.core.internal.user_codes import UNAMBIGUOUS_CONSONANTS

_LEGACY_SIGNUP_SETTINGS = (
    "ACCOUNT_USERNAME_REQUIRED",
    "ACCOUNT_EMAIL_REQUIRED",
    "ACCOUNT_SIGNUP_EMAIL_ENTER_TWICE",
    "ACCOUNT_SIGNUP_PASSWORD_ENTER_TWICE",
)
_CODE_FORMATS = (
    "EMAIL_VERIFICATION_BY_CODE_FORMAT",
    "LOGIN_BY_CODE_FORMAT",
    "PASSWORD_RESET_BY_CODE_FORMAT",
    "PHONE_VERIFICATION_CODE_FORMAT",
)
MIN_CODES = 2**19
"""A code format should allow for more codes than this; six digits do."""


@register()
def adapter_check(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Check the adapter for hooks that have been renamed."""
    if not hasattr(get_adapter(), "get_email_confirmation_redirect_url"):
        return []
    return [
        Warning(
            "The adapter method get_email_confirmation_redirect_url(request) is deprecated,"
            " use get_email_verification_redirect_url(email_address)"
        )
    ]


@register()
def settings_check(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Check the settings of the account app."""
    return [
        *_check_socialaccount_only(),
        *_check_email_verification(),
        *_check_signup_fields(),
        *_check_email_limits(),
        *_check_login_by_code(),
        *_check_deprecated(),
        *_check_rate_limits(),
        *_check_code_formats(),
    ]


@register(deploy=True)
def deployment_check(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """Check for settings that are safe in development only."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Warning(
                "ALLOWED_HOSTS = ['*'] lets whoever sends a request choose the host in the links"
                " of mails: list the hosts of the site",
                id="account.W004",
            )
        )
    if _get_cache_backend().endswith(".LocMemCache"):
        found.append(
            Warning(
                "Each process has a default cache of its own: rate limits and the counting of"
                " wrong codes need one that all processes share",
                id="account.W005",
            )
        )
    return found


def _check_socialaccount_only() -> Iterator[CheckMessage]:
    if not allauth_settings.SOCIALACCOUNT_ONLY:
        return
    verification = app_settings.EMAIL_VERIFICATION
    obstacles = {
        "ACCOUNT_LOGIN_BY_CODE_ENABLED": app_settings.LOGIN_BY_CODE_ENABLED,
        "the app 'allauth.mfa'": allauth_settings.MFA_ENABLED,
        "ACCOUNT_EMAIL_VERIFICATION other than 'none'": verification != "none",
    }
    for obstacle, is_there in obstacles.items():
        if is_there:
            yield Critical(f"SOCIALACCOUNT_ONLY cannot be combined with {obstacle}")


def _check_email_verification() -> Iterator[CheckMessage]:
    is_mandatory = app_settings.EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and not is_mandatory:
        yield Critical(
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED needs"
            " ACCOUNT_EMAIL_VERIFICATION = 'mandatory'"
        )
    if "email" in app_settings.LOGIN_METHODS and not app_settings.UNIQUE_EMAIL:
        yield Critical("Logging in by email (ACCOUNT_LOGIN_METHODS) needs ACCOUNT_UNIQUE_EMAIL")
    email = app_settings.SIGNUP_FIELDS.get("email")
    if is_mandatory and not (email and email["required"]):
        yield Critical(
            "ACCOUNT_EMAIL_VERIFICATION = 'mandatory' needs 'email*' in ACCOUNT_SIGNUP_FIELDS"
        )


def _check_signup_fields() -> Iterator[CheckMessage]:
    configured = getattr(settings, "ACCOUNT_SIGNUP_FIELDS", None) or []
    for wrong, right in (("password", "password1"), ("password*", "password1*")):
        if wrong in configured:
            yield Critical(f"ACCOUNT_SIGNUP_FIELDS: {wrong!r} should be {right!r}")
    fields = app_settings.SIGNUP_FIELDS
    required = {name for name, definition in fields.items() if definition["required"]}
    methods = app_settings.LOGIN_METHODS
    if not any(method.value in required for method in methods):
        yield Warning(
            "None of ACCOUNT_LOGIN_METHODS is a required field of ACCOUNT_SIGNUP_FIELDS",
            id="account.W001",
        )
    if app_settings.USER_MODEL_USERNAME_FIELD is None:
        if "username" in fields:
            yield Critical(
                "ACCOUNT_SIGNUP_FIELDS has 'username', but ACCOUNT_USER_MODEL_USERNAME_FIELD is"
                " None"
            )
        if "username" in methods:
            yield Critical(
                "ACCOUNT_LOGIN_METHODS has 'username', but ACCOUNT_USER_MODEL_USERNAME_FIELD is"
                " None"
            )


def _check_email_limits() -> Iterator[CheckMessage]:
    maximum = app_settings.MAX_EMAIL_ADDRESSES
    if maximum is not None and maximum <= 0:
        yield Critical("ACCOUNT_MAX_EMAIL_ADDRESSES must be None or greater than zero")
    if app_settings.CHANGE_EMAIL and maximum not in (None, 2):
        yield Critical("ACCOUNT_CHANGE_EMAIL needs ACCOUNT_MAX_EMAIL_ADDRESSES to be None or 2")


def _check_login_by_code() -> Iterator[CheckMessage]:
    if app_settings.LOGIN_BY_CODE_TRUST_ENABLED and not allauth_settings.MFA_ENABLED:
        yield Critical("ACCOUNT_LOGIN_BY_CODE_TRUST_ENABLED needs 'allauth.mfa'")


def _check_deprecated() -> Iterator[CheckMessage]:
    def is_set(name: str) -> bool:
        return hasattr(settings, name)

    if is_set("ACCOUNT_LOGIN_ATTEMPTS_LIMIT") or is_set("ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT"):
        yield Warning(
            "ACCOUNT_LOGIN_ATTEMPTS_LIMIT and ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT are deprecated, use"
            " ACCOUNT_RATE_LIMITS['login_failed']"
        )
    if is_set("ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN"):
        yield Warning(
            "ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN is deprecated, use"
            " ACCOUNT_RATE_LIMITS['confirm_email']"
        )
    method = getattr(settings, "ACCOUNT_AUTHENTICATION_METHOD", None)
    if method is not None:
        methods = sorted(str(method).split("_"))
        equivalent = ", ".join(repr(method) for method in methods)
        yield Warning(
            "ACCOUNT_AUTHENTICATION_METHOD is deprecated, use"
            f" ACCOUNT_LOGIN_METHODS = {{{equivalent}}}"
        )
    for name in _LEGACY_SIGNUP_SETTINGS:
        if is_set(name):
            yield Warning(
                f"{name} is deprecated, use ACCOUNT_SIGNUP_FIELDS = {get_legacy_signup_fields()!r}"
            )


def _check_rate_limits() -> Iterator[CheckMessage]:
    for action, limit in app_settings.RATE_LIMITS.items():
        try:
            parse_rates(limit)
        except (ValueError, AttributeError):
            yield Critical(
                f"ACCOUNT_RATE_LIMITS[{action!r}] = {limit!r} is malformed, it should look like"
                " '10/m/ip'",
                id="account.E001",
            )
    if _get_cache_backend().endswith(".DummyCache"):
        yield Warning(
            "The default cache remembers nothing: rate limits and the counting of wrong codes"
            " have no effect",
            id="account.W002",
        )


def _get_cache_backend() -> str:
    return str(settings.CACHES.get("default", {}).get("BACKEND", ""))


def _check_code_formats() -> Iterator[CheckMessage]:
    for name in _CODE_FORMATS:
        code_format = getattr(app_settings, name)
        is_numeric = code_format.get("numeric", False)
        default_alphabet = "0123456789" if is_numeric else UNAMBIGUOUS_CONSONANTS
        alphabet = code_format.get("allowed_chars") or default_alphabet
        length = code_format.get("length") or (9 if is_numeric else 8)
        if len(set(alphabet)) ** length < MIN_CODES:
            yield Warning(
                f"ACCOUNT_{name} allows for few codes, which can be guessed: make them longer",
                id="account.W003",
            )
