"""Alias of :mod:`allauth.core.internal.user_codes`."""

from __future__ import annotations

from allauth.core.internal.user_codes import (
    UNAMBIGUOUS_CONSONANTS,
    UserCodeFormat,
    compare_user_code,
    generate_user_code,
    normalize_user_code,
)

__all__ = [
    "UNAMBIGUOUS_CONSONANTS",
    "UserCodeFormat",
    "compare_user_code",
    "generate_user_code",
    "normalize_user_code",
]
