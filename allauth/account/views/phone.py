"""The pages on which phone numbers are verified and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache

from allauth.account.forms import ChangePhoneForm, VerifyPhoneForm
from allauth.account.internal.constants import LoginStageKey
from allauth.account.internal.decorators import login_not_required, login_stage_required
from allauth.account.internal.flows.phone_verification import (
    ChangePhoneVerificationProcess,
    PhoneVerificationProcess,
    PhoneVerificationStageProcess,
)
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.login_engine import LoginStage
from allauth.account.views.base import (
    CodeView,
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
    post_masked,
)
from allauth.core import ratelimit
from allauth.core.exceptions import RateLimited
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import AuthenticatedRequest, FormArguments, TemplateContext


@never_framed
class _VerifyPhoneView(CodeView):
    form_class = VerifyPhoneForm
    verify_form_id = "verify_phone"
    change_form_class = ChangePhoneForm
    change_form_id = "change_phone"
    template_name = get_template_name("account/confirm_phone_verification_code")

    process: PhoneVerificationProcess

    def get_verify_form_kwargs(self) -> FormArguments:
        return {
            "code": self.process.code,
            "user": self.process.user,
            "phone": self.process.phone,
        }

    def get_change_form_kwargs(self) -> FormArguments:
        return {"user": self.process.user, "phone": self.process.phone}

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        context = super().get_context_data(**kwargs)
        context["action"] = self.action
        return context


@post_masked
@method_decorator(
    login_stage_required(stage=LoginStageKey.VERIFY_PHONE.value, redirect_urlname="account_login"),
    name="dispatch",
)
class _VerifyPhoneAtLoginView(_VerifyPhoneView):
    process: PhoneVerificationStageProcess

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        self.stage = cast(LoginStage, request._login_stage)  # type: ignore[attr-defined]
        process = PhoneVerificationStageProcess.resume(self.stage)
        if process is None:
            return self.stage.abort()
        self.process = process
        return super().dispatch(request, *args, **kwargs)

    def verified(self, form: BaseForm) -> HttpResponse:
        self.process.finish()
        return self.stage.exit()

    def change(self, form: ChangePhoneForm) -> None:
        self.process.change_to(form.cleaned_data["phone"], form.account_already_exists)

    def get_abort_url(self) -> str:
        return reverse("account_login")


@post_masked
@method_decorator(login_required, name="dispatch")
@never_cached
class _VerifyChangedPhoneView(_VerifyPhoneView):
    request: AuthenticatedRequest
    process: ChangePhoneVerificationProcess

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        process = ChangePhoneVerificationProcess.resume(self.request)
        if process is None:
            return HttpResponseRedirect(self.get_abort_url())
        self.process = process
        return super().dispatch(request, *args, **kwargs)

    @property
    def can_change(self) -> bool:
        return False

    def verified(self, form: BaseForm) -> HttpResponse:
        self.process.finish()
        return HttpResponseRedirect(self.get_abort_url())

    def get_abort_url(self) -> str:
        return reverse("account_change_phone")

    def respond_too_many_attempts(self) -> HttpResponse:
        return HttpResponseRedirect(self.get_abort_url())

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        context = super().get_context_data(**kwargs)
        context["cancel_url"] = self.get_abort_url()
        return context


_verify_at_login = _VerifyPhoneAtLoginView.as_view()
_verify_changed = _VerifyChangedPhoneView.as_view()


@login_not_required
@never_cache
def verify_phone(request: HttpRequest) -> HttpResponseBase:
    """Show the page for the code that was sent to a phone, in a login or while logged in."""
    if request.user.is_authenticated:
        return _verify_changed(request)
    return _verify_at_login(request)


@never_framed
@never_cached
class ChangePhoneView(FormPage):
    """The page to change the phone number, which counts once it is verified."""

    form_class = ChangePhoneForm
    template_name = get_template_name("account/phone_change")
    success_url = reverse_lazy("account_verify_phone")

    request: AuthenticatedRequest

    @method_decorator(login_required)
    @method_decorator(rate_limit(action="change_phone"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def _current(self) -> tuple[str | None, bool]:
        return get_adapter().get_phone(self.request.user) or (None, False)

    @property
    def _is_repeated_verification(self) -> bool:
        phone, is_verified = self._current
        action = self.request.POST.get("action")
        return action == "verify" and phone is not None and not is_verified

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`ChangePhoneForm`."""
        return get_configured_form("change_phone", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the user and the current phone number."""
        kwargs = super().get_form_kwargs()
        phone, _ = self._current
        kwargs["user"] = self.request.user
        if self._is_repeated_verification:
            kwargs["data"] = {"phone": phone}
        else:
            kwargs["phone"] = phone
        return kwargs

    def form_valid(self, form: ChangePhoneForm) -> HttpResponse:
        try:
            ChangePhoneVerificationProcess.initiate(self.request, phone=form.cleaned_data["phone"])
        except RateLimited:
            return ratelimit.respond_429(self.request)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the current phone number."""
        context = super().get_context_data(**kwargs)
        context["phone"], context["phone_verified"] = self._current
        return context


change_phone = ChangePhoneView.as_view()
