"""Apps, accounts and tokens in Django's admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from allauth import app_settings as allauth_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers import registry

_WIDE_INPUT = {"size": "100"}


class SocialAppForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """Lets the provider be chosen from those installed."""

    class Meta:
        model = SocialApp
        exclude: list[str] = []
        widgets = {
            "client_id": forms.TextInput(attrs=_WIDE_INPUT),
            "key": forms.TextInput(attrs=_WIDE_INPUT),
            "secret": forms.TextInput(attrs=_WIDE_INPUT),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"] = forms.ChoiceField(
            label=self.fields["provider"].label, choices=list(registry.as_choices())
        )


class SocialAppAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Edits apps."""

    form = SocialAppForm
    list_display = ("name", "provider")
    filter_horizontal = ("sites",) if allauth_settings.SITES_ENABLED else ()


class SocialAccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Lists accounts."""

    search_fields = ("uid",)
    raw_id_fields = ("user",)
    list_display = ("user", "uid", "provider")
    list_filter = ("provider",)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """The id at the provider, and what the adapter says users are searched by."""
        names = get_account_adapter().get_user_search_fields()
        return [*self.search_fields, *(f"user__{name}" for name in names)]


class SocialTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Lists tokens, but not in full."""

    raw_id_fields = ("app", "account")
    list_display = ("app", "account", "truncated_token", "expires_at")
    list_filter = ("app", "app__provider", "expires_at")
    list_select_related = ("app", "account__user")

    @admin.display(description=_("Token"))
    def truncated_token(self, token: SocialToken) -> str:
        """The beginning of the token, which is enough to tell it from others."""
        return Truncator(token.token).chars(41, truncate="…")


admin.site.register(SocialApp, SocialAppAdmin)
admin.site.register(SocialAccount, SocialAccountAdmin)
admin.site.register(SocialToken, SocialTokenAdmin)
