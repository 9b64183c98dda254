"""What a login passes before it is complete.

A project can add stages of its own: subclass :class:`LoginStage`, and name the subclass in the
``get_login_stages()`` of its adapter.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal import stagekit
from allauth.account.internal.constants import LoginStageKey
from allauth.account.models import EmailAddress, Login
from allauth.core.async_support import call_hook
from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from allauth.core.internal import httpkit, ratelimit
from allauth.utils import import_callable

logger = logging.getLogger(__name__)


class LoginStage:
    """One stage of a login.

    Attributes:
        key: Unique name of the stage.
        urlname: Name of the page at which the visitor passes the stage, if it has one.
        state: What the stage remembers, a dictionary that JSON can hold.
    """

    key: ClassVar[str] = ""
    urlname: ClassVar[str | None] = None

    def __init__(
        self, controller: LoginStageController, request: HttpRequest, login: Login
    ) -> None:
        if not self.key:
            raise ValueError(f"{type(self).__name__} needs a key.")
        self.controller = controller
        self.request = request
        self.login = login
        self.state: dict[str, Any] = controller.get_data(self.key)

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Begin the stage; may be ``async def`` in a subclass.

        Returns a response and whether to go on: ``(None, True)``, nothing to do here;
        ``(response, True)``, the login waits for the visitor; ``(response, False)``, the login
        ends with the response.
        """
        return None, True

    def exit(self) -> HttpResponse:
        """Leave the stage, which is passed, and go on with the login."""
        from allauth.account.internal.flows.login import resume_login

        self.controller.set_handled(self.key)
        return resume_login(self.request, self.login)

    def abort(self) -> HttpResponse:
        """Give the login up."""
        stagekit.clear_login(self.request)
        return httpkit.headed_redirect_response("account_login")

    def is_resumable(self, request: HttpRequest) -> bool:
        """Tell whether the login and sign-up pages send the visitor back to this stage."""
        return True


class LoginStageController:
    """Leads a login through its stages."""

    def __init__(self, request: HttpRequest, login: Login) -> None:
        self.request = request
        self.login = login
        state = login.state.get("stages")
        if not isinstance(state, dict):
            state = login.state["stages"] = {}
        self.state: dict[str, Any] = state

    @classmethod
    def enter(cls, request: HttpRequest, stage_key: str) -> LoginStage | None:
        """The stage ``stage_key``, if the login in progress waits at that very stage."""
        login = stagekit.unstash_login(request, peek=True)
        if login is None:
            return None
        controller = cls(request, login)
        if controller.state.get("current") != stage_key:
            return None
        return controller.get_stage(stage_key)

    def get_data(self, stage_key: str) -> dict[str, Any]:
        """What the stage remembers."""
        data = self._get_entry(stage_key).setdefault("data", {})
        if not isinstance(data, dict):
            data = self._get_entry(stage_key)["data"] = {}
        return data

    def _get_entry(self, stage_key: str) -> dict[str, Any]:
        entry = self.state.setdefault(stage_key, {})
        if not isinstance(entry, dict):
            entry = self.state[stage_key] = {}
        return entry

    def set_current(self, stage_key: str) -> None:
        """Note at which stage the login waits."""
        self.state["current"] = stage_key

    def is_handled(self, stage_key: str) -> bool:
        """Tell whether the login has passed the stage."""
        return bool(self._get_entry(stage_key).get("handled", False))

    def set_handled(self, stage_key: str) -> None:
        """Note that the login has passed the stage."""
        self._get_entry(stage_key)["handled"] = True

    def get_pending_stage(self) -> LoginStage | None:
        """The first stage that the login has not passed."""
        return next((stage for stage in self.get_stages() if not self.is_handled(stage.key)), None)

    def get_stage(self, key: str) -> LoginStage | None:
        """The stage with this key, if there is one."""
        return next((stage for stage in self.get_stages() if stage.key == key), None)

    def get_stages(self) -> list[LoginStage]:
        """All stages, in order."""
        return [
            import_callable(stage_class)(self, self.request, self.login)
            for stage_class in get_adapter().get_login_stages()
        ]

    def handle(self) -> HttpResponse | None:
        """Go through the stages until one asks for the visitor or ends the login.

        Returns its response, or ``None`` once all stages are passed.
        """
        for stage in self.get_stages():
            if self.is_handled(stage.key):
                continue
            self.set_current(stage.key)
            response, is_going_on = call_hook(stage.handle)
            if response is None and is_going_on:
                self.set_handled(stage.key)
                continue
            if is_going_on:
                stagekit.stash_login(self.request, self.login)
            else:
                stagekit.clear_login(self.request)
            if response is None:
                logger.error("The login stage %r ended a login without a response", stage.key)
                response = httpkit.headed_redirect_response("account_login")
            return response  # type: ignore[no-any-return]
        return None


class LoginByCodeStage(LoginStage):
    """Waits for a code that the user asked for, or that the site demands."""

    key = LoginStageKey.LOGIN_BY_CODE.value
    urlname = "account_confirm_login_code"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess

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
        return httpkit.headed_redirect_response(self.urlname), True

    def _is_browser_trusted(self) -> bool:
        if self.login.user is None or not app_settings.LOGIN_BY_CODE_TRUST_ENABLED:
            return False
        if not allauth_settings.MFA_ENABLED:
            return False
        from allauth.mfa.internal.flows import trust

        return bool(trust.is_trusted_browser(self.request, self.login.user))

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
    """Waits for the code that verifies the phone number."""

    key = LoginStageKey.VERIFY_PHONE.value
    urlname = "account_verify_phone"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        from allauth.account.internal.flows.phone_verification import (
            PhoneVerificationStageProcess,
        )

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
        try:
            PhoneVerificationStageProcess.initiate(stage=self, phone=number)
        except RateLimited as error:
            raise ImmediateHttpResponse(ratelimit.respond_429(self.request)) from error
        return httpkit.headed_redirect_response(self.urlname), True


def get_login_phone(login: Login) -> tuple[str, bool] | None:
    """The phone number of whoever is logging in, and whether it is verified."""
    if login.user is not None:
        return get_adapter().get_phone(login.user)
    return (login.phone, False) if login.phone else None


class EmailVerificationStage(LoginStage):
    """Waits until the address is verified."""

    key = LoginStageKey.VERIFY_EMAIL.value
    urlname = "account_email_verification_sent"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        from allauth.account.internal.flows import email_verification
        from allauth.account.utils import has_verified_email

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
        """Tell whether the page for the code would only send the visitor back to the login."""
        from allauth.account.internal.flows.email_verification_by_code import (
            EmailVerificationProcess,
        )

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
        """By link there is nothing to do on the page: the visitor may as well start anew."""
        return bool(app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED)
