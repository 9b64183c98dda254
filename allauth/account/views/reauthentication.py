"""The page for reauthentication."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.next_url import get_login_redirect_url
from allauth.account.mixins import NextRedirectMixin
from allauth.account.views.base import (
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
    sensitive_post_parameters_m,
)
from allauth.core import ratelimit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import (
        AuthenticatedRequest,
        FormArguments,
        JSONObject,
        TemplateContext,
    )


@never_cached
@never_framed
class BaseReauthenticateView(NextRedirectMixin, FormPage):
    """The base of the pages for the different ways to reauthenticate."""

    request: AuthenticatedRequest

    @sensitive_post_parameters_m
    @method_decorator(login_required)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        self.request = cast("AuthenticatedRequest", request)
        return (
            self._check_methods()
            or ratelimit.consume_or_429(request, action="reauthenticate")
            or super().dispatch(request, *args, **kwargs)
        )

    def _check_methods(self) -> HttpResponse | None:
        methods = get_adapter().get_reauthentication_methods(self.request.user)
        if any(method["url"] == self.request.path for method in methods):
            return None
        if not methods:
            raise PermissionDenied
        return HttpResponseRedirect(self.passthrough_next_url(methods[0]["url"]))

    def get_default_success_url(self) -> str | None:
        """Return the URL to redirect to unless the request asks for another one."""
        return get_login_redirect_url(self.request)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        response = reauthentication.resume_request(self.request)
        return response or super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the other ways to reauthenticate."""
        context = super().get_context_data(**kwargs)
        context["reauthentication_alternatives"] = self.get_reauthentication_alternatives()
        return context

    def get_reauthentication_alternatives(self) -> list[JSONObject]:
        """Return the other ways that the user has, ordered by description."""
        methods = get_adapter().get_reauthentication_methods(self.request.user)
        alternatives = [
            {**method, "url": self.passthrough_next_url(method["url"])}
            for method in methods
            if method["url"] != self.request.path
        ]
        return sorted(alternatives, key=lambda method: str(method["description"]))


class ReauthenticateView(BaseReauthenticateView):
    """The page for reauthentication by password."""

    form_class = ReauthenticateForm
    template_name = get_template_name("account/reauthenticate")

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`ReauthenticateForm`."""
        return get_configured_form("reauthenticate", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the user."""
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.request.user
        return kwargs

    def form_valid(self, form: BaseForm) -> HttpResponse:
        reauthentication.reauthenticate_by_password(self.request)
        return super().form_valid(form)


reauthenticate = ReauthenticateView.as_view()
