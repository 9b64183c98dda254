"""Verification of email addresses by link; by code, see :mod:`.email_verification_by_code`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.claims import claim_identifier
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import LoginStageController
from allauth.account.internal.mails import emit_email_changed, may_send, send_verification_mail
from allauth.account.internal.user_fields import user_email
from allauth.account.models import (
    EmailAddress,
    EmailConfirmationMixin,
    Login,
    lock_addresses,
)

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import User


def verify_email(request: HttpRequest, email_address: EmailAddress) -> bool:
    """Mark the email address as verified, with all consequences.

    Returns whether this call verified it. It does not if another account has verified the address,
    if a parallel request did the same, or if the address is new and the account has reached the
    maximum.
    """
    adapter = get_adapter()
    is_new = email_address.pk is None
    try:
        with transaction.atomic():
            replaced = _store_verified(email_address)
    except (IntegrityError, _TakenError):
        email_address.verified = False
        adapter.add_message(
            request,
            messages.ERROR,
            "account/messages/email_confirmation_failed.txt",
            {"email": email_address.email},
        )
        return False
    except _TooManyError:
        error = adapter.validation_error("max_email_addresses", app_settings.MAX_EMAIL_ADDRESSES)
        adapter.add_message(request, messages.ERROR, message=str(error.message))
        return False
    if replaced is None:
        return False
    _announce_verified(request, email_address, is_new, replaced)
    return True


class _TakenError(Exception):
    """Another account has verified the email address, or is about to."""


class _TooManyError(Exception):
    """The account has reached the maximum number of email addresses."""


def _store_verified(email_address: EmailAddress) -> list[EmailAddress] | None:
    """Store the email address as verified.

    Returns the addresses that it replaced, or ``None`` if another request did all that.
    """
    lock_addresses(email_address.user_id, email_address.email)
    if email_address.pk is not None:
        stored = EmailAddress.objects.filter(pk=email_address.pk).first()
        if stored is None or (stored.verified and not email_address.verified):
            return None
        return _replace_others(email_address)
    if not EmailAddress.objects.can_add_email(email_address.user):
        raise _TooManyError
    if not claim_identifier(email_address.email, owner=str(email_address.user_id)):
        raise _TakenError
    return _replace_others(email_address)


def _replace_others(email_address: EmailAddress) -> list[EmailAddress]:
    if not email_address.set_verified(commit=False):
        raise _TakenError
    user = email_address.user
    replaced: list[EmailAddress] = []
    if app_settings.CHANGE_EMAIL:
        others = EmailAddress.objects.filter(user=user).exclude(pk=email_address.pk)
        replaced = list(others.order_by("-primary", "-verified", "pk"))
    is_primary = email_address.replace_primary(conditional=not app_settings.CHANGE_EMAIL)
    if not is_primary:
        email_address.save()
    for other in replaced:
        other.user = user
        other.remove()
    return replaced


def _announce_verified(
    request: HttpRequest,
    email_address: EmailAddress,
    is_new: bool,
    replaced: list[EmailAddress],
) -> None:
    user = email_address.user
    if is_new:
        signals.email_added.send(
            sender=EmailAddress, request=request, user=user, email_address=email_address
        )
    signals.email_confirmed.send(sender=EmailAddress, request=request, email_address=email_address)
    if app_settings.CHANGE_EMAIL:
        former = replaced[0] if replaced else None
        emit_email_changed(request, former, email_address)
    get_adapter().add_message(
        request,
        messages.SUCCESS,
        "account/messages/email_confirmed.txt",
        {"email": email_address.email},
    )


def verify_email_indirectly(request: HttpRequest, user: User, email: str) -> bool:
    """Mark ``email`` as verified if it is an unverified address of ``user``.

    The user has proved to control it in another way: by a code that was sent there.
    """
    try:
        address = EmailAddress.objects.get_for_user(user, email)
    except EmailAddress.DoesNotExist:
        return False
    return not address.verified and verify_email(request, address)


def send_verification_email_for_user(request: HttpRequest, user: User) -> bool:
    """Send a verification email to the best address of ``user``; return whether one was sent."""
    address = _get_best_address(user)
    return address is not None and send_verification_email_to_address(request, address)


def send_verification_email_at_login(request: HttpRequest, login: Login) -> bool:
    """Send the verification email of a login or sign-up.

    Returns whether one was sent, or pretended to be sent.
    """
    address = _get_address_of_login(login)
    if address is None or address.verified:
        return False
    if login.user and not get_adapter().should_send_confirmation_mail(
        request, address, login.signup
    ):
        return False
    return send_verification_email_to_address(request, address, signup=login.signup)


def _get_address_of_login(login: Login) -> EmailAddress | None:
    if login.user is None:
        return EmailAddress(email=login.email.lower()) if login.email else None
    if not login.email:
        return _get_best_address(login.user)
    try:
        return EmailAddress.objects.get_for_user(login.user, login.email)
    except EmailAddress.DoesNotExist:
        return _create_address(login.user, login.email)


def _get_best_address(user: User) -> EmailAddress | None:
    cached: list[EmailAddress] | None = getattr(user, "_emailaddress_cache", None)
    addresses = EmailAddress.objects.filter(user=user) if cached is None else cached
    best = sorted(addresses, key=lambda row: (not row.primary, not row.verified, row.pk))
    if best:
        best[0].user = user
        return best[0]
    email = user_email(user)
    return _create_address(user, email) if email else None


def _create_address(user: User, email: str) -> EmailAddress:
    address, _ = EmailAddress.objects.get_or_create(user=user, email=email.lower())
    address.user = user
    return address


def send_verification_email_to_address(
    request: HttpRequest,
    address: EmailAddress,
    *,
    signup: bool = False,
    process: EmailVerificationProcess | None = None,
    skip_enumeration_mails: bool = False,
) -> bool:
    """Send a verification email to ``address``, within the limit for such emails.

    Parameters:
        request: The current request.
        address: The recipient. Without a user it is a pretended one, and its owner is told what
            happened.
        signup: Whether the account was just made.
        process: The pending verification by code. If codes are used and there is none, one is
            begun.
        skip_enumeration_mails: Send nothing to the owner of a pretended address.

    Returns whether an email was sent. Beyond the limit, nothing is sent by link.

    Raises ``RateLimited`` beyond the limit for codes: the user would wait for a code that never
    arrives.
    """
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and process is None:
        user = address.user if address.user_id is not None else None
        EmailVerificationProcess.initiate(request, user=user, email=address.email, signup=signup)
        return True
    return send_verification_mail(
        request,
        address,
        signup=signup,
        process=process,
        skip_enumeration_mails=skip_enumeration_mails,
    )


def would_wait_for_refused_mail(request: HttpRequest, login: Login) -> bool:
    """Return whether a login would wait for a code that the limit forbids to send now."""
    if (
        not app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
        or not is_verification_mandatory(login)
        or not login.email
        or login.user is None
    ):
        return False
    try:
        address = EmailAddress.objects.get_for_user(login.user, login.email)
    except EmailAddress.DoesNotExist:
        return False
    return not address.verified and not may_send(request, login.email, dry_run=True)


class LinkOutcome(NamedTuple):
    """The outcome of following a verification link.

    Attributes:
        address: The email address, if the link verified it.
        response: The response of the login that waited for the address in the session.
    """

    address: EmailAddress | None
    response: HttpResponse | None = None


def follow_link(request: HttpRequest, confirmation: EmailConfirmationMixin) -> LinkOutcome:
    """Verify the email address of a link, and continue the login that waits for it.

    The session may be that of another user: the caller has to end it then.
    """
    address = confirmation.confirm(request)
    response = login_on_verification(request, address) if address is not None else None
    return LinkOutcome(address, response)


def belongs_to_other_user(request: HttpRequest, address: EmailAddress) -> bool:
    """Return whether the logged-in user is not the owner of the email address."""
    return bool(request.user.is_authenticated and request.user.pk != address.user_id)


def verify_email_and_resume(
    request: HttpRequest, process: EmailVerificationProcess
) -> tuple[EmailAddress | None, HttpResponse | None]:
    """Verify the email address of a verification by code, and continue the login that waits for it.

    Returns the address, ``None`` if it could not be verified, and the response of the login.
    """
    address = process.finish()
    response = login_on_verification(request, address)
    return address, response


def login_on_verification(
    request: HttpRequest, address: EmailAddress | None
) -> HttpResponse | None:
    """Continue the login in the session that waits for the verification of the email address.

    Returns the response of the login. A login that cannot continue is aborted, and the result is
    ``None``.
    """
    stage = LoginStageController.enter(request, LoginStageKey.VERIFY_EMAIL.value)
    if stage is None:
        return None
    if address is not None and _can_continue(request, stage.login, address):
        return stage.exit()
    stage.abort()
    return None


def _can_continue(request: HttpRequest, login: Login, address: EmailAddress) -> bool:
    """Return whether the login continues once the email address is verified.

    The address has to be that of the user who logs in, the request must be anonymous, and the
    project has to allow it. It always continues by code: the code was typed into the session in
    which it was requested.
    """
    is_allowed = (
        app_settings.LOGIN_ON_EMAIL_CONFIRMATION or app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
    )
    return bool(
        is_allowed
        and login.user is not None
        and login.user.pk == address.user_id
        and not request.user.is_authenticated
    )


def is_verification_mandatory(login: Login) -> bool:
    """Return whether this login needs a verified email address."""
    # A login from a session holds the plain string.
    return bool(login.email_verification == EmailVerificationMethod.MANDATORY)
