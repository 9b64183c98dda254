"""Logins by an email address that the provider verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from allauth.account import app_settings as account_settings
from allauth.account.internal.flows.email_verification import verify_email
from allauth.account.internal.flows.takeover import end_sessions, revoke_other_credentials
from allauth.account.models import EmailAddress, lock_addresses
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.flows.connect import connect_unless_taken
from allauth.socialaccount.models import SocialLogin

if TYPE_CHECKING:
    from allauth.core.internal.types import User


def prepare_login(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Secure the user before a login by email address, and connect the account if configured.

    Does nothing for a login by a connected account. Raises ``PermissionDenied`` if a concurrent
    request takes the email address or the account.
    """
    email = sociallogin._matched_email
    user = sociallogin.user
    if email is None or not user.is_active:
        return
    wipe_password(request, user, email)
    sociallogin._remember_password()
    is_connecting = app_settings.EMAIL_AUTHENTICATION_AUTO_CONNECT
    if is_connecting and not connect_unless_taken(request, sociallogin, user):
        raise PermissionDenied


def wipe_password(request: HttpRequest, user: User, email: str) -> None:
    """Revoke all credentials of the user unless ``email`` was verified, and verify it.

    An attacker can sign up with the email address of another person, and wait for that person to
    log in. So the password, other email addresses and accounts, second factors and sessions of the
    user are removed.
    """
    with transaction.atomic():
        lock_addresses(user.pk, email)
        addresses = EmailAddress.objects.filter(user=user)
        address = addresses.filter(email=email).first() or EmailAddress(user=user, email=email)
        if address.verified:
            # A concurrent request may have done all of this. The fields that this request read
            # before must not be stored again.
            fields = ["password", account_settings.USER_MODEL_EMAIL_FIELD]
            user.refresh_from_db(fields=[field for field in fields if field])
            return
        # Sessions depend on the password hash, so even an unusable one is replaced.
        user.set_unusable_password()
        user.save(update_fields=["password"])
        revoke_other_credentials(user, email)
        address.user = user
        if not verify_email(request, address):
            raise PermissionDenied
    end_sessions(user)
