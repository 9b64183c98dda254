"""Alias of the modules for the storage of pending logins."""

from __future__ import annotations

import time

from allauth.account.internal.html_face import redirect_to_pending_stage
from allauth.account.internal.login_engine import (
    LOGIN_SESSION_KEY,
    clear_login,
    get_pending_stage,
    pop_login,
    stash_login,
    unstash_login,
)

__all__ = [
    "LOGIN_SESSION_KEY",
    "clear_login",
    "get_pending_stage",
    "pop_login",
    "redirect_to_pending_stage",
    "stash_login",
    "time",
    "unstash_login",
]
