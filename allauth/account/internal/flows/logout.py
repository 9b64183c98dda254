"""Logging out, whatever the state the visitor is in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest

from allauth.account.internal.constants import (
    PASSWORD_RESET_VERIFICATION_SESSION_KEY,
    RESET_KEY_SESSION_KEY,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import clear_login
from allauth.account.internal.session_store import cycle_key


def logout(request: HttpRequest, *, show_message: bool = True) -> None:
    """End the session of the user, and everything a visitor has begun.

    This is as well how steps of a login, sign-up or reset are cancelled.
    """
    if request.user.is_authenticated:
        adapter = get_adapter()
        if show_message:
            adapter.add_message(request, messages.SUCCESS, "account/messages/logged_out.txt")
        adapter.logout(request)
    elif request.session.session_key:
        # Whoever else knows the key of a login that is cancelled has nothing left.
        cycle_key(request.session)
    clear_login(request)
    request.session.pop(PASSWORD_RESET_VERIFICATION_SESSION_KEY, None)
    request.session.pop(RESET_KEY_SESSION_KEY, None)
