"""Form fields for email addresses, passwords and phone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.core.validators import EmailValidator, RegexValidator
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.internal.email_syntax import MAX_EMAIL_LENGTH, is_plainly_spelled
from allauth.account.internal.hooks import get_adapter

if TYPE_CHECKING:
    from allauth.core.internal.types import User


class EmailField(forms.EmailField):
    """An email address, cleaned to lower case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Email"))
        kwargs.setdefault("max_length", MAX_EMAIL_LENGTH)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={
                    "type": "email",
                    "placeholder": _("Email address"),
                    "autocomplete": "email",
                }
            ),
        )
        super().__init__(*args, **kwargs)

    def clean(self, value: object) -> Any:
        """Return the email address; raise ``ValidationError`` if it is malformed."""
        cleaned = super().clean(value)
        if cleaned and not is_plainly_spelled(cleaned):
            raise forms.ValidationError(EmailValidator.message, code="invalid")
        return cleaned.lower() if cleaned else cleaned


class PasswordField(forms.CharField):
    """A password, including blanks at its ends.

    Parameters:
        autocomplete: Hint for the browser: ``current-password`` or ``new-password``.
        render_value: Whether the form shows the input again.
        show_reset_help: Whether a link to the password reset is shown with the field.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        render_value = kwargs.pop("render_value", app_settings.PASSWORD_INPUT_RENDER_VALUE)
        autocomplete = kwargs.pop("autocomplete", None)
        self.show_reset_help: bool = kwargs.pop("show_reset_help", False)
        attrs = {"placeholder": kwargs.get("label")}
        if autocomplete is not None:
            attrs["autocomplete"] = autocomplete
        kwargs.setdefault("strip", False)
        kwargs["widget"] = forms.PasswordInput(render_value=render_value, attrs=attrs)
        super().__init__(*args, **kwargs)
        self._set_reset_help()

    def __deepcopy__(self, memo: dict[int, object]) -> PasswordField:
        field = super().__deepcopy__(memo)
        # Each form computes it once, since URLs and language depend on the request.
        field._set_reset_help()
        return field

    def _set_reset_help(self) -> None:
        if self.show_reset_help:
            self.help_text = cast(SafeString, SimpleLazyObject(_get_reset_help))


def _get_reset_help() -> SafeString:
    name = f"account/password_reset_help_text.{app_settings.TEMPLATE_EXTENSION}"
    try:
        return render_to_string(name)
    except TemplateDoesNotExist:
        pass
    try:
        url = reverse("account_reset_password")
    except NoReverseMatch:
        return SafeString("")
    return format_html('<a href="{}">{}</a>', url, gettext("Forgot your password?"))


class SetPasswordField(PasswordField):
    """A new password, which must not resemble the attributes of ``user``; the form sets that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["autocomplete"] = "new-password"
        kwargs.setdefault("help_text", password_validators_help_text_html())
        super().__init__(*args, **kwargs)
        self.user: User | None = None

    @sensitive_variables()
    def clean(self, value: object) -> Any:
        """Return the password; raise ``ValidationError`` if the project does not accept it."""
        return get_adapter().clean_password(super().clean(value), user=self.user)


class PhoneField(forms.CharField):
    """A phone number in the international form of E.164."""

    e164_validator: ClassVar[RegexValidator] = RegexValidator(
        regex=r"^\+[1-9]\d{5,14}\Z",
        message=_("Please enter the number with its country code, like +31612345678."),
        code="invalid_phone",
    )
    default_validators = [e164_validator]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone"))
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={"type": "tel", "placeholder": _("Phone"), "autocomplete": "tel"}
            ),
        )
        super().__init__(*args, **kwargs)

    def clean(self, value: object) -> Any:
        """Return the number without blanks and dashes; raise ``ValidationError`` if malformed."""
        cleaned = super().clean(value)
        if not cleaned:
            return cleaned
        return get_adapter().clean_phone(cleaned.replace(" ", "").replace("-", ""))
