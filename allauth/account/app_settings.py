"""Settings of the account app: the names with the prefix ``ACCOUNT_``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from allauth import app_settings as allauth_settings
from allauth.core.internal.user_codes import UserCodeFormat as UserCodeFormat
from allauth.core.settings import (
    BaseAppSettings,
    Setting,
    get_deprecated_setting,
    get_setting,
    memoized,
)


class AuthenticationMethod(str, Enum):
    """Values of the deprecated ``ACCOUNT_AUTHENTICATION_METHOD``."""

    USERNAME = "username"
    EMAIL = "email"
    USERNAME_EMAIL = "username_email"


class LoginMethod(str, Enum):
    """The identifiers by which users may log in."""

    USERNAME = "username"
    EMAIL = "email"
    PHONE = "phone"


class EmailVerificationMethod(str, Enum):
    """The degrees to which email addresses have to be verified."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NONE = "none"


def _to_email_verification(value: object) -> EmailVerificationMethod:
    if value is True:
        return EmailVerificationMethod.MANDATORY
    if value is False:
        return EmailVerificationMethod.OPTIONAL
    return EmailVerificationMethod(value)


def _to_count(value: bool | int) -> int:
    return 2 * value if isinstance(value, bool) else value


def _to_required_methods(value: bool | Iterable[str]) -> bool | set[str]:
    return value if isinstance(value, bool) else set(value)


def _to_login_methods(value: str | Iterable[str] | None) -> frozenset[LoginMethod]:
    if value is None:
        method = get_deprecated_setting("ACCOUNT_AUTHENTICATION_METHOD", "username")
        value = AuthenticationMethod(method).value.split("_")
    # A plain string is a single method, not an iterable of letters.
    return _parse_login_methods((value,) if isinstance(value, str) else tuple(value))


@memoized
def _parse_login_methods(values: tuple[str, ...]) -> frozenset[LoginMethod]:
    return frozenset(LoginMethod(method) for method in values)


SignupFields = Mapping[str, Mapping[str, bool]]


def _to_signup_fields(value: Iterable[str] | None) -> SignupFields:
    return _parse_signup_fields(tuple(value or get_legacy_signup_fields()))


@memoized
def _parse_signup_fields(items: tuple[str, ...]) -> SignupFields:
    return MappingProxyType(
        {item.partition("*")[0]: MappingProxyType({"required": "*" in item}) for item in items}
    )


def get_legacy_signup_fields() -> list[str]:
    """Return the list for ``ACCOUNT_SIGNUP_FIELDS`` that corresponds to the deprecated settings."""

    def legacy(name: str, default: bool) -> bool:
        return bool(get_deprecated_setting(f"ACCOUNT_{name}", default))

    email_mark = "*" if legacy("EMAIL_REQUIRED", False) else ""
    enter_twice = legacy(
        "SIGNUP_PASSWORD_ENTER_TWICE", legacy("SIGNUP_PASSWORD_VERIFICATION", True)
    )
    fields = [f"email{email_mark}"]
    if legacy("SIGNUP_EMAIL_ENTER_TWICE", False):
        fields.append(f"email2{email_mark}")
    if legacy("USERNAME_REQUIRED", True):
        fields.append("username*")
    fields.append("password1*")
    if enter_twice:
        fields.append("password2*")
    return fields


def _default_username_validators() -> list[Callable[[str], None]]:
    from django.contrib.auth import get_user_model

    name = _app_settings.USER_MODEL_USERNAME_FIELD
    field: Any = get_user_model()._meta.get_field(name) if name else None
    return list(field.validators) if field else []


def _to_username_validators(path: str | None) -> list[Callable[[str], None]]:
    if not path:
        return _default_username_validators()
    validators = import_string(path)
    if not isinstance(validators, list):
        raise ImproperlyConfigured("ACCOUNT_USERNAME_VALIDATORS must be the path of a list.")
    return validators


def _to_token_generator(path: str | None) -> object:
    return import_string(path or "allauth.account.forms.EmailAwarePasswordResetTokenGenerator")


RateLimits = Mapping[str, str | None]


