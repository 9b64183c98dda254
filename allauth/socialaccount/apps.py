"""Configuration of the socialaccount app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allauth import app_settings


class SocialAccountConfig(AppConfig):
    """Registers the system checks, the providers, and what a login must not inherit."""

    name = "allauth.socialaccount"
    verbose_name = _("Social Accounts")
    default_auto_field = app_settings.DEFAULT_AUTO_FIELD or "django.db.models.AutoField"

    def ready(self) -> None:
        """Load the providers of all installed apps."""
        from allauth.account.internal.flows.login import drop_at_login
        from allauth.account.internal.flows.pretended_signup import Kind, register_kind
        from allauth.account.internal.flows.takeover import register_door
        from allauth.account.models import register_signal_kwarg
        from allauth.socialaccount import checks  # noqa: F401 - importing registers them
        from allauth.socialaccount.internal.flows import signup
        from allauth.socialaccount.models import disconnect_all, read_sociallogin
        from allauth.socialaccount.providers import registry

        register_signal_kwarg("sociallogin", read_sociallogin)
        drop_at_login(signup.PENDING_SIGNUP_SESSION_KEY)
        register_kind(
            "socialaccount",
            Kind(make=signup.make_corrected_account, announce=signup.announce_corrected_account),
        )
        register_door(disconnect_all)
        registry.load()
