"""Logins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from allauth.account import app_settings
from allauth.account.app_settings import LoginMethod
from allauth.account.internal.email_syntax import is_email
from allauth.account.internal.faces import get_face
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.identifiers import canonicalize_identifier
from allauth.account.internal.login_engine import call_pre_login, continue_login
from allauth.account.internal.records import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    AUTHENTICATION_METHODS_USER_SESSION_KEY,
    clear_authentication_records,
    get_authentication_records,
    record_authentication,
)
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from allauth.core.internal.masking import sensitive_variables

if TYPE_CHECKING:
    from django.http import HttpResponse

__all__ = [
    "AUTHENTICATION_METHODS_SESSION_KEY",
    "AUTHENTICATION_METHODS_USER_SESSION_KEY",
    "canonicalize_identifier",
    "clear_authentication_records",
    "clear_login_failures",
    "derive_login_method",
    "get_authentication_records",
    "get_login_failed_key",
    "perform_login",
    "perform_password_login",
    "record_authentication",
    "resume_login",
]


@sensitive_variables("credentials")
def perform_password_login(
    request: HttpRequest, credentials: Mapping[str, str], login: Login
) -> HttpResponse:
    """Continue a login whose password was right."""
    record_authentication(
        request,
        login.user,
        "password",
        email=credentials.get("email"),
        username=credentials.get("username"),
    )
    return perform_login(request, login)


def perform_login(request: HttpRequest, login: Login) -> HttpResponse:
    """Log in, unless a stage needs an action of the user.

    Returns the response that ends the login or begins its next stage.
    """
    outcome = call_pre_login(request, login)
    if outcome is None:
        return resume_login(request, login)
    return get_face(request).respond_login(request, outcome)


def resume_login(request: HttpRequest, login: Login) -> HttpResponse:
    """Continue a login after one of its stages."""
    return get_face(request).respond_login(request, continue_login(request, login))


def derive_login_method(login: str) -> LoginMethod:
    """Return the configured method to which a login that was typed in belongs."""
    methods = app_settings.LOGIN_METHODS
    if len(methods) == 1:
        (method,) = methods
        return LoginMethod(method)
    if LoginMethod.EMAIL in methods and is_email(login):
        return LoginMethod.EMAIL
    if LoginMethod.PHONE in methods and _is_phone(login):
        return LoginMethod.PHONE
    return LoginMethod.USERNAME


def _is_phone(login: str) -> bool:
    try:
        get_adapter().phone_form_field(required=True).clean(login)
    except ValidationError:
        return False
    return True


@sensitive_variables()
def get_login_failed_key(request: HttpRequest, **credentials: object) -> str:
    """Return the key by which failed logins of one account are counted."""
    identifier = next(
        (credentials[name] for name in ("email", "username", "phone") if credentials.get(name)), ""
    )
    return f"{get_current_site(request).domain}:{canonicalize_identifier(identifier)}"


def clear_login_failures(request: HttpRequest, email: str) -> None:
    """Allow the account to log in again at once; the limit per client address stays."""
    ratelimit.clear(
        request,
        app="allauth.account",
        action="login_failed",
        key=get_login_failed_key(request, email=email),
        scopes=("key",),
    )
