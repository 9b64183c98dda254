"""What happens once the owner of an address proves that an account is theirs.

Anybody can sign up with an address that is not theirs, add ways to log in, and wait for its owner
to come by. So when somebody who is not logged in proves an address that was never verified on an
account, every other way into the account is closed.
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
    """Tell whether ``email`` is what the account was made with, and nobody has verified it.

    On a site where nobody ever verifies an address that says nothing. Nor does an address that was
    added later, perhaps by mistake: its owner must not put out whom the account belongs to.
    """
    if app_settings.EMAIL_VERIFICATION == EmailVerificationMethod.NONE:
        return False
    oldest = EmailAddress.objects.filter(user=user).order_by("pk").first()
    return oldest is None or (oldest.email == email.lower() and not oldest.verified)


def end_sessions(user: User) -> None:
    """End what sessions and tokens the user has; called once a take-over is committed."""
    for revoke in extensions.session_revokers:
        revoke(user)


def revoke_other_credentials(user: User, email: str) -> None:
    """Remove every way to log in other than ``email``; the password is left to the caller."""
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
