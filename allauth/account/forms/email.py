"""Forms for email addresses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.fields import EmailField
from allauth.account.forms.password import UserForm
from allauth.account.internal.finders import find_email_owners
from allauth.account.internal.flows import manage_email
from allauth.account.internal.hooks import get_adapter
from allauth.account.models import EmailAddress


class AddEmailForm(UserForm):
    """The form to add an email address."""

    email = EmailField()

    def clean_email(self) -> str:
        """Reject an email address that is a duplicate, taken, or beyond the maximum."""
        adapter = get_adapter()
        email = adapter.clean_email(self.cleaned_data["email"].lower())
        owners = find_email_owners(email)
        if self.user is not None and self.user.pk in owners:
            raise adapter.validation_error("duplicate_email")
        if owners and app_settings.UNIQUE_EMAIL and not app_settings.PREVENT_ENUMERATION:
            raise adapter.validation_error("email_taken")
        if not EmailAddress.objects.can_add_email(self.user):
            raise adapter.validation_error("max_email_addresses", app_settings.MAX_EMAIL_ADDRESSES)
        signals._add_email.send(sender=get_user_model(), email=email, user=self.user)
        return email

    def save(self, request: HttpRequest) -> EmailAddress:
        """Begin to verify the email address and return it, unsaved if codes are used."""
        return manage_email.save_new_email(request, self.user, self.cleaned_data["email"])


class ChangeEmailForm(forms.Form):
    """The form to correct an email address that is about to be verified."""

    email = EmailField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.current_email: str | None = kwargs.pop("email", None)
        super().__init__(*args, **kwargs)
        self.account_already_exists = False

    def clean_email(self) -> str:
        """Reject the current email address; record whether another account has the new one."""
        adapter = get_adapter()
        email = adapter.clean_email(self.cleaned_data["email"].lower())
        if self.current_email and email == self.current_email.lower():
            raise adapter.validation_error("same_as_current")
        email, self.account_already_exists = manage_email.email_already_exists(email)
        return email
