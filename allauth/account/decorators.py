"""Decorators for the views of a project, ``def`` or ``async def``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse

from allauth.account import app_settings
from allauth.account.internal.addresses import has_verified_email
from allauth.account.internal.flows import email_verification, reauthentication
from allauth.account.internal.next_url import get_next_redirect_url
from allauth.account.models import EmailAddress
from allauth.core.async_support import guard_view
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.ratelimit import rate_limited_as_response
from allauth.core.internal.urls import add_query_params

__all__ = [
    "REDIRECT_FIELD_NAME",
    "EmailAddress",
    "ReauthenticationRequired",
    "reauthentication_required",
    "secure_admin_login",
    "verified_email_required",
]

ViewT = TypeVar("ViewT", bound=Callable[..., object])


@overload
def verified_email_required(
    function: ViewT, login_url: str | None = None, redirect_field_name: str = REDIRECT_FIELD_NAME
) -> ViewT: ...


@overload
def verified_email_required(
    function: None = None,
    login_url: str | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
) -> Callable[[ViewT], ViewT]: ...


def verified_email_required(
    function: ViewT | None = None,
    login_url: str | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
) -> ViewT | Callable[[ViewT], ViewT]:
    """Restrict a view to users who have verified an email address.

    Other users are sent a verification email, within its limit, and see a page about it. Anonymous
    requests are redirected to the login page.

    Parameters:
        function: The view, if the decorator is used without arguments.
        login_url: The login page, in place of ``LOGIN_URL``.
        redirect_field_name: The parameter for the URL to redirect to after the login.
    """

    def check(request: HttpRequest) -> HttpResponseBase | None:
        if not request.user.is_authenticated:
            return _redirect_to_login(request, login_url, redirect_field_name)
        if has_verified_email(request.user):
            return None
        with rate_limited_as_response(request):
            email_verification.send_verification_email_for_user(request, request.user)
        if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
            url = reverse("account_email_verification_sent")
            return HttpResponseRedirect(
                add_query_params(url, {REDIRECT_FIELD_NAME: request.get_full_path()})
            )
        return render(request, "account/verified_email_required.html")

    return _decorate(function, check)


@overload
def reauthentication_required(
    function: ViewT,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    allow_get: bool = False,
    enabled: bool | Callable[[HttpRequest], bool] | None = None,
    *,
    app: str = "",
) -> ViewT: ...


@overload
def reauthentication_required(
    function: None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    allow_get: bool = False,
    enabled: bool | Callable[[HttpRequest], bool] | None = None,
    *,
    app: str = "",
) -> Callable[[ViewT], ViewT]: ...


def reauthentication_required(
    function: ViewT | None = None,
    redirect_field_name: str = REDIRECT_FIELD_NAME,
    allow_get: bool = False,
    enabled: bool | Callable[[HttpRequest], bool] | None = None,
    *,
    app: str = "",
) -> ViewT | Callable[[ViewT], ViewT]:
    """Restrict a view to users who have recently reauthenticated.

    For other users ``ReauthenticationRequired`` is raised, which the middleware answers.

    Parameters:
        function: The view, if the decorator is used without arguments.
        redirect_field_name: Kept for old callers.
        allow_get: Let GET requests pass.
        enabled: Whether to require it at all, or a function of the request that returns this.
        app: The app whose setting ``REAUTHENTICATION_REQUIRED`` decides; without it,
            reauthentication is always required.
    """

    def check(request: HttpRequest) -> HttpResponseBase | None:
        if allow_get and request.method == "GET":
            return None
        is_enabled = enabled(request) if callable(enabled) else enabled
        if is_enabled is None or is_enabled:
            reauthentication.raise_if_reauthentication_required(request, app=app)
        return None

    return _decorate(function, check)


@overload
def secure_admin_login(function: ViewT) -> ViewT: ...


@overload
def secure_admin_login(function: None = None) -> Callable[[ViewT], ViewT]: ...


def secure_admin_login(function: ViewT | None = None) -> ViewT | Callable[[ViewT], ViewT]:
    """Redirect logins to the admin to the login page of this package.

    Meant for ``admin.site.login``: ``admin.site.login = secure_admin_login(admin.site.login)``.
    Logged-in users who are not active staff get a 403.
    """

    def check(request: HttpRequest) -> HttpResponseBase | None:
        if not request.user.is_authenticated:
            target = get_next_redirect_url(request) or request.get_full_path()
            return redirect_to_login(target)
        if not request.user.is_staff or not request.user.is_active:
            raise PermissionDenied
        return None

    return _decorate(function, check)


def _decorate(
    function: ViewT | None, check: Callable[[HttpRequest], HttpResponseBase | None]
) -> ViewT | Callable[[ViewT], ViewT]:
    def decorate(view: ViewT) -> ViewT:
        return guard_view(view, check)

    return decorate if function is None else decorate(function)


def _redirect_to_login(
    request: HttpRequest, login_url: str | None, redirect_field_name: str
) -> HttpResponseRedirect:
    url = resolve_url(login_url or settings.LOGIN_URL)
    target = request.build_absolute_uri()
    # On the same site the path is enough.
    if urlsplit(url)[:2] in (urlsplit(target)[:2], ("", "")):
        target = request.get_full_path()
    return redirect_to_login(target, url, redirect_field_name)
