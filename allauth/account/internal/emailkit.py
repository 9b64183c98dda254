"""Alias of :mod:`allauth.account.internal.email_syntax`."""

from __future__ import annotations

from allauth.account.internal.email_syntax import (
    MAX_EMAIL_LENGTH,
    is_email,
    is_plainly_spelled,
    valid_email_or_none,
)

__all__ = ["MAX_EMAIL_LENGTH", "is_email", "is_plainly_spelled", "valid_email_or_none"]
