"""The settings mechanism, the defaults, and the names of old that are still understood.

The defaults are those that the published release documents, and sites rely on. The only one of our
own is ``USERNAME_PREVENT_LOOKALIKES``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.app_settings import EmailVerificationMethod, LoginMethod
from allauth.core.settings import BaseAppSettings, Setting
from allauth.utils import get_setting

ABSENT: Any = object()

ACCOUNT_DEFAULTS: dict[str, Any] = {
    "ADAPTER": "allauth.account.adapter.DefaultAccountAdapter",
    "AUTHENTICATED_LOGIN_REDIRECTS": True,
    "CHANGE_EMAIL": False,
    "CONFIRM_EMAIL_ON_GET": False,
    "DEFAULT_HTTP_PROTOCOL": "http",
    "EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL": "/accounts/login/",
    "EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL": None,
    "EMAIL_CONFIRMATION_EXPIRE_DAYS": 3,
    "EMAIL_CONFIRMATION_HMAC": True,
    "EMAIL_MAX_LENGTH": 254,
    "EMAIL_NOTIFICATIONS": False,
    "EMAIL_SUBJECT_PREFIX": None,
    "EMAIL_UNKNOWN_ACCOUNTS": True,
    "EMAIL_VERIFICATION": "optional",
    "EMAIL_VERIFICATION_BY_CODE_ENABLED": False,
    "EMAIL_VERIFICATION_BY_CODE_FORMAT": {},
    "EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS": 3,
    "EMAIL_VERIFICATION_BY_CODE_TIMEOUT": 900,
    "EMAIL_VERIFICATION_MAX_CHANGE_COUNT": 0,
    "EMAIL_VERIFICATION_MAX_RESEND_COUNT": 0,
    "FORMS": {},
    "LOGIN_BY_CODE_ENABLED": False,
    "LOGIN_BY_CODE_FORMAT": {},
    "LOGIN_BY_CODE_MAX_ATTEMPTS": 3,
    "LOGIN_BY_CODE_MAX_RESEND_COUNT": 0,
    "LOGIN_BY_CODE_REQUIRED": False,
    "LOGIN_BY_CODE_TIMEOUT": 180,
    "LOGIN_BY_CODE_TRUST_ENABLED": False,
    "LOGIN_METHODS": frozenset({LoginMethod.USERNAME}),
    "LOGIN_ON_EMAIL_CONFIRMATION": False,
    "LOGIN_ON_PASSWORD_RESET": False,
    "LOGIN_TIMEOUT": 900,
    "LOGOUT_ON_GET": False,
    "LOGOUT_ON_PASSWORD_CHANGE": False,
    "LOGOUT_REDIRECT_URL": "/",
    "MAX_EMAIL_ADDRESSES": None,
    "PASSWORD_INPUT_RENDER_VALUE": False,
    "PASSWORD_MIN_LENGTH": 6,
    "PASSWORD_RESET_BY_CODE_ENABLED": False,
    "PASSWORD_RESET_BY_CODE_FORMAT": {},
    "PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS": 3,
    "PASSWORD_RESET_BY_CODE_TIMEOUT": 180,
    "PHONE_VERIFICATION_CODE_FORMAT": {},
    "PHONE_VERIFICATION_ENABLED": True,
    "PHONE_VERIFICATION_MAX_ATTEMPTS": 3,
    "PHONE_VERIFICATION_MAX_CHANGE_COUNT": 0,
    "PHONE_VERIFICATION_MAX_RESEND_COUNT": 0,
    "PHONE_VERIFICATION_TIMEOUT": 900,
    "PRESERVE_USERNAME_CASING": True,
    "PREVENT_ENUMERATION": True,
    "REAUTHENTICATION_REQUIRED": False,
    "REAUTHENTICATION_TIMEOUT": 300,
    "SALT": "account",
    "SESSION_COOKIE_AGE": 60 * 60 * 24 * 14,
    "SESSION_REMEMBER": None,
    "SIGNUP_FIELDS": {
        "email": {"required": False},
        "username": {"required": True},
        "password1": {"required": True},
        "password2": {"required": True},
    },
    "SIGNUP_FORM_CLASS": None,
    "SIGNUP_FORM_HONEYPOT_FIELD": None,
    "SIGNUP_REDIRECT_URL": "/accounts/profile/",
    "TEMPLATE_EXTENSION": "html",
    "UNIQUE_EMAIL": True,
    "USERNAME_BLACKLIST": [],
    "USERNAME_MIN_LENGTH": 1,
    "USERNAME_PREVENT_LOOKALIKES": True,
    "USER_DISPLAY": "allauth.account.utils.default_user_display",
    "USER_MODEL_EMAIL_FIELD": "email",
    "USER_MODEL_USERNAME_FIELD": "username",
    "RATE_LIMITS": {
        "change_password": "5/m/user",
        "change_phone": "1/m/user",
        "confirm_email": "1/180s/key",
        "login": "30/m/ip",
        "login_failed": "10/m/ip,5/300s/key",
        "manage_email": "10/m/user",
        "reauthenticate": "10/m/user",
        "request_login_code": "20/m/ip,3/m/key",
        "reset_password": "20/m/ip,5/m/key",
        "reset_password_from_key": "20/m/ip",
        "signup": "20/m/ip",
        "verify_phone": "1/30s/key,3/m/ip",
    },
}

ALLAUTH_DEFAULTS: dict[str, Any] = {
    "DEFAULT_AUTO_FIELD": None,
    "HEADLESS_ONLY": False,
    "RATE_LIMIT_IPV6_PREFIX": 64,
    "SOCIALACCOUNT_ONLY": False,
    "TRUSTED_CLIENT_IP_HEADER": None,
    "TRUSTED_PROXY_COUNT": 0,
    "USER_CODE_FORMAT": {},
}


@pytest.mark.parametrize(("name", "default"), ACCOUNT_DEFAULTS.items())
def test_account_setting_has_its_default(name: str, default: Any) -> None:
    assert getattr(app_settings, name) == default


@pytest.mark.parametrize(("name", "default"), ALLAUTH_DEFAULTS.items())
def test_setting_of_the_package_has_its_default(name: str, default: Any) -> None:
    assert getattr(allauth_settings, name) == default


def test_order_of_the_default_signup_fields() -> None:
    assert list(app_settings.SIGNUP_FIELDS) == ["email", "username", "password1", "password2"]


def test_settings_without_a_plain_default() -> None:
    from django.contrib.auth import get_user_model

    from allauth.account.forms import EmailAwarePasswordResetTokenGenerator

    validators = get_user_model()._meta.get_field("username").validators
    assert validators == app_settings.USERNAME_VALIDATORS
    assert app_settings.PASSWORD_RESET_TOKEN_GENERATOR is EmailAwarePasswordResetTokenGenerator


def test_every_declared_setting_is_in_the_tables() -> None:
    own = {setting.name for setting in app_settings.AppSettings.declarations("ACCOUNT_")}
    renamed = {
        "EMAIL_VERIFICATION_MAX_CHANGE_COUNT": "EMAIL_VERIFICATION_SUPPORTS_CHANGE",
        "EMAIL_VERIFICATION_MAX_RESEND_COUNT": "EMAIL_VERIFICATION_SUPPORTS_RESEND",
        "LOGIN_BY_CODE_MAX_RESEND_COUNT": "LOGIN_BY_CODE_SUPPORTS_RESEND",
        "PHONE_VERIFICATION_MAX_CHANGE_COUNT": "PHONE_VERIFICATION_SUPPORTS_CHANGE",
        "PHONE_VERIFICATION_MAX_RESEND_COUNT": "PHONE_VERIFICATION_SUPPORTS_RESEND",
    }
    tested = {f"ACCOUNT_{renamed.get(name, name)}" for name in ACCOUNT_DEFAULTS}
    tested |= {"ACCOUNT_USERNAME_VALIDATORS", "ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR"}

    assert own == tested


def test_declarations_feed_the_reference() -> None:
    found = {entry.name: entry for entry in allauth_settings.AppSettings.declarations("ALLAUTH_")}

    assert list(found) == sorted(found)
    assert found["HEADLESS_ONLY"].type == "bool"
    assert found["ALLAUTH_USER_CODE_FORMAT"].default == "{}"
    assert all(entry.help.endswith(".") for entry in found.values())


# Mechanism


def test_prefix_is_exposed() -> None:
    assert app_settings.prefix == "ACCOUNT_"
    assert allauth_settings.prefix == "ALLAUTH_"


def test_change_takes_effect_at_once(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_TIMEOUT = 1
    assert app_settings.LOGIN_TIMEOUT == 1
    settings.ACCOUNT_LOGIN_TIMEOUT = 2
    assert app_settings.LOGIN_TIMEOUT == 2


def test_importing_the_name_freezes_the_value(settings: Any) -> None:
    settings.ACCOUNT_SALT = "first"
    from allauth.account.app_settings import SALT

    settings.ACCOUNT_SALT = "second"
    assert (SALT, app_settings.SALT) == ("first", "second")


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="AppSettings"):
        app_settings.NO_SUCH_SETTING  # noqa: B018
    assert not hasattr(allauth_settings, "NO_SUCH_SETTING")


def test_none_is_a_value(settings: Any) -> None:
    settings.ACCOUNT_MAX_EMAIL_ADDRESSES = None
    settings.ACCOUNT_SALT = None

    assert app_settings.SALT is None
    assert get_setting("ACCOUNT_SALT", "account") is None


def test_settings_class_can_be_made_with_another_prefix(settings: Any) -> None:
    settings.TENANT_SALT = "tenant"

    assert app_settings.AppSettings("TENANT_").SALT == "tenant"


def test_declared_setting_is_reachable_on_the_class() -> None:
    class AppSettings(BaseAppSettings):
        PATIENCE = Setting("int", 3, "For how long.", default_text="three")

    assert isinstance(AppSettings.PATIENCE, Setting)
    assert list(AppSettings.declarations("X_")) == [("X_PATIENCE", "int", "three", "For how long.")]


def _getter(name: str, default: Any) -> Any:
    return {"ACCOUNT_SALT": "of the tenant"}.get(name, default)


@pytest.mark.parametrize("getter", [_getter, f"{__name__}._getter"])
def test_getter_takes_over_every_look_up(
    settings: Any, getter: str | Callable[[str, Any], Any]
) -> None:
    settings.ACCOUNT_LOGIN_TIMEOUT = 1
    settings.ALLAUTH_SETTING_GETTER = getter

    assert app_settings.SALT == "of the tenant"
    assert get_setting("ACCOUNT_SALT", "x") == "of the tenant"
    assert app_settings.LOGIN_TIMEOUT == 900, "the getter decides, not the Django settings"


def test_getter_is_asked_for_full_names(settings: Any) -> None:
    asked: list[str] = []

    def getter(name: str, default: Any) -> Any:
        asked.append(name)
        return default

    settings.ALLAUTH_SETTING_GETTER = getter
    for name in ACCOUNT_DEFAULTS:
        getattr(app_settings, name)
    for name in ALLAUTH_DEFAULTS:
        getattr(allauth_settings, name)

    prefixes = ("ACCOUNT_", "ALLAUTH_")
    unprefixed = {name for name in asked if not name.startswith(prefixes)}
    assert unprefixed == {"EMAIL_CONFIRMATION_DAYS", "HEADLESS_ONLY", "SOCIALACCOUNT_ONLY"}
    assert "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE" in asked
    assert "ALLAUTH_TRUSTED_PROXY_COUNT" in asked


@pytest.mark.parametrize(
    ("attribute", "app"),
    [
        ("SITES_ENABLED", "django.contrib.sites"),
        ("SOCIALACCOUNT_ENABLED", "allauth.socialaccount"),
        ("MFA_ENABLED", "allauth.mfa"),
        ("USERSESSIONS_ENABLED", "allauth.usersessions"),
        ("HEADLESS_ENABLED", "allauth.headless"),
    ],
)
def test_installed_apps_are_detected(monkeypatch: Any, attribute: str, app: str) -> None:
    from django.apps import apps

    monkeypatch.setattr(apps, "is_installed", lambda name: name == app)
    assert getattr(allauth_settings, attribute) is True
    monkeypatch.setattr(apps, "is_installed", lambda name: name != app)
    assert getattr(allauth_settings, attribute) is False


def test_only_flags_have_no_prefix(settings: Any) -> None:
    settings.HEADLESS_ONLY = settings.SOCIALACCOUNT_ONLY = True

    assert allauth_settings.HEADLESS_ONLY is True
    assert allauth_settings.SOCIALACCOUNT_ONLY is True


# Values


def test_members_of_the_enumerations_equal_their_text() -> None:
    assert [member.value for member in app_settings.AuthenticationMethod] == [
        "username",
        "email",
        "username_email",
    ]
    assert app_settings.LoginMethod.PHONE == "phone"
    assert {"username", "email", "phone"} == set(app_settings.LoginMethod)
    assert {"mandatory", "optional", "none"} == set(app_settings.EmailVerificationMethod)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["email", "phone"], {"email", "phone"}),
        ({"username"}, {"username"}),
        ("email", {"email"}),
        (None, {"username"}),
        ([], set()),
    ],
)
def test_login_methods_are_a_frozenset(settings: Any, value: Any, expected: set[str]) -> None:
    settings.ACCOUNT_LOGIN_METHODS = value

    assert isinstance(app_settings.LOGIN_METHODS, frozenset)
    assert expected == app_settings.LOGIN_METHODS
    assert all(isinstance(method, LoginMethod) for method in app_settings.LOGIN_METHODS)


@pytest.mark.parametrize("value", [["fax"], "fax", {"username", "mail"}])
def test_unknown_login_method_is_a_value_error(settings: Any, value: Any) -> None:
    settings.ACCOUNT_LOGIN_METHODS = value

    with pytest.raises(ValueError, match="not a valid LoginMethod"):
        app_settings.LOGIN_METHODS  # noqa: B018


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mandatory", EmailVerificationMethod.MANDATORY),
        ("optional", EmailVerificationMethod.OPTIONAL),
        ("none", EmailVerificationMethod.NONE),
        (True, EmailVerificationMethod.MANDATORY),
        (False, EmailVerificationMethod.OPTIONAL),
    ],
)
def test_email_verification(settings: Any, value: Any, expected: EmailVerificationMethod) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = value

    assert app_settings.EMAIL_VERIFICATION is expected


def test_unknown_email_verification_is_a_value_error(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "perhaps"

    with pytest.raises(ValueError, match="perhaps"):
        app_settings.EMAIL_VERIFICATION  # noqa: B018


@pytest.mark.parametrize(("value", "count"), [(True, 2), (False, 0), (5, 5), (1, 1), (0, 0)])
@pytest.mark.parametrize(
    ("setting", "attribute"),
    [
        ("EMAIL_VERIFICATION_SUPPORTS_CHANGE", "EMAIL_VERIFICATION_MAX_CHANGE_COUNT"),
        ("EMAIL_VERIFICATION_SUPPORTS_RESEND", "EMAIL_VERIFICATION_MAX_RESEND_COUNT"),
        ("LOGIN_BY_CODE_SUPPORTS_RESEND", "LOGIN_BY_CODE_MAX_RESEND_COUNT"),
        ("PHONE_VERIFICATION_SUPPORTS_CHANGE", "PHONE_VERIFICATION_MAX_CHANGE_COUNT"),
        ("PHONE_VERIFICATION_SUPPORTS_RESEND", "PHONE_VERIFICATION_MAX_RESEND_COUNT"),
    ],
)
def test_counts(settings: Any, setting: str, attribute: str, value: Any, count: int) -> None:
    setattr(settings, f"ACCOUNT_{setting}", value)

    assert getattr(app_settings, attribute) == count


def test_signup_fields_are_read_from_marked_names(settings: Any) -> None:
    settings.ACCOUNT_SIGNUP_FIELDS = ["phone", "email*", "password1*x"]

    assert list(app_settings.SIGNUP_FIELDS.items()) == [
        ("phone", {"required": False}),
        ("email", {"required": True}),
        ("password1", {"required": True}),
    ]


@pytest.mark.parametrize("value", [None, [], ()])
def test_falsy_signup_fields_mean_the_default(settings: Any, value: Any) -> None:
    settings.ACCOUNT_SIGNUP_FIELDS = value

    assert ACCOUNT_DEFAULTS["SIGNUP_FIELDS"] == app_settings.SIGNUP_FIELDS


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), (["password", "mfa"], {"password", "mfa"}), ((), set())],
)
def test_login_by_code_required(settings: Any, value: Any, expected: Any) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = value

    assert expected == app_settings.LOGIN_BY_CODE_REQUIRED
    assert isinstance(app_settings.LOGIN_BY_CODE_REQUIRED, type(expected))


def test_protocol_is_lower_case(settings: Any) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = "HTTPS"

    assert app_settings.DEFAULT_HTTP_PROTOCOL == "https"


@pytest.mark.parametrize("length", [ABSENT, 12])
def test_validators_of_django_replace_the_minimum_length(settings: Any, length: Any) -> None:
    if length is not ABSENT:
        settings.ACCOUNT_PASSWORD_MIN_LENGTH = length
        assert length == app_settings.PASSWORD_MIN_LENGTH
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
    ]

    assert app_settings.PASSWORD_MIN_LENGTH is None


def test_redirects_follow_the_settings_of_django(settings: Any) -> None:
    settings.LOGIN_URL = "/in/"
    settings.LOGIN_REDIRECT_URL = "/home/"
    settings.LOGOUT_REDIRECT_URL = "/bye/"

    assert app_settings.EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL == "/in/"
    assert app_settings.SIGNUP_REDIRECT_URL == "/home/"
    assert app_settings.LOGOUT_REDIRECT_URL == "/bye/"


def test_code_formats_fall_back_to_the_common_one_and_replace_it(settings: Any) -> None:
    settings.ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False}
    settings.ACCOUNT_LOGIN_BY_CODE_FORMAT = {"length": 6}

    common = {"numeric": True, "dashed": False}
    assert app_settings.LOGIN_BY_CODE_FORMAT == {"length": 6}
    assert common == app_settings.EMAIL_VERIFICATION_BY_CODE_FORMAT
    assert common == app_settings.PASSWORD_RESET_BY_CODE_FORMAT
    assert common == app_settings.PHONE_VERIFICATION_CODE_FORMAT


def test_format_of_reset_codes_has_two_names(settings: Any) -> None:
    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT = {"length": 5}
    assert app_settings.PASSWORD_RESET_BY_CODE_FORMAT == {"length": 5}

    settings.ACCOUNT_PASSWORD_RESET_BY_CODE_FORMAT = {"length": 7}
    assert app_settings.PASSWORD_RESET_BY_CODE_FORMAT == {"length": 7}, "the documented one wins"


VALIDATORS: list[Any] = []
NOT_A_LIST = (1, 2)


def test_username_validators_are_a_list(settings: Any) -> None:
    settings.ACCOUNT_USERNAME_VALIDATORS = f"{__name__}.VALIDATORS"
    assert app_settings.USERNAME_VALIDATORS is VALIDATORS

    settings.ACCOUNT_USERNAME_VALIDATORS = f"{__name__}.NOT_A_LIST"
    with pytest.raises(ImproperlyConfigured, match="list"):
        app_settings.USERNAME_VALIDATORS  # noqa: B018

    settings.ACCOUNT_USERNAME_VALIDATORS = None
    settings.ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    assert app_settings.USERNAME_VALIDATORS == []


class OwnTokenGenerator:
    """Named by a setting below."""


def test_token_generator_is_imported(settings: Any) -> None:
    settings.ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = f"{__name__}.OwnTokenGenerator"

    assert app_settings.PASSWORD_RESET_TOKEN_GENERATOR is OwnTokenGenerator


# Rate limits


def test_rate_limits_are_merged_over_the_defaults(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/d", "signup": None, "own": "2/h/user"}

    limits = app_settings.RATE_LIMITS
    assert (limits["login"], limits["signup"], limits["own"]) == ("1/d", None, "2/h/user")
    assert limits["manage_email"] == "10/m/user"


def test_false_disables_all_rate_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False

    assert app_settings.RATE_LIMITS == {}


def test_none_means_the_default_rate_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = None

    assert ACCOUNT_DEFAULTS["RATE_LIMITS"] == app_settings.RATE_LIMITS


def test_codes_may_be_asked_for_sooner_than_links(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN = 500

    assert app_settings.RATE_LIMITS["confirm_email"] == "1/10s/key"


@pytest.mark.parametrize(
    ("limit", "timeout", "expected"),
    [
        (3, ABSENT, "10/m/ip,3/300s/key"),
        (ABSENT, 60, "10/m/ip,5/60s/key"),
        (None, ABSENT, None),
        (ABSENT, 0, None),
    ],
)
def test_deprecated_login_attempts(settings: Any, limit: Any, timeout: Any, expected: Any) -> None:
    if limit is not ABSENT:
        settings.ACCOUNT_LOGIN_ATTEMPTS_LIMIT = limit
    if timeout is not ABSENT:
        settings.ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT = timeout

    assert app_settings.RATE_LIMITS["login_failed"] == expected
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "9/d"}
    assert app_settings.RATE_LIMITS["login_failed"] == "9/d"


@pytest.mark.parametrize(("cooldown", "expected"), [(60, "1/60s/key"), (0, None), (None, None)])
def test_deprecated_cooldown(settings: Any, cooldown: Any, expected: str | None) -> None:
    settings.ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN = cooldown

    assert app_settings.RATE_LIMITS["confirm_email"] == expected


# Names of old


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("username", {"username"}),
        ("email", {"email"}),
        ("username_email", {"username", "email"}),
    ],
)
def test_deprecated_authentication_method(settings: Any, value: str, expected: set[str]) -> None:
    settings.ACCOUNT_AUTHENTICATION_METHOD = value
    assert expected == app_settings.LOGIN_METHODS

    settings.ACCOUNT_LOGIN_METHODS = None
    assert expected == app_settings.LOGIN_METHODS
    settings.ACCOUNT_LOGIN_METHODS = {"phone"}
    assert {"phone"} == app_settings.LOGIN_METHODS


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ({"username"}, "username"),
        ({"email"}, "email"),
        ({"email", "username"}, "username_email"),
        ({"email", "phone"}, "email"),
    ],
)
def test_deprecated_authentication_method_attribute(
    settings: Any, methods: set[str], expected: str
) -> None:
    settings.ACCOUNT_LOGIN_METHODS = methods

    with pytest.warns(UserWarning, match="LOGIN_METHODS") as caught:
        assert expected == app_settings.AUTHENTICATION_METHOD
    assert [warning.filename for warning in caught] == [__file__]


def test_phone_alone_has_no_authentication_method(settings: Any) -> None:
    settings.ACCOUNT_LOGIN_METHODS = {"phone"}

    with pytest.warns(UserWarning, match="LOGIN_METHODS"), pytest.raises(ImproperlyConfigured):
        app_settings.AUTHENTICATION_METHOD  # noqa: B018


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"EMAIL_REQUIRED": True}, ["email*", "username*", "password1*", "password2*"]),
        ({"USERNAME_REQUIRED": False}, ["email", "password1*", "password2*"]),
        (
            {"SIGNUP_EMAIL_ENTER_TWICE": True},
            ["email", "email2", "username*", "password1*", "password2*"],
        ),
        (
            {"SIGNUP_EMAIL_ENTER_TWICE": True, "EMAIL_REQUIRED": True},
            ["email*", "email2*", "username*", "password1*", "password2*"],
        ),
        ({"SIGNUP_PASSWORD_ENTER_TWICE": False}, ["email", "username*", "password1*"]),
        ({"SIGNUP_PASSWORD_VERIFICATION": False}, ["email", "username*", "password1*"]),
        (
            {"SIGNUP_PASSWORD_VERIFICATION": False, "SIGNUP_PASSWORD_ENTER_TWICE": True},
            ["email", "username*", "password1*", "password2*"],
        ),
    ],
)
def test_deprecated_settings_of_the_signup_fields(
    settings: Any, changes: dict[str, bool], expected: list[str]
) -> None:
    for name, value in changes.items():
        setattr(settings, f"ACCOUNT_{name}", value)

    fields = app_settings.SIGNUP_FIELDS
    assert [f"{name}{'*' * field['required']}" for name, field in fields.items()] == expected
    settings.ACCOUNT_SIGNUP_FIELDS = ["phone*"]
    assert list(app_settings.SIGNUP_FIELDS) == ["phone"]


@pytest.mark.parametrize(
    ("attribute", "fields", "expected"),
    [
        ("USERNAME_REQUIRED", ["username*"], True),
        ("USERNAME_REQUIRED", ["username"], False),
        ("USERNAME_REQUIRED", ["email*"], False),
        ("EMAIL_REQUIRED", ["email*"], True),
        ("EMAIL_REQUIRED", ["email", "username*"], False),
        ("SIGNUP_EMAIL_ENTER_TWICE", ["email", "email2"], True),
        ("SIGNUP_EMAIL_ENTER_TWICE", ["email*"], False),
        ("SIGNUP_PASSWORD_ENTER_TWICE", ["password1*", "password2*"], True),
        ("SIGNUP_PASSWORD_ENTER_TWICE", ["password1*"], False),
    ],
)
def test_deprecated_attributes_of_the_signup_fields(
    settings: Any, attribute: str, fields: list[str], expected: bool
) -> None:
    settings.ACCOUNT_SIGNUP_FIELDS = fields

    with pytest.warns(UserWarning, match=f"{attribute}.*SIGNUP_FIELDS") as caught:
        assert getattr(app_settings, attribute) is expected
    assert [warning.filename for warning in caught] == [__file__]


def test_deprecated_name_of_the_expiry(settings: Any) -> None:
    settings.EMAIL_CONFIRMATION_DAYS = 9
    assert app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS == 9

    settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
    assert app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS == 1


def test_deprecated_session_cookie_age(settings: Any) -> None:
    settings.SESSION_COOKIE_AGE = 10
    assert app_settings.SESSION_COOKIE_AGE == 10

    settings.ACCOUNT_SESSION_COOKIE_AGE = 20
    assert app_settings.SESSION_COOKIE_AGE == 20


def test_user_display_is_called_by_its_path_and_follows_the_setting(
    settings: Any, user: Any
) -> None:
    from allauth.account.utils import user_display

    assert user_display(user) == user.username
    settings.ACCOUNT_USER_DISPLAY = lambda user: f"number {user.pk}"
    assert user_display(user) == f"number {user.pk}"


def test_deprecated_login_redirect(settings: Any, rf: Any, user: Any) -> None:
    from allauth.account.adapter import get_adapter

    settings.LOGIN_REDIRECT_URL = "/elsewhere/"
    settings.LOGIN_REDIRECT_URLNAME = "account_logout"
    request = rf.get("/")
    request.user = user

    with pytest.warns(DeprecationWarning, match="LOGIN_REDIRECT_URL"):
        assert get_adapter().get_login_redirect_url(request) == "/accounts/logout/"
