"""Apps, accounts and tokens in Django's admin."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
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
def _hide_secrets(value: Any, name: str = "") -> Any:
    """``value`` with a mask in the place of each secret in it, by the name that it has."""
    if isinstance(value, dict):
        return {key: _hide_secrets(item, key) for key, item in value.items()}
    is_secret = value and isinstance(value, str) and _SECRET_NAME.search(name)
    return _MASK if is_secret else value


@sensitive_variables()
def _restore_secrets(edited: Any, stored: Any) -> Any:
    """What was edited, with the stored secrets where the mask was left."""
    if edited == _MASK:
        return stored
    if not isinstance(edited, dict):
        return edited
    former = stored if isinstance(stored, dict) else {}
    return {key: _restore_secrets(item, former.get(key)) for key, item in edited.items()}


class SecretsForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none at run time
    """Does not show secrets that are stored; a field that is left empty keeps its secret."""

    secret_fields: ClassVar[tuple[str, ...]]

    @sensitive_variables()
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = {name: self.initial.pop(name, "") for name in self.secret_fields}
        # Who may only look at the page gets a form without fields.
        self._stored = {name: stored[name] for name in self.secret_fields if name in self.fields}
        for name, value in self._stored.items():
            if value:
                self.fields[name].required = False
                self.fields[name].widget.attrs["placeholder"] = _MASK

    @sensitive_variables()
    def full_clean(self) -> None:
        """Clean the input, which a report of an error in a field does not show."""
        super().full_clean()

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        """Keep the secrets that were not replaced."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in self._stored.items():
            cleaned[name] = cleaned.get(name) or value
        return cleaned


class SecretsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Keeps secrets to those who may change them, and does not show them even there.

    Attributes:
        hidden_fields: Fields that hold secrets, at least in part.
    """

    hidden_fields: ClassVar[tuple[str, ...]]

    @method_decorator(sensitive_post_parameters("secret", "settings", "token", "token_secret"))
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        """Show or process the form; reports of errors do not show the secrets in it."""
        return super().changeform_view(*args, **kwargs)

    @sensitive_variables()
    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Store the secrets, of which a report of an error in the database shows none."""
        super().save_model(request, obj, form, change)

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Leave secrets out where the page shows what is stored, without a form."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_exclude(request, obj)
        return self.hidden_fields


class SocialAppForm(SecretsForm):
    """Lets the provider be chosen from those installed."""

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
        self.initial["settings"] = _hide_secrets(self.instance.settings)
        if "provider" in self.fields:
            self.fields["provider"] = forms.ChoiceField(
                label=self.fields["provider"].label, choices=list(registry.as_choices())
            )

    def clean_settings(self) -> Any:
        """Put back the secrets that were masked."""
        return _restore_secrets(self.cleaned_data["settings"] or {}, self.instance.settings)


class SocialAppAdmin(SecretsAdmin):
    """Edits apps."""

    form = SocialAppForm
    hidden_fields = ("secret", "settings")
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


class SocialTokenForm(SecretsForm):
    """Edits a token without showing it."""

    secret_fields = ("token", "token_secret")


class SocialTokenAdmin(SecretsAdmin):
    """Lists tokens, but not in full."""

    form = SocialTokenForm
    hidden_fields = ("token", "token_secret")
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
