"""Logins by a code that is sent to an email address or phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.flows import email_verification
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.code_verification import StageCodeVerificationProcess
from allauth.account.internal.hooks import generate_phone_code, get_adapter
from allauth.account.internal.login_engine import follow_up, pop_login
from allauth.account.internal.mails import send_unknown_account_mail
from allauth.account.internal.records import record_authentication
from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress, Login
from allauth.core.internal import ratelimit
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.account.internal.login_engine import LoginStage
    from allauth.core.internal.types import User


def count_code_request(
    request: HttpRequest, recipient: str, *, raise_exception: bool = False
) -> bool:
    """Count that a code is sent to ``recipient``; return whether that is within the limit."""
    usage = ratelimit.consume(
        request,
        app="allauth.account",
        action="request_login_code",
        key=recipient.lower(),
        raise_exception=raise_exception,
    )
    return usage is not None


class LoginCodeVerificationProcess(StageCodeVerificationProcess):
    """A login that waits for a code, which the user asked for or the site requires."""

    kind = "login"
    rejected_signal = signals.login_code_rejected

    @property
    def max_attempts(self) -> int:
        return int(app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS)

    @property
    def timeout(self) -> int:
        return int(app_settings.LOGIN_BY_CODE_TIMEOUT)

    @property
    def max_resend_count(self) -> int:  # type: ignore[override]
        return int(app_settings.LOGIN_BY_CODE_MAX_RESEND_COUNT)

    @classmethod
    @sensitive_variables("state")
    def initiate(
        cls,
        *,
        request: HttpRequest,
        user: User | None,
        email: str | None = None,
        phone: str | None = None,
        stage: LoginStage | None = None,
    ) -> LoginCodeVerificationProcess:
        """Send a code to ``email`` or ``phone``, and wait for it.

        Parameters:
            request: The current request.
            user: The user who logs in; the login is pretended without one.
            email: The recipient of the code.
            phone: The recipient of the code, if there is no ``email``.
            stage: The stage of a login for which the site requires the code. Without it, the user
                has begun this login.
        """
        state = cls.initial_state(user=user, email=email, phone=phone)
        state["initiated_by_user"] = stage is None
        if stage is None:
            login = Login(user=user, email=email, phone=phone)
            key = LoginStageKey.LOGIN_BY_CODE.value
            login.state["stages"] = {"current": key, key: {"data": state}}
        else:
            login = stage.login
            state["login_by_code_required"] = True
            stage.state.update(state)
            state = stage.state
        process = cls(request, login, state, user)
        process.send()
        return process

    @property
    def is_initiated_by_user(self) -> bool:
        """``True`` if the user chose to log in by code."""
        return bool(self.state.get("initiated_by_user"))

    @property
    def code(self) -> str:
        # An email address that the user has removed since must not log in.
        return super().code if self._has_user_recipient() else ""

    def _has_user_recipient(self) -> bool:
        if self.user is None or not self.email:
            return True
        return user_email(self.user) == self.email.lower() or (
            EmailAddress.objects.filter(user=self.user, email=self.email.lower()).exists()
        )

    def generate_code(self) -> str:
        adapter = get_adapter()
        if self.phone:
            return generate_phone_code(adapter, self.user, self.phone)
        return adapter.generate_login_code()

    @sensitive_variables()
    def deliver(self, code: str, *, is_resend: bool = False) -> None:
        """Send the code; raise ``RateLimited`` if it is resent too often."""
        adapter = get_adapter()
        if is_resend:
            count_code_request(self.request, self.email or self.phone or "", raise_exception=True)
        if self.email:
            self._mail(code, is_resend)
        elif self.phone and self.user is not None:
            adapter.send_verification_code_sms(user=self.user, phone=self.phone, code=code)
        elif self.phone and not is_resend:
            if self.login.signup:
                adapter.send_account_already_exists_sms(self.phone)
            else:
                adapter.send_unknown_account_sms(self.phone)
        recipient = {"email": self.email} if self.email else {"phone": self.phone}
        adapter.add_message(
            self.request,
            messages.SUCCESS,
            "account/messages/login_code_sent.txt",
            {"recipient": self.email or self.phone, **recipient},
        )

    def _mail(self, code: str, is_resend: bool) -> None:
        adapter = get_adapter()
        email = self.email or ""
        if self.user is not None:
            adapter.send_mail(
                "account/email/login_code", email, {"request": self.request, "code": code}
            )
        elif is_resend:
            return
        elif self.login.signup:
            adapter.send_account_already_exists_mail(email)
        else:
            send_unknown_account_mail(self.request, email)

    def finish(self, redirect_url: str | None, stage: LoginStage) -> HttpResponse:
        """Continue the login after the right code."""
        record_authentication(self.request, self.user, "code", email=self.email, phone=self.phone)
        if self.email:
            email_verification.verify_email_indirectly(self.request, self.owner, self.email)
        elif self.phone:
            get_adapter().set_phone_verified(self.owner, self.phone)
        if not self.is_initiated_by_user:
            return stage.exit()
        pop_login(self.request)
        login = follow_up(self.login, redirect_url=redirect_url, email=self.email)
        return login_flow.perform_login(self.request, login)
