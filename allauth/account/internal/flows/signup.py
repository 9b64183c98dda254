"""Making accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django import forms
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse

from allauth.account import app_settings, signals
from allauth.account.adapter import get_adapter, get_page_url
from allauth.account.internal.flows.login import perform_login, resume_login
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url

PRETENDED_SIGNUP_KEY = "pretended_signup"
_CLAIM_SECONDS = 10


class AddressTakenError(ValueError):
    """The address went to another account since the form was checked."""


class DummyCustomSignupForm(forms.Form):
    """Stands in for the form class of a project that has none."""

    def signup(self, request: HttpRequest, user: Any) -> None:
        """Called with the new user, once it is saved."""


def base_signup_form_class() -> type[forms.Form]:
    """The class that ``ACCOUNT_SIGNUP_FORM_CLASS`` names.

    Raises ``ImproperlyConfigured`` if there is none, or if it has no ``signup()``.
    """
    path = app_settings.SIGNUP_FORM_CLASS
    if not path:
        return DummyCustomSignupForm
    module_name, dot, class_name = path.rpartition(".")
    if not dot:
        raise ImproperlyConfigured(f"ACCOUNT_SIGNUP_FORM_CLASS: {path!r} is no dotted path.")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: importing {module_name!r} failed: {error}"
        ) from error
    form_class: type[forms.Form] | None = getattr(module, class_name, None)
    if form_class is None:
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: {module_name!r} has no {class_name!r}."
        )
    if not hasattr(form_class, "signup"):
        raise ImproperlyConfigured(
            f"ACCOUNT_SIGNUP_FORM_CLASS: {path!r} must define signup(self, request, user)."
        )
    return form_class


def claim_identifier(identifier: str, owner: str = "") -> bool:
    """Claim an address or number for some seconds; two who want it at once cannot both.

    No database constraint guards an address that is not verified yet, and on some databases not
    even one that is. Whoever has claimed it as ``owner`` can claim it again.
    """
    key = _get_claim_key(identifier)
    if cache.add(key, owner, timeout=_CLAIM_SECONDS):
        return True
    return bool(owner) and cache.get(key) == owner


def _get_claim_key(identifier: str) -> str:
    digest = hashlib.sha256(identifier.lower().encode("utf-8", "surrogatepass")).hexdigest()
    return f"allauth:account:signup:{digest}"


@contextmanager
def claim_identifiers(*identifiers: str) -> Iterator[str | None]:
    """Claim ``identifiers`` while an account is made; gives the one that somebody else claimed."""
    claimed = []
    taken = None
    for identifier in identifiers:
        if not claim_identifier(identifier):
            taken = identifier
            break
        claimed.append(identifier)
    try:
        yield taken
    finally:
        # From then on the account itself says that they are taken.
        cache.delete_many([_get_claim_key(identifier) for identifier in claimed])


def complete_signup(
    request: HttpRequest,
    *,
    user: Any,
    redirect_url: str | None = None,
    signal_kwargs: dict[str, Any] | None = None,
    by_passkey: bool = False,
) -> HttpResponse:
    """Announce the new account and log its user in, as far as no stage is in the way."""
    signal_kwargs = {} if signal_kwargs is None else signal_kwargs
    signals.user_signed_up.send(sender=user.__class__, request=request, user=user, **signal_kwargs)
    login = Login(user=user, redirect_url=redirect_url, signal_kwargs=signal_kwargs, signup=True)
    if by_passkey:
        login.state["passkey_signup"] = True
    return perform_login(request, login)


def prevent_enumeration(
    request: HttpRequest,
    *,
    email: str | None = None,
    phone: str | None = None,
    kept: dict[str, Any] | None = None,
) -> HttpResponse:
    """Answer as if an account were made, for an address or number that has one already.

    ``kept`` is what it is made from, should the address or number be corrected.
    """
    login = Login(
        user=None,
        email=email,
        phone=phone,
        redirect_url=get_next_redirect_url(request),
        signal_kwargs={},
        signup=True,
        state={} if kept is None else {PRETENDED_SIGNUP_KEY: kept},
    )
    return resume_login(request, login)


def pretend_to_robot(request: HttpRequest, email: str | None) -> HttpResponse:
    """Answer a robot as if an account were made; nothing is mailed, and no code is right."""
    from allauth.account.internal.flows.email_verification_by_code import (
        EmailVerificationProcess,
    )

    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED and email:
        state = EmailVerificationProcess.initial_state(email=email)
        EmailVerificationProcess(request, state).persist()
    return get_adapter().respond_email_verification_sent(request, None)


def send_unknown_account_mail(request: HttpRequest, email: str) -> None:
    """Tell the owner of an address, if the site wants that, that it has no account."""
    if not app_settings.EMAIL_UNKNOWN_ACCOUNTS:
        return
    get_adapter().send_mail(
        "account/email/unknown_account",
        email,
        {"request": request, "signup_url": get_page_url(request, "account_signup")},
    )