def _to_rate_limits(value: RateLimits | Literal[False] | None) -> RateLimits:
    if value is False:
        return {}
    return _merge_rate_limits(
        tuple((value or {}).items()),
        confirm_email=_default_confirm_email_limit(),
        login_failed=_default_login_failed_limit(),
    )


@memoized
def _merge_rate_limits(
    configured: tuple[tuple[str, str | None], ...],
    *,
    confirm_email: str | None,
    login_failed: str | None,
) -> RateLimits:
    defaults = {
        "change_password": "5/m/user",
        "change_phone": "1/m/user",
        "confirm_email": confirm_email,
        "login": "30/m/ip",
        "login_failed": login_failed,
        "manage_email": "10/m/user",
        "reauthenticate": "10/m/user",
        "request_login_code": "20/m/ip,3/m/key",
        "reset_password": "20/m/ip,5/m/key",
        "reset_password_from_key": "20/m/ip",
        "signup": "20/m/ip",
        "verify_phone": "1/30s/key,3/m/ip",
    }
    return MappingProxyType({**defaults, **dict(configured)})


def _default_login_failed_limit() -> str | None:
    limit = get_deprecated_setting("ACCOUNT_LOGIN_ATTEMPTS_LIMIT", 5)
    timeout = get_deprecated_setting("ACCOUNT_LOGIN_ATTEMPTS_TIMEOUT", 300)
    return f"10/m/ip,{limit}/{timeout}s/key" if limit and timeout else None


def _default_confirm_email_limit() -> str | None:
    if get_setting("ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", False):
        return "1/10s/key"
    cooldown = get_deprecated_setting("ACCOUNT_EMAIL_CONFIRMATION_COOLDOWN", 180)
    return f"1/{cooldown}s/key" if cooldown else None


def _code_format(help: str, name: str | None = None) -> Setting:
    return Setting(
        "code format",
        lambda app_settings: allauth_settings.USER_CODE_FORMAT,
        help,
        name=name,
        default_text="ALLAUTH_USER_CODE_FORMAT",
    )


