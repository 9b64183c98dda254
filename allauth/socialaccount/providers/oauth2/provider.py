"""What all OAuth 2.0 providers have in common."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.provider_errors import get_remote_errors
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthAction
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.profiles import ProfileProvider

AdapterT = TypeVar("AdapterT", bound=OAuth2Adapter)

NONCE_LENGTH = 32

PROTOCOL_PARAMS = frozenset(
    {
        "app_id",
        "appid",
        "client_id",
        "client_key",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "redirect_uri",
        "redirect_url",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Parameters of the authorization URL that users have no say in."""


class OAuth2Provider(ProfileProvider):
    """A provider that speaks OAuth 2.0.

    Attributes:
        oauth2_adapter_class: The :class:`OAuth2Adapter` with its endpoints.
        pkce_enabled_default: Whether to use PKCE unless the project says otherwise.
        uses_nonce: Whether to bind the ID token to the handshake (OpenID Connect Core, 3.1.2.1).
        reauthenticate_params: Authorization parameters that make the provider ask again who the
            user is.
    """

    app: SocialApp
    oauth2_adapter_class: ClassVar[type[OAuth2Adapter]]
    supports_redirect = True
    pkce_enabled_default: bool = False
    uses_nonce: bool = False
    reauthenticate_params: ClassVar[Mapping[str, str]] = {}

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the page that leads to the provider; ``kwargs`` become its query."""
        url = reverse(f"{self.id}_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        """Return the path to which the provider sends users back."""
        return reverse(f"{self.id}_callback")

    def get_oauth2_adapter(self, request: HttpRequest) -> OAuth2Adapter:
        """Return the adapter, which uses this provider."""
        adapter_class = getattr(self, "oauth2_adapter_class", None)
        if adapter_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} needs an oauth2_adapter_class.")
        adapter: OAuth2Adapter = adapter_class(request)
        return self.bind(adapter)

    def bind(self, adapter: AdapterT) -> AdapterT:
        """Have ``adapter`` use this provider, instead of looking one up."""
        adapter.bound_provider = self
        return adapter

    def get_option(self, name: str, default: Any = None) -> Any:
        """Return a setting: of the app in lower case or else of the provider in upper case."""
        value = self.app.settings.get(name) if self.app else None
        if value is None:
            value = self.get_settings().get(name.upper())
        return default if value is None else copy.deepcopy(value)

    def get_pkce_params(self) -> dict[str, Any]:
        """Return verifier and challenge of PKCE, or nothing where it is off."""
        is_enabled = self.get_option("oauth_pkce_enabled", self.pkce_enabled_default)
        return generate_code_challenge() if is_enabled else {}

    def get_auth_params(self) -> dict[str, Any]:
        """Return the authorization parameters that the project configured, as a copy."""
        return dict(self.get_option("auth_params", {}))

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        """Return the authorization parameters for ``action``, one of :class:`AuthAction`.

        The query of the login URL may add some, but none of :data:`PROTOCOL_PARAMS`.
        """
        params = self.get_auth_params()
        added = parse_qsl(request.GET.get("auth_params", ""))
        params.update({name: value for name, value in added if name not in PROTOCOL_PARAMS})
        if action == AuthAction.REAUTHENTICATE:
            params.update(self.reauthenticate_params)
        return params

    def get_scope(self) -> list[str]:
        """Return what to ask for: as configured for the app, for the provider, or by default."""
        return list(self.get_option("scope", self.get_default_scope()))

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return what to ask for, with what the query of the login URL adds.

        The setting ``dynamic_scope`` of the app (``DYNAMIC_SCOPE`` of the provider) limits that:
        ``False`` lets nothing be added, a list only what it holds.
        """
        added = [scope for scope in request.GET.get("scope", "").split(",") if scope]
        allowed = self.get_option("dynamic_scope", True)
        if allowed is not True:
            added = [scope for scope in added if scope in (allowed or ())]
        return self.get_scope() + added

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Return the parameters of the request, as :meth:`redirect` takes them."""
        kwargs = super().get_redirect_from_request_kwargs(request)
        action = request.GET.get("action", AuthAction.AUTHENTICATE)
        kwargs["scope"] = self.get_scope_from_request(request)
        kwargs["auth_params"] = self.get_auth_params_from_request(request, action)
        return kwargs

    @sensitive_variables("auth_params", "kwargs", "state")
    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Stash the state, and redirect to the provider.

        Parameters:
            process: One of :class:`AuthProcess`.
            next_url: Where to go in the end.
            data: Anything that JSON can hold, handed back in the state.
            kwargs: ``scope`` and ``auth_params``; anything else goes into the state.
        """
        adapter = self.get_oauth2_adapter(request)
        auth_params = kwargs.pop("auth_params", None)
        auth_params = self.get_auth_params() if auth_params is None else dict(auth_params)
        scope = kwargs.pop("scope", None)
        scope = self.get_scope() if scope is None else scope
        auth_params.update(self.get_pkce_params())
        kwargs["pkce_code_verifier"] = auth_params.pop("code_verifier", None)
        if self.uses_nonce:
            kwargs["nonce"] = auth_params["nonce"] = get_random_string(NONCE_LENGTH)
        state_id = self.stash_redirect_state(request, process, next_url, data, **kwargs)
        try:
            client = adapter.get_client(request, self.app)
            client.state = state_id
            url = client.get_redirect_url(adapter.authorize_url, scope, auth_params)
        except get_remote_errors() as error:
            return render_authentication_error(
                request, self, exception=error, extra_context={"state_id": state_id}
            )
        return HttpResponseRedirect(url)
