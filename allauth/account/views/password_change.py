"""The pages to change the password, and to set a first one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator

from allauth.account.forms import ChangePasswordForm, SetPasswordForm
from allauth.account.internal.flows import password_change as password_change_flow
from allauth.account.internal.hooks import get_adapter
from allauth.account.mixins import AjaxCapableProcessFormViewMixin, NextRedirectMixin
from allauth.account.views.base import (
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
    sensitive_post_parameters_m,
)
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments, TemplateContext


class _PasswordView(AjaxCapableProcessFormViewMixin, NextRedirectMixin, FormPage):
    form_id: str
    form_class: type[BaseForm]
    context_form_name: str

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form."""
        return get_configured_form(self.form_id, self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the user."""
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.request.user
        return kwargs

    def get_default_success_url(self) -> str | None:
        """Return the URL to redirect to unless the request asks for another one."""
        return get_adapter().get_password_change_redirect_url(self.request)

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the form under its former name."""
        context = super().get_context_data(**kwargs)
        context[self.context_form_name] = context["form"]
        return context


def _has_password(request: HttpRequest) -> bool:
    return bool(cast(AbstractBaseUser, request.user).has_usable_password())


@never_framed
@never_cached
class PasswordChangeView(_PasswordView):
    """The page to change the password."""

    form_class = ChangePasswordForm
    form_id = "change_password"
    context_form_name = "password_change_form"
    template_name = get_template_name("account/password_change")

    @sensitive_post_parameters_m
    @method_decorator(login_required)
    @method_decorator(rate_limit(action="change_password"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not _has_password(request):
            return HttpResponseRedirect(reverse("account_set_password"))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        password_change_flow.change_password(self.request, form.user, form.save)
        return super().form_valid(form)


@never_framed
@never_cached
class PasswordSetView(_PasswordView):
    """The page to set a first password."""

    form_class = SetPasswordForm
    form_id = "set_password"
    context_form_name = "password_set_form"
    template_name = get_template_name("account/password_set")

    @sensitive_post_parameters_m
    @method_decorator(login_required)
    @method_decorator(rate_limit(action="change_password"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if _has_password(request):
            return HttpResponseRedirect(reverse("account_change_password"))
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        password_change_flow.set_password(self.request, form.user, form.save)
        return super().form_valid(form)


password_change = PasswordChangeView.as_view()
password_set = PasswordSetView.as_view()
