"""Making accounts."""

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
    """An address, number or username is taken, and the user may be told.

    Attributes:
        name: ``"email"``, ``"phone"`` or ``"username"``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} is taken.")
        self.name = name


@dataclass(frozen=True)
class SignupData:
    """What a sign-up is made of.

    Attributes:
        email: The address of the new account.
        phone: Its phone number.
        password: Its password in clear, or ``None`` for an account without one.
        is_taken: Whether the address or number is known to have an account, which is to be hidden.
        saved: What to save of a sign-up that is pretended, if it can be corrected.
    """

    email: str | None
    phone: str | None
    password: str | None = field(repr=False)
    is_taken: bool
    saved: SavedSignup | None = field(repr=False)


@dataclass(frozen=True)
class SignupOutcome:
    """What came of a sign-up.

    Attributes:
        user: The user of the new account; ``None`` for a sign-up that is to be pretended.
        saved: What is saved of a pretended one.
    """

    user: User | None = None
    saved: SavedSignup | None = field(default=None, repr=False)


def sign_up(request: HttpRequest, data: SignupData, make: Callable[[], User]) -> SignupOutcome:
    """Make an account, unless the address or number has one.

    Parameters:
        make: Make the account and return its user, in a transaction. Raises ``AddressTakenError``
            if the address went to another account meanwhile.

    Raises ``IdentifierTakenError`` if another request was faster, and the user may be told.
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
    """Return whether no other account, verified or not, may have the address of a new one."""
    return bool(app_settings.UNIQUE_EMAIL) and assess_taken_email() is not True


def _find_taken_phone(phone: str | None) -> str | None:
    """Return the number, if it went to another account since it was checked."""
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
    """Do the work that a real account would take, and leave the same in the session."""
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
        username: The name that was typed in. Without one ``store`` generates a name; if another
            request takes that one at the same time, it is called again.

    Raises ``IdentifierTakenError`` if another request took ``username`` at the same time.
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
    """Raise ``AddressTakenError`` if a new user was stored without the address of the sign-up.

    That is how addresses that are taken are treated as a user is stored.
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
    """Announce the new account and log its user in, as far as no stage is in the way."""
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
    """Answer as if an account were made, for an address or number that has one already.

    ``kept`` is what the account is made of, should the address or number be corrected.
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
    """Leave in the session what a sign-up leaves; nothing is mailed, and no code is right."""
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and email:
        state = EmailVerificationProcess.initial_state(email=email)
        EmailVerificationProcess(request, state).persist()
