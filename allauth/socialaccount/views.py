"""Views of the socialaccount app."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponse, HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic.base import TemplateView

from allauth.account.internal.decorators import login_not_required
from allauth.account.mixins import (
    AjaxCapableProcessFormViewMixin,
    CloseableSignupMixin,
    RedirectAuthenticatedUserMixin,
)
from allauth.account.views.base import (
    EntranceMixin,
    FormPage,
    get_template_name,
    never_cached,
    never_framed,
    open_to_all,
)
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.loading import get_form_class
from allauth.core.internal.types import JSONObject, TemplateContext
from allauth.socialaccount import app_settings
from allauth.socialaccount.forms import DisconnectForm, SignupForm
from allauth.socialaccount.internal.flows import signup as signup_flow
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import Kwargs
from allauth.socialaccount.models import SocialAccount, SocialLogin

__all__ = [
    "ConnectionsView",
    "DisconnectForm",
    "LoginCancelledView",
    "LoginErrorView",
    "SignupForm",
    "SignupView",
    "SocialAccount",
    "SocialLogin",
    "connections",
    "login_cancelled",
    "login_error",
    "signup",
]


class SignupView(
    EntranceMixin,
    RedirectAuthenticatedUserMixin,
    CloseableSignupMixin,
    AjaxCapableProcessFormViewMixin,
    FormPage,
):
    """The page with the sign-up form for a new user of a provider."""

    form_class = SignupForm
    template_name = get_template_name("socialaccount/signup")
    sociallogin: SocialLogin

    @method_decorator(login_not_required)
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        sociallogin = signup_flow.get_pending_signup(request)
        if sociallogin is None:
            # The page was not reached through a provider, or too late.
            return HttpResponseRedirect(reverse("account_login"))
        self.sociallogin = sociallogin
        return super().dispatch(request, *args, **kwargs)

    def is_open(self) -> bool:
        """Return whether new accounts are accepted."""
        return get_adapter().is_open_for_signup(self.request, self.sociallogin)

    def get_form_class(self) -> type[SignupForm]:
        """Return the form class, by default :class:`SignupForm`."""
        return get_form_class(app_settings.FORMS, "signup", self.form_class)

    def get_form_kwargs(self) -> Kwargs:
        """Add the login to the arguments of the form."""
        kwargs = super().get_form_kwargs()
        kwargs["sociallogin"] = self.sociallogin
        return kwargs

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            return signup_flow.signup_by_form(self.request, self.sociallogin, form)
        except ImmediateHttpResponse as error:
            return error.response
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> TemplateContext:
        """Add the account to the template context."""
        context = super().get_context_data(**kwargs)
        context["account"] = self.sociallogin.account
        return context

    def get_authenticated_redirect_url(self) -> str:
        """Return the page to which users are redirected who are logged in."""
        return reverse("socialaccount_connections")


@open_to_all
class LoginCancelledView(EntranceMixin, TemplateView):
    """The page for a login that the user cancelled at the provider."""

    template_name = get_template_name("socialaccount/login_cancelled")


@open_to_all
class LoginErrorView(EntranceMixin, TemplateView):
    """The page for a login by a provider that failed."""

    template_name = get_template_name("socialaccount/authentication_error")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**kwargs), status=401)


@never_framed
@never_cached
@method_decorator(login_required, name="dispatch")
class ConnectionsView(AjaxCapableProcessFormViewMixin, FormPage):
    """The page that lists and disconnects the accounts of the user."""

    template_name = get_template_name("socialaccount/connections")
    form_class = DisconnectForm
    success_url = reverse_lazy("socialaccount_connections")

    def get_form_class(self) -> type[DisconnectForm]:
        """Return the form class, by default :class:`DisconnectForm`."""
        return get_form_class(app_settings.FORMS, "disconnect", self.form_class)

    def get_form_kwargs(self) -> Kwargs:
        """Add the request to the arguments of the form."""
        kwargs = super().get_form_kwargs()
        kwargs["request"] = self.request
        return kwargs

    def form_valid(self, form: DisconnectForm) -> HttpResponse:
        try:
            form.save()
        except ValidationError as error:
            # Another request removed the last other way in.
            form.add_error(None, error)
            return self.form_invalid(form)
        return super().form_valid(form)

    def get_ajax_data(self) -> JSONObject:
        """Return the accounts of the user as JSON."""
        accounts = SocialAccount.objects.filter(user=self.request.user)  # type: ignore[misc]
        return {
            "socialaccounts": [
                {
                    "id": account.pk,
                    "provider": account.provider,
                    "name": account.get_provider_account().to_str(),
                }
                for account in accounts
            ]
        }


signup = SignupView.as_view()
login_cancelled = LoginCancelledView.as_view()
login_error = LoginErrorView.as_view()
connections = ConnectionsView.as_view()
