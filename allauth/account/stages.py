"""The stages of a login.

A project can add stages: subclass :class:`LoginStage`, and name the subclass in the
``get_login_stages()`` of its adapter.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from allauth.account import app_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.addresses import has_verified_email
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.flows import email_verification
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.phone_verification import PhoneVerificationStageProcess
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import LoginStage, LoginStageController
from allauth.account.models import EmailAddress, Login
from allauth.core.internal import extensions

__all__ = [
    "EmailVerificationStage",
    "LoginByCodeStage",
    "LoginStage",
    "LoginStageController",
    "PhoneVerificationStage",
]


class LoginByCodeStage(LoginStage):
    """The stage for a code that the user asked for, or that the site requires."""

    key = LoginStageKey.LOGIN_BY_CODE.value
    urlname = "account_confirm_login_code"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        is_required = get_adapter().is_login_by_code_required(self.login)
        if not self.state and not is_required:
            return None, True
        if self._is_browser_trusted():
            return None, True
        if not self.state:
            recipient = self._get_recipient()
            if recipient is None:
                return self.abort(), False
            LoginCodeVerificationProcess.initiate(
                request=self.request, user=self.login.user, stage=self, **recipient
            )
        return self.wait()

    def _is_browser_trusted(self) -> bool:
        if self.login.user is None or not app_settings.LOGIN_BY_CODE_TRUST_ENABLED:
            return False
        is_trusted = extensions.trusted_browser_test.get()
        return is_trusted is not None and is_trusted(self.request, self.login.user)

    def _get_recipient(self) -> dict[str, str] | None:
        email = self.login.email
        if not email and self.login.user is not None:
            email = EmailAddress.objects.get_primary_email(self.login.user)
        if email:
            return {"email": email}
        if "phone" not in app_settings.SIGNUP_FIELDS:
            return None
        phone = get_login_phone(self.login)
        return {"phone": phone[0]} if phone else None


class PhoneVerificationStage(LoginStage):
    """The stage for the code that verifies the phone number."""

    key = LoginStageKey.VERIFY_PHONE.value
    urlname = "account_verify_phone"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        field = app_settings.SIGNUP_FIELDS.get("phone")
        if field is None:
            return None, True
        phone = get_login_phone(self.login)
        if phone is None:
            is_missing = field["required"] and self.login.user is not None
            return (self.abort(), False) if is_missing else (None, True)
        number, is_verified = phone
        if is_verified or not app_settings.PHONE_VERIFICATION_ENABLED:
            return None, True
        PhoneVerificationStageProcess.initiate(stage=self, phone=number)
        return self.wait()


def get_login_phone(login: Login) -> tuple[str, bool] | None:
    """Return the phone number of the login, and whether it is verified."""
    if login.user is not None:
        return get_adapter().get_phone(login.user)
    return (login.phone, False) if login.phone else None


class EmailVerificationStage(LoginStage):
    """The stage for the verification of the email address."""

    key = LoginStageKey.VERIFY_EMAIL.value
    urlname = "account_email_verification_sent"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        login = self.login
        if login.email_verification == EmailVerificationMethod.NONE:
            return None, True
        is_mandatory = email_verification.is_verification_mandatory(login)
        if not is_mandatory and not login.signup:
            return None, True
        if has_verified_email(login.user, login.email):
            return None, True
        is_sent = email_verification.send_verification_email_at_login(self.request, login)
        if not is_mandatory:
            return None, True
        if not is_sent and self._is_dead_end():
            return self._end_without_address(), False
        response = get_adapter().respond_email_verification_sent(self.request, login.user)
        return response, True

    def _is_dead_end(self) -> bool:
        """Return whether the page for the code would only redirect to the login page."""
        return bool(
            app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
            and self.login.user is not None
            and EmailVerificationProcess.resume(self.request) is None
        )

    def _end_without_address(self) -> HttpResponse:
        adapter = get_adapter()
        adapter.add_message(
            self.request,
            messages.ERROR,
            message=str(adapter.error_messages["email_missing"]),
        )
        return self.abort()

    def is_resumable(self, request: HttpRequest) -> bool:
        """Return whether the page has something to do: by link the user may as well start anew."""
        return bool(app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED)
