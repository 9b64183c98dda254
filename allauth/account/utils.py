"""Functions of the account app for project code; each has an awaitable twin."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import wraps
from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME, get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.http import base36_to_int, int_to_base36

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal import userkit
from allauth.account.internal.emailkit import valid_email_or_none
from allauth.account.internal.userkit import (
    default_user_display,
    filter_users_by_username,
    user_display,
    user_email,
    user_field,
    user_username,
)
from allauth.account.models import EmailAddress, Login
from allauth.core.async_support import awaitable
from allauth.core.internal.httpkit import add_query_params
from allauth.utils import get_request_param

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


def get_next_redirect_url(
    request: HttpRequest, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> str | None:
    """Where the visitor asked to be sent to, if that is safe."""
    url = get_request_param(request, redirect_field_name)
    return url.strip() if url and get_adapter().is_safe_url(url) else None


def get_login_redirect_url(
    request: HttpRequest,
    url: Any = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    signup: bool = False,
) -> str:
    """Where a login leads: to ``url``, where the visitor asked to be sent, or the default."""
    target = url() if callable(url) else url
    target = target or get_next_redirect_url(request, redirect_field_name)
    if target:
        return str(target)
    adapter = get_adapter()
    if signup:
        return adapter.get_signup_redirect_url(request)
    return adapter.get_login_redirect_url(request)


def passthrough_next_redirect_url(request: HttpRequest, url: str, redirect_field_name: str) -> str:
    """``url`` with where the visitor asked to be sent to in its query, if that is safe."""
    target = get_next_redirect_url(request, redirect_field_name)
    return add_query_params(url, {redirect_field_name: target}) if target else url


def has_verified_email(user: Any, email: str | None = None) -> bool:
    """Tell whether the user has verified ``email``, or without it any address."""
    if user is None:
        return False
    if email:
        try:
            return EmailAddress.objects.get_for_user(user, email).verified
        except EmailAddress.DoesNotExist:
            return False
    cached: list[EmailAddress] | None = getattr(user, "_emailaddress_cache", None)
    if cached is not None:
        return any(address.verified for address in cached)
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def perform_login(
    request: HttpRequest,
    user: Any,
    email_verification: str | None = None,
    redirect_url: str | None = None,
    signal_kwargs: dict[str, Any] | None = None,
    signup: bool = False,
    email: str | None = None,
) -> HttpResponse:
    """Log ``user`` in, as far as no stage (code, verification, second factor) is in the way.

    Parameters:
        email_verification: In place of ``ACCOUNT_EMAIL_VERIFICATION``.
        redirect_url: Where the login leads, unless that is left to the request and the adapter.
        signal_kwargs: Further arguments of the signal ``user_logged_in``.
        signup: Whether the account was made just now.
        email: The address by which the user logs in.

    Returns the response to send. Raises ``ImmediateHttpResponse`` if the adapter's ``pre_login()``
    does.
    """
    from allauth.account.internal.flows import login as login_flow

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
    user: Any,
    email_verification: str | None,
    success_url: str | None,
    signal_kwargs: dict[str, Any] | None = None,
) -> HttpResponse:
    """Announce that ``user`` signed up, and log them in as :func:`perform_login` does."""
    from allauth.account import signals

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


def cleanup_email_addresses(
    request: HttpRequest, addresses: Iterable[EmailAddress]
) -> tuple[list[EmailAddress], EmailAddress | None]:
    """Of unsaved ``addresses``, those that may be stored, and which of them is primary.

    Malformed ones are dropped, those in use too as far as addresses are unique, and those that
    come twice are merged.
    """
    candidates = list(addresses)
    existing = list(EmailAddress.objects.lookup([address.email for address in candidates]))
    return _cleanup(request, candidates, existing)


def _cleanup(
    request: HttpRequest, candidates: list[EmailAddress], existing: list[EmailAddress]
) -> tuple[list[EmailAddress], EmailAddress | None]:
    merged: dict[str, EmailAddress] = {}
    for address in candidates:
        email = valid_email_or_none(address.email)
        if email is None or _is_in_use(email, address.verified, existing):
            continue
        known = merged.setdefault(email, address)
        known.email = email
        known.verified = known.verified or address.verified
        known.primary = known.primary or address.primary
        if get_adapter().is_email_verified(request, email):
            known.verified = True
    cleaned = list(merged.values())
    if not cleaned:
        return [], None
    chosen = max(cleaned, key=lambda address: (address.verified, address.primary))
    for address in cleaned:
        address.primary = address is chosen
    return cleaned, chosen


def _is_in_use(email: str, is_verified: bool, existing: list[EmailAddress]) -> bool:
    if not app_settings.UNIQUE_EMAIL:
        return False
    rows = [row for row in existing if row.email.lower() == email]
    if app_settings.PREVENT_ENUMERATION == "strict":
        # An unverified second owner is allowed: refusing it would tell that there is a first.
        return is_verified and any(row.verified for row in rows)
    return bool(rows)


def setup_user_email(
    request: HttpRequest, user: Any, addresses: list[EmailAddress]
) -> EmailAddress | None:
    """Store the addresses of a new user.

    These are the one verified beforehand, that of the user model, and ``addresses``.

    Returns the primary one. Raises ``ValueError`` if the user has addresses already.
    """
    candidates = []
    verified = get_adapter().unstash_verified_email(request)
    if verified:
        candidates.append(EmailAddress(user=user, email=verified, verified=True, primary=True))
    email = user_email(user)
    if email:
        candidates.append(EmailAddress(user=user, email=email, primary=True))
    candidates += addresses
    known = {address.email.lower() for address in candidates}
    rows = list(EmailAddress.objects.filter(Q(user=user) | Q(email__in=known)))
    if any(row.user_id == user.pk for row in rows):
        raise ValueError("The user has email addresses already.")
    cleaned, primary = _cleanup(request, candidates, rows)
    for address in cleaned:
        address.user = user
        address.save()
    EmailAddress.objects.fill_cache_for_user(user, cleaned)
    if primary and primary.email != user_email(user):
        user_email(user, primary.email)
        user.save()
    return primary


def filter_users_by_email(
    email: str, is_active: bool | None = None, prefer_verified: bool = False
) -> list[Any]:
    """The users who have ``email``, those who verified it first.

    Parameters:
        is_active: Only users who are (not) active.
        prefer_verified: If anybody verified the address, nobody else counts.
    """
    return userkit.filter_users_by_email(
        email, is_active=is_active, prefer_verified=prefer_verified
    )


def sync_user_email_addresses(user: Any) -> None:
    """Make a row for the address that the user model holds, if there is none."""
    from allauth.account.internal.flows.manage_email import sync_user_email_address

    sync_user_email_address(user)


def send_email_confirmation(
    request: HttpRequest, user: Any, signup: bool = False, email: str | None = None
) -> bool:
    """Send a verification mail to ``email``, or to the best address of the user.

    Returns whether one was sent: not so if there is no address, or too many mails went there.
    """
    from allauth.account.internal.flows import email_verification

    if email is None:
        return email_verification.send_verification_email_for_user(request, user)
    login = Login(user=user, email=email, signup=signup)
    return email_verification.send_verification_email_at_login(request, login)


def assess_unique_email(email: str, user: Any = None) -> bool | None:
    """Tell whether an address may be used for an account, as far as uniqueness goes.

    ``True``: yes. ``False``: no, and the visitor may know. ``None``: no, but nobody may tell.
    """
    from allauth.account.internal.flows import manage_email

    return manage_email.assess_unique_email(email, user)


def user_pk_to_url_str(user: Any) -> str:
    """The primary key as text that fits into a URL."""
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return user.pk if isinstance(user.pk, str) else user.pk.hex
    if isinstance(pk_field, models.IntegerField):
        return int_to_base36(int(user.pk))
    return str(user.pk)


def url_str_to_user_pk(pk_str: str) -> Any:
    """The primary key out of what :func:`user_pk_to_url_str` made; ``ValueError`` if malformed."""
    pk_field = _get_pk_field()
    if isinstance(pk_field, models.UUIDField):
        return uuid.UUID(pk_str)
    try:
        if isinstance(pk_field, models.IntegerField):
            # Python would read the digits of any script.
            pk_str.encode("ascii")
            return pk_field.to_python(str(base36_to_int(pk_str)))
        return pk_field.to_python(pk_str)
    except ValidationError as error:
        raise ValueError("This is no primary key of a user.") from error


def _get_pk_field() -> models.Field[Any, Any]:
    pk_field: Any = get_user_model()._meta.pk
    while isinstance(pk_field, models.OneToOneField):
        pk_field = pk_field.target_field
    return pk_field  # type: ignore[no-any-return]


@wraps(filter_users_by_username)
def _list_users_by_username(*usernames: str) -> QuerySet[Any]:
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
