"""Addresses of users, in the database."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress


def add_row(user: Any, email: str, **fields: Any) -> EmailAddress:
    """Give a user a row for an address, behind the scenes."""
    return EmailAddress.objects.create(user=user, email=email, **fields)
