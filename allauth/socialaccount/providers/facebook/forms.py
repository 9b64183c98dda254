"""Facebook: form."""

from __future__ import annotations

from django import forms

from allauth.account.internal.secret_forms import SecretForm


class FacebookConnectForm(SecretForm):
    """A form for the access token that the JavaScript SDK obtained."""

    access_token = forms.CharField()
