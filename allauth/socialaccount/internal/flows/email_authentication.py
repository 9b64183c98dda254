"""Logging in to the account that has the address which a provider verified."""

from __future__ import annotations

from typing import Any

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


def prepare_login(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Make the account safe for a login by address, and connect it where that is configured.

    Does nothing for a login by an account that is connected. Raises ``PermissionDenied`` if
    somebody else takes the address or account at this very moment.
    """
    email = sociallogin._matched_email
    user = sociallogin.user
    if email is None or not user.is_active:
        return
    wipe_password(request, user, email)
    sociallogin._note_password()
    is_connecting = app_settings.EMAIL_AUTHENTICATION_AUTO_CONNECT
    if is_connecting and not connect_unless_taken(request, sociallogin, user):
        raise PermissionDenied


def wipe_password(request: HttpRequest, user: Any, email: str) -> None:
    """Take an account over for the owner of ``email``, unless it was known to be theirs.

    Anybody can sign up with an address that is not theirs, and wait for its owner to come by. So
    where the address was not verified, everything else that opens the account is removed: the
    password, other addresses and third-party accounts, second factors and sessions. The address is
    verified from here on.
    """
    with transaction.atomic():
        lock_addresses(user.pk, email)
        addresses = EmailAddress.objects.filter(user=user)
        address = addresses.filter(email=email).first() or EmailAddress(user=user, email=email)
        if address.verified:
            # Another request may have done it all at this very moment, and what was read of the
            # user before that must not be stored again.
            fields = ["password", account_settings.USER_MODEL_EMAIL_FIELD]
            user.refresh_from_db(fields=[field for field in fields if field])
            return
        # Sessions depend on the password, so that it is replaced even if it is unusable.
        user.set_unusable_password()
        user.save(update_fields=["password"])
        revoke_other_credentials(user, email)
        address.user = user
        if not verify_email(request, address):
            raise PermissionDenied
    end_sessions(user)
