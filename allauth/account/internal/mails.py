"""Emails of the account app, with the signals and messages that accompany them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.hooks import get_adapter, get_page_url
from allauth.account.models import EmailAddress
from allauth.core.exceptions import RateLimited
from allauth.core.internal import ratelimit

if TYPE_CHECKING:
    from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess


def send_verification_mail(
    request: HttpRequest,
    address: EmailAddress,
    *,
    signup: bool = False,
    process: EmailVerificationProcess | None = None,
    skip_enumeration_mails: bool = False,
) -> bool:
    """Send a link or code to ``address``, within the limit for verification emails.

    Parameters:
        request: The current request.
        address: The recipient. Without a user it is a pretended one, and its owner is told what
            happened.
        signup: Whether the account was just made.
        process: The verification by code whose code is sent; without it, a link is sent.
        skip_enumeration_mails: Send nothing to the owner of a pretended address.

    Returns whether an email was sent. Beyond the limit, nothing is sent by link.

    Raises ``RateLimited`` beyond the limit for codes: the user would wait for a code that never
    arrives.
    """
    if not may_send(request, address.email):
        if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
            raise RateLimited
        return False
    confirmation: object = None
    if address.user_id is None:
        if not skip_enumeration_mails:
            _send_pretended_mail(request, address.email, signup)
    elif process is not None:
        get_adapter().send_confirmation_mail(request, process, signup)
        confirmation = process
    else:
        confirmation = address.send_confirmation(request, signup=signup)
    get_adapter().add_message(
        request,
        messages.INFO,
        "account/messages/email_confirmation_sent.txt",
        {"email": address.email, "login": not signup, "signup": signup},
    )
    if confirmation is not None:
        event = {"request": request, "confirmation": confirmation, "signup": signup}
        signals.email_confirmation_sent.send(sender=type(confirmation), **event)
    return True


def may_send(request: HttpRequest, email: str, *, dry_run: bool = False) -> bool:
    """Count one more verification email; return whether that is within the limit for the address.

    With ``dry_run`` it is not counted.
    """
    usage = ratelimit.consume(
        request,
        app="allauth.account",
        action="confirm_email",
        key=email.lower(),
        dry_run=dry_run,
        limit_get=True,
    )
    return usage is not None


def _send_pretended_mail(request: HttpRequest, email: str, signup: bool) -> None:
    if signup:
        get_adapter().send_account_already_exists_mail(email)
    else:
        send_unknown_account_mail(request, email)


def send_unknown_account_mail(request: HttpRequest, email: str) -> None:
    """Tell the owner of an email address that it has no account, if the site enables that."""
    if not app_settings.EMAIL_UNKNOWN_ACCOUNTS:
        return
    get_adapter().send_mail(
        "account/email/unknown_account",
        email,
        {"request": request, "signup_url": get_page_url(request, "account_signup")},
    )


def emit_email_changed(
    request: HttpRequest,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
) -> None:
    """Announce another primary email address, also to the owner of the former one."""
    user = to_email_address.user
    addresses = {
        "from_email_address": from_email_address,
        "to_email_address": to_email_address,
    }
    signals.email_changed.send(sender=EmailAddress, request=request, user=user, **addresses)
    if from_email_address is not None:
        get_adapter().send_notification_mail(
            "account/email/email_changed",
            user,
            {"from_email": from_email_address.email, "to_email": to_email_address.email},
            email=from_email_address.email,
        )
