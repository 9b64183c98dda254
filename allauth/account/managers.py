"""Queries for e-mail addresses and their confirmations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from allauth.account import app_settings
from allauth.account.internal.user_fields import user_email
from allauth.core.async_support import awaitable_method
from allauth.core.internal import extensions

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress, EmailConfirmation
    from allauth.core.internal.types import User


class EmailAddressManager(models.Manager["EmailAddress"]):
    """Finds and adds addresses."""

    def can_add_email(self, user: User) -> bool:
        """Tell whether the account may have one more address."""
        if app_settings.CHANGE_EMAIL or not app_settings.MAX_EMAIL_ADDRESSES:
            return True
        return bool(self.filter(user=user).count() < app_settings.MAX_EMAIL_ADDRESSES)

    def get_new(self, user: User) -> EmailAddress | None:
        """The address that waits to replace the current one: the newest unverified one."""
        return self.filter(user=user, verified=False).order_by("-pk").first()

    def add_new_email(
        self, request: HttpRequest, user: User, email: str, send_verification: bool = True
    ) -> EmailAddress:
        """Put ``email`` in the place of the address that waits to replace the current one.

        Links that were sent to the former one thereby die. Sends a verification mail unless told
        not to.
        """
        with transaction.atomic():
            former = self.get_new(user)
            if former is not None:
                former.remove()
            address = self.create(user=user, email=email.lower())
        if send_verification:
            self._send_verification(request, address)
        return address

    def add_email(
        self,
        request: HttpRequest,
        user: User,
        email: str,
        confirm: bool = False,
        signup: bool = False,
    ) -> EmailAddress:
        """Add ``email`` to the account, unless it is there; verify it if ``confirm`` and new."""
        address, created = self.get_or_create(user=user, email=email.lower())
        if created and confirm:
            self._send_verification(request, address)
        return address

    def _send_verification(self, request: HttpRequest, address: EmailAddress) -> None:
        send = extensions.verification_sender.get()
        if send is not None:
            send(request, address)

    def get_verified(self, user: User) -> EmailAddress | None:
        """A verified address of the user, the primary one if it is."""
        return self.filter(user=user, verified=True).order_by("-primary", "pk").first()

    def get_primary(self, user: User) -> EmailAddress | None:
        """The primary address of the user."""
        return self.filter(user=user, primary=True).first()

    def get_primary_email(self, user: User) -> str | None:
        """The primary address as text; failing that, what the user model holds."""
        primary = self.get_primary(user)
        return primary.email if primary else (user_email(user) or None)

    def get_users_for(self, email: str) -> list[User]:
        """The users who verified ``email``."""
        rows = self.filter(verified=True, email=email.lower()).select_related("user")
        return [row.user for row in rows]

    def fill_cache_for_user(self, user: User, addresses: Iterable[EmailAddress]) -> None:
        """Remember the addresses of the user, for reads that a replica could not answer yet."""
        user._emailaddress_cache = list(addresses)  # type: ignore[attr-defined]

    def get_for_user(self, user: User, email: str) -> EmailAddress:
        """The user's row for ``email``; raises ``EmailAddress.DoesNotExist``."""
        email = email.lower()
        cached = getattr(user, "_emailaddress_cache", None)
        if cached is not None:
            for address in cached:
                if address.email.lower() == email:
                    return address  # type: ignore[no-any-return]
            raise self.model.DoesNotExist
        address = self.get(user=user, email=email)
        # Not a copy of the user: what is changed on either must be seen on both.
        address.user = user
        return address

    def is_verified(self, email: str) -> bool:
        """Tell whether anybody verified ``email``."""
        return self.filter(email=email.lower(), verified=True).exists()

    def lookup(self, emails: Iterable[str]) -> QuerySet[EmailAddress]:
        """All rows for any of ``emails``."""
        return self.filter(email__in=[email.lower() for email in emails])

    aget_verified = awaitable_method(get_verified)
    aget_primary = awaitable_method(get_primary)
    aget_primary_email = awaitable_method(get_primary_email)
    aget_users_for = awaitable_method(get_users_for)
    aget_for_user = awaitable_method(get_for_user)
    aget_new = awaitable_method(get_new)
    aadd_email = awaitable_method(add_email)
    aadd_new_email = awaitable_method(add_new_email)
    acan_add_email = awaitable_method(can_add_email)
    ais_verified = awaitable_method(is_verified)


class EmailConfirmationManager(models.Manager["EmailConfirmation"]):
    """Finds confirmations by their age."""

    def expired_q(self) -> Q:
        """The condition for confirmations that were sent too long ago."""
        lifetime = timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
        return Q(sent__lt=timezone.now() - lifetime)

    def all_expired(self) -> QuerySet[EmailConfirmation]:
        """Confirmations that are void by age."""
        return self.filter(self.expired_q())

    def all_valid(self) -> QuerySet[EmailConfirmation]:
        """Confirmations whose address still waits to be verified."""
        return self.exclude(self.expired_q()).filter(email_address__verified=False)

    def delete_expired_confirmations(self) -> None:
        """Delete what is void by age."""
        self.all_expired().delete()

    adelete_expired_confirmations = awaitable_method(delete_expired_confirmations)
