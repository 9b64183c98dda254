"""The configuration of the account app."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from allauth import app_settings

MIDDLEWARE = "allauth.account.middleware.AccountMiddleware"


class AccountConfig(AppConfig):
    """The account app, with its system checks and extensions."""

    name = "allauth.account"
    verbose_name = _("Accounts")
    default_auto_field = app_settings.DEFAULT_AUTO_FIELD or "django.db.models.AutoField"

    def ready(self) -> None:
        """Register checks and extensions; raise ``ImproperlyConfigured`` without the middleware."""
        from allauth.account import checks  # noqa: F401 - importing registers them
        from allauth.account.internal.registration import register

        register(app=self.name)
        if MIDDLEWARE not in settings.MIDDLEWARE:
            raise ImproperlyConfigured(f"Add {MIDDLEWARE!r} to MIDDLEWARE.")
