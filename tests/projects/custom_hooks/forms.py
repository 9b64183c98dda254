"""Forms as a project writes them."""

from __future__ import annotations

from django import forms

from allauth.account.forms import LoginForm


class TermsLoginForm(LoginForm):
    """Asks for one thing more."""

    terms = forms.BooleanField()
