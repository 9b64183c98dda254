"""The forms of the account app."""

from __future__ import annotations

from django.contrib.auth import REDIRECT_FIELD_NAME

from allauth.account.app_settings import LoginMethod
from allauth.account.fields import EmailField, PasswordField, SetPasswordField
from allauth.account.forms.codes import (
    BaseConfirmCodeForm,
    ConfirmEmailVerificationCodeForm,
    ConfirmLoginCodeForm,
    ConfirmPasswordResetCodeForm,
    RequestLoginCodeForm,
    VerifyPhoneForm,
)
from allauth.account.forms.email import AddEmailForm, ChangeEmailForm
from allauth.account.forms.login import LoginForm
from allauth.account.forms.password import (
    ChangePasswordForm,
    EmailAwarePasswordResetTokenGenerator,
    PasswordVerificationMixin,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    UserForm,
    UserTokenForm,
    default_token_generator,
)
from allauth.account.forms.phone import ChangePhoneForm
from allauth.account.forms.signup import BaseSignupForm, SignupForm
from allauth.account.internal.usernames import get_username_max_length
from allauth.account.models import EmailAddress, Login
from allauth.utils import set_form_field_order

__all__ = [
    "REDIRECT_FIELD_NAME",
    "AddEmailForm",
    "BaseConfirmCodeForm",
    "BaseSignupForm",
    "ChangeEmailForm",
    "ChangePasswordForm",
    "ChangePhoneForm",
    "ConfirmEmailVerificationCodeForm",
    "ConfirmLoginCodeForm",
    "ConfirmPasswordResetCodeForm",
    "EmailAddress",
    "EmailAwarePasswordResetTokenGenerator",
    "EmailField",
    "Login",
    "LoginForm",
    "LoginMethod",
    "PasswordField",
    "PasswordVerificationMixin",
    "ReauthenticateForm",
    "RequestLoginCodeForm",
    "ResetPasswordForm",
    "ResetPasswordKeyForm",
    "SetPasswordField",
    "SetPasswordForm",
    "SignupForm",
    "UserForm",
    "UserTokenForm",
    "VerifyPhoneForm",
    "default_token_generator",
    "get_username_max_length",
    "set_form_field_order",
]
