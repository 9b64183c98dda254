"""Dummy provider: provider class, for tests and demonstrations."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_variables

from allauth.account.models import EmailAddress
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.dummy.forms import AuthenticateForm


class DummyAccount(ProviderAccount):
    """An account of the dummy provider."""


class DummyProvider(Provider):
    """A provider without authentication: users enter their profile into a form."""

    id = "dummy"
    name = "Dummy"
    uses_apps = False
    supports_token_authentication = True
    supports_redirect = True
    account_class = DummyAccount

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to the form."""
        url = reverse("dummy_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Stash the state, and return the redirect to the form."""
        state_id = self.stash_redirect_state(request, process, next_url, data, **kwargs)
        query = urlencode({"state": state_id})
        return HttpResponseRedirect(f"{reverse('dummy_authenticate')}?{query}")

    @sensitive_variables("token")
    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of an ``id_token``, which is an unsigned profile as JSON."""
        form = AuthenticateForm(_parse_token(token.get("id_token")))
        if not form.is_valid():
            raise get_adapter().validation_error("invalid_token")
        return self.sociallogin_from_response(request, form.cleaned_data)

    def extract_uid(self, data: Profile) -> str:
        """Return the id that the user entered."""
        return parse_uid(data["id"])

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields that the user entered."""
        names = ("username", "first_name", "last_name", "phone", "phone_verified")
        return {name: data[name] for name in names if data.get(name)}

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address that the user entered."""
        email = data.get("email")
        if not email:
            return []
        verified = bool(data.get("email_verified"))
        return [EmailAddress(email=email, verified=verified, primary=True)]


def _parse_token(token: object) -> JSONObject:
    try:
        data = json.loads(token) if isinstance(token, str) else None
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {}


provider_classes = [DummyProvider]
