"""Helpers for views that communicate with providers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import MultipleObjectsReturned
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin

View = Callable[..., HttpResponseBase]

_mask_post = sensitive_post_parameters(
    "access_token", "code", "credential", "id_token", "oauth_token", "oauth_verifier", "token"
)


def remote_view(view: View) -> View:
    """Decorate a view that communicates with a provider.

    The view needs no login, its responses are not cached, and error reports do not show the tokens
    that are posted to it. It runs outside of ``ATOMIC_REQUESTS``, so that no transaction is open
    during requests to the provider; the part that changes rows opens its own. The response is 404
    without an app, and the error page if several apps match.
    """

    @_mask_post
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
    """Complete a login, in a transaction if ``ATOMIC_REQUESTS`` is set."""
    if not connection.settings_dict["ATOMIC_REQUESTS"]:
        return complete_social_login(request, sociallogin)
    with transaction.atomic():
        return complete_social_login(request, sociallogin)
