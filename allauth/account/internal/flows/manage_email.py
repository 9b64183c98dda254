"""The email addresses of a logged-in user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.finders import find_email_owners
from allauth.account.internal.flows import email_verification
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.mails import emit_email_changed
from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress, lock_addresses

if TYPE_CHECKING:
    from allauth.core.internal.types import AuthenticatedRequest, User

_APP = "allauth.account"


class _AddressForm(Protocol):
    def save(self, request: HttpRequest) -> EmailAddress: ...


def sync_user_email_address(user: User) -> EmailAddress | None:
    """Store the email address of the user model as a row, if there is none; return the new row."""
    email = user_email(user)
    if not email or EmailAddress.objects.filter(user=user, email=email).exists():
        return None
    return _create_row(user, email)


def _create_row(user: User, email: str) -> EmailAddress:
    address, _ = EmailAddress.objects.get_or_create(user=user, email=email)
    return address


def get_addresses(user: User) -> list[EmailAddress]:
    """Return all rows of the user, ordered by email address.

    A row is made for the address of the user model, if there is none.
    """
    addresses = list(EmailAddress.objects.filter(user=user))
    email = user_email(user)
    if email and email not in {address.email for address in addresses}:
        addresses.append(_create_row(user, email))
    for address in addresses:
        address.user = user
    return sorted(addresses, key=lambda address: address.email)


def list_email_addresses(request: HttpRequest, user: User) -> list[EmailAddress]:
    """Return the rows of the user and, if codes are used, the pending email address."""
    addresses = list(EmailAddress.objects.filter(user=user))
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
        process = EmailVerificationProcess.resume(request)
        if process is not None and process.user == user:
            pending = process.email_address
            if pending.pk is None:
                addresses.append(pending)
    return addresses


def add_email(request: HttpRequest, form: _AddressForm) -> None:
    """Add the email address of a valid form, as :func:`add_address` does."""
    add_address(request, lambda: form.save(request))


def add_address(request: HttpRequest, save: Callable[[], EmailAddress]) -> None:
    """Add an email address, and announce it.

    Parameters:
        request: The current request.
        save: Function that begins to verify the address, and returns its row.

    Raises ``ReauthenticationRequired``.
    """
    raise_if_reauthentication_required(request, app=_APP)
    address = save()
    # If codes are used, the address is stored and announced once it is verified.
    if address.pk is not None:
        signals.email_added.send(
            sender=EmailAddress, request=request, user=request.user, email_address=address
        )


def save_new_email(request: HttpRequest, user: User, email: str) -> EmailAddress:
    """Begin to verify an email address that the user adds.

    Returns its row, which is unsaved if codes are used.
    """
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
        EmailVerificationProcess.initiate(request, user=user, email=email)
        return EmailAddress(user=user, email=email.lower())
    if app_settings.CHANGE_EMAIL:
        return EmailAddress.objects.add_new_email(request, user, email)
    with transaction.atomic():
        # Parallel requests must not exceed the maximum together.
        lock_addresses(user.pk)
        if not EmailAddress.objects.can_add_email(user):
            raise get_adapter().validation_error(
                "max_email_addresses", app_settings.MAX_EMAIL_ADDRESSES
            )
        address = EmailAddress.objects.add_email(request, user, email)
    email_verification.send_verification_email_to_address(request, address)
    return address


def can_delete_email(email_address: EmailAddress) -> bool:
    """Return whether the user may remove the email address."""
    return get_adapter().can_delete_email(email_address)


def delete_email(request: AuthenticatedRequest, email_address: EmailAddress) -> bool:
    """Remove an email address, if the project allows it.

    Returns whether it was removed.

    Raises ``ReauthenticationRequired``.
    """
    raise_if_reauthentication_required(request, app=_APP)
    user, email = request.user, email_address.email
    if not _remove_if_allowed(email_address):
        _add_message(request, messages.ERROR, "cannot_delete_primary_email", email=email)
        return False
    event = {"request": request, "user": user, "email_address": email_address}
    signals.email_removed.send(sender=EmailAddress, **event)
    _add_message(request, messages.SUCCESS, "email_deleted", email=email)
    get_adapter().send_notification_mail(
        "account/email/email_deleted", user, {"deleted_email": email}
    )
    return True


def _add_message(request: HttpRequest, level: int, name: str, **context: object) -> None:
    get_adapter().add_message(request, level, f"account/messages/{name}.txt", context)


def _remove_if_allowed(email_address: EmailAddress) -> bool:
    """Remove the email address while no other request can change those of the user.

    Two parallel removals could otherwise leave the account without an address to log in by.
    """
    if email_address.pk is None:
        return can_delete_email(email_address)
    with transaction.atomic():
        lock_addresses(email_address.user_id)
        rows = EmailAddress.objects.filter(pk=email_address.pk)
        current = rows.select_related("user").first()
        if current is None:
            return False
        email_address.primary = current.primary
        user_email(email_address.user, user_email(current.user))
        if not can_delete_email(email_address):
            return False
        email_address.remove()
        return True


def can_mark_as_primary(email_address: EmailAddress) -> bool:
    """Return whether the email address may become primary: it is verified, or no other one is."""
    if email_address.pk is None:
        return False
    if email_address.verified:
        return True
    verified = EmailAddress.objects.filter(user=email_address.user, verified=True)
    return not verified.exists()


def mark_as_primary(request: AuthenticatedRequest, email_address: EmailAddress) -> bool:
    """Make an email address primary.

    Returns whether it is primary now.

    Raises ``ReauthenticationRequired``.
    """
    raise_if_reauthentication_required(request, app=_APP)
    if not can_mark_as_primary(email_address):
        _add_message(request, messages.ERROR, "unverified_primary_email")
        return False
    former = EmailAddress.objects.get_primary(request.user)
    if not email_address.set_as_primary():
        return False
    _add_message(request, messages.SUCCESS, "primary_email_set")
    if former is None or former.pk != email_address.pk:
        emit_email_changed(request, former, email_address)
    return True


def assess_unique_email(email: str, user: User | None = None) -> bool | None:
    """Return whether an email address may be used for an account, as far as uniqueness goes.

    ``True``: it may. ``False``: it may not, and the user may be told. ``None``: it may not, but the
    user must not be told.
    """
    if not app_settings.UNIQUE_EMAIL:
        return True
    owners = find_email_owners(email)
    if user is not None:
        owners.discard(user.pk)
    return assess_taken_email() if owners else True


def assess_taken_email() -> bool | None:
    """Return the result of :func:`assess_unique_email` for an email address of another account."""
    if not app_settings.PREVENT_ENUMERATION:
        return False
    if app_settings.EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY:
        return None
    return bool(app_settings.PREVENT_ENUMERATION == "strict")


def email_already_exists(
    email: str, user: User | None = None, always_raise: bool = False
) -> tuple[str, bool]:
    """Return the email address, as the project cleans it, and whether another account has it.

    Raises ``ValidationError`` if another account has it and the user may be told, or with
    ``always_raise``.
    """
    adapter = get_adapter()
    assessment = assess_unique_email(email, user)
    if assessment is False or (assessment is None and always_raise):
        raise adapter.validation_error("email_taken")
    return adapter.validate_unique_email(email), assessment is None