class AppSettings(BaseAppSettings):
    """The settings with the prefix ``ACCOUNT_``, read anew at each access."""

    AuthenticationMethod = AuthenticationMethod
    LoginMethod = LoginMethod
    EmailVerificationMethod = EmailVerificationMethod

    ADAPTER = Setting(
        "dotted path",
        "allauth.account.adapter.DefaultAccountAdapter",
        "The adapter class: the hooks by which a project changes what happens.",
    )
    AUTHENTICATED_LOGIN_REDIRECTS = Setting(
        "bool", True, "Send visitors who are logged in away from the login and sign-up pages."
    )
    CHANGE_EMAIL = Setting(
        "bool",
        False,
        "Let people have one address only; a new one replaces it once it is verified.",
    )
    CONFIRM_EMAIL_ON_GET = Setting(
        "bool", False, "Verify an address as soon as the link in the mail is opened."
    )
    DEFAULT_HTTP_PROTOCOL = Setting(
        "str",
        "http",
        'Scheme of the links in mails; "https" is enforced everywhere.',
        convert=str.lower,
    )
    EMAIL_CONFIRMATION_ANONYMOUS_REDIRECT_URL = Setting(
        "URL or URL name",
        lambda app_settings: settings.LOGIN_URL,
        "Where to go after verifying an address without being logged in.",
        default_text="LOGIN_URL",
    )
    EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = Setting(
        "URL or URL name",
        None,
        "Where to go after verifying an address while logged in; None means where a login leads.",
    )
    EMAIL_CONFIRMATION_EXPIRE_DAYS = Setting(
        "int, days",
        lambda app_settings: get_setting("EMAIL_CONFIRMATION_DAYS", 3),
        "For how long the link that verifies an address is valid.",
        default_text="3",
    )
    EMAIL_CONFIRMATION_HMAC = Setting(
        "bool", True, "Sign the keys of verification links, in place of storing them."
    )
    EMAIL_MAX_LENGTH = Setting("int", 254, "Length of the column that holds an address.")
    EMAIL_NOTIFICATIONS = Setting(
        "bool", False, "Tell people by mail when something about their account's safety changed."
    )
    EMAIL_SUBJECT_PREFIX = Setting(
        "str or None",
        None,
        "What the subject of each mail begins with; None means the name of the site in brackets.",
    )
    EMAIL_UNKNOWN_ACCOUNTS = Setting(
        "bool", True, "Answer requests for an address without account by a mail that says so."
    )
    EMAIL_VERIFICATION = Setting(
        "str",
        EmailVerificationMethod.OPTIONAL.value,
        '"mandatory": nobody gets in without a verified address; "optional": a mail is sent at'
        ' sign-up; "none": no mail is sent.',
        convert=_to_email_verification,
    )
    EMAIL_VERIFICATION_BY_CODE_ENABLED = Setting(
        "bool", False, "Verify addresses by a code to type in, in place of a link."
    )
    EMAIL_VERIFICATION_BY_CODE_FORMAT = _code_format("Format of the codes that verify addresses.")
    EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = Setting(
        "int", 3, "How many wrong codes end the verification of an address."
    )
    EMAIL_VERIFICATION_BY_CODE_TIMEOUT = Setting(
        "int, seconds", 900, "For how long a code that verifies an address is valid."
    )
    EMAIL_VERIFICATION_MAX_CHANGE_COUNT = Setting(
        "bool or int",
        False,
        "How often the address may be corrected during sign-up; True means twice.",
        name="ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE",
        convert=_to_count,
    )
    EMAIL_VERIFICATION_MAX_RESEND_COUNT = Setting(
        "bool or int",
        False,
        "How often another code may be asked for; True means twice.",
        name="ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND",
        convert=_to_count,
    )
    FORMS = Setting(
        "dict",
        lambda app_settings: {},
        "Form classes of the project by form id.",
        default_text="{}",
    )
    LOGIN_BY_CODE_ENABLED = Setting("bool", False, "Let people log in by a code they are sent.")
    LOGIN_BY_CODE_FORMAT = _code_format("Format of the codes that log people in.")
    LOGIN_BY_CODE_MAX_ATTEMPTS = Setting("int", 3, "How many wrong codes end a login by code.")
    LOGIN_BY_CODE_MAX_RESEND_COUNT = Setting(
        "bool or int",
        False,
        "How often another login code may be asked for; True means twice.",
        name="ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND",
        convert=_to_count,
    )
    LOGIN_BY_CODE_REQUIRED = Setting(
        "bool or set of str",
        False,
        "Which logins must be completed by a code: all (True), or those by the methods named:"
        ' "password", "mfa", "socialaccount".',
        convert=_to_required_methods,
    )
    LOGIN_BY_CODE_TIMEOUT = Setting("int, seconds", 180, "For how long a login code is valid.")
    LOGIN_BY_CODE_TRUST_ENABLED = Setting(
        "bool", False, "Ask for the required code once per trusted browser; needs allauth.mfa."
    )
    LOGIN_METHODS = Setting(
        "set of str",
        None,
        'What people may log in by: "username", "email", "phone".',
        convert=_to_login_methods,
        default_text='{"username"}',
    )
    LOGIN_ON_EMAIL_CONFIRMATION = Setting(
        "bool", False, "Log people in who verify, by link, the address they just signed up with."
    )
    LOGIN_ON_PASSWORD_RESET = Setting("bool", False, "Log people in who reset their password.")
    LOGIN_TIMEOUT = Setting(
        "int, seconds", 900, "For how long a login may take from its first to its last step."
    )
    LOGOUT_ON_GET = Setting("bool", False, "Log out without asking when the page is opened.")
    LOGOUT_ON_PASSWORD_CHANGE = Setting("bool", False, "Log out after a change of the password.")
    LOGOUT_REDIRECT_URL = Setting(
        "URL or URL name",
        lambda app_settings: settings.LOGOUT_REDIRECT_URL or "/",
        "Where to go after logging out.",
        default_text='LOGOUT_REDIRECT_URL or "/"',
    )
    MAX_EMAIL_ADDRESSES = Setting("int or None", None, "How many addresses an account may have.")
    PASSWORD_INPUT_RENDER_VALUE = Setting(
        "bool", False, "Keep what was typed into password fields when a form is shown again."
    )
    PASSWORD_MIN_LENGTH = Setting(
        "int or None",
        6,
        "How short a password may be, where AUTH_PASSWORD_VALIDATORS is empty.",
        convert=lambda value: None if settings.AUTH_PASSWORD_VALIDATORS else value,
    )
    PASSWORD_RESET_BY_CODE_ENABLED = Setting(
        "bool", False, "Reset passwords by a code to type in, in place of a link."
    )
    PASSWORD_RESET_BY_CODE_FORMAT = Setting(
        "code format",
        lambda app_settings: get_setting(
            # The published release reads the name with CODE twice.
            "ACCOUNT_PASSWORD_RESET_BY_CODE_CODE_FORMAT",
            allauth_settings.USER_CODE_FORMAT,
        ),
        "Format of the codes that reset passwords.",
        default_text="ALLAUTH_USER_CODE_FORMAT",
    )
    PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS = Setting(
        "int", 3, "How many wrong codes end the reset of a password."
    )
    PASSWORD_RESET_BY_CODE_TIMEOUT = Setting(
        "int, seconds",
        180,
        "For how long a reset code is valid, and from then on the page for the new password.",
    )
    PASSWORD_RESET_TOKEN_GENERATOR = Setting(
        "dotted path or None",
        None,
        "The class that makes and checks the tokens in reset links.",
        convert=_to_token_generator,
    )
    PHONE_VERIFICATION_CODE_FORMAT = _code_format("Format of the codes that verify phone numbers.")
    PHONE_VERIFICATION_ENABLED = Setting(
        "bool", True, "Let nobody in whose phone number is not verified."
    )
    PHONE_VERIFICATION_MAX_ATTEMPTS = Setting(
        "int", 3, "How many wrong codes end the verification of a phone number."
    )
    PHONE_VERIFICATION_MAX_CHANGE_COUNT = Setting(
        "bool or int",
        False,
        "How often the phone number may be corrected during sign-up; True means twice.",
        name="ACCOUNT_PHONE_VERIFICATION_SUPPORTS_CHANGE",
        convert=_to_count,
    )
    PHONE_VERIFICATION_MAX_RESEND_COUNT = Setting(
        "bool or int",
        False,
        "How often another code may be sent to the phone; True means twice.",
        name="ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND",
        convert=_to_count,
    )
    PHONE_VERIFICATION_TIMEOUT = Setting(
        "int, seconds", 900, "For how long a code that verifies a phone number is valid."
    )
    PRESERVE_USERNAME_CASING = Setting(
        "bool", True, "Store usernames as typed; otherwise in lower case."
    )
    PREVENT_ENUMERATION = Setting(
        'bool or "strict"',
        True,
        "Give away nowhere whether an address or phone number has an account.",
    )
    RATE_LIMITS = Setting(
        "dict or False",
        lambda app_settings: {},
        "Limits by action, over the default ones; False means none at all.",
        convert=_to_rate_limits,
        default_text="{}",
    )
    REAUTHENTICATION_REQUIRED = Setting(
        "bool", False, "Ask for the password again before addresses or phone numbers change."
    )
    REAUTHENTICATION_TIMEOUT = Setting(
        "int, seconds", 300, "For how long such a confirmation lasts."
    )
    SALT = Setting("str", "account", "Salt of the signed keys in verification links.")
    SESSION_COOKIE_AGE = Setting(
        "int, seconds",
        lambda app_settings: settings.SESSION_COOKIE_AGE,
        "For how long the session of a remembered login lasts. Deprecated: use Django's setting.",
        default_text="SESSION_COOKIE_AGE",
    )
    SESSION_REMEMBER = Setting(
        "bool or None",
        None,
        "Keep people logged in when the browser is closed; None lets them choose.",
    )
    SIGNUP_FIELDS = Setting(
        "list of str",
        None,
        "The fields of the sign-up form in order, those with a * required: username, email,"
        " email2, phone, password1, password2.",
        convert=_to_signup_fields,
        default_text='["email", "username*", "password1*", "password2*"]',
    )
    SIGNUP_FORM_CLASS = Setting(
        "dotted path or None",
        None,
        "A form class of the project that brings further fields into the sign-up form.",
    )
    SIGNUP_FORM_HONEYPOT_FIELD = Setting(
        "str or None", None, "Name of a field that people do not see and robots fill in."
    )
    SIGNUP_REDIRECT_URL = Setting(
        "URL or URL name",
        lambda app_settings: settings.LOGIN_REDIRECT_URL,
        "Where to go after signing up.",
        default_text="LOGIN_REDIRECT_URL",
    )
    TEMPLATE_EXTENSION = Setting("str", "html", "File extension of the page templates.")
    UNIQUE_EMAIL = Setting("bool", True, "Allow each verified address on one account only.")
    USER_DISPLAY = Setting(
        "callable or dotted path",
        "allauth.account.utils.default_user_display",
        "How people are called on pages and in messages: a function of the user.",
    )
    USER_MODEL_EMAIL_FIELD = Setting(
        "str or None", "email", "The field of the user model that holds the address."
    )
    USER_MODEL_USERNAME_FIELD = Setting(
        "str or None", "username", "The field of the user model that holds the username."
    )
    USERNAME_BLACKLIST = Setting(
        "list of str",
        lambda app_settings: [],
        "Usernames nobody may have, in any case.",
        default_text="[]",
    )
    USERNAME_MIN_LENGTH = Setting("int", 1, "How short a username may be.")
    USERNAME_PREVENT_LOOKALIKES = Setting(
        "bool",
        True,
        "Refuse new usernames that look like one that is taken: with letters of another script, in"
        " compatibility forms, or with invisible characters.",
    )
    USERNAME_VALIDATORS = Setting(
        "dotted path or None",
        None,
        "A list of validators for usernames; None means those of the user model's field.",
        convert=_to_username_validators,
    )

    @property
    def EMAIL_REQUIRED(self) -> bool:
        """Deprecated: whether the address is a required field of the sign-up form."""
        return self._deprecated_field_flag("EMAIL_REQUIRED", "email", "required")

    @property
    def USERNAME_REQUIRED(self) -> bool:
        """Deprecated: whether the username is a required field of the sign-up form."""
        return self._deprecated_field_flag("USERNAME_REQUIRED", "username", "required")

    @property
    def SIGNUP_EMAIL_ENTER_TWICE(self) -> bool:
        """Deprecated: whether the address is to be typed twice."""
        return self._deprecated_field_flag("SIGNUP_EMAIL_ENTER_TWICE", "email2")

    @property
    def SIGNUP_PASSWORD_ENTER_TWICE(self) -> bool:
        """Deprecated: whether the password is to be typed twice."""
        return self._deprecated_field_flag("SIGNUP_PASSWORD_ENTER_TWICE", "password2")

    def _deprecated_field_flag(self, name: str, field: str, option: str | None = None) -> bool:
        warnings.warn(
            f"app_settings.{name} is deprecated, use app_settings.SIGNUP_FIELDS", stacklevel=4
        )
        definition = self.SIGNUP_FIELDS.get(field)
        return bool(definition and (option is None or definition[option]))

    @property
    def AUTHENTICATION_METHOD(self) -> str:
        """Deprecated: the login methods as a value of the deprecated setting."""
        warnings.warn(
            "AUTHENTICATION_METHOD is deprecated: read LOGIN_METHODS of app_settings instead",
            stacklevel=3,
        )
        by_username = LoginMethod.USERNAME in self.LOGIN_METHODS
        by_email = LoginMethod.EMAIL in self.LOGIN_METHODS
        if by_username and by_email:
            return AuthenticationMethod.USERNAME_EMAIL.value
        if by_email:
            return AuthenticationMethod.EMAIL.value
        if by_username:
            return AuthenticationMethod.USERNAME.value
        raise ImproperlyConfigured(
            "ACCOUNT_LOGIN_METHODS has neither username nor email, which the deprecated"
            " AUTHENTICATION_METHOD cannot express."
        )


_app_settings = AppSettings("ACCOUNT_")


def __getattr__(name: str) -> Any:
    return getattr(_app_settings, name)
