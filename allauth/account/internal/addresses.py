"""The email addresses of users: which are verified, and which a new user gets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q
from django.http import HttpRequest

from allauth.account import app_settings
from allauth.account.internal.email_syntax import valid_email_or_none
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def has_verified_email(user: User | None, email: str | None = None) -> bool:
    """Return whether the user has verified ``email`` or, without it, any email address."""
    if user is None:
        return False
    if email:
        try:
            return EmailAddress.objects.get_for_user(user, email).verified
        except EmailAddress.DoesNotExist:
            return False
    cached: list[EmailAddress] | None = getattr(user, "_emailaddress_cache", None)
    if cached is not None:
        return any(address.verified for address in cached)
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def cleanup_email_addresses(
    request: HttpRequest, addresses: Iterable[EmailAddress]
) -> tuple[list[EmailAddress], EmailAddress | None]:
    """Return those of the unsaved ``addresses`` that may be stored, and the primary one of them.

    Malformed email addresses are dropped, and so are those in use where addresses are unique.
    Duplicates are merged.
    """
    candidates = list(addresses)
    existing = list(EmailAddress.objects.lookup([address.email for address in candidates]))
    return _cleanup(request, candidates, existing)


def _cleanup(
    request: HttpRequest, candidates: list[EmailAddress], existing: list[EmailAddress]
) -> tuple[list[EmailAddress], EmailAddress | None]:
    merged: dict[str, EmailAddress] = {}
    for address in candidates:
        email = valid_email_or_none(address.email)
        if email is None or _is_in_use(email, address.verified, existing):
            continue
        known = merged.setdefault(email, address)
        known.email = email
        known.verified = known.verified or address.verified
        known.primary = known.primary or address.primary
        if get_adapter().is_email_verified(request, email):
            known.verified = True
    cleaned = list(merged.values())
    if not cleaned:
        return [], None
    chosen = max(cleaned, key=lambda address: (address.verified, address.primary))
    for address in cleaned:
        address.primary = address is chosen
    return cleaned, chosen


def _is_in_use(email: str, is_verified: bool, existing: list[EmailAddress]) -> bool:
    if not app_settings.UNIQUE_EMAIL:
        return False
    rows = [row for row in existing if row.email.lower() == email]
    if app_settings.PREVENT_ENUMERATION == "strict":
        # An unverified second owner is allowed: a refusal would reveal the first one.
        return is_verified and any(row.verified for row in rows)
    return bool(rows)


def setup_user_email(
    request: HttpRequest, user: User, addresses: list[EmailAddress]
) -> EmailAddress | None:
    """Store the email addresses of a new user.

    These are the one verified before the sign-up, the one of the user model, and ``addresses``.

    Returns the primary one.

    Raises ``ValueError`` if the user has email addresses already.
    """
    candidates = []
    verified = get_adapter().unstash_verified_email(request)
    if verified:
        candidates.append(EmailAddress(user=user, email=verified, verified=True, primary=True))
    email = user_email(user)
    if email:
        candidates.append(EmailAddress(user=user, email=email, primary=True))
    candidates += addresses
    known = {address.email.lower() for address in candidates}
    rows = list(EmailAddress.objects.filter(Q(user=user) | Q(email__in=known)))
    if any(row.user_id == user.pk for row in rows):
        raise ValueError("The user has email addresses already.")
    cleaned, primary = _cleanup(request, candidates, rows)
    for address in cleaned:
        address.user = user
        address.save()
    EmailAddress.objects.fill_cache_for_user(user, cleaned)
    if primary and primary.email != user_email(user):
        user_email(user, primary.email)
        user.save()
    return primary
