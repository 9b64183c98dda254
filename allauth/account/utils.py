"""Functions of the account app for project code; each has an awaitable twin."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from allauth.account import signals
from allauth.account.internal import finders
from allauth.account.internal.addresses import (
    cleanup_email_addresses,
    has_verified_email,
    setup_user_email,
)
from allauth.account.internal.email_syntax import valid_email_or_none
from allauth.account.internal.flows import email_verification, manage_email
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.next_url import (
    get_login_redirect_url,
    get_next_redirect_url,
    passthrough_next_redirect_url,
)
from allauth.account.internal.user_fields import (
    default_user_display,
    url_str_to_user_pk,
    user_display,
    user_email,
    user_field,
    user_pk_to_url_str,
    user_username,
)
from allauth.account.internal.usernames import filter_users_by_username
from allauth.account.models import Login
from allauth.core.async_support import awaitable
from allauth.core.internal.ratelimit import rate_limited_as_response
from allauth.core.internal.request_data import get_request_param

if TYPE_CHECKING:
    from allauth.core.internal.types import SignalArguments, User

__all__ = [
    "REDIRECT_FIELD_NAME",
    "Login",
    "aassess_unique_email",
    "acleanup_email_addresses",
    "acomplete_signup",
    "afilter_users_by_email",
    "afilter_users_by_username",
    "aget_login_redirect_url",
    "ahas_verified_email",
    "aperform_login",
    "asend_email_confirmation",
    "asetup_user_email",
    "assess_unique_email",
    "async_user_email_addresses",
    "auser_display",
    "cleanup_email_addresses",
    "complete_signup",
    "default_user_display",
    "filter_users_by_email",
    "filter_users_by_username",
    "get_adapter",
    "get_login_redirect_url",
    "get_next_redirect_url",
    "get_request_param",
    "has_verified_email",
    "passthrough_next_redirect_url",
    "perform_login",
    "send_email_confirmation",
    "setup_user_email",
    "sync_user_email_addresses",
    "url_str_to_user_pk",
    "user_display",
    "user_email",
    "user_field",
    "user_pk_to_url_str",
    "user_username",
    "valid_email_or_none",
]


def perform_login(
    request: HttpRequest,
    user: User,
    email_verification: str | None = None,
    redirect_url: str | None = None,
    signal_kwargs: SignalArguments | None = None,
    signup: bool = False,
    email: str | None = None,
) -> HttpResponse:
    """Log in ``user``, unless a stage needs an action of the user: a code, or a second factor.

    Parameters:
        request: The current request.
        user: The user.
        email_verification: Override of ``ACCOUNT_EMAIL_VERIFICATION``.
        redirect_url: The URL to redirect to, in place of the one of the request or the adapter.
        signal_kwargs: Further arguments of the signal ``user_logged_in``.
        signup: Whether the account was just made.
        email: The email address with which the user logs in.

    Returns the response to send.

    Raises ``ImmediateHttpResponse`` if the adapter's ``pre_login()`` does.
    """
    login = Login(
        user=user,
        email_verification=email_verification,
        redirect_url=redirect_url,
        signal_kwargs=signal_kwargs,
        signup=signup,
        email=email,
    )
    return login_flow.perform_login(request, login)


def complete_signup(
    request: HttpRequest,
    user: User,
    email_verification: str | None,
    success_url: str | None,
    signal_kwargs: SignalArguments | None = None,
) -> HttpResponse:
    """Announce that ``user`` signed up, and log in the user as :func:`perform_login` does."""
    signals.user_signed_up.send(
        sender=user.__class__, request=request, user=user, **(signal_kwargs or {})
    )
    return perform_login(
        request,
        user,
        email_verification=email_verification,
        redirect_url=success_url,
        signal_kwargs=signal_kwargs,
        signup=True,
    )


def filter_users_by_email(
    email: str, is_active: bool | None = None, prefer_verified: bool = False
) -> list[User]:
    """Return the users of ``email``, those who verified it first.

    Parameters:
        email: The email address.
        is_active: Only users who are (not) active.
        prefer_verified: Only users who verified the address, if there are any.
    """
    return finders.filter_users_by_email(
        email, is_active=is_active, prefer_verified=prefer_verified
    )


def sync_user_email_addresses(user: User) -> None:
    """Store the email address of the user model as a row, if there is none."""
    manage_email.sync_user_email_address(user)


def send_email_confirmation(
    request: HttpRequest, user: User, signup: bool = False, email: str | None = None
) -> bool:
    """Send a verification email to ``email``, or to the best address of the user.

    Returns whether one was sent: not if there is no address, or if too many emails were sent to it.

    Raises ``ImmediateHttpResponse`` if codes are used and too many were sent.
    """
    with rate_limited_as_response(request):
        if email is None:
            return email_verification.send_verification_email_for_user(request, user)
        login = Login(user=user, email=email, signup=signup)
        return email_verification.send_verification_email_at_login(request, login)


def assess_unique_email(email: str, user: User | None = None) -> bool | None:
    """Return whether an email address may be used for an account, as far as uniqueness goes.

    ``True``: it may. ``False``: it may not, and the user may be told. ``None``: it may not, but the
    user must not be told.
    """
    return manage_email.assess_unique_email(email, user)


@wraps(filter_users_by_username)
def _list_users_by_username(*usernames: str) -> QuerySet[User]:
    users = filter_users_by_username(*usernames)
    len(users)  # evaluated in this thread
    return users


aassess_unique_email = awaitable(assess_unique_email)
acleanup_email_addresses = awaitable(cleanup_email_addresses)
acomplete_signup = awaitable(complete_signup)
afilter_users_by_email = awaitable(filter_users_by_email)
afilter_users_by_username = awaitable(_list_users_by_username)
aget_login_redirect_url = awaitable(get_login_redirect_url)
ahas_verified_email = awaitable(has_verified_email)
aperform_login = awaitable(perform_login)
asend_email_confirmation = awaitable(send_email_confirmation)
asetup_user_email = awaitable(setup_user_email)
async_user_email_addresses = awaitable(sync_user_email_addresses)
auser_display = awaitable(user_display)
