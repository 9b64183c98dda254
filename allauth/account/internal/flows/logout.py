"""Logouts, in whatever state the session is."""

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
    """End the session of the user, and everything that was begun in it.

    This also cancels the steps of a login, sign-up or reset.
    """
    if request.user.is_authenticated:
        adapter = get_adapter()
        if show_message:
            adapter.add_message(request, messages.SUCCESS, "account/messages/logged_out.txt")
        adapter.logout(request)
    elif request.session.session_key:
        # The former key, should an attacker know it, must not give access to this session.
        cycle_key(request.session)
    clear_login(request)
    request.session.pop(PASSWORD_RESET_VERIFICATION_SESSION_KEY, None)
    request.session.pop(RESET_KEY_SESSION_KEY, None)
