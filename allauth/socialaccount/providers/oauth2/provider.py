"""The base class of OAuth 2.0 providers."""

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
from allauth.socialaccount.internal.types import Kwargs, QueryParams
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
"""Parameters of the authorization URL that requests must not set."""


class OAuth2Provider(ProfileProvider):
    """An OAuth 2.0 provider.

    Attributes:
        oauth2_adapter_class: The :class:`OAuth2Adapter` with the endpoints.
        pkce_enabled_default: Whether to use PKCE, unless the project configures that.
        uses_nonce: Whether to bind the ID token to the login (OpenID Connect Core, 3.1.2.1).
        reauthenticate_params: The authorization parameters with which the provider authenticates
            the user again.
    """

    app: SocialApp
    oauth2_adapter_class: ClassVar[type[OAuth2Adapter]]
    supports_redirect = True
    pkce_enabled_default: bool = False
    uses_nonce: bool = False
    reauthenticate_params: ClassVar[Mapping[str, str]] = {}

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to the provider.

        Parameters:
            kwargs: The query of the URL.
        """
        url = reverse(f"{self.id}_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        """Return the path to which the provider redirects the user back."""
        return reverse(f"{self.id}_callback")

    def get_oauth2_adapter(self, request: HttpRequest) -> OAuth2Adapter:
        """Return an adapter that uses this provider."""
        adapter_class = getattr(self, "oauth2_adapter_class", None)
        if adapter_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} needs an oauth2_adapter_class.")
        adapter: OAuth2Adapter = adapter_class(request)
        return self.bind(adapter)

    def bind(self, adapter: AdapterT) -> AdapterT:
        """Make ``adapter`` use this provider instead of looking one up, and return it."""
        adapter.bound_provider = self
        return adapter

    def get_option(self, name: str, default: Any = None) -> Any:
        """Return a copy of a setting of the app or else of the provider.

        Parameters:
            name: The name in lower case. The settings of the provider have it in upper case.
            default: The value of a missing setting.
        """
        value = self.app.settings.get(name) if self.app else None
        if value is None:
            value = self.get_settings().get(name.upper())
        return default if value is None else copy.deepcopy(value)

    def get_pkce_params(self) -> QueryParams:
        """Return verifier and challenge of PKCE, or ``{}`` if PKCE is disabled."""
        is_enabled = self.get_option("oauth_pkce_enabled", self.pkce_enabled_default)
        return generate_code_challenge() if is_enabled else {}

    def get_auth_params(self) -> QueryParams:
        """Return a copy of the configured authorization parameters."""
        return dict(self.get_option("auth_params", {}))

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> QueryParams:
        """Return the authorization parameters, with those in the query of the login URL.

        The query must not set any of :data:`PROTOCOL_PARAMS`.

        Parameters:
            action: One of :class:`AuthAction`.
        """
        params = self.get_auth_params()
        added = parse_qsl(request.GET.get("auth_params", ""))
        params.update({name: value for name, value in added if name not in PROTOCOL_PARAMS})
        if action == AuthAction.REAUTHENTICATE:
            params.update(self.reauthenticate_params)
        return params

    def get_scope(self) -> list[str]:
        """Return the scope to request: that of the app, of the provider, or the default one."""
        return list(self.get_option("scope", self.get_default_scope()))

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return the scope to request, with the scopes in the query of the login URL.

        The setting ``dynamic_scope`` of the app (``DYNAMIC_SCOPE`` of the provider) limits the
        query: ``False`` allows no scopes, and a list allows the scopes in it.
        """
        added = [scope for scope in request.GET.get("scope", "").split(",") if scope]
        allowed = self.get_option("dynamic_scope", True)
        if allowed is not True:
            added = [scope for scope in added if scope in (allowed or ())]
        return self.get_scope() + added

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> Kwargs:
        """Return the parameters of the request, as arguments of :meth:`redirect`."""
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
        data: object = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Stash the state, and return the redirect to the provider.

        Parameters:
            process: One of :class:`AuthProcess`.
            next_url: The URL to redirect to after the login.
            data: Any JSON value, which the state contains as ``data``.
            kwargs: ``scope`` and ``auth_params``, and further members of the state.
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
        try:
            # Discovery may take a while. The state is stashed afterwards: the middleware saves the
            # session at the end of the request, and undoes what another tab stashed meanwhile.
            client = adapter.get_client(request, self.app)
            authorize_url = adapter.authorize_url
        except get_remote_errors() as error:
            state_id = self.stash_redirect_state(request, process, next_url, data, **kwargs)
            return self._respond_error(request, error, state_id)
        client.state = state_id = self.stash_redirect_state(
            request, process, next_url, data, **kwargs
        )
        try:
            url = client.get_redirect_url(authorize_url, scope, auth_params)
        except get_remote_errors() as error:
            return self._respond_error(request, error, state_id)
        return HttpResponseRedirect(url)

    def _respond_error(self, request: HttpRequest, error: Exception, state_id: str) -> HttpResponse:
        return render_authentication_error(
            request, self, exception=error, extra_context={"state_id": state_id}
        )
