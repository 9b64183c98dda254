"""Take-overs of an account by the owner of its email address.

An attacker can sign up with the address of another person, add credentials, and wait for the owner
to use the account. When an anonymous request proves to control an address that was never verified
on an account, all other credentials of the account are therefore revoked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from allauth.account import app_settings
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress, lock_addresses
from allauth.core.internal import extensions

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def is_unproven(user: User, email: str) -> bool:
    """Return whether the account was created with ``email``, and the address is unverified.

    Only the address the account was created with counts: an address added later may belong to
    another person, who must not be able to take over the account. Always ``False`` if
    ``EMAIL_VERIFICATION`` is ``"none"``.
    """
    if app_settings.EMAIL_VERIFICATION == EmailVerificationMethod.NONE:
        return False
    oldest = EmailAddress.objects.filter(user=user).order_by("pk").first()
    return oldest is None or (oldest.email == email.lower() and not oldest.verified)


def end_sessions(user: User) -> None:
    """End all sessions and tokens of the user, after a take-over is committed."""
    for revoke in extensions.session_revokers:
        revoke(user)


def revoke_other_credentials(user: User, email: str) -> None:
    """Remove all ways to log in other than ``email``; the caller replaces the password."""
    with transaction.atomic():
        lock_addresses(user.pk, email.lower())
        addresses = EmailAddress.objects.filter(user=user)
        addresses.exclude(email=email.lower()).delete()
        for revoke in extensions.credential_revokers:
            revoke(user)
        address = addresses.first()
        if address is not None:
            address.user = user
            address.set_as_primary()
        else:
            user_email(user, email, commit=True)
