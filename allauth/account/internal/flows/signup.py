"""Making accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.claims import claim_identifier, claim_identifiers
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.pretended_signup import (
    PRETENDED_SIGNUP_KEY,
    AddressTakenError,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.mails import send_unknown_account_mail
from allauth.account.internal.next_url import get_next_redirect_url
from allauth.account.internal.signup_base import base_signup_form_class
from allauth.account.models import Login

if TYPE_CHECKING:
    from django.http import HttpResponse

__all__ = [
    "AddressTakenError",
    "base_signup_form_class",
    "claim_identifier",
    "claim_identifiers",
    "complete_signup",
    "pretend_to_robot",
    "prevent_enumeration",
    "send_unknown_account_mail",
]


def complete_signup(
    request: HttpRequest,
    *,
    user: Any,
    redirect_url: str | None = None,
    signal_kwargs: dict[str, Any] | None = None,
    by_passkey: bool = False,
) -> HttpResponse:
    """Announce the new account and log its user in, as far as no stage is in the way."""
    signal_kwargs = {} if signal_kwargs is None else signal_kwargs
    signals.user_signed_up.send(sender=user.__class__, request=request, user=user, **signal_kwargs)
    login = Login(user=user, redirect_url=redirect_url, signal_kwargs=signal_kwargs, signup=True)
    if by_passkey:
        login.state["passkey_signup"] = True
    return login_flow.perform_login(request, login)


def prevent_enumeration(
    request: HttpRequest,
    *,
    email: str | None = None,
    phone: str | None = None,
    kept: dict[str, Any] | None = None,
) -> HttpResponse:
    """Answer as if an account were made, for an address or number that has one already.

    ``kept`` is what it is made from, should the address or number be corrected.
    """
    login = Login(
        user=None,
        email=email,
        phone=phone,
        redirect_url=get_next_redirect_url(request),
        signal_kwargs={},
        signup=True,
        state={} if kept is None else {PRETENDED_SIGNUP_KEY: kept},
    )
    return login_flow.resume_login(request, login)


def pretend_to_robot(request: HttpRequest, email: str | None) -> HttpResponse:
    """Answer a robot as if an account were made; nothing is mailed, and no code is right."""
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and email:
        state = EmailVerificationProcess.initial_state(email=email)
        EmailVerificationProcess(request, state).persist()
    return get_adapter().respond_email_verification_sent(request, None)
