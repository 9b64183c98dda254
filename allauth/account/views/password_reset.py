"""The pages on which a lost password is replaced, by link and by code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from django.views.generic.base import TemplateView

from allauth.account import app_settings
from allauth.account.forms import (
    ConfirmPasswordResetCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    UserTokenForm,
)
from allauth.account.internal.constants import RESET_KEY_SESSION_KEY
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows import password_reset as password_reset_flow
from allauth.account.internal.flows.password_reset_by_code import (
    PasswordResetVerificationProcess,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.mixins import (
    AjaxCapableProcessFormViewMixin,
    LogoutFunctionalityMixin,
    NextRedirectMixin,
)
from allauth.account.views.base import (
    CodeView,
    EntranceMixin,
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
    open_to_all,
    post_masked,
    sensitive_post_parameters_m,
)
from allauth.core import ratelimit
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments, TemplateContext

INTERNAL_RESET_SESSION_KEY = RESET_KEY_SESSION_KEY


@open_to_all
@never_cached
class PasswordResetView(
    EntranceMixin, NextRedirectMixin, AjaxCapableProcessFormViewMixin, FormPage
):
    """The page to request a link or code for a password reset."""

    template_name = get_template_name("account/password_reset")
    form_class = ResetPasswordForm
    success_url = reverse_lazy("account_reset_password_done")

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`ResetPasswordForm`."""
        return get_configured_form("reset_password", self.form_class)

    def get_success_url(self) -> str | None:  # type: ignore[override]
        """Return the URL to redirect to: if codes are used, the page for the code."""
        if not app_settings.PASSWORD_RESET_BY_CODE_ENABLED:
            return super().get_success_url()
        return self.passthrough_next_url(reverse("account_confirm_password_reset_code"))

    def form_valid(self, form: ResetPasswordForm) -> HttpResponse:
        limited = ratelimit.consume_or_429(
            self.request, action="reset_password", key=form.cleaned_data["email"].lower()
        )
        if limited is not None:
            return limited
        form.save(self.request)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the form under its former name."""
        context = super().get_context_data(**kwargs)
        context["password_reset_form"] = context["form"]
        return context


@open_to_all
class PasswordResetDoneView(EntranceMixin, TemplateView):
    """The page that says that a link was sent."""

    template_name = get_template_name("account/password_reset_done")


@never_framed
@never_cached
class PasswordResetFromKeyView(
    EntranceMixin,
    AjaxCapableProcessFormViewMixin,
    NextRedirectMixin,
    LogoutFunctionalityMixin,
    FormPage,
):
    """The page for the new password, to which the link leads.

    The token moves from the URL into the session before the page is shown, so that it does not leak
    to other sites.
    """

    template_name = get_template_name("account/password_reset_from_key")
    form_class = ResetPasswordKeyForm
    success_url = reverse_lazy("account_reset_password_from_key_done")
    reset_url_key = "set-password"

    key: str
    reset_user: Any = None

    @sensitive_post_parameters_m
    @method_decorator(rate_limit(action="reset_password_from_key"))
    @method_decorator(login_not_required)
    @sensitive_variables("key")
    def dispatch(
        self, request: HttpRequest, uidb36: str, key: str, **kwargs: object
    ) -> HttpResponseBase:
        self.request = request
        self.kwargs.update(uidb36=uidb36, key=key)
        is_key_in_url = key != self.reset_url_key
        self.key = key if is_key_in_url else request.session.get(INTERNAL_RESET_SESSION_KEY, "")
        token_form_class = get_configured_form("user_token", UserTokenForm)
        token_form = token_form_class(data={"uidb36": uidb36, "key": self.key})
        if not token_form.is_valid():
            return self._respond_token_failed(token_form)
        if is_key_in_url and not get_adapter().is_ajax(request):
            request.session[INTERNAL_RESET_SESSION_KEY] = self.key
            url = self.passthrough_next_url(
                reverse(
                    "account_reset_password_from_key",
                    kwargs={"uidb36": uidb36, "key": self.reset_url_key},
                )
            )
            return HttpResponseRedirect(url)
        self.reset_user = token_form.reset_user
        return super().dispatch(request, uidb36, key, **kwargs)

    def _respond_token_failed(self, token_form: UserTokenForm) -> HttpResponse:
        response: HttpResponse = self.render_to_response(
            self.get_context_data(token_fail=True, form=token_form)
        )
        self._cached_form = token_form
        return self._respond(response)

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`ResetPasswordKeyForm`."""
        return get_configured_form("reset_password_from_key", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add user and token."""
        kwargs = super().get_form_kwargs()
        kwargs.update(user=self.reset_user, temp_key=self.key)
        return kwargs

    def form_valid(self, form: ResetPasswordKeyForm) -> HttpResponse:
        if password_reset_flow.is_other_user_logged_in(self.request, self.reset_user):
            self.logout()
        response = password_reset_flow.reset_by_link(
            self.request, self.reset_user, self.key, form.save
        )
        return response or super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the URL of the form."""
        context = super().get_context_data(**kwargs)
        context["action_url"] = reverse(
            "account_reset_password_from_key",
            kwargs={"uidb36": self.kwargs["uidb36"], "key": self.kwargs["key"]},
        )
        return context


@open_to_all
class PasswordResetFromKeyDoneView(EntranceMixin, TemplateView):
    """The page that says that the new password is stored."""

    template_name = get_template_name("account/password_reset_from_key_done")


@post_masked
@open_to_all
@never_framed
@never_cached
class ConfirmPasswordResetCodeView(CodeView):
    """The page for the code of a password reset."""

    form_class = ConfirmPasswordResetCodeForm
    verify_form_id = "confirm_password_reset_code"
    template_name = get_template_name("account/confirm_password_reset_code")

    process: PasswordResetVerificationProcess

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        process = PasswordResetVerificationProcess.resume(request)
        if process is None:
            return HttpResponseRedirect(reverse("account_login"))
        if process.is_code_confirmed:
            return HttpResponseRedirect(reverse("account_complete_password_reset"))
        self.process = process
        return super().dispatch(request, *args, **kwargs)

    def verified(self, form: BaseForm) -> HttpResponse:
        self.process.confirm_code()
        return HttpResponseRedirect(
            self.passthrough_next_url(reverse("account_complete_password_reset"))
        )

    def get_abort_url(self) -> str:
        return self.passthrough_next_url(reverse("account_login"))


@never_framed
@never_cached
class CompletePasswordResetView(EntranceMixin, NextRedirectMixin, FormPage):
    """The page for the new password, once the code is confirmed."""

    form_class = ResetPasswordKeyForm
    template_name = get_template_name("account/password_reset_from_key")
    success_url = reverse_lazy("account_password_reset_completed")

    @sensitive_post_parameters_m
    @method_decorator(rate_limit(action="reset_password_from_key"))
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, **kwargs: object) -> HttpResponseBase:
        process = PasswordResetVerificationProcess.resume(request)
        if process is None:
            self.request = request
            return HttpResponseRedirect(
                self.passthrough_next_url(reverse("account_reset_password"))
            )
        if not process.is_code_confirmed:
            return HttpResponseRedirect(reverse("account_confirm_password_reset_code"))
        self.process = process
        return super().dispatch(request, **kwargs)

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`ResetPasswordKeyForm`."""
        return get_configured_form("reset_password_from_key", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the user."""
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.process.user
        return kwargs

    def form_valid(self, form: ResetPasswordKeyForm) -> HttpResponse:
        outcome = self.process.replace_password(form.save)
        if not outcome.is_replaced:
            return HttpResponseRedirect(
                self.passthrough_next_url(reverse("account_reset_password"))
            )
        return outcome.response or super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the URL of the form."""
        context = super().get_context_data(**kwargs)
        context["action_url"] = reverse("account_complete_password_reset")
        return context


password_reset = PasswordResetView.as_view()
password_reset_done = PasswordResetDoneView.as_view()
password_reset_from_key = PasswordResetFromKeyView.as_view()
password_reset_from_key_done = PasswordResetFromKeyDoneView.as_view()
confirm_password_reset_code = ConfirmPasswordResetCodeView.as_view()
complete_password_reset = CompletePasswordResetView.as_view()
