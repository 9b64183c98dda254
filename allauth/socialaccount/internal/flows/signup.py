"""Making accounts for users of providers."""

from __future__ import annotations

import time
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
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.faces import get_face
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.records import record_authentication
from allauth.socialaccount.models import SocialAccount, SocialLogin, read_sociallogin

if TYPE_CHECKING:
    from django.http import HttpResponse

PENDING_SIGNUP_SESSION_KEY = "socialaccount_sociallogin"
_INITIATED_AT = "initiated_at"


@sensitive_variables("data")
def get_pending_signup(request: HttpRequest) -> SocialLogin | None:
    """Return the login whose account is made once the form is filled in.

    What is malformed or too old, or of a provider that is gone, counts for nothing.
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
def _is_expired(request: HttpRequest, data: dict[str, Any]) -> bool:
    initiated_at = data.get(_INITIATED_AT)
    if not isinstance(initiated_at, int | float):
        # The published release does not say when; its time begins when it is first seen.
        initiated_at = time.time()
        request.session[PENDING_SIGNUP_SESSION_KEY] = {**data, _INITIATED_AT: initiated_at}
    return bool(time.time() - initiated_at > account_settings.LOGIN_TIMEOUT)


def clear_pending_signup(request: HttpRequest) -> None:
    """Drop the login that waits for the sign-up form."""
    request.session.pop(PENDING_SIGNUP_SESSION_KEY, None)


@sensitive_variables("data")
def redirect_to_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Show the form that asks for what is missing."""
    data = {**sociallogin.serialize(), _INITIATED_AT: time.time()}
    request.session[PENDING_SIGNUP_SESSION_KEY] = data
    return get_face(request).respond_signup_form(request)


@sensitive_variables("pending")
def signup_by_form(request: HttpRequest, sociallogin: SocialLogin, form: Any) -> HttpResponse:
    """Make the account, as the form says, and log in, as far as no stage is in the way.

    Raises ``ValidationError`` if another request took the address and that may be told. The form
    can then be sent again.
    """
    pending = request.session.get(PENDING_SIGNUP_SESSION_KEY)
    clear_pending_signup(request)
    try:
        user, response = form.try_save(request)
    except ValidationError:
        request.session[PENDING_SIGNUP_SESSION_KEY] = pending
        raise
    except IntegrityError:
        account = sociallogin.account
        if not SocialAccount.objects.filter(provider=account.provider, uid=account.uid).exists():
            raise
        # The same form was sent twice, and there is an account to log in to now. Or the database
        # takes another id for equal, and has no room for this one.
        return get_face(request).respond_account_exists(request)
    if response is not None:
        _mimic_signup_session(request, sociallogin)
        return response  # type: ignore[no-any-return]
    sociallogin.user = user
    return complete_social_signup(request, sociallogin)


def process_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Make the account, or show the form if something is missing.

    The response leads to the login page if another request makes the account at the same time.

    Raises ``SignupClosedException`` while no new accounts are accepted.
    """
    response = sign_up(request, sociallogin)
    return response or get_face(request).respond_account_exists(request)


def sign_up(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse | None:
    """Make the account, or show the form if something is missing.

    Returns ``None`` if another request made the account at the same time. ``sociallogin`` then has
    its user, who is to be logged in.

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
    """Return whether the account can be made without showing the form.

    If the address has an account, and nobody may tell, there is a response that looks as if one
    were made.
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
    """Write to the session what a real sign-up would, so that the two look the same.

    The step of authentication is one of no user.
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


def save_with_email(request: HttpRequest, sociallogin: SocialLogin, email: str) -> Any:
    """Store an account that was to be made without the form, with another email address.

    Returns the user, or ``None`` if the address is taken too.
    """
    if not assess_unique_email(email):
        return None
    _drop_unacceptable_username(sociallogin.user)
    get_account_adapter().populate_username(request, sociallogin.user)
    user_email(sociallogin.user, email)
    # That the provider verified another address says nothing about this one.
    sociallogin.email_addresses = [EmailAddress(email=email, primary=True)]
    return get_adapter().save_user(request, sociallogin, form=None)


def announce_corrected_account(request: HttpRequest, login: Login) -> None:
    """Record how the user authenticated, and announce the account."""
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
    # Another request was faster, perhaps that of another tab of the same browser.
    sociallogin.lookup()
    if sociallogin.is_existing:
        return None
    return redirect_to_signup(request, sociallogin)


def _save_user(request: HttpRequest, sociallogin: SocialLogin) -> bool:
    """Store the account; ``False`` if one with the same identity is being made already."""
    email = _get_email(sociallogin)
    # A real sign-up can be corrected exactly if a pretended one could.
    _save_for_correction(request, sociallogin, email)
    if email and account_settings.UNIQUE_EMAIL and not claim_identifier(email):
        return False
    _drop_unacceptable_username(sociallogin.user)
    # The name is looked for beforehand: SQLite may refuse to write in a transaction that has read.
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


def ensure_email_still_free(user: Any, email: str | None) -> None:
    """Raise ``AddressTakenError`` if a new user is without an address that another user has.

    It was free when the sign-up began; addresses that are taken are left out as users are stored.
    """
    if not email or not account_settings.UNIQUE_EMAIL or assess_taken_email() is True:
        return
    try:
        EmailAddress.objects.get_for_user(user, email)
    except EmailAddress.DoesNotExist as error:
        if EmailAddress.objects.filter(email=email.lower()).exists():
            raise AddressTakenError from error


def _drop_unacceptable_username(user: Any) -> None:
    username = user_username(user)
    if not username:
        return
    try:
        get_account_adapter().clean_username(username)
    except ValidationError:
        # Another one is generated.
        user_username(user, "")


def reset_instances(sociallogin: SocialLogin) -> None:
    """Undo what a transaction that was rolled back left in the instances."""
    instances = [sociallogin.user, sociallogin.account, *sociallogin.email_addresses]
    if sociallogin.token is not None:
        instances.append(sociallogin.token)
    for instance in instances:
        instance.pk = None
        instance._state.adding = True


def complete_social_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Announce the new account and log its user in, as far as no stage is in the way."""
    record_authentication(request, sociallogin)
    return complete_signup(
        request,
        sociallogin.user,
        app_settings.EMAIL_VERIFICATION,
        sociallogin.get_redirect_url(request),
        signal_kwargs={"sociallogin": sociallogin},
    )
