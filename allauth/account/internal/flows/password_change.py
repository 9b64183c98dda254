"""Passwords that a logged-in user changes or sets for the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.dispatch import Signal
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.internal.hooks import get_adapter

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def change_password(request: HttpRequest, user: User, store: Callable[[], None]) -> None:
    """Replace the password of ``user``, with all consequences.

    Parameters:
        request: The current request.
        user: The user.
        store: Function that stores the new password.
    """
    store()
    finalize_password_change(request, user)


def set_password(request: HttpRequest, user: User, store: Callable[[], None]) -> None:
    """Set the first password of ``user``, with all consequences; see :func:`change_password`.

    Raises ``ReauthenticationRequired`` if the user has a way to reauthenticate, and has not done
    so.
    """
    raise_if_reauthentication_required(request, app="allauth.account")
    store()
    finalize_password_set(request, user)


def finalize_password_change(request: HttpRequest, user: User) -> None:
    """Finish the change of the password of ``user``, once it is stored."""
    _finalize(request, user, "password_changed", signals.password_changed)


def finalize_password_set(request: HttpRequest, user: User) -> None:
    """Finish setting the first password of ``user``, once it is stored."""
    _finalize(request, user, "password_set", signals.password_set)


def _finalize(request: HttpRequest, user: User, name: str, signal: Signal) -> None:
    if app_settings.LOGOUT_ON_PASSWORD_CHANGE:
        logout(request)
    else:
        # All other sessions of the user end; this one gets a new key.
        update_session_auth_hash(request, user)
    adapter = get_adapter()
    adapter.add_message(request, messages.SUCCESS, f"account/messages/{name}.txt")
    adapter.send_notification_mail(f"account/email/{name}", user)
    signal.send(sender=user.__class__, request=request, user=user)
