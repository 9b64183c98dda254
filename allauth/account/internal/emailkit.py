"""Syntax of e-mail addresses."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MAX_EMAIL_LENGTH = 254
"""RFC 5321 leaves no room for longer addresses in a mail's envelope."""


def is_email(text: object) -> bool:
    """Tell whether ``text`` is a well-formed address."""
    if not isinstance(text, str) or len(text) > MAX_EMAIL_LENGTH:
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def valid_email_or_none(email: object) -> str | None:
    """The address in lower case, if it is well-formed and the project accepts it."""
    from allauth.account.adapter import get_adapter

    if not isinstance(email, str) or not is_email(email):
        return None
    try:
        accepted: str = get_adapter().clean_email(email.lower())
    except ValidationError:
        return None
    return accepted
