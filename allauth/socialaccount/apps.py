"""Configuration of the socialaccount app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allauth import app_settings


class SocialAccountConfig(AppConfig):
    """The configuration of the socialaccount app."""

    name = "allauth.socialaccount"
    verbose_name = _("Social Accounts")
    default_auto_field = app_settings.DEFAULT_AUTO_FIELD or "django.db.models.AutoField"

    def ready(self) -> None:
        """Register the system checks, the parts of the app, and the installed providers."""
        from allauth.socialaccount import checks  # noqa: F401 - importing registers them
        from allauth.socialaccount.internal.registration import register
        from allauth.socialaccount.providers import registry

        register(app=self.name)
        registry.load()
