"""The sign-up form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings
from allauth.account.fields import EmailField, PasswordField
from allauth.account.forms.snapshot import (
    PASSWORD_FIELDS,
    dump_form,
    load_form,
    save_corrected_form,
)
from allauth.account.internal.addresses import setup_user_email
from allauth.account.internal.flows import signup as signup_flow
from allauth.account.internal.flows.manage_email import email_already_exists
from allauth.account.internal.flows.phone_verification import phone_already_exists
from allauth.account.internal.flows.pretended_signup import (
    SavedSignup,
    finish_account,
    is_correction_offered,
    limit_saved_signup,
)
from allauth.account.internal.flows.signup import (
    IdentifierTakenError,
    SignupData,
    base_signup_form_class,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.secret_forms import mask_input
from allauth.account.internal.user_fields import user_email, user_username
from allauth.account.internal.usernames import get_username_max_length
from allauth.account.models import EmailAddress, Login
from allauth.core.async_support import call_hook
from allauth.core.internal.loading import get_form_class
from allauth.utils import set_form_field_order

if TYPE_CHECKING:
    from allauth.core.internal.types import CleanedData, User


class BaseSignupForm(base_signup_form_class()):  # type: ignore[misc]
    """The sign-up form without the password, which all ways to sign up share.

    It derives from the class that ``ACCOUNT_SIGNUP_FORM_CLASS`` names.

    Parameters:
        email_required, username_required: Overrides of ``ACCOUNT_SIGNUP_FIELDS``.
    """

    username = forms.CharField(
        label=_("Username"),
        min_length=app_settings.USERNAME_MIN_LENGTH,
        widget=forms.TextInput(attrs={"placeholder": _("Username"), "autocomplete": "username"}),
    )
    email = EmailField()

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._signup_fields = _get_signup_fields(
            email=kwargs.pop("email_required", None), username=kwargs.pop("username_required", None)
        )
        self.account_already_exists = False
        super().__init__(*args, **kwargs)
        self._set_up_fields()
        set_form_field_order(self, self.field_order or self._default_field_order)

    @mask_input
    def full_clean(self) -> None:
        """Clean the input, which an error report from a field or method does not show."""
        super().full_clean()

    @property
    def _default_field_order(self) -> list[str]:
        return [name for name in self._signup_fields if name not in PASSWORD_FIELDS]

    @property
    def _has_phone_field(self) -> bool:
        return "phone" in self._signup_fields

    def _set_up_fields(self) -> None:
        optional_labels = {"username": _("Username (optional)"), "email": _("Email (optional)")}
        for name, optional_label in optional_labels.items():
            definition = self._signup_fields.get(name)
            if definition is None:
                del self.fields[name]
                continue
            field = self.fields[name]
            field.required = definition["required"]
            if not field.required:
                field.label = optional_label
        if "username" in self.fields:
            _limit_length(self.fields["username"], get_username_max_length())
        if "email2" in self._signup_fields:
            self.fields["email2"] = _make_email2_field(self._signup_fields["email2"]["required"])
        if self._has_phone_field:
            self.fields["phone"] = get_adapter().phone_form_field(
                label=_("Phone"), required=self._signup_fields["phone"]["required"]
            )

    def clean_username(self) -> str:
        """Reject a username that is taken, reserved or malformed."""
        username: str = self.cleaned_data["username"]
        # An empty username is replaced by a generated one later.
        return get_adapter().clean_username(username) if username else username

    def clean_email(self) -> str:
        """Reject an email address that is taken, as far as the user may be told."""
        email: str = self.cleaned_data["email"].lower()
        email = get_adapter().clean_email(email)
        return self.validate_unique_email(email) if email else email

    def clean_email2(self) -> str:
        """Bring the repeated email address into the form of the first."""
        return cast(str, self.cleaned_data["email2"]).lower()

    def validate_unique_email(self, value: str) -> str:
        """Record that another account has the email address, or raise ``ValidationError``."""
        email, self.account_already_exists = email_already_exists(value)
        return email

    @mask_input
    def clean(self) -> CleanedData:
        """Compare the two email addresses, and check the phone number."""
        cleaned: CleanedData = super().clean() or self.cleaned_data
        if "email2" in self._signup_fields and cleaned.get("email") != cleaned.get("email2"):
            self.add_error("email2", _("Please type the same email address both times."))
        if self._has_phone_field and cleaned.get("phone"):
            self._check_phone(cleaned["phone"])
        return cleaned

    def _check_phone(self, phone: str) -> None:
        try:
            if phone_already_exists(None, phone):
                self.account_already_exists = True
        except ValidationError as error:
            self.add_error("phone", error.messages)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Call ``signup()`` of the form class of the project."""
        call_hook(self.signup, request, user)

    @sensitive_variables("saved")
    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        """Make the account, unless another one has the email address or phone number.

        Returns the user, or ``None`` and the response that looks as if an account were made.

        Raises ``ValidationError`` if a parallel request took an identifier and the user may be
        told.
        """
        saved = self._dump() if is_correction_offered() else None
        data = SignupData(
            email=self.cleaned_data.get("email"),
            phone=self.cleaned_data.get("phone") if self._has_phone_field else None,
            password=self.cleaned_data.get("password1"),
            is_taken=self.account_already_exists,
            saved=limit_saved_signup(request, saved),
        )
        try:
            outcome = signup_flow.sign_up(request, data, make=lambda: self.save(request))
        except IdentifierTakenError as error:
            raise _make_taken_error(error) from error
        if outcome.user is not None:
            return outcome.user, None
        self.account_already_exists = True
        return None, signup_flow.prevent_enumeration(
            request, email=data.email, phone=data.phone, kept=outcome.saved
        )

    @sensitive_variables()
    def _dump(self) -> SavedSignup | None:
        """Return the data from which the account can be made later; ``None`` if it cannot."""
        data = dump_form(self)
        if data is None:
            return None
        by_passkey = getattr(self, "by_passkey", False)
        return {"kind": "account", "data": data, "password": "", "by_passkey": by_passkey}

    def save(self, request: HttpRequest) -> User:
        """Make the account: user, phone number, email addresses, and the additions of the project.

        Raises ``ValueError`` if another account has the email address, and ``ValidationError`` if a
        parallel request took the username.
        """
        if self.account_already_exists:
            raise ValueError("There is an account already.")
        username = self.cleaned_data.get("username")
        try:
            return signup_flow.store_account(username, lambda: self._save_all(request))
        except IdentifierTakenError as error:
            raise _make_taken_error(error) from error

    @mask_input
    def _save_all(self, request: HttpRequest) -> User:
        adapter = get_adapter()
        new_user = adapter.new_user(request)
        user = adapter.save_user(request, new_user, self) or new_user
        self.custom_signup(request, user)
        email = self.cleaned_data.get("email")
        setup_user_email(request, user, [EmailAddress(email=email)] if email else [])
        signup_flow.require_address(user, email)
        return user


