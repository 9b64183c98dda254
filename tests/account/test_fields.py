"""Form fields for what people identify themselves by."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.urls import clear_url_caches

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.fields import EmailField, PasswordField, PhoneField, SetPasswordField


def get_attrs(field: forms.Field) -> dict[str, Any]:
    return {name: str(value) for name, value in field.widget.attrs.items()}


# E-mail


def test_email_field() -> None:
    field = EmailField()

    assert field.label == "Email"
    assert field.max_length == 254
    assert field.widget.input_type == "email"
    assert get_attrs(field)["autocomplete"] == "email"
    assert field.clean(" Anna@Example.ORG ") == "anna@example.org"
    assert EmailField(required=False).clean("") == ""
    assert EmailField(label="Yours").label == "Yours"


@pytest.mark.parametrize(
    "text", ["", "x", "a@x@example.org", f"{'x' * 300}@example.org", "a b@x.org"]
)
def test_malformed_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        EmailField().clean(text)


# Passwords


def test_password_field_keeps_blanks() -> None:
    assert PasswordField().clean("  pass word ") == "  pass word "


def test_password_is_shown_again_only_on_demand(settings: Any) -> None:
    assert PasswordField().widget.render_value is False
    assert PasswordField(render_value=True).widget.render_value is True
    settings.ACCOUNT_PASSWORD_INPUT_RENDER_VALUE = True
    assert PasswordField().widget.render_value is True
    assert PasswordField(render_value=False).widget.render_value is False


def test_password_field_tells_browsers_what_it_is() -> None:
    field = PasswordField(label="Password", autocomplete="current-password")

    assert get_attrs(field) == {"placeholder": "Password", "autocomplete": "current-password"}
    assert "autocomplete" not in PasswordField().widget.attrs
    assert isinstance(field.widget, forms.PasswordInput)


def test_help_links_to_the_reset() -> None:
    assert not PasswordField().help_text

    help_text = str(PasswordField(show_reset_help=True).help_text)
    assert '<a href="/accounts/password/reset/">' in help_text


def test_help_is_empty_without_a_reset_page(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.projects.probe_urls"
    clear_url_caches()

    assert str(PasswordField(show_reset_help=True).help_text) == ""


def test_help_is_the_template_of_the_project(settings: Any, tmp_path: Any) -> None:
    (tmp_path / "account").mkdir()
    (tmp_path / "account" / "password_reset_help_text.html").write_text("Call <b>us</b>")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    assert str(PasswordField(show_reset_help=True).help_text) == "Call <b>us</b>"


class PickyAdapter(DefaultAccountAdapter):
    """Wants passwords to differ from the username, and numbers to be Dutch."""

    def clean_password(self, password: str, user: Any = None) -> str:
        if user and user.username == password:
            raise ValidationError("Not your name.")
        return super().clean_password(password, user)

    def clean_phone(self, phone: str) -> str:
        if not phone.startswith("+31"):
            raise ValidationError("Not from here.")
        return f"+31{phone[3:].lstrip('0')}"


def test_new_password_is_checked_by_the_adapter(settings: Any, user: Any) -> None:
    field = SetPasswordField(label="New")
    assert get_attrs(field)["autocomplete"] == "new-password"
    assert field.user is None
    with pytest.raises(ValidationError):
        field.clean("short")
    assert field.clean(user.username * 2) == user.username * 2

    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"
    user.username = "long enough"
    field.user = user
    with pytest.raises(ValidationError, match="Not your name"):
        field.clean("long enough")


def test_new_password_shows_the_rules(settings: Any) -> None:
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"}
    ]

    assert "entirely numeric" in str(SetPasswordField().help_text)
    with pytest.raises(ValidationError):
        SetPasswordField().clean("123456789")


@pytest.mark.requirement("ATK-A72")
@pytest.mark.parametrize(("length", "is_refused"), [(4096, False), (4097, True)])
def test_length_of_a_new_password_is_limited(length: int, is_refused: bool) -> None:
    password = "x" * length
    if not is_refused:
        assert SetPasswordField().clean(password) == password
        return
    with pytest.raises(ValidationError) as caught:
        SetPasswordField().clean(password)
    assert caught.value.error_list[0].code == "password_too_long"


# Phone numbers


def test_phone_field() -> None:
    field = PhoneField()

    assert field.label == "Phone"
    assert field.widget.input_type == "tel"
    assert get_attrs(field)["autocomplete"] == "tel"
    assert field.clean(" +31612345678 ") == "+31612345678"
    assert PhoneField(required=False).clean("") == ""
    assert isinstance(get_adapter().phone_form_field(required=True), PhoneField)


@pytest.mark.requirement("ATK-A57")
@pytest.mark.parametrize(
    "text",
    [
        "0612345678",
        "+0612345678",
        "+31612",
        "+3161234567890123",
        "31612345678",
        "+31 6 1234",
        "+316123456x",
        "+٣١٦١٢٣٤٥٦٧٨",
        "+31612345678 ext. 1",
    ],
)
def test_number_that_is_not_international_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PhoneField().clean(text)
    assert caught.value.error_list[0].code == "invalid_phone"


def test_spaces_and_dashes_pass_with_another_validator() -> None:
    class RelaxedField(PhoneField):
        default_validators = [RegexValidator(r"\A[-+ \d]+\Z")]

    assert RelaxedField().clean("+31 6-1234 5678") == "+31612345678"


def test_number_is_checked_by_the_adapter(settings: Any) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.PickyAdapter"

    assert PhoneField().clean("+310612345678") == "+31612345678"
    with pytest.raises(ValidationError, match="Not from here"):
        PhoneField().clean("+4912345678")
