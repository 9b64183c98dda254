"""Logging in: the steps recorded, the stages passed, the session at the end."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse

from allauth.account import app_settings, signals
from allauth.account.adapter import get_adapter
from allauth.account.app_settings import LoginMethod
from allauth.account.internal import stagekit
from allauth.account.internal.emailkit import is_email
from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import httpkit, ratelimit

AUTHENTICATION_METHODS_SESSION_KEY = "account_authentication_methods"
AUTHENTICATION_METHODS_USER_SESSION_KEY = "account_authentication_methods_user"

MAX_RECORDS = 50

_foreign_session_keys = {
    "_password_reset_key",
    "account_email_verification_code",
    "account_password_reset_verification",
    "account_phone_verification",
    "account_reauthentication_state",
}


def drop_at_login(*session_keys: str) -> None:
    """Register session keys that a completed login must not inherit.

    An attacker may have planted the session with something that waits to act on whoever logs in.
    """
    _foreign_session_keys.update(session_keys)


def get_authentication_records(request: HttpRequest, user: Any = None) -> list[dict[str, Any]]:
    """The steps by which ``user`` authenticated in this session, oldest first.

    Each has ``method``, ``at`` (seconds since the epoch) and what belongs to the method.
    """
    if user is None or user.pk is None:
        return []
    if request.session.get(AUTHENTICATION_METHODS_USER_SESSION_KEY) != user_id_to_str(user):
        return []
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY)
    if not isinstance(records, list):
        return []
    return [record for record in records if isinstance(record, dict)]


def record_authentication(request: HttpRequest, user: Any, method: str, **extra: Any) -> None:
    """Record that ``user`` passed a step of authentication; steps of somebody else are dropped."""
    if user is None or user.is_anonymous or user.pk is None:
        return
    known = {name: value for name, value in extra.items() if value is not None}
    record = {"method": method, "at": time.time(), **known}
    records = [*get_authentication_records(request, user), record]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records[-MAX_RECORDS:]
    request.session[AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(user)
    signals.authentication_step_completed.send(
        sender=user.__class__, request=request, user=user, method=method, **extra
    )


def clear_authentication_records(request: HttpRequest) -> None:
    """Forget all steps of authentication."""
    request.session.pop(AUTHENTICATION_METHODS_SESSION_KEY, None)
    request.session.pop(AUTHENTICATION_METHODS_USER_SESSION_KEY, None)


def perform_password_login(
    request: HttpRequest, credentials: dict[str, Any], login: Login
) -> HttpResponse:
    """Go on with a login whose password was right."""
    record_authentication(
        request,
        login.user,
        "password",
        email=credentials.get("email"),
        username=credentials.get("username"),
    )
    return perform_login(request, login)


def perform_login(request: HttpRequest, login: Login) -> HttpResponse:
    """Log in, as far as it goes without asking the visitor for more.

    Returns the response that ends the login or begins its next stage.
    """
    if login.user:
        response: HttpResponse | None = get_adapter().pre_login(
            request, login.user, **_get_hook_arguments(login)
        )
        if response:
            return response
    return resume_login(request, login)


def resume_login(request: HttpRequest, login: Login) -> HttpResponse:
    """Go on with a login after one of its stages."""
    from allauth.account.stages import LoginStageController

    try:
        response = LoginStageController(request, login).handle()
        return response or _complete_login(request, login)
    except ImmediateHttpResponse as error:
        if httpkit.is_headless_request(request) and isinstance(error.response, JsonResponse):
            raise
        return error.response


def _complete_login(request: HttpRequest, login: Login) -> HttpResponse:
    adapter = get_adapter()
    user = login.user
    if user is None:
        stagekit.clear_login(request)
        return httpkit.headed_redirect_response("account_login")
    if not user.is_active:
        stagekit.clear_login(request)
        inactive: HttpResponse = adapter.respond_user_inactive(request, user)
        return inactive
    stagekit.pop_login(request)
    for key in _foreign_session_keys:
        request.session.pop(key, None)
    adapter.login(request, user)
    response: HttpResponse = adapter.post_login(request, user, **_get_hook_arguments(login))
    return response


def _get_hook_arguments(login: Login) -> dict[str, Any]:
    return {
        "email_verification": login.email_verification,
        "redirect_url": login.redirect_url,
        "signal_kwargs": login.signal_kwargs,
        "signup": login.signup,
        "email": login.email,
    }


def derive_login_method(login: str) -> LoginMethod:
    """Which of the configured methods a login that was typed in belongs to."""
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


def get_login_failed_key(request: HttpRequest, **credentials: Any) -> str:
    """What failed logins of one account are counted by."""
    from django.contrib.sites.shortcuts import get_current_site

    identifier = next(
        (credentials[name] for name in ("email", "username", "phone") if credentials.get(name)), ""
    )
    return f"{get_current_site(request).domain}:{canonicalize_identifier(identifier)}"


def canonicalize_identifier(identifier: object) -> str:
    """One spelling for all that are taken for the same account."""
    import unicodedata

    return unicodedata.normalize("NFKC", str(identifier)[:1024]).strip().lower()


def clear_login_failures(request: HttpRequest, email: str) -> None:
    """Let the account log in again at once; what its address did stays counted."""
    ratelimit.clear(
        request,
        app="allauth.account",
        action="login_failed",
        key=get_login_failed_key(request, email=email),
        scopes=("key",),
    )
