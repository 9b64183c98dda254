"""Admin pages for apps, accounts and tokens."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from allauth import app_settings as allauth_settings
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers import registry

_WIDE_INPUT = {"size": "100"}
_MASK = "********"
_SECRET_NAME = re.compile("key$|secret|password", re.IGNORECASE)


@sensitive_variables()
def _mask_secrets(value: object, name: str = "") -> object:
    """Return a copy of ``value`` with a mask in place of each secret.

    Parameters:
        name: The key of ``value`` in the enclosing object, which tells whether it is a secret.
    """
    if isinstance(value, dict):
        return {key: _mask_secrets(item, key) for key, item in value.items()}
    is_secret = value and isinstance(value, str) and _SECRET_NAME.search(name)
    return _MASK if is_secret else value


@sensitive_variables()
def _restore_secrets(edited: object, stored: object) -> object:
    """Return a copy of ``edited`` with the stored secret in place of each mask."""
    if edited == _MASK:
        return stored
    if not isinstance(edited, dict):
        return edited
    former = stored if isinstance(stored, dict) else {}
    return {key: _restore_secrets(item, former.get(key)) for key, item in edited.items()}


class SecretsForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """A form that does not show stored secrets; a field that is left empty keeps its secret."""

    secret_fields: ClassVar[tuple[str, ...]]

    @sensitive_variables()
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {name: self.initial.pop(name, "") for name in self.secret_fields}
        # Users with the view permission only get a form without fields.
        self._stored_secrets = {
            name: stored[name] for name in self.secret_fields if name in self.fields
        }
        for name, value in self._stored_secrets.items():
            if value:
                self.fields[name].required = False
                self.fields[name].widget.attrs["placeholder"] = _MASK

    @sensitive_variables()
    def full_clean(self) -> None:
        """Clean the fields, and keep their values out of error reports."""
        super().full_clean()

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Return the cleaned data, with the stored secrets that were not replaced."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in self._stored_secrets.items():
            cleaned[name] = cleaned.get(name) or value
        return cleaned


class SecretsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Base of the admin pages of models with secrets, which no page shows.

    Attributes:
        hidden_fields: Fields that hold secrets, at least in part.
    """

    hidden_fields: ClassVar[tuple[str, ...]]

    @method_decorator(sensitive_post_parameters("secret", "settings", "token", "token_secret"))
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or process the form, and keep its secrets out of error reports."""
        return super().changeform_view(*args, **kwargs)

    @sensitive_variables()
    def save_model(self, request: HttpRequest, obj: Model, form: BaseForm, change: bool) -> None:
        """Save the object, and keep its secrets out of error reports."""
        super().save_model(request, obj, form, change)

    def get_exclude(
        self, request: HttpRequest, obj: Model | None = None
    ) -> list[str] | tuple[str, ...] | None:
        """Return the fields to exclude: the secrets, for users who may not change them."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_exclude(request, obj)
        return self.hidden_fields


class SocialAppForm(SecretsForm):
    """The form of an app, with a choice of the installed providers."""

    secret_fields = ("secret",)

    class Meta:
        model = SocialApp
        exclude: list[str] = []
        widgets = {
            "client_id": forms.TextInput(attrs=_WIDE_INPUT),
            "key": forms.TextInput(attrs=_WIDE_INPUT),
            "secret": forms.TextInput(attrs=_WIDE_INPUT),
        }

    @sensitive_variables()
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["settings"] = _mask_secrets(self.instance.settings)
        if "provider" in self.fields:
            self.fields["provider"] = forms.ChoiceField(
                label=self.fields["provider"].label, choices=list(registry.as_choices())
            )

    def clean_settings(self) -> object:
        """Return the settings, with the stored secrets in place of the masks."""
        return _restore_secrets(self.cleaned_data["settings"] or {}, self.instance.settings)


class SocialAppAdmin(SecretsAdmin):
    """The admin pages of apps."""

    form = SocialAppForm
    hidden_fields = ("secret", "settings")
    list_display = ("name", "provider")
    filter_horizontal = ("sites",) if allauth_settings.SITES_ENABLED else ()


class SocialAccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """The admin pages of accounts."""

    search_fields = ("uid",)
    raw_id_fields = ("user",)
    list_display = ("user", "uid", "provider")
    list_filter = ("provider",)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return the account id, and the search fields for users that the adapter names."""
        names = get_account_adapter().get_user_search_fields()
        return [*self.search_fields, *(f"user__{name}" for name in names)]


class SocialTokenForm(SecretsForm):
    """The form of a token, which does not show the token."""

    secret_fields = ("token", "token_secret")


class SocialTokenAdmin(SecretsAdmin):
    """The admin pages of tokens, which show the beginning of each token."""

    form = SocialTokenForm
    hidden_fields = ("token", "token_secret")
    raw_id_fields = ("app", "account")
    list_display = ("app", "account", "truncated_token", "expires_at")
    list_filter = ("app", "app__provider", "expires_at")
    list_select_related = ("app", "account__user")

    @admin.display(description=_("Token"))
    def truncated_token(self, token: SocialToken) -> str:
        """Return the beginning of the token, enough to distinguish it from others."""
        return Truncator(token.token).chars(41, truncate="…")


admin.site.register(SocialApp, SocialAppAdmin)
admin.site.register(SocialAccount, SocialAccountAdmin)
admin.site.register(SocialToken, SocialTokenAdmin)
