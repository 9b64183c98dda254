"""Forms for passwords, and the tokens of reset links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.fields import EmailField, PasswordField, SetPasswordField
from allauth.account.internal.finders import filter_users_by_email
from allauth.account.internal.flows import manage_email, password_reset
from allauth.account.internal.flows.password_reset_by_code import (
    PasswordResetVerificationProcess,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.secret_forms import SecretForm, mask_input
from allauth.account.internal.user_fields import find_user, url_str_to_user_pk, user_email
from allauth.core.settings import get_setting

if TYPE_CHECKING:
    from allauth.core.internal.types import CleanedData, User


class EmailAwarePasswordResetTokenGenerator(PasswordResetTokenGenerator):
    """A generator of tokens that become void when the email addresses of the user change.

    A login, another password and age void them too: see
    https://docs.djangoproject.com/en/stable/topics/auth/default/.
    """

    @sensitive_variables()
    def _make_hash_value(self, user: User, timestamp: int) -> str:
        value = super()._make_hash_value(user, timestamp)
        emails = {address.email for address in manage_email.get_addresses(user)}
        email = user_email(user)
        if email:
            emails.add(email)
        return f"{value}{'|'.join(sorted(emails))}"


def _make_token_generator() -> PasswordResetTokenGenerator:
    path = get_setting("ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR", None)
    # The default cannot be imported by its path while this module is being imported.
    generator = import_string(path) if path else EmailAwarePasswordResetTokenGenerator
    return generator()


default_token_generator = _make_token_generator()


class UserForm(SecretForm):
    """The base of forms about ``user``."""

    @mask_input
    def __init__(self, user: User | None = None, *args: Any, **kwargs: Any) -> None:
        self.user = cast("User", user)
        super().__init__(*args, **kwargs)


class PasswordVerificationMixin(SecretForm):
    """A form that requires the new password to be typed the same way twice."""

    @sensitive_variables()
    def clean(self) -> CleanedData | None:
        """Add an error if the two passwords differ."""
        cleaned = super().clean()
        password1 = self.cleaned_data.get("password1")
        password2 = self.cleaned_data.get("password2")
        if password1 and password2 and password1 != password2:
            self.add_error("password2", _("Please type the same password both times."))
        return cleaned


class ChangePasswordForm(PasswordVerificationMixin, UserForm):
    """The form for the current password and a new one."""

    oldpassword = PasswordField(
        label=_("Current Password"), autocomplete="current-password", show_reset_help=True
    )
    password1 = SetPasswordField(label=_("New Password"))
    password2 = PasswordField(label=_("New Password (again)"), autocomplete="new-password")

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].user = self.user  # type: ignore[attr-defined]

    @sensitive_variables()
    def clean_oldpassword(self) -> str:
        """Raise ``ValidationError`` unless it is the current password."""
        password: str = self.cleaned_data["oldpassword"]
        if not self.user.check_password(password):
            raise get_adapter().validation_error("enter_current_password")
        return password

    @sensitive_variables()
    def save(self) -> None:
        """Store the new password."""
        get_adapter().set_password(self.user, self.cleaned_data["password1"])


class SetPasswordForm(PasswordVerificationMixin, UserForm):
    """The form for the first password of an account."""

    password1 = SetPasswordField(label=_("Password"))
    password2 = PasswordField(label=_("Password (again)"), autocomplete="new-password")

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].user = self.user  # type: ignore[attr-defined]

    @sensitive_variables()
    def save(self) -> None:
        """Store the password."""
        get_adapter().set_password(self.user, self.cleaned_data["password1"])


class ResetPasswordForm(forms.Form):
    """The form to request a password reset."""

    email = EmailField(required=True)

    def clean_email(self) -> str:
        """Find the active users of the email address, without look-alikes."""
        adapter = get_adapter()
        email = adapter.clean_email(self.cleaned_data["email"].lower())
        self.users = filter_users_by_email(
            email, is_active=True, prefer_verified=True, for_login=True
        )
        if not self.users and not app_settings.PREVENT_ENUMERATION:
            raise adapter.validation_error("unknown_email")
        return self.cleaned_data["email"]  # type: ignore[no-any-return]

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Send the link or code; return the email address.

        ``token_generator`` may be given in place of the configured one.
        """
        email: str = self.cleaned_data["email"]
        if app_settings.PASSWORD_RESET_BY_CODE_ENABLED:
            user = self.users[0] if self.users else None
            PasswordResetVerificationProcess.initiate(request=request, user=user, email=email)
        else:
            generator = kwargs.get("token_generator", default_token_generator)
            password_reset.request_password_reset(request, email, self.users, generator)
        return email


class ResetPasswordKeyForm(PasswordVerificationMixin):
    """The form for the password that replaces a lost one."""

    password1 = SetPasswordField(label=_("New Password"))
    password2 = PasswordField(label=_("New Password (again)"), autocomplete="new-password")

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user: User = kwargs.pop("user", None)
        self.temp_key: str | None = kwargs.pop("temp_key", None)
        super().__init__(*args, **kwargs)
        self.fields["password1"].user = self.user  # type: ignore[attr-defined]

    @sensitive_variables()
    def clean(self) -> CleanedData | None:
        """Raise ``ValidationError`` if a parallel request already uses the link."""
        cleaned = super().clean()
        key = self.temp_key
        if key and not self.errors and not password_reset.consume_reset_key(self.user, key):
            raise get_adapter().validation_error("invalid_password_reset")
        return cleaned

    @sensitive_variables()
    def save(self) -> None:
        """Store the password."""
        get_adapter().set_password(self.user, self.cleaned_data["password1"])


class UserTokenForm(SecretForm):
    """The form that checks user and token of a reset link."""

    uidb36 = forms.CharField()
    key = forms.CharField()

    reset_user: User | None = None
    token_generator = default_token_generator

    def _get_user(self, uidb36: str) -> User | None:
        try:
            return find_user(url_str_to_user_pk(uidb36))
        except (ValueError, OverflowError, forms.ValidationError):
            return None

    @sensitive_variables()
    def clean(self) -> CleanedData | None:
        """Find the user; raise ``ValidationError`` unless the token is valid for that user."""
        cleaned = super().clean()
        uidb36 = self.cleaned_data.get("uidb36")
        key = self.cleaned_data.get("key")
        user = self._get_user(uidb36) if uidb36 and key else None
        if user is None or not self.token_generator.check_token(user, key):
            raise get_adapter().validation_error("invalid_password_reset")
        self.reset_user = user
        return cleaned


class ReauthenticateForm(SecretForm):
    """The form for the password of a logged-in user."""

    password = PasswordField(
        label=_("Password"), autocomplete="current-password", show_reset_help=True
    )

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user: User = kwargs.pop("user")
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean_password(self) -> str:
        """Raise ``ValidationError`` unless it is the password of the user."""
        password: str = self.cleaned_data["password"]
        adapter = get_adapter()
        if not adapter.reauthenticate(self.user, password):
            raise adapter.validation_error("incorrect_password")
        return password
