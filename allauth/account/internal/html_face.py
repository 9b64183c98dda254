"""The answers of the account app to browsers: pages and redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.login_engine import LoginStage, LoginStatus, clear_login
from allauth.account.internal.next_url import get_login_redirect_url, get_next_redirect_url
from allauth.account.internal.replay import replay
from allauth.core.internal import ratelimit
from allauth.core.internal.urls import add_query_params, redirect_to_page

if TYPE_CHECKING:
    from allauth.account.internal.flows.reauthentication import Suspended
    from allauth.account.internal.login_engine import LoginOutcome
    from allauth.account.models import Login
    from allauth.core.internal.types import User


class HTMLFace:
    """The default answers to browsers; see :class:`allauth.account.internal.faces.Face`."""

    def respond_login(self, request: HttpRequest, outcome: LoginOutcome) -> HttpResponse:
        if outcome.interruption is not None:
            return outcome.interruption.response
        if outcome.status is LoginStatus.RATE_LIMITED:
            return ratelimit.respond_429(request)
        return outcome.response or redirect_to_page("account_login")

    def resume_login(self, request: HttpRequest, login: Login) -> HttpResponse:
        return login_flow.resume_login(request, login)

    def respond_logged_in(
        self, request: HttpRequest, *, redirect_url: str | None, signup: bool
    ) -> HttpResponse:
        return HttpResponseRedirect(get_login_redirect_url(request, redirect_url, signup=signup))

    def respond_login_aborted(self, request: HttpRequest) -> HttpResponse:
        return redirect_to_page("account_login")

    def respond_waiting(self, request: HttpRequest, stage: LoginStage) -> HttpResponse:
        return redirect_to_page(stage.urlname or "account_login")

    def get_next_url(self, request: HttpRequest) -> str | None:
        return get_next_redirect_url(request)

    def respond_reauthentication_required(self, request: HttpRequest) -> HttpResponse:
        return redirect_to_page("account_reauthenticate")

    def respond_suspended(self, request: HttpRequest, redirect_to: str) -> HttpResponse:
        url = add_query_params(redirect_to, {"next": request.get_full_path()})
        return HttpResponseRedirect(url)

    def resume_suspended(self, request: HttpRequest, suspended: Suspended) -> HttpResponse | None:
        if suspended.callback is not None:
            return cast(HttpResponse, suspended.callback(request, suspended.state))
        url = get_next_redirect_url(request)
        if not url:
            return None
        frozen = suspended.frozen_request
        response = replay(request, frozen, url) if frozen is not None else None
        return response or HttpResponseRedirect(url)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return redirect_to_page("account_inactive")

    def respond_email_verification_sent(
        self, request: HttpRequest, user: User | None
    ) -> HttpResponse:
        return redirect_to_page("account_email_verification_sent")


def redirect_to_pending_stage(request: HttpRequest, stage: LoginStage) -> HttpResponseRedirect:
    """Redirect to the page of the stage; abort the login if the stage has none."""
    if stage.urlname:
        return HttpResponseRedirect(reverse(stage.urlname))
    clear_login(request)
    return HttpResponseRedirect(reverse("account_login"))
