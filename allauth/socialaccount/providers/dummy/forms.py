"""Dummy provider: form."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from allauth.account.fields import EmailField


class AuthenticateForm(forms.Form):
    """A form for a profile, as a real provider would send it."""

    id = forms.IntegerField(label=_("Account ID"))
    email = EmailField(required=False)
    email_verified = forms.BooleanField(label=_("The address is verified"), required=False)
    username = forms.CharField(label=_("Username"), required=False)
    first_name = forms.CharField(label=_("First name"), required=False)
    last_name = forms.CharField(label=_("Last name"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False)
    phone_verified = forms.BooleanField(label=_("The number is verified"), required=False)
