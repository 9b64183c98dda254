"""The pages to log in by a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from allauth.account import app_settings
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.login_engine import LoginStageController
from allauth.account.internal.next_url import get_login_redirect_url
from allauth.account.mixins import NextRedirectMixin, RedirectAuthenticatedUserMixin
from allauth.account.views.base import (
    CodeView,
    EntranceMixin,
    FormPage,
    get_configured_form,
    get_template_name,
    post_masked,
)

if TYPE_CHECKING:
    from django.forms import BaseForm


def _get_request_url() -> str:
    enabled = app_settings.LOGIN_BY_CODE_ENABLED
    return reverse("account_request_login_code" if enabled else "account_login")


class RequestLoginCodeView(
    EntranceMixin, RedirectAuthenticatedUserMixin, NextRedirectMixin, FormPage
):
    """The page to request a code for a login."""

    form_class = RequestLoginCodeForm
    template_name = get_template_name("account/request_login_code")

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`RequestLoginCodeForm`."""
        return get_configured_form("request_login_code", self.form_class)

    def get_success_url(self) -> str | None:  # type: ignore[override]
        """Return the page for the code; for a logged-in user, the URL that the request asks for."""
        if self.request.user.is_authenticated:
            return self.get_next_url()
        return self.passthrough_next_url(reverse("account_confirm_login_code"))

    def form_valid(self, form: RequestLoginCodeForm) -> HttpResponse:
        LoginCodeVerificationProcess.initiate(
            request=self.request,
            user=form._user,
            email=form.cleaned_data.get("email"),
            phone=form.cleaned_data.get("phone"),
        )
        return HttpResponseRedirect(
            self.passthrough_next_url(reverse("account_confirm_login_code"))
        )


@post_masked
class ConfirmLoginCodeView(CodeView):
    """The page for the code of a login."""

    form_class = ConfirmLoginCodeForm
    verify_form_id = "confirm_login_code"
    template_name = get_template_name("account/confirm_login_code")

    process: LoginCodeVerificationProcess

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return HttpResponseRedirect(get_login_redirect_url(request))
        stage = LoginStageController.enter(request, LoginStageKey.LOGIN_BY_CODE.value)
        process = LoginCodeVerificationProcess.resume(stage) if stage is not None else None
        if stage is None or process is None:
            return HttpResponseRedirect(_get_request_url())
        self.stage = stage
        self.process = process
        return super().dispatch(request, *args, **kwargs)

    def verified(self, form: BaseForm) -> HttpResponse:
        return self.process.finish(self.get_next_url(), self.stage)

    def get_abort_url(self) -> str:
        if self.process.is_initiated_by_user:
            return _get_request_url()
        return reverse("account_login")


request_login_code = RequestLoginCodeView.as_view()
confirm_login_code = ConfirmLoginCodeView.as_view()
