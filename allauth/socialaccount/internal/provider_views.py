"""What the pages to which providers lead back have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import MultipleObjectsReturned
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin

View = Callable[..., HttpResponseBase]


def remote_view(view: View) -> View:
    """Mark a view that talks to a provider.

    It is open to everybody, its answers are not to be kept by browsers, and no transaction is
    open while the provider is waited for: the part that changes rows opens its own. Without an app
    there is no such page, and with several it cannot be told which one is meant.
    """

    @transaction.non_atomic_requests
    @login_not_required
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except SocialApp.DoesNotExist as error:
            raise Http404 from error
        except MultipleObjectsReturned as error:
            return render_authentication_error(request, None, exception=error)

    return guarded


def complete(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponseBase:
    """Complete a login, in a transaction if ``ATOMIC_REQUESTS`` asks for it."""
    if not connection.settings_dict["ATOMIC_REQUESTS"]:
        return complete_social_login(request, sociallogin)
    with transaction.atomic():
        return complete_social_login(request, sociallogin)
