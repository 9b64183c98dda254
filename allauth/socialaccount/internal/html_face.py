"""Responses of the socialaccount app to browsers: pages and redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from allauth.account import app_settings as account_settings
from allauth.account.internal.hooks import get_adapter as get_account_adapter
from allauth.core.internal.urls import redirect_to_page
from allauth.socialaccount.internal.hooks import get_adapter

if TYPE_CHECKING:
    from allauth.socialaccount.internal.flows.connect import ConnectOutcome
    from allauth.socialaccount.models import SocialLogin


class HTMLFace:
    """The responses to browsers; see :class:`allauth.socialaccount.internal.faces.Face`."""

    def respond_returned(self, request: HttpRequest, sociallogin: SocialLogin) -> HttpResponse:
        return HttpResponseRedirect(sociallogin.get_redirect_url(request) or "/")

    def respond_connected(
        self, request: HttpRequest, sociallogin: SocialLogin, outcome: ConnectOutcome
    ) -> HttpResponse:
        get_account_adapter().add_message(
            request,
            messages.INFO if outcome.is_connected else messages.ERROR,
            outcome.message_template,
            message_context={"sociallogin": sociallogin, "action": outcome.action},
        )
        url = sociallogin.get_redirect_url(request)
        return HttpResponseRedirect(url or _get_connect_url(request, sociallogin))

    def respond_login_required(
        self, request: HttpRequest, sociallogin: SocialLogin
    ) -> HttpResponse:
        # That page redirects to the login page.
        return HttpResponseRedirect(_get_connect_url(request, sociallogin))

    def respond_signup_form(self, request: HttpRequest) -> HttpResponse:
        return redirect_to_page("socialaccount_signup")

    def respond_signup_closed(self, request: HttpRequest) -> HttpResponse:
        template = f"account/signup_closed.{account_settings.TEMPLATE_EXTENSION}"
        return TemplateResponse(request, template)

    def respond_account_exists(self, request: HttpRequest) -> HttpResponse:
        return redirect_to_page("account_login")


def _get_connect_url(request: HttpRequest, sociallogin: SocialLogin) -> str:
    return get_adapter().get_connect_redirect_url(request, sociallogin.account)
