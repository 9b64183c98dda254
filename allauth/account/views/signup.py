"""The pages to sign up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator

from allauth.account.forms import SignupForm
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.email_syntax import is_email
from allauth.account.internal.flows import signup as signup_flow
from allauth.account.internal.login_engine import LoginStage, clear_login
from allauth.account.mixins import (
    AjaxCapableProcessFormViewMixin,
    CloseableSignupMixin,
    NextRedirectMixin,
    RedirectAuthenticatedUserMixin,
)
from allauth.account.views.base import (
    EntranceMixin,
    FormPage,
    get_configured_form,
    get_template_name,
    sensitive_post_parameters_m,
)
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import FormArguments


class SignupView(
    EntranceMixin,
    RedirectAuthenticatedUserMixin,
    CloseableSignupMixin,
    NextRedirectMixin,
    AjaxCapableProcessFormViewMixin,
    FormPage,
):
    """The page to sign up."""

    form_class = SignupForm
    template_name = get_template_name("account/signup")

    @sensitive_post_parameters_m
    @method_decorator(rate_limit(action="signup"))
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def _redirect_to_pending_stage(
        self, request: HttpRequest, stage: LoginStage
    ) -> HttpResponse | None:
        if stage.login.signup:
            return super()._redirect_to_pending_stage(request, stage)
        # A user who opens this page does not want to finish that login.
        clear_login(request)
        return None

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`SignupForm`."""
        return get_configured_form("signup", self.form_class)

    def get_initial(self) -> FormArguments:
        """Add the email address of a link such as ``?email=``."""
        initial = super().get_initial()
        email = self.request.GET.get("email")
        if email and is_email(email):
            initial.update(email=email, email2=email)
        return initial

    def get_form(self, form_class: type[BaseForm] | None = None) -> BaseForm:
        """Fill in the email address that was verified before the sign-up."""
        form = super().get_form(form_class)
        email = self.request.session.get("account_verified_email")
        if isinstance(email, str):
            for name in ("email", "email2"):
                if name in form.fields:
                    form.fields[name].initial = email
        return form

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            self.user, response = form.try_save(self.request)
            if response is not None:
                return response
            return signup_flow.complete_signup(
                self.request,
                user=self.user,
                redirect_url=self.get_success_url(),
                by_passkey=getattr(form, "by_passkey", False),
            )
        except ImmediateHttpResponse as error:
            return error.response
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)


class SignupByPasskeyView(SignupView):
    """The page to sign up with a passkey instead of a password."""

    template_name = get_template_name("account/signup_by_passkey")

    def get_form_kwargs(self) -> FormArguments:
        """Leave out the password."""
        kwargs = super().get_form_kwargs()
        kwargs["by_passkey"] = True
        return kwargs


signup = SignupView.as_view()
signup_by_passkey = SignupByPasskeyView.as_view()
