"""System checks for contradictory settings and for the dummy provider in production."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Critical, Warning, register

from allauth import app_settings as allauth_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.socialaccount import app_settings


@register()
def settings_check(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Return the warnings about the settings of the socialaccount app."""
    found: list[CheckMessage] = []
    verification = app_settings.EMAIL_VERIFICATION
    if allauth_settings.SOCIALACCOUNT_ONLY and verification != EmailVerificationMethod.NONE:
        found.append(Critical("SOCIALACCOUNT_ONLY needs SOCIALACCOUNT_EMAIL_VERIFICATION = 'none'"))
    if apps.is_installed("allauth.socialaccount.providers.dummy") and not settings.DEBUG:
        found.append(
            Warning(
                "The dummy provider is installed: by it anybody can log in as anybody",
                hint="Remove 'allauth.socialaccount.providers.dummy' from INSTALLED_APPS.",
                id="socialaccount.W001",
            )
        )
    return found
