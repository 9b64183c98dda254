"""Settings that concern the package as a whole."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from allauth.core.internal.user_codes import UserCodeFormat as UserCodeFormat
from allauth.core.settings import BaseAppSettings, Setting


class AppSettings(BaseAppSettings):
    """The settings with the prefix ``ALLAUTH_``, and which of the apps are installed."""

    DEFAULT_AUTO_FIELD = Setting(
        "dotted path or None",
        None,
        "Type of the primary keys of all models of the package, in place of each app's own choice.",
    )
    HEADLESS_ONLY = Setting(
        "bool",
        False,
        "Serve no pages, only the JSON API.",
        name="HEADLESS_ONLY",
    )
    RATE_LIMIT_IPV6_PREFIX = Setting(
        "int, bits", 64, "How much of an IPv6 address identifies a client to the rate limits."
    )
    SOCIALACCOUNT_ONLY = Setting(
        "bool",
        False,
        "Let people in by third-party accounts only; local passwords and sign-up do not exist.",
        name="SOCIALACCOUNT_ONLY",
    )
    TRUSTED_CLIENT_IP_HEADER = Setting(
        "str or None",
        None,
        "Request header from which, and from which alone, the client address is taken.",
    )
    TRUSTED_PROXY_COUNT = Setting(
        "int",
        0,
        "Number of proxies in front of the site whose X-Forwarded-For entries can be believed.",
    )
    USER_CODE_FORMAT = Setting(
        "code format",
        lambda app_settings: {},
        "Format of the codes people type in: keys length, numeric, dashed, allowed_chars.",
        default_text="{}",
    )

    @property
    def SITES_ENABLED(self) -> bool:
        """``True`` if ``django.contrib.sites`` is installed."""
        return apps.is_installed("django.contrib.sites")

    @property
    def SOCIALACCOUNT_ENABLED(self) -> bool:
        """``True`` if ``allauth.socialaccount`` is installed."""
        return apps.is_installed("allauth.socialaccount")

    @property
    def MFA_ENABLED(self) -> bool:
        """``True`` if ``allauth.mfa`` is installed."""
        return apps.is_installed("allauth.mfa")

    @property
    def USERSESSIONS_ENABLED(self) -> bool:
        """``True`` if ``allauth.usersessions`` is installed."""
        return apps.is_installed("allauth.usersessions")

    @property
    def HEADLESS_ENABLED(self) -> bool:
        """``True`` if ``allauth.headless`` is installed."""
        return apps.is_installed("allauth.headless")


_app_settings = AppSettings("ALLAUTH_")


def __getattr__(name: str) -> Any:
    return getattr(_app_settings, name)
