"""The page for the email addresses of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property

from allauth.account import app_settings
from allauth.account.forms import AddEmailForm
from allauth.account.internal.constants import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.email_syntax import is_email
from allauth.account.internal.flows import email_verification, manage_email
from allauth.account.mixins import AjaxCapableProcessFormViewMixin, _ajax_response
from allauth.account.models import EmailAddress
from allauth.account.views.base import (
    FormPage,
    get_configured_form,
    get_template_name,
    never_cached,
    never_framed,
)
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse, RateLimited
from allauth.decorators import rate_limit

if TYPE_CHECKING:
    from django.forms import BaseForm

    from allauth.core.internal.types import (
        AuthenticatedRequest,
        FormArguments,
        JSONObject,
        TemplateContext,
    )


@never_framed
@never_cached
class EmailView(AjaxCapableProcessFormViewMixin, FormPage):
    """The page that lists the email addresses, and adds, removes and verifies them."""

    template_name = get_template_name(
        "account/email_change" if app_settings.CHANGE_EMAIL else "account/email"
    )
    form_class = AddEmailForm
    success_url = reverse_lazy("account_email")

    request: AuthenticatedRequest

    @method_decorator(login_required)
    @method_decorator(rate_limit(action="manage_email"))
    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def addresses(self) -> list[EmailAddress]:
        """The email addresses of the user, as they were when first read."""
        return manage_email.get_addresses(self.request.user)

    def get_form_class(self) -> type[BaseForm]:
        """Return the configured form, by default :class:`AddEmailForm`."""
        return get_configured_form("add_email", self.form_class)

    def get_form_kwargs(self) -> FormArguments:
        """Add the user."""
        kwargs = super().get_form_kwargs()
        kwargs["user"] = self.request.user
        return kwargs

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if "action_add" in request.POST:
            return super().post(request, *args, **kwargs)
        try:
            self._act_on_address()
        except ImmediateHttpResponse as error:
            return error.response
        except RateLimited:
            return ratelimit.respond_429(request)
        response = HttpResponseRedirect(self.get_success_url())
        return _ajax_response(request, response, data=self._list_for_script())

    def _act_on_address(self) -> None:
        actions = {
            "action_send": self._send_verification,
            "action_remove": manage_email.delete_email,
            "action_primary": manage_email.mark_as_primary,
        }
        address = self._get_posted_address()
        action = next((actions[name] for name in actions if name in self.request.POST), None)
        if address is not None and action is not None:
            action(self.request, address)

    def _get_posted_address(self) -> EmailAddress | None:
        """Return the posted email address, if it is one of the user."""
        email = self.request.POST.get("email")
        if not email or not is_email(email):
            return None
        found = (address for address in self.addresses if address.email == email.lower())
        return next(found, None)

    def _send_verification(self, request: AuthenticatedRequest, address: EmailAddress) -> None:
        email_verification.send_verification_email_to_address(request, address)

    def form_valid(self, form: AddEmailForm) -> HttpResponse:
        try:
            manage_email.add_email(self.request, form)
        except ImmediateHttpResponse as error:
            return error.response
        except RateLimited:
            return ratelimit.respond_429(self.request)
        except ValidationError as error:
            form.add_error("email", error)
            return self.form_invalid(form)
        return super().form_valid(form)

    def get_success_url(self) -> str:
        """Return this page or, if a code was just sent, the page for the code."""
        if (
            app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED
            and self.request.method != "GET"
            and self._is_code_on_its_way()
        ):
            return reverse("account_email_verification_sent")
        return str(self.success_url)

    def _is_code_on_its_way(self) -> bool:
        is_asked_for = "action_add" in self.request.POST or "action_send" in self.request.POST
        return is_asked_for and EMAIL_VERIFICATION_CODE_SESSION_KEY in self.request.session

    def get_context_data(self, **kwargs: object) -> TemplateContext:
        """Add the email addresses."""
        context = super().get_context_data(**kwargs)
        addresses = self.addresses
        context.update(
            emailaddresses=addresses,
            emailaddress_radios=[
                {
                    "id": f"email_radio_{index}",
                    "checked": address.primary or len(addresses) == 1,
                    "emailaddress": address,
                }
                for index, address in enumerate(addresses)
            ],
            add_email_form=context["form"],
            can_add_email=self._can_add_email(),
        )
        if app_settings.CHANGE_EMAIL:
            context.update(self._get_change_context())
        return context

    def _can_add_email(self) -> bool:
        maximum = app_settings.MAX_EMAIL_ADDRESSES
        return bool(app_settings.CHANGE_EMAIL or not maximum or len(self.addresses) < maximum)

    def _get_change_context(self) -> dict[str, EmailAddress | None]:
        verified = [address for address in self.addresses if address.verified]
        waiting = [address for address in self.addresses if not address.verified]
        return {
            "new_emailaddress": max(waiting, key=lambda address: address.pk, default=None),
            "current_emailaddress": min(
                verified, key=lambda address: (not address.primary, address.pk), default=None
            ),
        }

    def get_ajax_data(self) -> list[JSONObject]:
        """Return the email addresses for a script."""
        return self._list_for_script()

    def _list_for_script(self) -> list[JSONObject]:
        addresses = EmailAddress.objects.filter(user=self.request.user).order_by("pk")
        return [
            {
                "id": address.pk,
                "email": address.email,
                "verified": address.verified,
                "primary": address.primary,
            }
            for address in addresses
        ]


email = EmailView.as_view()
