"""Decorators for the views of this package."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache

from allauth.account.internal.login_engine import LoginStageController
from allauth.account.internal.next_url import get_login_redirect_url

try:
    from django.contrib.auth.decorators import login_not_required
except ImportError:  # before Django 5.1, which brought LoginRequiredMiddleware
    ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase | Awaitable[HttpResponseBase]])

    def login_not_required(view_func: ViewT) -> ViewT:
        """Mark a view as open to users who are not logged in."""
        view_func.login_required = False  # type: ignore[attr-defined]
        return view_func


__all__ = ["login_not_required", "login_stage_required"]


def login_stage_required(
    stage: str, redirect_urlname: str
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Restrict a view to requests whose pending login is at ``stage``.

    The view finds the stage as ``request._login_stage``. Other requests are redirected: those of
    logged-in users to where a login leads, the others to ``redirect_urlname``.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @never_cache
        @login_not_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.user.is_authenticated:
                return HttpResponseRedirect(get_login_redirect_url(request))
            current = LoginStageController.enter(request, stage)
            if current is None:
                return HttpResponseRedirect(reverse(redirect_urlname))
            request._login_stage = current  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded

    return decorate
