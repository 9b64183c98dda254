"""The base of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from allauth.account import app_settings
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.entrance_context import get_entrance_context_data
from allauth.account.internal.flows.code_verification import (
    AbstractCodeVerificationProcess,
    AttemptOutcome,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.secret_forms import mask_input
from allauth.account.mixins import NextRedirectMixin
from allauth.core.exceptions import RateLimited
from allauth.core.internal.loading import FormT, get_form_class

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments, TemplateContext

    _FormView = FormView[Any]
else:
    _FormView = FormView

_mask_post = sensitive_post_parameters("code", "oldpassword", "password", "password1", "password2")

sensitive_post_parameters_m = method_decorator(_mask_post)
"""Decorator of ``dispatch``, above the others, whose failures it has to mask too."""

post_masked = method_decorator(_mask_post, name="dispatch")

never_cached = method_decorator(never_cache, name="dispatch")
open_to_all = method_decorator(login_not_required, name="dispatch")
never_framed = method_decorator(xframe_options_deny, name="dispatch")


def get_template_name(name: str) -> str:
    """Return the file name of a page template."""
    return f"{name}.{app_settings.TEMPLATE_EXTENSION}"


def get_configured_form(form_id: str, default: type[FormT]) -> type[FormT]:
    """Return the form class that the project configured for ``form_id``, or ``default``."""
    return get_form_class(app_settings.FORMS, form_id, default)


def add_error_message(request: HttpRequest, code: str) -> None:
    """Queue the text of an error as a message."""
    adapter = get_adapter()
    adapter.add_message(request, messages.ERROR, message=str(adapter.error_messages[code]))


class EntranceMixin:
    """A page for users who are not logged in."""

    request: HttpRequest

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add links between the entrance pages."""
        name = getattr(self, "redirect_field_name", "next")
        context: TemplateContext = super().get_context_data(**kwargs)  # type: ignore[misc]
        context.update(get_entrance_context_data(self.request, name))
        return context


class FormPage(_FormView):
    """A page with a form."""

    @mask_input
    def get_form(self, form_class: type[BaseForm] | None = None) -> BaseForm:
        """Return the form; an error report from making it does not show the input."""
        return super().get_form(form_class)  # type: ignore[no-any-return]


class CodeView(EntranceMixin, NextRedirectMixin, FormPage):
    """A page on which the user types in a code, asks for another one, or corrects its recipient.

    Subclasses set ``self.process`` before they dispatch.
    """

    process: AbstractCodeVerificationProcess
    verify_form_id: str
    change_form_id: str | None = None
    form_class: type[BaseForm]
    change_form_class: Any = None

    @property
    def can_change(self) -> bool:
        """``True`` if the user can correct the recipient of the code on this page."""
        return self.change_form_id is not None and self.process.can_change

    @property
    def can_resend(self) -> bool:
        """``True`` if the user can ask for another code."""
        return self.process.can_resend

    @property
    def action(self) -> str:
        """The action of the user: ``verify``, ``change`` or ``resend``."""
        action = self.request.POST.get("action")
        if action == "change" and self.can_change:
            return "change"
        if action == "resend" and self.can_resend:
            return "resend"
        return "verify"

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if self.action != "verify":
            return super().post(request, *args, **kwargs)
        outcome = self.process.attempt(self._is_code_right)
        if outcome is AttemptOutcome.RIGHT:
            return self.form_valid(self._judged_form)
        if outcome is AttemptOutcome.WRONG:
            return self.form_invalid(self._judged_form)
        if outcome is AttemptOutcome.REPLAYED:
            # After a double click, this page shows the result of the first request.
            return self.redirect_to_this_page()
        return self.respond_too_many_attempts()

    def _is_code_right(self) -> bool:
        """Return the judgement of the form, which a project may replace."""
        self._judged_form = self.get_form()
        return bool(self._judged_form.is_valid())

    def get_form_class(self) -> type[BaseForm]:
        """Return the form for the action of the user."""
        if self.action == "change":
            return get_configured_form(self.change_form_id or "", self.change_form_class)
        if self.action == "resend":
            return Form
        return get_configured_form(self.verify_form_id, self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the values to which the form compares its input."""
        kwargs = super().get_form_kwargs()
        if self.action == "verify":
            kwargs.update(self.get_verify_form_kwargs())
        elif self.action == "change":
            kwargs.update(self.get_change_form_kwargs())
        return kwargs

    def get_verify_form_kwargs(self) -> FormArguments:
        """Return the arguments of the form for the code."""
        return {"code": self.process.code}

    def get_change_form_kwargs(self) -> FormArguments:
        """Return the arguments of the form for another recipient."""
        return {}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        action = self.action
        if action == "verify":
            return self.verified(form)
        try:
            if action == "change":
                self.change(form)
            else:
                self.process.resend()
        except RateLimited:
            return self.respond_rate_limited()
        return self.redirect_to_this_page()

    def redirect_to_this_page(self) -> HttpResponse:
        """Redirect to the same page."""
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))

    def respond_rate_limited(self) -> HttpResponse:
        """Tell the user that another code is not available yet."""
        add_error_message(self.request, "rate_limited")
        return self.redirect_to_this_page()

    def verified(self, form: BaseForm) -> HttpResponse:
        """Answer the right code."""
        raise NotImplementedError

    def change(self, form: Any) -> None:
        """Correct the recipient."""
        raise NotImplementedError

    def get_abort_url(self) -> str:
        """Return the URL to redirect to after too many wrong codes."""
        raise NotImplementedError

    def respond_too_many_attempts(self) -> HttpResponse:
        """Redirect to another page after too many wrong codes."""
        add_error_message(self.request, "too_many_login_attempts")
        return HttpResponseRedirect(self.get_abort_url())

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the forms; the one that is not in use is empty."""
        context = super().get_context_data(**kwargs)
        form = context["form"]
        is_change = self.action == "change"
        verify_form_class = get_configured_form(self.verify_form_id, self.form_class)
        context.update(
            can_resend=self.can_resend,
            can_change=self.can_change,
            email=self.process.email,
            phone=self.process.phone,
            verify_form=verify_form_class() if is_change else form,
        )
        if self.change_form_id is not None:
            change_form_class = get_configured_form(self.change_form_id, self.change_form_class)
            context["change_form"] = form if is_change else change_form_class()
        return context
