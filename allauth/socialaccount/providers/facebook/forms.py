"""What the JavaScript SDK has the browser post."""

from __future__ import annotations

from django import forms


class FacebookConnectForm(forms.Form):
    """An access token."""

    access_token = forms.CharField()
