"""Alias of a module that tells by its name what it holds."""

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
