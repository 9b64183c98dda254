"""Completion of logins by providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.account.utils import perform_login
from allauth.core.exceptions import (
    ImmediateHttpResponse,
    SignupClosedException,
)
from allauth.core.internal.masking import sensitive_variables
from allauth.socialaccount import app_settings, signals
from allauth.socialaccount.internal import redirect_states
from allauth.socialaccount.internal.faces import get_face
from allauth.socialaccount.internal.flows import connect as connect_flow
from allauth.socialaccount.internal.flows import email_authentication, signup
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.records import record_authentication
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess

if TYPE_CHECKING:
    from django.http import HttpResponse

__all__ = ["complete_login", "pre_social_login", "record_authentication"]


def complete_login(
    request: HttpRequest, sociallogin: SocialLogin, raises: bool = False
) -> HttpResponse:
    """Log in, sign up, connect, or redirect, as the state of ``sociallogin`` says.

    Parameters:
        raises: Raise ``SignupClosedException``, ``ReauthenticationRequired``,
            ``PermissionDenied``, ``ValidationError`` and ``ImmediateHttpResponse``, instead of
            returning a response for them.
    """
    signup.clear_pending_signup(request)
    try:
        pre_social_login(request, sociallogin)
        process = sociallogin.state.get("process")
        if process == AuthProcess.REDIRECT:
            return get_face(request).respond_returned(request, sociallogin)
        if process == AuthProcess.CONNECT:
            connect = connect_flow.connect_or_raise if raises else connect_flow.connect
            return connect(request, sociallogin)
        return _authenticate(request, sociallogin)
    except SignupClosedException:
        if raises:
            raise
        return get_face(request).respond_signup_closed(request)
    except ImmediateHttpResponse as error:
        if raises:
            raise
        return error.response


def pre_social_login(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Find the user, call the hook of the adapter, and send the signal."""
    if not sociallogin.is_existing:
        sociallogin.lookup()
    get_adapter().pre_social_login(request, sociallogin)
    signals.pre_social_login.send(sender=SocialLogin, request=request, sociallogin=sociallogin)


def _authenticate(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    if request.user.is_authenticated:
        _end_session(request, sociallogin)
    if not sociallogin.is_existing:
        response = signup.sign_up(request, sociallogin)
        if response is not None:
            return response
        # Another request created the account in the meantime.
    return _login(request, sociallogin)


@sensitive_variables("states")
def _end_session(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Log the current user out; keep the states if the same user is about to log in."""
    is_same = sociallogin.user is not None and request.user.pk == sociallogin.user.pk
    states = redirect_states.get_states(request) if is_same else {}
    get_account_adapter().logout(request)
    redirect_states.restore_states(request, states)


def _login(request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
    email_authentication.prepare_login(request, sociallogin)
    record_authentication(request, sociallogin)
    return perform_login(
        request,
        sociallogin.user,
        signal_kwargs={"sociallogin": sociallogin},
        redirect_url=sociallogin.get_redirect_url(request),
        email_verification=app_settings.EMAIL_VERIFICATION,
    )
