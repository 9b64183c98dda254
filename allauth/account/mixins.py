"""Mixins for the views of this package and of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from allauth.account import app_settings
from allauth.account.internal.decorators import login_not_required
from allauth.account.internal.flows.logout import logout
from allauth.account.internal.hooks import get_adapter
from allauth.account.internal.html_face import redirect_to_pending_stage
from allauth.account.internal.login_engine import get_pending_stage
from allauth.account.internal.next_url import (
    get_login_redirect_url,
    get_next_redirect_url,
    passthrough_next_redirect_url,
)
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.request_data import get_request_param

if TYPE_CHECKING:
    from django import forms
    from django.forms import BaseForm
    from django.views.generic.edit import FormView

    from allauth.account.internal.login_engine import LoginStage
    from allauth.core.internal.types import TemplateContext

    _ViewBase = FormView[Any]
else:
    _ViewBase = object


def _ajax_response(
    request: HttpRequest,
    response: HttpResponse,
    form: forms.BaseForm | None = None,
    data: object = None,
) -> HttpResponse:
    adapter = get_adapter()
    if not adapter.is_ajax(request):
        return response
    return adapter.ajax_response(request, response, form=form, data=data)


class RedirectAuthenticatedUserMixin(_ViewBase):
    """A page that redirects users who are logged in, or have a pending login."""

    @method_decorator(login_not_required)
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if app_settings.AUTHENTICATED_LOGIN_REDIRECTS:
            if request.user.is_authenticated:
                redirect = HttpResponseRedirect(self.get_authenticated_redirect_url())
                return _ajax_response(request, redirect)
            stage = get_pending_stage(request)
            if stage is not None and stage.is_resumable(request):
                response = self._redirect_to_pending_stage(request, stage)
                if response is not None:
                    return response
        return super().dispatch(request, *args, **kwargs)

    def _redirect_to_pending_stage(
        self, request: HttpRequest, stage: LoginStage
    ) -> HttpResponse | None:
        return redirect_to_pending_stage(request, stage)

    def get_authenticated_redirect_url(self) -> str:
        """Return the URL to redirect logged-in users to."""
        url = None
        if hasattr(self, "get_success_url"):
            try:
                url = self.get_success_url()
            except ImproperlyConfigured:
                url = None
        redirect_field_name = getattr(self, "redirect_field_name", REDIRECT_FIELD_NAME)
        return get_login_redirect_url(
            self.request, url=url, redirect_field_name=redirect_field_name
        )


class LogoutFunctionalityMixin:
    """A view that can log out."""

    request: HttpRequest

    def logout(self) -> None:
        """End the session, and everything that was begun in it."""
        logout(self.request)


class AjaxCapableProcessFormViewMixin(_ViewBase):
    """A form view that answers scripts in JSON."""

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return self._respond(super().get(request, *args, **kwargs))

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return self._respond(super().post(request, *args, **kwargs))

    def _respond(self, response: HttpResponse) -> HttpResponse:
        if not get_adapter().is_ajax(self.request):
            return response
        return _ajax_response(
            self.request, response, form=self.get_form(), data=self.get_ajax_data()
        )

    def get_form(self, form_class: type[BaseForm] | None = None) -> BaseForm:
        """Return the form, the same one throughout the request."""
        form: BaseForm | None = getattr(self, "_cached_form", None)
        if form is None:
            form = self._cached_form = super().get_form(form_class)
        return form

    def get_ajax_data(self) -> object:
        """Return further ``data`` for a script."""
        return None


class CloseableSignupMixin(_ViewBase):
    """A page that is replaced while the site does not accept new accounts."""

    template_name_signup_closed = f"account/signup_closed.{app_settings.TEMPLATE_EXTENSION}"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            if not self.is_open():
                return self.closed()
        except ImmediateHttpResponse as error:
            return error.response
        return super().dispatch(request, *args, **kwargs)

    def is_open(self) -> bool:
        """Return whether the site accepts new accounts."""
        return get_adapter().is_open_for_signup(self.request)

    def closed(self) -> HttpResponse:
        """Return the page that says that the site does not accept new accounts."""
        return TemplateResponse(self.request, self.template_name_signup_closed)


class NextRedirectMixin(_ViewBase):
    """A view that redirects to the URL the request asks for, if it is safe."""

    redirect_field_name = REDIRECT_FIELD_NAME

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the name and value of the parameter, and a hidden field for it."""
        value = get_request_param(self.request, self.redirect_field_name)
        field: str = ""
        if value:
            field = format_html(
                '<input type="hidden" name="{}" value="{}">', self.redirect_field_name, value
            )
        context = super().get_context_data(**kwargs)
        context.update(
            redirect_field_name=self.redirect_field_name,
            redirect_field_value=value,
            redirect_field=field,
        )
        return context

    def get_success_url(self) -> str | None:  # type: ignore[override]
        """Return the URL to redirect to."""
        return self.get_next_url() or self._get_own_success_url() or self.get_default_success_url()

    def _get_own_success_url(self) -> str | None:
        if not hasattr(super(), "get_success_url"):
            url = getattr(self, "success_url", None)
            return str(url) if url else None
        try:
            return super().get_success_url()
        except ImproperlyConfigured:
            return None

    def get_default_success_url(self) -> str | None:
        """Return the URL to redirect to if neither request nor view names one."""
        return None

    def get_next_url(self) -> str | None:
        """Return the URL that the request asks for, if it is safe."""
        return get_next_redirect_url(self.request, self.redirect_field_name)

    def passthrough_next_url(self, url: str) -> str:
        """Return ``url`` with the URL that the request asks for, if it is safe, in its query."""
        return passthrough_next_redirect_url(self.request, url, self.redirect_field_name)
