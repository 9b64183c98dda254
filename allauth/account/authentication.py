"""The steps by which the user of a session has authenticated."""

from __future__ import annotations

from allauth.account.internal.records import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.core.async_support import awaitable

__all__ = [
    "AUTHENTICATION_METHODS_SESSION_KEY",
    "aget_authentication_records",
    "get_authentication_records",
]

aget_authentication_records = awaitable(get_authentication_records)
