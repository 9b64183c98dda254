"""Verification of phone numbers, by a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages

from allauth.account import app_settings
from allauth.account.internal.constants import PHONE_VERIFICATION_SESSION_KEY
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
    StageCodeVerificationProcess,
    is_code_state,
)
from allauth.account.internal.flows.pretended_signup import retry_with_correction
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.internal.hooks import generate_phone_code, get_adapter
from allauth.account.internal.user_fields import user_id_to_str
from allauth.core.internal import ratelimit
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from allauth.account.internal.login_engine import LoginStage
    from allauth.core.internal.types import AuthenticatedRequest, User


def phone_already_exists(user: User | None, phone: str, always_raise: bool = False) -> bool:
    """Return whether another user has the phone number.

    Raises ``ValidationError`` if another user has it and that may be told, or with
    ``always_raise``.
    """
    adapter = get_adapter()
    owner = adapter.get_user_by_phone(phone)
    if owner is None or (user is not None and owner.pk == user.pk):
        return False
    if always_raise or not app_settings.PREVENT_ENUMERATION:
        raise adapter.validation_error("phone_taken")
    return True


class PhoneVerificationProcess(AbstractCodeVerificationProcess):
    """The base of the verifications of a phone number."""

    kind = "phone"

    @property
    def max_attempts(self) -> int:
        return int(app_settings.PHONE_VERIFICATION_MAX_ATTEMPTS)

    @property
    def timeout(self) -> int:
        return int(app_settings.PHONE_VERIFICATION_TIMEOUT)

    def generate_code(self) -> str:
        return generate_phone_code(get_adapter(), self.user, self.phone or "")

    @sensitive_variables()
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        """Send the code; raise ``RateLimited`` if too many were sent."""
        adapter = get_adapter()
        phone = self.phone or ""
        ratelimit.consume(
            self.request,
            app="allauth.account",
            action="verify_phone",
            key=phone,
            limit_get=True,
            raise_exception=True,
        )
        if self.user is not None and not self.state.get("account_already_exists"):
            adapter.send_verification_code_sms(user=self.user, phone=phone, code=code)
        elif not is_resend:
            if self.state.get("signup") or self.state.get("account_already_exists"):
                adapter.send_account_already_exists_sms(phone)
            else:
                adapter.send_unknown_account_sms(phone)
        adapter.add_message(
            self.request,
            messages.INFO,
            "account/messages/phone_verification_sent.txt",
            {"phone": phone},
        )

    @property
    def code(self) -> str:
        return "" if self.state.get("account_already_exists") else super().code

    def finish(self) -> None:
        """Store that the phone number belongs to the user."""
        adapter = get_adapter()
        adapter.set_phone_verified(self.owner, self.phone or "")
        adapter.add_message(
            self.request,
            messages.SUCCESS,
            "account/messages/phone_verified.txt",
            {"phone": self.phone},
        )


class PhoneVerificationStageProcess(StageCodeVerificationProcess, PhoneVerificationProcess):
    """The verification at which a login or sign-up waits."""

    @property
    def max_resend_count(self) -> int:  # type: ignore[override]
        return int(app_settings.PHONE_VERIFICATION_MAX_RESEND_COUNT)

    @property
    def max_change_count(self) -> int:  # type: ignore[override]
        return int(app_settings.PHONE_VERIFICATION_MAX_CHANGE_COUNT)

    @classmethod
    def initiate(cls, *, stage: LoginStage, phone: str) -> PhoneVerificationStageProcess:
        """Send a code to ``phone`` and wait for it; raise ``RateLimited`` if too many were sent."""
        login = stage.login
        stage.state.update(cls.initial_state(user=login.user, phone=phone))
        stage.state["signup"] = login.signup
        process = cls(stage.request, login, stage.state, login.user)
        process.send()
        return process

    @sensitive_variables("former")
    def change_to(self, phone: str, account_already_exists: bool) -> None:
        """Correct the phone number to be verified, and send a code to it.

        If another account has the number, the correction is pretended.

        Raises ``RateLimited`` if too many codes were sent.
        """
        former, user = dict(self.state), self.user
        self.state["phone"] = phone
        self.state["account_already_exists"] = account_already_exists
        self.state["change_count"] = self.state.get("change_count", 0) + 1
        try:
            if user is None:
                with retry_with_correction(self.request, self.login, phone=phone) as newcomer:
                    self.attach_user(newcomer)
                    self.send()
            else:
                self.send()
                if not account_already_exists:
                    get_adapter().set_phone(user, phone, False)
        except Exception:
            self.user = user
            self.state.clear()
            self.state.update(former)
            raise

    def _is_of_new_account(self) -> bool:
        if self.user is None:
            return bool(self.state.get("signup"))
        return super()._is_of_new_account()


class ChangePhoneVerificationProcess(PhoneVerificationProcess):
    """The verification of the new phone number of a logged-in user."""

    @classmethod
    @sensitive_variables("state")
    def initiate(
        cls, request: AuthenticatedRequest, *, phone: str
    ) -> ChangePhoneVerificationProcess:
        """Send a code to ``phone``; the number is stored once the code is confirmed.

        Raises ``ReauthenticationRequired`` and ``RateLimited``.
        """
        raise_if_reauthentication_required(request, app="allauth.account")
        state = cls.initial_state(user=request.user, phone=phone)
        process = cls(request, state, request.user)
        process.send()
        return process

    @classmethod
    @sensitive_variables("state")
    def resume(cls, request: AuthenticatedRequest) -> ChangePhoneVerificationProcess | None:
        """Return the pending verification of the session, if there is one."""
        state = request.session.get(PHONE_VERIFICATION_SESSION_KEY)
        if state is None:
            return None
        if not is_code_state(state) or state.get("user_id") != user_id_to_str(request.user):
            request.session.pop(PHONE_VERIFICATION_SESSION_KEY)
            return None
        process = cls(request, state, request.user)
        if not process.is_valid():
            process.abort()
            return None
        return process

    def persist(self) -> None:
        self.request.session[PHONE_VERIFICATION_SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(PHONE_VERIFICATION_SESSION_KEY, None)

    def finish(self) -> None:
        self.abort()
        super().finish()
