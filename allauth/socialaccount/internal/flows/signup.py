"""Sign-up of users of providers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from allauth.account import app_settings as account_settings
from allauth.account.internal.claims import claim_identifier
from allauth.account.internal.flows import signup as account_signup_flow
from allauth.account.internal.flows.manage_email import assess_taken_email, assess_unique_email
from allauth.account.internal.flows.pretended_signup import (
    SavedSignup,
    announce_user,
    is_correction_offered,
    limit_saved_signup,
)
from allauth.account.internal.flows.signup import AddressTakenError
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.internal.records import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    AUTHENTICATION_METHODS_USER_SESSION_KEY,
)
from allauth.account.internal.user_fields import user_email, user_username
from allauth.account.models import EmailAddress, Login
from allauth.account.utils import complete_signup
from allauth.core.exceptions import SignupClosedException
from allauth.core.internal.db_races import get_collision_errors
from allauth.core.internal.masking import sensitive_variables
from allauth.core.internal.types import JSONObject
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.faces import get_face
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.records import record_authentication
from allauth.socialaccount.models import SocialAccount, SocialLogin, read_sociallogin

if TYPE_CHECKING:
    from django.http import HttpResponse

    from allauth.account.forms import BaseSignupForm
    from allauth.core.internal.types import User

    # As the method of forms: there is a user if there is no response.
    MakeAccount = Callable[[], tuple[Any, HttpResponse | None]]

PENDING_SIGNUP_SESSION_KEY = "socialaccount_sociallogin"
_INITIATED_AT = "initiated_at"


@sensitive_variables("data")
def get_pending_signup(request: HttpRequest) -> SocialLogin | None:
    """Return the login that waits for the sign-up form.

    Returns ``None`` if there is none, if it is malformed or expired, or if its provider is
    unavailable.
    """
    data = request.session.get(PENDING_SIGNUP_SESSION_KEY)
    if not isinstance(data, dict):
        return None
    if _is_expired(request, data):
        clear_pending_signup(request)
        return None
    try:
        return read_sociallogin(data)
    except ValueError:
        return None


@sensitive_variables("data")
def _is_expired(request: HttpRequest, data: JSONObject) -> bool:
    initiated_at = data.get(_INITIATED_AT)
    if not isinstance(initiated_at, int | float):
        # The published release stores no time, so the time begins now.
        initiated_at = time.time()
        request.session[PENDING_SIGNUP_SESSION_KEY] = {**data, _INITIATED_AT: initiated_at}
    return bool(time.time() - initiated_at > account_settings.LOGIN_TIMEOUT)


def clear_pending_signup(request: HttpRequest) -> None:
    """Remove the login that waits for the sign-up form."""
    request.session.pop(PENDING_SIGNUP_SESSION_KEY, None)


@sensitive_variables("data")
def redirect_to_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Stash the login, and return the response that leads to the sign-up form."""
    data = {**sociallogin.serialize(), _INITIATED_AT: time.time()}
    request.session[PENDING_SIGNUP_SESSION_KEY] = data
    return get_face(request).respond_signup_form(request)


def signup_by_form(
    request: HttpRequest, sociallogin: SocialLogin, form: BaseSignupForm
) -> HttpResponse:
    """Create the account from a valid form, and log the user in; see :func:`sign_up_by`."""
    response = sign_up_by(request, sociallogin, lambda: form.try_save(request))
    return response or get_face(request).respond_account_exists(request)


@sensitive_variables("pending")
def sign_up_by(
    request: HttpRequest, sociallogin: SocialLogin, make: MakeAccount
) -> HttpResponse | None:
    """Create the account that a user has completed the data of, and log the user in.

    Parameters:
        request: The current request.
        sociallogin: The login that waited for the data.
        make: Function that creates the account. It returns the user, or the response to a sign-up
            that is pretended.

    Returns ``None`` if another request created the account at the same time.

    Raises ``ValidationError`` if another request took the email address, unless enumeration
    prevention hides that. The data can be submitted again.
    """
    pending = request.session.get(PENDING_SIGNUP_SESSION_KEY)
    clear_pending_signup(request)
    try:
        user, response = make()
    except ValidationError:
        request.session[PENDING_SIGNUP_SESSION_KEY] = pending
        raise
    except IntegrityError:
        account = sociallogin.account
        if not SocialAccount.objects.filter(provider=account.provider, uid=account.uid).exists():
            raise
        # The data was submitted twice, and the account exists now. Or the database considers the
        # ids of two accounts equal.
        return None
    if response is not None:
        _mimic_signup_session(request, sociallogin)
        return response
    sociallogin.user = user
    return complete_social_signup(request, sociallogin)


