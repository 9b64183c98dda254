"""Verification of email addresses by a code."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.constants import (
    EMAIL_VERIFICATION_CODE_SESSION_KEY,
    LoginStageKey,
)
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
    is_code_state,
)
from allauth.account.internal.flows.pretended_signup import retry_with_correction
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import (
    LoginStage,
    LoginStageController,
    clear_login,
    pop_login,
    unstash_login,
)
from allauth.account.internal.mails import send_verification_mail
from allauth.account.internal.user_fields import (
    did_user_login,
    get_user_by_id,
    user_email,
    user_id_to_str,
)
from allauth.account.models import EmailAddress
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from allauth.core.internal.types import SessionState, User


class EmailVerificationProcess(AbstractCodeVerificationProcess):
    """The verification of an email address, at sign-up, at login, or when one is added.

    An address that is added is stored once it is verified.
    """

    kind = "email_verification"
    rejected_signal = signals.email_verification_code_rejected

    @property
    def max_attempts(self) -> int:
        return int(app_settings.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS)

    @property
    def timeout(self) -> int:
        return int(app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)

    @property
    def max_resend_count(self) -> int:  # type: ignore[override]
        return int(app_settings.EMAIL_VERIFICATION_MAX_RESEND_COUNT)

    @property
    def max_change_count(self) -> int:  # type: ignore[override]
        return int(app_settings.EMAIL_VERIFICATION_MAX_CHANGE_COUNT)

    @classmethod
    @sensitive_variables("state")
    def initiate(
        cls, request: HttpRequest, *, user: User | None, email: str, signup: bool = False
    ) -> EmailVerificationProcess:
        """Begin to verify ``email``; a pending verification ends.

        Raises ``RateLimited`` if too many emails were sent to the address.
        """
        state = cls.initial_state(user=user, email=email.lower())
        process = cls(request, state, user)
        process._is_signup = signup
        process.send()
        return process

    @classmethod
    @sensitive_variables("state")
    def resume(cls, request: HttpRequest) -> EmailVerificationProcess | None:
        """Return the pending verification of the session, if there is one."""
        state = request.session.get(EMAIL_VERIFICATION_CODE_SESSION_KEY)
        if state is None:
            return None
        if not is_code_state(state) or not isinstance(state.get("email"), str):
            request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY)
            return None
        user = None
        if "user_id" in state:
            user = _find_user(request, state["user_id"])
            if user is None:
                request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY)
                return None
        process = cls(request, state, user)
        if not process.is_valid():
            process.abort()
            return None
        return process

    def __init__(self, request: HttpRequest, state: SessionState, user: User | None = None) -> None:
        super().__init__(request, state, user)
        self._is_signup = user is None or not did_user_login(user)

    def _is_of_new_account(self) -> bool:
        # A verification without a user belongs to a pretended sign-up.
        return self.user is None or super()._is_of_new_account()

    @property
    def key(self) -> str:
        """The code that is being sent, under the name that confirmations have for it."""
        return self._code_being_sent

    @property
    def code(self) -> str:
        # The address belongs to another account: no code verifies it here.
        return "" if self.state.get("account_already_exists") else super().code

    @cached_property
    def email_address(self) -> EmailAddress:
        """The email address; unsaved if it is about to be added, or pretended."""
        email = self.email or ""
        if self.user is None:
            return EmailAddress(email=email)
        try:
            return EmailAddress.objects.get_for_user(self.user, email)
        except EmailAddress.DoesNotExist:
            return EmailAddress(user=self.user, email=email)

    def generate_code(self) -> str:
        return get_adapter().generate_email_verification_code()

    @sensitive_variables()
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        self._code_being_sent = code
        is_pretended = self.user is None or self.state.get("account_already_exists")
        address = EmailAddress(email=self.email or "") if is_pretended else self.email_address
        send_verification_mail(
            self.request,
            address,
            signup=self._is_signup or not did_user_login(self.owner),
            process=self,
            skip_enumeration_mails=is_resend,
        )

    def persist(self) -> None:
        self.request.session[EMAIL_VERIFICATION_CODE_SESSION_KEY] = self.state

    def abort(self) -> None:
        # A login that waits for the code ends, with all that it recorded.
        give_up = pop_login if self.request.user.is_authenticated else clear_login
        give_up(self.request)
        self.request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)

    def finish(self) -> EmailAddress | None:
        """Verify the email address and return it.

        Returns ``None`` if that is not possible, or if a parallel request did it.
        """
        if self.user is None or self.state.get("account_already_exists"):
            return None
        self.request.session.pop(EMAIL_VERIFICATION_CODE_SESSION_KEY, None)
        address = self.email_address
        if not get_adapter().confirm_email(self.request, address):
            return None
        return address

    @sensitive_variables("former")
    def change_to(self, email: str, account_already_exists: bool) -> None:
        """Correct the email address to be verified, and send a code to it.

        If another account has the address, the correction is pretended.
        """
        former, user = dict(self.state), self.user
        self.state["email"] = email.lower()
        if account_already_exists:
            self.state["account_already_exists"] = True
        else:
            self.state.pop("account_already_exists", None)
        self.__dict__.pop("email_address", None)
        self.state["change_count"] = self.state.get("change_count", 0) + 1
        try:
            if user is None:
                self._correct_signup(email)
            else:
                with transaction.atomic():
                    if not account_already_exists:
                        self._replace_address(email)
                    self.send()
        except Exception:
            self.user = user
            self.state.clear()
            self.state.update(former)
            raise

    def _correct_signup(self, email: str) -> None:
        login = unstash_login(self.request, peek=True)
        if login is None:
            # This is the sign-up of a robot, for which nothing is sent.
            self.send(is_resend=True)
            return
        with retry_with_correction(self.request, login, email=email) as user:
            self.attach_user(user)
            self.send()

    def _replace_address(self, email: str) -> None:
        EmailAddress.objects.add_new_email(self.request, self.owner, email, send_verification=False)
        user_email(self.owner, email, commit=True)


def enter_verification(
    request: HttpRequest,
) -> tuple[EmailVerificationProcess, LoginStage | None] | None:
    """Return the verification that the user may continue, and the login that waits for it.

    Returns ``None`` if there is none. A login that waits for a verification that is gone is
    aborted, since nothing could complete it.
    """
    stage = LoginStageController.enter(request, LoginStageKey.VERIFY_EMAIL.value)
    process = EmailVerificationProcess.resume(request)
    if process is None:
        if stage is not None:
            stage.abort()
        return None
    if stage is None and process.user is not None and not request.user.is_authenticated:
        return None
    return process, stage


def _find_user(request: HttpRequest, user_id: object) -> User | None:
    """Return the user of the verification, if it is the one who is logged in or logging in."""
    if request.user.is_authenticated:
        return request.user if user_id_to_str(request.user) == user_id else None
    login = unstash_login(request, peek=True)
    if login is None or login.user is None:
        return get_user_by_id(user_id)
    return login.user if user_id_to_str(login.user) == user_id else None
