"""What the JavaScript SDK has the browser post."""

from __future__ import annotations

from django import forms

from allauth.account.internal.secret_forms import SecretForm


class FacebookConnectForm(SecretForm):
    """An access token."""

    access_token = forms.CharField()
