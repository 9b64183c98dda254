"""The pages to log in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.generic.base import TemplateView

from allauth import app_settings as allauth_settings
from allauth.account import app_settings
from allauth.account.forms import LoginForm
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.hooks import get_adapter
from allauth.account.mixins import (
    AjaxCapableProcessFormViewMixin,
    LogoutFunctionalityMixin,
    NextRedirectMixin,
    RedirectAuthenticatedUserMixin,
    _ajax_response,
)
from allauth.account.views.base import (
    EntranceMixin,
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
    open_to_all,
    sensitive_post_parameters_m,
)
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.urls import redirect
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments


class LoginView(
    EntranceMixin,
    NextRedirectMixin,
    RedirectAuthenticatedUserMixin,
    AjaxCapableProcessFormViewMixin,
    FormPage,
):
    """The page to log in with a password, or to begin a login by code."""

    form_class = LoginForm
    template_name = get_template_name("account/login")
    success_url = None

    @sensitive_post_parameters_m
    @method_decorator(rate_limit(action="login"))
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if allauth_settings.SOCIALACCOUNT_ONLY and request.method != "GET":
            return HttpResponseForbidden()
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`LoginForm`."""
        return get_configured_form("login", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the request."""
        kwargs = super().get_form_kwargs()
        kwargs["request"] = self.request
        return kwargs

    def form_valid(self, form: LoginForm) -> HttpResponse:
        try:
            response: HttpResponse = form.login(self.request, redirect_url=self.get_success_url())
        except ImmediateHttpResponse as error:
            return error.response
        return response


@open_to_all
class AccountInactiveView(EntranceMixin, TemplateView):
    """The page that says that the account is disabled."""

    template_name = get_template_name("account/account_inactive")


@open_to_all
@never_framed
@never_cached
class LogoutView(NextRedirectMixin, LogoutFunctionalityMixin, TemplateView):
    """The page that asks whether to log out, and does so."""

    template_name = get_template_name("account/logout")

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        if app_settings.LOGOUT_ON_GET:
            return self.post(*args, **kwargs)
        if not self.request.user.is_authenticated:
            return _ajax_response(self.request, redirect(self.get_redirect_url()))
        response = super().get(*args, **kwargs)
        return _ajax_response(self.request, response)

    def post(self, *args: object, **kwargs: object) -> HttpResponse:
        url = self.get_redirect_url()
        self.logout()
        return _ajax_response(self.request, redirect(url))

    def get_redirect_url(self) -> str:
        """Return the URL to redirect to after the logout."""
        return self.get_next_url() or get_adapter().get_logout_redirect_url(self.request)


login = LoginView.as_view()
account_inactive = AccountInactiveView.as_view()
logout = LogoutView.as_view()
