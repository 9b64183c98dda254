"""Sign-ups."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from allauth.account import app_settings, signals
from allauth.account.internal.claims import claim_identifiers
from allauth.account.internal.faces import get_face
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.flows.manage_email import assess_taken_email
from allauth.account.internal.flows.pretended_signup import (
    PRETENDED_SIGNUP_KEY,
    AddressTakenError,
    SavedSignup,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.mails import send_unknown_account_mail
from allauth.account.internal.signup_base import base_signup_form_class
from allauth.account.internal.usernames import filter_users_by_username
from allauth.account.models import EmailAddress, Login
from allauth.core.internal.db_races import begin_with_write, get_collision_errors
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.core.internal.types import SignalArguments, User

__all__ = [
    "AddressTakenError",
    "base_signup_form_class",
    "complete_signup",
    "prevent_enumeration",
    "send_unknown_account_mail",
]

_USERNAME_ATTEMPTS = 5


class IdentifierTakenError(ValueError):
    """An email address, phone number or username is taken, and the user may be told.

    Attributes:
        name: ``"email"``, ``"phone"`` or ``"username"``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} is taken.")
        self.name = name


@dataclass(frozen=True)
class SignupData:
    """The data of a sign-up.

    Attributes:
        email: Email address of the new account.
        phone: Its phone number.
        password: Its password in clear, or ``None`` for an account without one.
        is_taken: Whether an account is known to have the email address or phone number, which must
            not be revealed.
        saved: Data to save if the sign-up is pretended and can be corrected.
    """

    email: str | None
    phone: str | None
    password: str | None = field(repr=False)
    is_taken: bool
    saved: SavedSignup | None = field(repr=False)


@dataclass(frozen=True)
class SignupOutcome:
    """The outcome of a sign-up.

    Attributes:
        user: User of the new account; ``None`` if the sign-up is pretended.
        saved: Saved data of a pretended sign-up.
    """

    user: User | None = None
    saved: SavedSignup | None = field(default=None, repr=False)


def sign_up(request: HttpRequest, data: SignupData, make: Callable[[], User]) -> SignupOutcome:
    """Make an account, unless another one has the email address or phone number.

    Parameters:
        request: The current request.
        data: The data of the sign-up.
        make: Function that makes the account in a transaction and returns its user. It raises
            ``AddressTakenError`` if another account took the email address meanwhile.

    Raises ``IdentifierTakenError`` if a parallel request took an identifier, and the user may be
    told.
    """
    if not data.is_taken:
        unique_email = data.email if is_email_unique() else None
        identifiers = [value for value in (unique_email, data.phone) if value]
        with claim_identifiers(*identifiers) as claimed:
            taken = claimed or _find_taken_phone(data.phone)
            if taken is None:
                try:
                    return SignupOutcome(make())
                except AddressTakenError:
                    taken = data.email
            _raise_if_not_hidden(taken, data)
    return SignupOutcome(saved=_pretend(request, data))


def is_email_unique() -> bool:
    """Return whether the email address of a new account must be free, verified or not."""
    return bool(app_settings.UNIQUE_EMAIL) and assess_taken_email() is not True


def _find_taken_phone(phone: str | None) -> str | None:
    """Return the phone number if another account took it since it was checked."""
    if not phone or get_adapter().get_user_by_phone(phone) is None:
        return None
    return phone


def _raise_if_not_hidden(taken: str | None, data: SignupData) -> None:
    if taken == data.email:
        if assess_taken_email() is False:
            raise IdentifierTakenError("email")
    elif not app_settings.PREVENT_ENUMERATION:
        raise IdentifierTakenError("phone")


@sensitive_variables()
def _pretend(request: HttpRequest, data: SignupData) -> SavedSignup | None:
    """Do the same work as for a real account, and leave the same data in the session."""
    user = get_user_model()()
    if data.password:
        user.set_password(data.password)
    get_adapter().unstash_verified_email(request)
    if data.saved is None or "password" not in data.saved:
        return data.saved
    return {**data.saved, "password": user.password}


def store_account(username: str | None, store: Callable[[], User]) -> User:
    """Call ``store`` in a transaction, and return the user that it stores.

    Parameters:
        username: The username that was typed in. Without one, ``store`` generates it, and is called
            again if a parallel request takes the same one.
        store: Function that stores the user and returns it.

    Raises ``IdentifierTakenError`` if a parallel request took ``username``.
    """
    if not username:
        return _store_with_generated_username(store)
    try:
        with transaction.atomic():
            return store()
    except IntegrityError as error:
        if filter_users_by_username(username).exists():
            raise IdentifierTakenError("username") from error
        raise


def _store_with_generated_username(store: Callable[[], User]) -> User:
    errors = get_collision_errors()
    for _attempt in range(_USERNAME_ATTEMPTS):
        with suppress(*errors), transaction.atomic():
            begin_with_write(EmailAddress)
            return store()
    with transaction.atomic():
        return store()


def require_address(user: User, email: str | None) -> None:
    """Raise ``AddressTakenError`` if a new user lacks the email address of the sign-up.

    Storing a user silently leaves out an email address that is taken.
    """
    if not email or not is_email_unique():
        return
    try:
        EmailAddress.objects.get_for_user(user, email)
    except EmailAddress.DoesNotExist as error:
        raise AddressTakenError from error


def complete_signup(
    request: HttpRequest,
    *,
    user: User,
    redirect_url: str | None = None,
    signal_kwargs: SignalArguments | None = None,
    by_passkey: bool = False,
) -> HttpResponse:
    """Announce the new account and log in its user, unless a stage needs an action of the user."""
    signal_kwargs = {} if signal_kwargs is None else signal_kwargs
    signals.user_signed_up.send(sender=user.__class__, request=request, user=user, **signal_kwargs)
    login = Login(user=user, redirect_url=redirect_url, signal_kwargs=signal_kwargs, signup=True)
    if by_passkey:
        login.state["passkey_signup"] = True
    return login_flow.perform_login(request, login)


def prevent_enumeration(
    request: HttpRequest,
    *,
    email: str | None = None,
    phone: str | None = None,
    kept: SavedSignup | None = None,
) -> HttpResponse:
    """Answer as if an account were made, for an email address or phone number that is taken.

    Parameters:
        request: The current request.
        email: The email address of the sign-up.
        phone: The phone number of the sign-up.
        kept: The saved data from which the account is made if the user corrects the identifier.
    """
    login = Login(
        user=None,
        email=email,
        phone=phone,
        redirect_url=get_face(request).get_next_url(request),
        signal_kwargs={},
        signup=True,
        state={} if kept is None else {PRETENDED_SIGNUP_KEY: kept},
    )
    return login_flow.resume_login(request, login)


def pretend_to_robot(request: HttpRequest, email: str | None) -> None:
    """Store the state of a sign-up in the session; nothing is sent, and no code is right."""
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and email:
        state = EmailVerificationProcess.initial_state(email=email)
        EmailVerificationProcess(request, state).persist()
