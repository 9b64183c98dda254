"""The syntax of email addresses."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from allauth.account.internal.hooks import get_adapter

MAX_EMAIL_LENGTH = 254
"""Longest email address that fits into the envelope of a message (RFC 5321)."""


_DOT_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]+")


def is_email(text: object) -> bool:
    """Return whether ``text`` is a well-formed email address."""
    if not isinstance(text, str) or len(text) > MAX_EMAIL_LENGTH:
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def is_plainly_spelled(email: str) -> bool:
    """Return whether a well-formed email address is in its plainest spelling.

    Needless quotes (RFC 5321, section 4.1.2), and characters that mail servers map to others or
    drop (RFC 3491), would give one mailbox any number of addresses.
    """
    local_part, _, domain = email.rpartition("@")
    quoted = local_part[1:-1] if local_part.startswith('"') else None
    if quoted is not None and ("\\" in quoted or _DOT_ATOM.fullmatch(quoted)):
        return False
    if domain.isascii():
        return True
    try:
        return domain.encode("idna").decode("idna").lower() == domain.lower()
    except UnicodeError:
        return False


def valid_email_or_none(email: object) -> str | None:
    """Return the email address in lower case if it is well-formed and the project accepts it."""
    if not isinstance(email, str) or not is_email(email) or not is_plainly_spelled(email):
        return None
    try:
        accepted: str = get_adapter().clean_email(email.lower())
    except ValidationError:
        return None
    return accepted
