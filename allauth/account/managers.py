"""Queries for email addresses and their confirmations."""

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
    """The manager of email addresses."""

    def can_add_email(self, user: User) -> bool:
        """Return whether the account may have one more email address."""
        if app_settings.CHANGE_EMAIL or not app_settings.MAX_EMAIL_ADDRESSES:
            return True
        return bool(self.filter(user=user).count() < app_settings.MAX_EMAIL_ADDRESSES)

    def get_new(self, user: User) -> EmailAddress | None:
        """Return the newest unverified email address, which waits to replace the current one."""
        return self.filter(user=user, verified=False).order_by("-pk").first()

    def add_new_email(
        self, request: HttpRequest, user: User, email: str, send_verification: bool = True
    ) -> EmailAddress:
        """Replace the email address that waits to replace the current one.

        Links that were sent to the former one become void.

        Parameters:
            request: The current request.
            user: The user.
            email: The new email address.
            send_verification: Whether to send a verification email.
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
        """Add ``email`` to the account unless it is there; verify a new one if ``confirm``."""
        address, created = self.get_or_create(user=user, email=email.lower())
        if created and confirm:
            self._send_verification(request, address)
        return address

    def _send_verification(self, request: HttpRequest, address: EmailAddress) -> None:
        send = extensions.verification_sender.get()
        if send is not None:
            send(request, address)

    def get_verified(self, user: User) -> EmailAddress | None:
        """Return a verified email address of the user, preferring the primary one."""
        return self.filter(user=user, verified=True).order_by("-primary", "pk").first()

    def get_primary(self, user: User) -> EmailAddress | None:
        """Return the primary email address of the user."""
        return self.filter(user=user, primary=True).first()

    def get_primary_email(self, user: User) -> str | None:
        """Return the text of the primary email address, or else that of the user model."""
        primary = self.get_primary(user)
        return primary.email if primary else (user_email(user) or None)

    def get_users_for(self, email: str) -> list[User]:
        """Return the users who verified ``email``."""
        rows = self.filter(verified=True, email=email.lower()).select_related("user")
        return [row.user for row in rows]

    def fill_cache_for_user(self, user: User, addresses: Iterable[EmailAddress]) -> None:
        """Cache the email addresses of the user, for reads that a replica could not answer yet."""
        user._emailaddress_cache = list(addresses)  # type: ignore[attr-defined]

    def get_for_user(self, user: User, email: str) -> EmailAddress:
        """Return the user's row for ``email``; raise ``EmailAddress.DoesNotExist`` without one."""
        email = email.lower()
        cached = getattr(user, "_emailaddress_cache", None)
        if cached is not None:
            for address in cached:
                if address.email.lower() == email:
                    return address  # type: ignore[no-any-return]
            raise self.model.DoesNotExist
        # There is at most one, so that the statement needs neither an order nor a limit.
        address = next(iter(self.filter(user=user, email=email)), None)
        if address is None:
            raise self.model.DoesNotExist
        # The same object, so that changes to the user are visible on both.
        address.user = user
        return address

    def is_verified(self, email: str) -> bool:
        """Return whether any user verified ``email``."""
        return self.filter(email=email.lower(), verified=True).exists()

    def lookup(self, emails: Iterable[str]) -> QuerySet[EmailAddress]:
        """Return all rows for any of ``emails``."""
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
    """The manager of stored confirmations."""

    def expired_q(self) -> Q:
        """Return the condition for confirmations that have expired."""
        lifetime = timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)
        return Q(sent__lt=timezone.now() - lifetime)

    def all_expired(self) -> QuerySet[EmailConfirmation]:
        """Return the confirmations that have expired."""
        return self.filter(self.expired_q())

    def all_valid(self) -> QuerySet[EmailConfirmation]:
        """Return the valid confirmations, whose email address is not verified yet."""
        return self.exclude(self.expired_q()).filter(email_address__verified=False)

    def delete_expired_confirmations(self) -> None:
        """Delete the confirmations that have expired."""
        self.all_expired().delete()

    adelete_expired_confirmations = awaitable_method(delete_expired_confirmations)
