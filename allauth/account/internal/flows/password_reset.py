"""Replacement of a lost password, by a link in an email."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.app_settings import LoginMethod
from allauth.account.internal.constants import RESET_KEY_SESSION_KEY
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.login import clear_login_failures
from allauth.account.internal.flows.takeover import (
    end_sessions,
    is_unproven,
    revoke_other_credentials,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.mails import send_unknown_account_mail
from allauth.account.internal.records import record_authentication
from allauth.account.internal.user_fields import user_pk_to_url_str, user_username
from allauth.account.models import EmailAddress, Login
from allauth.core.internal.claims import take_once
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.contrib.auth.tokens import PasswordResetTokenGenerator
    from django.http import HttpResponse

    from allauth.core.internal.types import User

_KEY_SECONDS = 60


@sensitive_variables()
def request_password_reset(
    request: HttpRequest,
    email: str,
    users: list[User],
    token_generator: PasswordResetTokenGenerator,
) -> None:
    """Send a link to each of ``users``, or tell the owner of ``email`` that there is no account."""
    if not users:
        send_unknown_account_mail(request, email)
        return
    adapter = get_adapter()
    for user in users:
        token = token_generator.make_token(user)
        uid = user_pk_to_url_str(user)
        cache.set(_get_recipient_key(user, token), email, settings.PASSWORD_RESET_TIMEOUT)
        context = {
            "user": user,
            "password_reset_url": adapter.get_reset_password_from_key_url(f"{uid}-{token}"),
            "uid": uid,
            "key": token,
            "request": request,
        }
        if LoginMethod.USERNAME in app_settings.LOGIN_METHODS:
            context["username"] = user_username(user)
        adapter.send_password_reset_mail(user, email, context)


@sensitive_variables()
def consume_reset_key(user: User, key: str) -> bool:
    """Use up the token of a link; of parallel requests only one succeeds.

    The new password voids the token, but only once it is stored.
    """
    digest = hashlib.sha256(f"{user.pk}:{key}".encode()).hexdigest()
    return take_once(f"allauth:account:reset:{digest}", _KEY_SECONDS)


@sensitive_variables()
def get_unproven_recipient(user: User, key: str) -> str | None:
    """Return the email address to which the link with ``key`` was sent, unless it is verified."""
    email: str | None = cache.get(_get_recipient_key(user, key))
    return email if email and is_unproven(user, email) else None


def _get_recipient_key(user: User, key: str) -> str:
    digest = hashlib.sha256(f"{user.pk}:{key}".encode()).hexdigest()
    return f"allauth:account:reset-recipient:{digest}"


def is_other_user_logged_in(request: HttpRequest, user: User) -> bool:
    """Return whether another user than ``user`` is logged in."""
    return bool(request.user.is_authenticated and request.user.pk != user.pk)


@sensitive_variables("key")
def reset_by_link(
    request: HttpRequest, user: User, key: str, store: Callable[[], None]
) -> HttpResponse | None:
    """Replace the password of the user of a link, with all consequences.

    Parameters:
        request: The current request.
        user: The user of the link.
        key: The token of the link.
        store: Function that stores the new password.

    Returns the response of the login, if a reset logs in.
    """
    # The recipient has to be read before the new password voids the token.
    recipient = get_unproven_recipient(user, key)
    store()
    return finalize_password_reset(request, user, unproven_recipient=recipient)


def finalize_password_reset(
    request: HttpRequest,
    user: User,
    email: str | None = None,
    unproven_recipient: str | None = None,
) -> HttpResponse | None:
    """Finish the reset of the password of ``user``, once the new one is stored.

    Parameters:
        request: The current request.
        user: The user.
        email: The email address to which the code was sent.
        unproven_recipient: The email address that this reset proved, if it was not verified before:
            all other credentials of the account are removed.

    Returns the response of the login, if a reset logs in.
    """
    if unproven_recipient is not None:
        revoke_other_credentials(user, unproven_recipient)
        end_sessions(user)
    for address in EmailAddress.objects.filter(user=user):
        clear_login_failures(request, address.email)
    adapter = get_adapter()
    adapter.add_message(request, messages.SUCCESS, "account/messages/password_changed.txt")
    signals.password_reset.send(sender=user.__class__, request=request, user=user)
    adapter.send_notification_mail("account/email/password_reset", user)
    request.session.pop(RESET_KEY_SESSION_KEY, None)
    if not app_settings.LOGIN_ON_PASSWORD_RESET:
        return None
    record_authentication(request, user, "password_reset", email=email)
    return login_flow.perform_login(request, Login(user=user, email=email))
