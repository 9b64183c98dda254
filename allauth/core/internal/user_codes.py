"""Codes that users read in an email or text message and type in."""

from __future__ import annotations

import math
import string
from typing import TypedDict

from django.utils.crypto import constant_time_compare, get_random_string
from django.views.decorators.debug import sensitive_variables

UNAMBIGUOUS_CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no words come out, and nothing that looks alike (RFC 8628, section 6.1)."""

MAX_TYPED_LENGTH = 1024
_IGNORED = str.maketrans("", "", string.punctuation + string.whitespace)


class UserCodeFormat(TypedDict, total=False):
    """The format of a code; every key is optional."""

    allowed_chars: str
    dashed: bool
    length: int
    numeric: bool


@sensitive_variables()
def generate_user_code(
    *,
    length: int | None = None,
    numeric: bool = False,
    dashed: bool = True,
    allowed_chars: str | None = None,
) -> str:
    """Return a random code from the secure random generator of the system.

    Parameters:
        length: Number of characters without dashes: 9 if numeric, else 8, unless given.
        numeric: Digits only.
        dashed: Split the code into two groups, or three beyond eight characters.
        allowed_chars: The alphabet, in place of digits or consonants.
    """
    if length is None:
        length = 9 if numeric else 8
    if allowed_chars is None:
        allowed_chars = string.digits if numeric else UNAMBIGUOUS_CONSONANTS
    code = get_random_string(length, allowed_chars)
    return _dash(code) if dashed else code


def _dash(code: str) -> str:
    groups = 2 if len(code) <= 8 else 3
    size = math.ceil(len(code) / groups) or 1
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


@sensitive_variables()
def normalize_user_code(code: str) -> str:
    """Return a code for comparison: without punctuation and blanks, in lower case."""
    return code.translate(_IGNORED).lower()


@sensitive_variables()
def compare_user_code(*, actual: object, expected: object) -> bool:
    """Return, in constant time, whether the text that was typed in is the expected code.

    Nothing matches an empty or missing expected code, and anything but text never matches.
    """
    if not isinstance(actual, str) or not isinstance(expected, str):
        return False
    if len(actual) > MAX_TYPED_LENGTH:
        return False
    normalized = normalize_user_code(expected)
    typed = normalize_user_code(actual)
    if not normalized:
        return False
    return constant_time_compare(_comparable(typed), _comparable(normalized))


def _comparable(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
