"""Making accounts for those who come from a provider."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from allauth.account import app_settings as account_settings
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.flows.manage_email import assess_unique_email
from allauth.account.internal.flows.signup import claim_identifier, prevent_enumeration
from allauth.account.internal.userkit import user_username
from allauth.account.utils import complete_signup
from allauth.core.exceptions import SignupClosedException
from allauth.core.internal import httpkit
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin, find_account, read_sociallogin

PENDING_SIGNUP_SESSION_KEY = "socialaccount_sociallogin"
_INITIATED_AT = "initiated_at"


def get_pending_signup(request: HttpRequest) -> SocialLogin | None:
    """Who has come from a provider and is asked for more before an account is made.

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


def _is_expired(request: HttpRequest, data: dict[str, Any]) -> bool:
    initiated_at = data.get(_INITIATED_AT)
    if not isinstance(initiated_at, int | float):
        # The published release does not say when; its time begins when it is first seen.
        initiated_at = time.time()
        request.session[PENDING_SIGNUP_SESSION_KEY] = {**data, _INITIATED_AT: initiated_at}
    return bool(time.time() - initiated_at > account_settings.LOGIN_TIMEOUT)


def clear_pending_signup(request: HttpRequest) -> None:
    """Forget who was asked for more."""
    request.session.pop(PENDING_SIGNUP_SESSION_KEY, None)


def redirect_to_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Show the form that asks for what is missing."""
    data = {**sociallogin.serialize(), _INITIATED_AT: time.time()}
    request.session[PENDING_SIGNUP_SESSION_KEY] = data
    return httpkit.headed_redirect_response("socialaccount_signup")


def signup_by_form(request: HttpRequest, sociallogin: SocialLogin, form: Any) -> HttpResponse:
    """Make the account, as the form says, and log in, as far as no stage is in the way.

    Raises ``ValidationError`` if somebody else was faster and that may be told; the form can then
    be sent again.
    """
    pending = request.session.get(PENDING_SIGNUP_SESSION_KEY)
    clear_pending_signup(request)
    try:
        user, response = form.try_save(request)
    except ValidationError:
        request.session[PENDING_SIGNUP_SESSION_KEY] = pending
        raise
    except IntegrityError:
        if find_account(sociallogin.account) is None:
            raise
        # The same form was sent twice; there is an account to log in to now.
        return httpkit.headed_redirect_response("account_login")
    if response is not None:
        return response  # type: ignore[no-any-return]
    sociallogin.user = user
    return complete_social_signup(request, sociallogin)


def process_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Make the account, or show the form if something is missing.

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
    """Tell whether the account can be made without showing the form.

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
            return False, prevent_enumeration(request, email=email)
        if not assessment:
            return False, None
    return _is_phone_sufficient(sociallogin), None


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


def _signup_without_form(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    from allauth.socialaccount.internal.flows.login import _login

    if _save_user(request, sociallogin):
        return complete_social_signup(request, sociallogin)
    # Somebody else was faster: perhaps the same visitor, in another tab.
    sociallogin.lookup()
    if sociallogin.is_existing:
        return _login(request, sociallogin)
    return redirect_to_signup(request, sociallogin)


def _save_user(request: HttpRequest, sociallogin: SocialLogin) -> bool:
    """Store the account; ``False`` if one with the same identity is being made already."""
    email = _get_email(sociallogin)
    if email and account_settings.UNIQUE_EMAIL and not claim_identifier(email):
        return False
    _drop_unacceptable_username(sociallogin.user)
    try:
        with transaction.atomic():
            get_adapter().save_user(request, sociallogin, form=None)
    except IntegrityError:
        _forget_rows(sociallogin)
        return False
    return True


def _drop_unacceptable_username(user: Any) -> None:
    username = user_username(user)
    if not username:
        return
    try:
        get_account_adapter().clean_username(username)
    except ValidationError:
        # Another one is made up.
        user_username(user, "")


def _forget_rows(sociallogin: SocialLogin) -> None:
    """Undo what a transaction that was rolled back left in the instances."""
    instances = [sociallogin.user, sociallogin.account, *sociallogin.email_addresses]
    if sociallogin.token is not None:
        instances.append(sociallogin.token)
    for instance in instances:
        instance.pk = None
        instance._state.adding = True


def complete_social_signup(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Announce the new account and log its user in, as far as no stage is in the way."""
    from allauth.socialaccount.internal.flows.login import record_authentication

    record_authentication(request, sociallogin)
    return complete_signup(
        request,
        sociallogin.user,
        app_settings.EMAIL_VERIFICATION,
        sociallogin.get_redirect_url(request),
        signal_kwargs={"sociallogin": sociallogin},
    )
