"""Settings of the socialaccount app, whose names have the prefix ``SOCIALACCOUNT_``."""

from __future__ import annotations

from typing import Any

from allauth import app_settings as allauth_settings
from allauth.account import app_settings as account_settings
from allauth.core.internal.types import JSONObject
from allauth.core.settings import BaseAppSettings, Setting
from allauth.socialaccount.internal.types import ProviderSettings


def _is_email_required(settings: object) -> bool:
    field = account_settings.SIGNUP_FIELDS.get("email")
    return bool(field and field["required"])


def _convert_legacy_servers(value: dict[str, ProviderSettings]) -> dict[str, ProviderSettings]:
    """Return the setting with the legacy ``SERVERS`` of OpenID Connect turned into apps."""
    oidc = value.get("openid_connect")
    if not oidc or "SERVERS" not in oidc:
        return value
    others = {key: setting for key, setting in oidc.items() if key != "SERVERS"}
    apps = [_convert_server(server) for server in oidc["SERVERS"]]
    return {**value, "openid_connect": {**others, "APPS": apps}}


def _convert_server(server: JSONObject) -> JSONObject:
    if not server.get("id"):
        raise AssertionError("Each of the SERVERS of OpenID Connect needs an id.")
    names = ("server_url", "token_auth_method")
    return {
        **server.get("APP", {}),
        "name": server.get("name", ""),
        "provider_id": server["id"],
        "settings": {name: server[name] for name in names if name in server},
    }


class AppSettings(BaseAppSettings):
    """The settings with the prefix ``SOCIALACCOUNT_``, read anew at each access."""

    ADAPTER = Setting(
        "dotted path",
        "allauth.socialaccount.adapter.DefaultSocialAccountAdapter",
        "The adapter class: the hooks by which a project changes what happens.",
    )
    AUTO_SIGNUP = Setting(
        "bool",
        True,
        "Make accounts for newcomers without showing a form, where nothing is missing.",
    )
    EMAIL_AUTHENTICATION = Setting(
        "bool",
        False,
        "Log newcomers in to the account that has the address which the provider verified.",
    )
    EMAIL_AUTHENTICATION_AUTO_CONNECT = Setting(
        "bool", False, "Connect the third-party account when somebody logs in that way."
    )
    EMAIL_REQUIRED = Setting(
        "bool",
        _is_email_required,
        "Whether a newcomer has to give an address.",
        default_text="whether ACCOUNT_SIGNUP_FIELDS requires it",
    )
    EMAIL_VERIFICATION = Setting(
        "str or None",
        lambda settings: "none" if allauth_settings.SOCIALACCOUNT_ONLY else None,
        "In place of ACCOUNT_EMAIL_VERIFICATION, for those who come from a provider.",
        default_text='None, or "none" with SOCIALACCOUNT_ONLY',
    )
    FORMS = Setting(
        "dict",
        lambda settings: {},
        "Form classes of the project by form id: signup, disconnect.",
        default_text="{}",
    )
    LOGIN_ON_GET = Setting(
        "bool", False, "Go to the provider as soon as its login page is opened, without asking."
    )
    OPENID_CONNECT_URL_PREFIX = Setting(
        "str", "oidc", "What the paths of OpenID Connect begin with."
    )
    PROVIDERS = Setting(
        "dict",
        lambda settings: {},
        "Apps and other settings by provider.",
        convert=_convert_legacy_servers,
        default_text="{}",
    )
    QUERY_EMAIL = Setting(
        "bool",
        lambda settings: settings.EMAIL_REQUIRED,
        "Ask providers for the address.",
        default_text="SOCIALACCOUNT_EMAIL_REQUIRED",
    )
    REAUTHENTICATION_REQUIRED = Setting(
        "bool",
        lambda settings: account_settings.REAUTHENTICATION_REQUIRED,
        "Ask for the password again before accounts are connected or disconnected.",
        default_text="ACCOUNT_REAUTHENTICATION_REQUIRED",
    )
    REQUESTS_TIMEOUT = Setting(
        "int, seconds", 5, "How long a provider may take to answer a request."
    )
    SOCIALACCOUNT_STR = Setting(
        "callable or None", None, "What a third-party account is called: a function of it."
    )
    STORE_TOKENS = Setting("bool", False, "Keep the tokens that providers hand out.")

    @property
    def UID_MAX_LENGTH(self) -> int:
        """The maximum length of an account id, in characters."""
        return 191


_app_settings = AppSettings("SOCIALACCOUNT_")


def __getattr__(name: str) -> Any:
    return getattr(_app_settings, name)