def process_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Create the account, or return the response that leads to the sign-up form.

    If another request creates the account at the same time, the response leads to the login page.

    Raises ``SignupClosedException`` while no new accounts are accepted.
    """
    response = sign_up(request, sociallogin)
    return response or get_face(request).respond_account_exists(request)


def sign_up(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse | None:
    """Create the account, or return the response that leads to the sign-up form.

    Returns ``None`` if another request created the account at the same time. ``sociallogin`` then
    has its user, who is to be logged in.

    Raises ``SignupClosedException`` while no new accounts are accepted.
    """
    if not get_adapter().is_open_for_signup(request, sociallogin):
        raise SignupClosedException
    is_complete, response = process_auto_signup(request, sociallogin)
    if response is not None:
        return response
    if not is_complete:
        return redirect_to_signup(request, sociallogin)
    return _signup_without_form(request, sociallogin)


def process_auto_signup(
    request: HttpRequest, sociallogin: SocialLogin
) -> tuple[bool, HttpResponse | None]:
    """Return whether the account can be created without the form, and a response or ``None``.

    There is a response if the email address has an account and enumeration prevention hides that:
    it looks as if the account had been created.
    """
    if not get_adapter().is_auto_signup_allowed(request, sociallogin):
        return False, None
    email = _get_email(sociallogin)
    if email is None and app_settings.EMAIL_REQUIRED:
        return False, None
    if email is not None:
        assessment = assess_unique_email(email)
        if assessment is None:
            _mimic_signup_session(request, sociallogin)
            saved = _save_for_correction(request, sociallogin, email)
            return False, account_signup_flow.prevent_enumeration(request, email=email, kept=saved)
        if not assessment:
            return False, None
    return _is_phone_sufficient(sociallogin), None


def _mimic_signup_session(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Write the same to the session as a real sign-up, to make the two indistinguishable.

    The record of authentication belongs to no user.
    """
    account = sociallogin.account
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {
            "method": "socialaccount",
            "at": time.time(),
            "provider": account.provider,
            "uid": account.uid,
        }
    ]
    request.session[AUTHENTICATION_METHODS_USER_SESSION_KEY] = ""
    get_account_adapter().unstash_verified_email(request)


def _save_for_correction(
    request: HttpRequest, sociallogin: SocialLogin, email: str | None
) -> SavedSignup | None:
    if email is None or not is_correction_offered():
        return None
    saved: SavedSignup = {
        "kind": "socialaccount",
        "data": {"email": [email]},
        "sociallogin": sociallogin.serialize(),
        "by_form": False,
    }
    return limit_saved_signup(request, saved)


def save_with_email(request: HttpRequest, sociallogin: SocialLogin, email: str) -> User | None:
    """Save a user who signed up without the form, with another email address.

    Returns the user, or ``None`` if that email address is taken too.
    """
    if not assess_unique_email(email):
        return None
    _drop_unacceptable_username(sociallogin.user)
    get_account_adapter().populate_username(request, sociallogin.user)
    user_email(sociallogin.user, email)
    # The provider has not verified this email address.
    sociallogin.email_addresses = [EmailAddress(email=email, primary=True)]
    return get_adapter().save_user(request, sociallogin, form=None)


def announce_corrected_account(request: HttpRequest, login: Login) -> None:
    """Record the authentication, and announce the user."""
    record_authentication(request, (login.signal_kwargs or {})["sociallogin"])
    announce_user(request, login)


def _get_email(sociallogin: SocialLogin) -> str | None:
    addresses = sociallogin.email_addresses
    return addresses[0].email if addresses else None


def _is_phone_sufficient(sociallogin: SocialLogin) -> bool:
    field = account_settings.SIGNUP_FIELDS.get("phone")
    if not field or not field["required"]:
        return True
    if not sociallogin.phone:
        return False
    return get_account_adapter().get_user_by_phone(sociallogin.phone) is None


def _signup_without_form(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse | None:
    if _save_user(request, sociallogin):
        return complete_social_signup(request, sociallogin)
    # A concurrent request was faster, perhaps from another tab of the same browser.
    sociallogin.lookup()
    if sociallogin.is_existing:
        return None
    return redirect_to_signup(request, sociallogin)


def _save_user(request: HttpRequest, sociallogin: SocialLogin) -> bool:
    """Save the user; return ``False`` if a concurrent request takes the account or address."""
    email = _get_email(sociallogin)
    # A real sign-up must offer a correction if and only if a pretended one would.
    _save_for_correction(request, sociallogin, email)
    if email and account_settings.UNIQUE_EMAIL and not claim_identifier(email):
        return False
    _drop_unacceptable_username(sociallogin.user)
    # Before the transaction, because SQLite may refuse a write in a transaction that has read.
    get_account_adapter().populate_username(request, sociallogin.user)
    errors: tuple[type[Exception], ...] = (AddressTakenError, *get_collision_errors())
    try:
        with transaction.atomic():
            get_adapter().save_user(request, sociallogin, form=None)
            ensure_email_still_free(sociallogin.user, email)
    except errors:
        reset_instances(sociallogin)
        return False
    return True


def ensure_email_still_free(user: User, email: str | None) -> None:
    """Raise ``AddressTakenError`` if another user took ``email`` during the sign-up.

    Saving a user skips email addresses that are taken, so the user does not have it then.
    """
    if not email or not account_settings.UNIQUE_EMAIL or assess_taken_email() is True:
        return
    try:
        EmailAddress.objects.get_for_user(user, email)
    except EmailAddress.DoesNotExist as error:
        if EmailAddress.objects.filter(email=email.lower()).exists():
            raise AddressTakenError from error


def _drop_unacceptable_username(user: User) -> None:
    username = user_username(user)
    if not username:
        return
    try:
        get_account_adapter().clean_username(username)
    except ValidationError:
        # A username is generated instead.
        user_username(user, "")


def reset_instances(sociallogin: SocialLogin) -> None:
    """Mark the instances of a login as unsaved, after their transaction was rolled back."""
    instances = [sociallogin.user, sociallogin.account, *sociallogin.email_addresses]
    if sociallogin.token is not None:
        instances.append(sociallogin.token)
    for instance in instances:
        instance.pk = None
        instance._state.adding = True


def complete_social_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Record the authentication of a new user, and log the user in."""
    record_authentication(request, sociallogin)
    return complete_signup(
        request,
        sociallogin.user,
        app_settings.EMAIL_VERIFICATION,
        sociallogin.get_redirect_url(request),
        signal_kwargs={"sociallogin": sociallogin},
    )
