"""The pages on which email addresses are verified, by link and by code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.generic.base import TemplateView

from allauth.account import app_settings
from allauth.account.forms import ChangeEmailForm, ConfirmEmailVerificationCodeForm
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows import email_verification
from allauth.account.internal.flows.email_verification_by_code import (
    EmailVerificationProcess,
    enter_verification,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.user_fields import user_display
from allauth.account.mixins import (
    LogoutFunctionalityMixin,
    NextRedirectMixin,
    _ajax_response,
)
from allauth.account.models import (
    EmailConfirmation,
    EmailConfirmationMixin,
    get_emailconfirmation_model,
)
from allauth.account.views.base import (
    CodeView,
    EntranceMixin,
    get_template_name,
    never_cached,
    never_framed,
    open_to_all,
    post_masked,
)
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.urls import redirect

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments, JSONObject, TemplateContext


@open_to_all
@never_framed
@never_cached
class ConfirmEmailView(EntranceMixin, NextRedirectMixin, LogoutFunctionalityMixin, TemplateView):
    """The page that verifies the email address to which a link was sent."""

    template_name = get_template_name("account/email_confirm")

    @sensitive_variables("args", "kwargs")
    def get(self, *args: object, **kwargs: object) -> HttpResponse:
        try:
            self.object: Any = self.get_object()
        except Http404:
            self.object = None
        if self.object is not None and app_settings.CONFIRM_EMAIL_ON_GET:
            return self.post(*args, **kwargs)
        return self.respond(self.object is not None)

    @sensitive_variables("args", "kwargs")
    def post(self, *args: object, **kwargs: object) -> HttpResponse:
        self.object = self.get_object()
        outcome = email_verification.follow_link(self.request, self.object)
        if outcome.response is not None:
            return outcome.response
        if outcome.address is not None:
            self.logout_other_user(self.object)
        url = self.get_redirect_url()
        return redirect(url) if url else self.respond(True)

    def respond(self, success: bool) -> HttpResponse:
        """Show the page, or tell a script whether the link is valid."""
        response = self.render_to_response(self.get_context_data())
        if not get_adapter().is_ajax(self.request):
            return response
        response = _ajax_response(self.request, response, data=self.get_ajax_data())
        response.status_code = 200 if success else 400
        return response

    def get_ajax_data(self) -> JSONObject:
        """Return data about the link for a script."""
        if self.object is None:
            return {"can_confirm": False}
        address = self.object.email_address
        return {
            "can_confirm": address.can_set_verified(),
            "email": address.email,
            "user": {"display": user_display(address.user)},
        }

    def logout_other_user(self, confirmation: EmailConfirmationMixin) -> None:
        """End the session if it belongs to another user than the email address."""
        if email_verification.belongs_to_other_user(self.request, confirmation.email_address):
            self.logout()

    def get_object(
        self, queryset: QuerySet[EmailConfirmation] | None = None
    ) -> EmailConfirmationMixin:
        """Return the confirmation for the key in the URL; raise ``Http404`` if there is none."""
        if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
            raise Http404
        confirmation = get_emailconfirmation_model().from_key(self.kwargs["key"])
        if confirmation is None:
            raise Http404
        return confirmation

    def get_queryset(self) -> QuerySet[EmailConfirmation]:
        """Return the stored confirmations that are still valid."""
        return EmailConfirmation.objects.all_valid().select_related("email_address__user")

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the confirmation, if the link is valid."""
        context = super().get_context_data(**kwargs)
        context.update(confirmation=self.object, can_confirm=None)
        if self.object is not None:
            address = self.object.email_address
            context.update(can_confirm=address.can_set_verified(), email=address.email)
        return context

    def get_redirect_url(self) -> str | None:
        """Return the URL to redirect to after the verification."""
        url = self.get_next_url()
        if url:
            return url
        return get_adapter().get_email_verification_redirect_url(self.object.email_address)


@open_to_all
class EmailVerificationSentView(EntranceMixin, TemplateView):
    """The page that says that a link was sent."""

    template_name = get_template_name("account/verification_sent")


@post_masked
@open_to_all
@never_framed
@never_cached
class ConfirmEmailVerificationCodeView(CodeView):
    """The page for the code that verifies an email address, in a login or while logged in."""

    form_class = ConfirmEmailVerificationCodeForm
    verify_form_id = "confirm_email_verification_code"
    change_form_class = ChangeEmailForm
    change_form_id = "change_email"
    template_name = get_template_name("account/confirm_email_verification_code")

    process: EmailVerificationProcess

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        visit = enter_verification(request)
        if visit is None:
            return HttpResponseRedirect(self.get_abort_url())
        self.process, self.stage = visit
        return super().dispatch(request, *args, **kwargs)

    def get_verify_form_kwargs(self) -> FormArguments:
        """Return the code, and the user and address that it verifies."""
        return {
            "code": self.process.code,
            "user": self.process.user,
            "email": self.process.email,
        }

    def get_change_form_kwargs(self) -> FormArguments:
        """Return the current email address."""
        return {"email": self.process.email}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        try:
            return super().form_valid(form)
        except ImmediateHttpResponse as error:
            return error.response

    def respond_rate_limited(self) -> HttpResponse:
        """Refuse too many emails to one address."""
        return ratelimit.respond_429(self.request)

    def change(self, form: ChangeEmailForm) -> None:
        self.process.change_to(form.cleaned_data["email"], form.account_already_exists)

    def verified(self, form: BaseForm) -> HttpResponse:
        address, response = email_verification.verify_email_and_resume(self.request, self.process)
        if response is not None:
            return response
        if self.stage is not None:
            return HttpResponseRedirect(reverse("account_login"))
        if address is None:
            return redirect(self.get_next_url() or reverse("account_email"))
        return redirect(
            self.get_next_url() or get_adapter().get_email_verification_redirect_url(address)
        )

    def get_abort_url(self) -> str:
        return reverse("account_email" if self.request.user.is_authenticated else "account_login")

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the URL of the link that cancels."""
        context = super().get_context_data(**kwargs)
        context["cancel_url"] = (
            reverse("account_email") if self.request.user.is_authenticated else None
        )
        return context


_confirm_code = ConfirmEmailVerificationCodeView.as_view()
_verification_sent = EmailVerificationSentView.as_view()


@login_not_required
def email_verification_sent(request: HttpRequest) -> HttpResponseBase:
    """Say that a link was sent or, if codes are used, show the page for the code."""
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
        return _confirm_code(request)
    return _verification_sent(request)


confirm_email = ConfirmEmailView.as_view()
