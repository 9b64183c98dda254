"""Forms to request a code, and to confirm it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.app_settings import LoginMethod
from allauth.account.fields import EmailField
from allauth.account.internal.finders import filter_users_by_email
from allauth.account.internal.flows import login_by_code, manage_email, phone_verification
from allauth.account.internal.flows.code_verification import is_right_code
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.secret_forms import SecretForm, mask_input
from allauth.core import context

if TYPE_CHECKING:
    from allauth.core.internal.types import CleanedData, User


class RequestLoginCodeForm(forms.Form):
    """The form to request a code for a login."""

    email = EmailField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user: User | None = None
        methods = app_settings.LOGIN_METHODS
        if LoginMethod.PHONE not in methods:
            return
        has_email = LoginMethod.EMAIL in methods
        self.fields["phone"] = get_adapter().phone_form_field(required=not has_email)
        if has_email:
            self.fields["email"].required = False
        else:
            del self.fields["email"]

    def clean_email(self) -> str | None:
        """Find the user of the email address, within the limit for codes."""
        email: str = self.cleaned_data["email"]
        if not email:
            return email
        email = get_adapter().clean_email(email)
        users = filter_users_by_email(email, is_active=True, prefer_verified=True, for_login=True)
        self._set_user(users[0] if users else None, email, "unknown_email")
        return email

    def clean_phone(self) -> str | None:
        """Find the user of the phone number, within the limit for codes."""
        phone: str = self.cleaned_data["phone"]
        if phone:
            user = get_adapter().get_user_by_phone(phone)
            self._set_user(user, phone, "unknown_phone")
        return phone

    def _set_user(self, user: User | None, recipient: str, unknown: str) -> None:
        adapter = get_adapter()
        if user is None and not app_settings.PREVENT_ENUMERATION:
            raise adapter.validation_error(unknown)
        request = cast(HttpRequest, context.request)
        if not login_by_code.count_code_request(request, recipient):
            raise adapter.validation_error("too_many_login_attempts")
        self._user = user

    def clean(self) -> CleanedData | None:
        """Require either an email address or a phone number."""
        cleaned = super().clean()
        email, phone = self.cleaned_data.get("email"), self.cleaned_data.get("phone")
        if email and phone:
            raise get_adapter().validation_error("select_only_one")
        if not self.errors and not email and not phone:
            field = self.fields["email"]
            self.add_error(
                "email", forms.ValidationError(field.error_messages["required"], code="required")
            )
        return cleaned


class BaseConfirmCodeForm(SecretForm):
    """The base of forms that compare a code to the expected one, ``code``."""

    code = forms.CharField(
        label=_("Code"),
        widget=forms.TextInput(attrs={"placeholder": _("Code"), "autocomplete": "one-time-code"}),
    )

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.expected_code: str | None = kwargs.pop("code", None)
        super().__init__(*args, **kwargs)

    @sensitive_variables()
    def clean_code(self) -> str:
        """Raise ``ValidationError`` for a wrong code."""
        code: str = self.cleaned_data["code"]
        if not is_right_code(actual=code, expected=self.expected_code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class ConfirmLoginCodeForm(BaseConfirmCodeForm):
    """The form for the code of a login."""


class ConfirmPasswordResetCodeForm(BaseConfirmCodeForm):
    """The form for the code of a password reset."""


class ConfirmEmailVerificationCodeForm(BaseConfirmCodeForm):
    """The form for the code that verifies an email address."""

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user: User | None = kwargs.pop("user", None)
        self.email: str | None = kwargs.pop("email", None)
        super().__init__(*args, **kwargs)

    @mask_input
    def clean_code(self) -> str:
        """Raise ``ValidationError`` also if another user took the email address meanwhile."""
        code = super().clean_code()
        manage_email.email_already_exists(self.email or "", user=self.user, always_raise=True)
        return code


class VerifyPhoneForm(BaseConfirmCodeForm):
    """The form for the code that verifies a phone number."""

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user: User | None = kwargs.pop("user", None)
        self.phone: str | None = kwargs.pop("phone", None)
        super().__init__(*args, **kwargs)

    @mask_input
    def clean_code(self) -> str:
        """Raise ``ValidationError`` also if another user took the phone number meanwhile."""
        code = super().clean_code()
        phone_verification.phone_already_exists(self.user, self.phone or "", always_raise=True)
        return code