def _make_taken_error(error: IdentifierTakenError) -> ValidationError:
    return ValidationError({error.name: get_adapter().validation_error(f"{error.name}_taken")})


class SignupForm(BaseSignupForm):
    """The sign-up form of the page, with the password.

    Parameters:
        by_passkey: Leave out the password, in favor of a passkey.
    """

    @mask_input
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.by_passkey: bool = kwargs.pop("by_passkey", False)
        super().__init__(*args, **kwargs)
        if not self.by_passkey:
            self._add_password_fields()
        if self.field_order:
            set_form_field_order(self, self.field_order)
        honeypot = app_settings.SIGNUP_FORM_HONEYPOT_FIELD
        if honeypot:
            self.fields[honeypot] = _make_honeypot_field()

    def _add_password_fields(self) -> None:
        definition = self._signup_fields.get("password1")
        if definition is None:
            return
        self.fields["password1"] = PasswordField(
            label=_("Password"),
            autocomplete="new-password",
            help_text=password_validators_help_text_html(),
            required=definition["required"],
        )
        if "password2" in self._signup_fields:
            self.fields["password2"] = PasswordField(
                label=_("Password (again)"),
                autocomplete="new-password",
                required=definition["required"],
            )

    @mask_input
    def clean(self) -> CleanedData:
        """Validate the password, with regard to the other fields."""
        cleaned = super().clean()
        password = cleaned.get("password1")
        if password:
            try:
                get_adapter().clean_password(password, user=self._make_user_for_validators())
            except ValidationError as error:
                self.add_error("password1", error)
        are_both_clean = "password1" in cleaned and "password2" in cleaned
        if are_both_clean and cleaned["password1"] != cleaned["password2"]:
            self.add_error("password2", _("Please type the same password both times."))
        return cleaned

    def _make_user_for_validators(self) -> User:
        user = get_user_model()()
        user_username(user, self.cleaned_data.get("username"))
        user_email(user, self.cleaned_data.get("email"))
        return user

    def try_save(self, request: HttpRequest) -> tuple[Any, HttpResponse | None]:
        """Make the account, unless a robot filled in the field that users do not see."""
        honeypot = app_settings.SIGNUP_FORM_HONEYPOT_FIELD
        if honeypot and self.cleaned_data[honeypot]:
            signup_flow.pretend_to_robot(request, self.cleaned_data.get("email"))
            return None, get_adapter().respond_email_verification_sent(request, None)
        return super().try_save(request)


@sensitive_variables("saved")
def make_corrected_account(request: HttpRequest, login: Login, saved: SavedSignup) -> User | None:
    """Make the account of a pretended sign-up, once its identifiers are corrected.

    Returns the user, or ``None`` if the account cannot be made.
    """
    form_class = get_form_class(app_settings.FORMS, "signup", SignupForm)
    user = save_corrected_form(request, form_class(data=load_form(saved)))
    if saved["by_passkey"]:
        login.state["passkey_signup"] = True
    if user is not None:
        finish_account(request, user, saved, former_email=login.email)
    return user


def _get_signup_fields(**required: bool | None) -> dict[str, dict[str, bool]]:
    fields: dict[str, dict[str, bool]] = {
        name: dict(definition) for name, definition in app_settings.SIGNUP_FIELDS.items()
    }
    for name, is_required in required.items():
        if is_required is None:
            continue
        if name not in fields:
            if is_required:
                raise ImproperlyConfigured(
                    f"The form is told to require {name!r}, which ACCOUNT_SIGNUP_FIELDS lacks."
                )
            continue
        fields[name]["required"] = is_required
        if f"{name}2" in fields:
            fields[f"{name}2"]["required"] = is_required
    return fields


def _limit_length(field: forms.Field, max_length: int | None) -> None:
    if max_length:
        field.max_length = max_length  # type: ignore[attr-defined]
        field.validators.append(MaxLengthValidator(max_length))
        field.widget.attrs["maxlength"] = str(max_length)


def _make_email2_field(required: bool) -> EmailField:
    attrs = {"type": "email", "placeholder": _("Email address confirmation")}
    return EmailField(
        label=_("Email (again)"), required=required, widget=forms.TextInput(attrs=attrs)
    )


def _make_honeypot_field() -> forms.CharField:
    attrs = {
        "style": "position: absolute; right: -99999px;",
        "tabindex": "-1",
        "autocomplete": "nope",
    }
    return forms.CharField(required=False, label="", widget=forms.TextInput(attrs=attrs))
