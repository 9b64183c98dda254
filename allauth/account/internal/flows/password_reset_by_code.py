"""Replacement of a lost password, by a code in an email."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.constants import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.flows import email_verification, password_reset
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
    is_code_state,
)
from allauth.account.internal.flows.takeover import is_unproven
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.mails import send_unknown_account_mail
from allauth.account.internal.user_fields import get_user_by_id, user_email
from allauth.account.models import EmailAddress
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import User


class ResetOutcome(NamedTuple):
    """The outcome of choosing a new password.

    Attributes:
        is_replaced: ``False`` if a parallel request replaced the password.
        response: The response of the login, if a reset logs in.
    """

    is_replaced: bool
    response: HttpResponse | None = None


class PasswordResetVerificationProcess(AbstractCodeVerificationProcess):
    """The reset of a password; once the code is confirmed, the user may choose a new one."""

    kind = "password_reset"
    rejected_signal = signals.password_reset_code_rejected

    @property
    def max_attempts(self) -> int:
        return int(app_settings.PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS)

    @property
    def timeout(self) -> int:
        return int(app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT)

    @classmethod
    @sensitive_variables("state")
    def initiate(
        cls, *, request: HttpRequest, user: User | None, email: str
    ) -> PasswordResetVerificationProcess:
        """Send a code to ``email``; without ``user`` the reset is pretended."""
        state = cls.initial_state(user=user, email=email)
        if user is not None:
            state["auth_hash"] = user.get_session_auth_hash()
        process = cls(request, state, user)
        process.send()
        return process

    @classmethod
    @sensitive_variables("state")
    def resume(cls, request: HttpRequest) -> PasswordResetVerificationProcess | None:
        """Return the pending reset of the session, if there is one."""
        state = request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY)
        if state is None:
            return None
        if not is_code_state(state) or not isinstance(state.get("email"), str):
            request.session.pop(PASSWORD_RESET_VERIFICATION_SESSION_KEY)
            return None
        user = get_user_by_id(state["user_id"]) if "user_id" in state else None
        process = cls(request, state, user)
        if not process.is_valid() or not process._is_user_unchanged():
            process.abort()
            return None
        return process

    @sensitive_variables("auth_hash")
    def _is_user_unchanged(self) -> bool:
        """Return whether password and email addresses are those for which the code was sent."""
        if self.user is None:
            return "user_id" not in self.state
        auth_hash = self.state.get("auth_hash")
        if auth_hash is not None and auth_hash != self.user.get_session_auth_hash():
            return False
        email = (self.email or "").lower()
        return user_email(self.user) == email or (
            EmailAddress.objects.filter(user=self.user, email=email).exists()
        )

    @property
    def is_code_confirmed(self) -> bool:
        """``True`` if the code was confirmed, so that the user may choose a new password."""
        return bool(self.state.get("code_confirmed")) and self.user is not None

    def generate_code(self) -> str:
        return get_adapter().generate_password_reset_code()

    @sensitive_variables()
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        email = self.email or ""
        if self.user is None:
            send_unknown_account_mail(self.request, email)
            return
        get_adapter().send_mail(
            "account/email/password_reset_code",
            email,
            {"request": self.request, "code": code},
        )

    def persist(self) -> None:
        self.request.session[PASSWORD_RESET_VERIFICATION_SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(PASSWORD_RESET_VERIFICATION_SESSION_KEY, None)

    def confirm_code(self) -> None:
        """Allow a new password to be chosen; the time for that begins now."""
        self.state["code_confirmed"] = True
        if is_unproven(self.owner, self.email or ""):
            self.state["is_first_proof"] = True
        self.state["at"] = time.time()
        self.persist()
        email_verification.verify_email_indirectly(self.request, self.owner, self.email or "")

    def replace_password(self, store: Callable[[], None]) -> ResetOutcome:
        """Replace the password once, with all consequences.

        Parameters:
            store: Function that stores the new password.
        """
        if not self.consume():
            return ResetOutcome(is_replaced=False)
        store()
        return ResetOutcome(is_replaced=True, response=self.finish())

    def finish(self) -> HttpResponse | None:
        """Finish the reset, once the new password is stored."""
        self.abort()
        return password_reset.finalize_password_reset(
            self.request,
            self.owner,
            email=self.email,
            unproven_recipient=self.email if self.state.get("is_first_proof") else None,
        )
