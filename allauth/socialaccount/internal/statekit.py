"""Alias of :mod:`allauth.socialaccount.internal.redirect_states` for other packages."""

from __future__ import annotations

from allauth.socialaccount.internal.constants import STATE_ID_LENGTH
from allauth.socialaccount.internal.redirect_states import (
    MAX_STATES,
    STATE_TTL,
    STATES_SESSION_KEY,
    gc_states,
    get_oldest_state,
    get_states,
    stash_state,
    unstash_last_state,
    unstash_state,
)

__all__ = [
    "MAX_STATES",
    "STATES_SESSION_KEY",
    "STATE_ID_LENGTH",
    "STATE_TTL",
    "gc_states",
    "get_oldest_state",
    "get_states",
    "stash_state",
    "unstash_last_state",
    "unstash_state",
]
