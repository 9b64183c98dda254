"""Functions for providers and projects, each with an awaitable twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_variables

from allauth.account import app_settings as account_settings
from allauth.core.async_support import awaitable
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import extensions
from allauth.core.internal.types import TemplateContext
from allauth.core.internal.urls import redirect_to_page
from allauth.socialaccount.internal.display import socialaccount_user_display
from allauth.socialaccount.internal.flows import login as login_flow
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import Kwargs
from allauth.socialaccount.providers.base.constants import AuthError

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from allauth.socialaccount.providers.base.provider import Provider

__all__ = [
    "AuthError",
    "ImmediateHttpResponse",
    "acomplete_social_login",
    "arender_authentication_error",
    "asocialaccount_user_display",
    "complete_social_login",
    "render_authentication_error",
    "socialaccount_user_display",
]


def complete_social_login(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    """Log in, sign up, connect, or redirect, as the state of ``sociallogin`` says.

    Providers call this function with the login that they made of the profile. The attribute
    ``sociallogin.state`` is the state that was stashed before the redirect to the provider.
    """
    api = extensions.provider_api.get() if sociallogin.is_headless else None
    if api is not None:
        return api.complete_login(request, sociallogin)
    return login_flow.complete_login(request, sociallogin)


@sensitive_variables("context", "details", "extra_context")
def render_authentication_error(
    request: HttpRequest,
    provider: Provider | str | None,
    error: str = AuthError.UNKNOWN,
    exception: Exception | None = None,
    extra_context: TemplateContext | None = None,
) -> HttpResponse:
    """Return the error page of a login that failed.

    Parameters:
        error: One of :class:`AuthError`.
        exception: The cause, for the adapter; the page does not show it.
        extra_context: Variables for the template. ``state`` or ``state_id`` identifies the attempt.
    """
    extra_context = {} if extra_context is None else extra_context
    details: Kwargs = {
        "error": error,
        "exception": exception,
        "extra_context": extra_context,
    }
    try:
        get_adapter().on_authentication_error(request, provider, **details)
        api = extensions.provider_api.get()
        if api is not None:
            api.on_authentication_error(request, provider, **details)
    except ImmediateHttpResponse as immediate:
        return immediate.response
    if error == AuthError.CANCELLED:
        return redirect_to_page("socialaccount_login_cancelled")
    context = {
        "auth_error": {"provider": provider, "code": error, "exception": exception},
        **extra_context,
    }
    template = f"socialaccount/authentication_error.{account_settings.TEMPLATE_EXTENSION}"
    response = render(request, template, context, status=401)
    add_never_cache_headers(response)
    return response


acomplete_social_login = awaitable(complete_social_login)
arender_authentication_error = awaitable(render_authentication_error)
asocialaccount_user_display = awaitable(socialaccount_user_display)
