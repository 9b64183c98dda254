"""Dummy provider: views."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from allauth.account.internal.decorators import login_not_required
from allauth.account.views.base import FormPage
from allauth.core.internal.types import TemplateContext
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.base.views import BaseLoginView
from allauth.socialaccount.providers.dummy.forms import AuthenticateForm
from allauth.socialaccount.providers.dummy.provider import DummyProvider


class LoginView(BaseLoginView):
    """The page that redirects to the form."""

    provider_id = DummyProvider.id

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)


class AuthenticateView(FormPage):
    """The page with the form, which replaces the pages of a real provider and the callback."""

    form_class = AuthenticateForm
    template_name = "dummy/authenticate_form.html"
    provider: DummyProvider
    state_id: str

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        state_id = request.GET.get("state")
        if not state_id:
            raise PermissionDenied
        self.state_id = state_id
        self.provider = DummyProvider(request)
        if request.method == "POST" and request.POST.get("action") == "cancel":
            return render_authentication_error(
                request,
                self.provider,
                error=AuthError.CANCELLED,
                extra_context={"state_id": state_id},
            )
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: AuthenticateForm) -> HttpResponse:
        sociallogin = self.provider.sociallogin_from_response(self.request, form.cleaned_data)
        sociallogin.state = self.provider.unstash_redirect_state(self.request, self.state_id)
        return complete_social_login(self.request, sociallogin)

    def get_context_data(self, **kwargs: Any) -> TemplateContext:
        """Add the action of the form to the template context."""
        context = super().get_context_data(**kwargs)
        context["action_url"] = f"{self.request.path}?{urlencode({'state': self.state_id})}"
        return context


login = LoginView.as_view()
authenticate = AuthenticateView.as_view()
