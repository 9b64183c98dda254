"""The base class of OAuth 1.0a providers."""

from __future__ import annotations

import logging
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.provider_errors import get_remote_errors
from allauth.socialaccount.internal.types import Kwargs, QueryParams
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthAction
from allauth.socialaccount.providers.oauth.views import OAuthAdapter
from allauth.socialaccount.providers.profiles import ProfileProvider

logger = logging.getLogger(__name__)


class OAuthProvider(ProfileProvider):
    """An OAuth 1.0a provider.

    Attributes:
        oauth_adapter_class: The :class:`OAuthAdapter` with the endpoints.
    """

    app: SocialApp
    oauth_adapter_class: ClassVar[type[OAuthAdapter]]
    supports_redirect = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to the provider.

        Parameters:
            kwargs: The query of the URL.
        """
        url = reverse(f"{self.id}_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_oauth_adapter(self, request: HttpRequest) -> OAuthAdapter:
        """Return an adapter that uses this provider."""
        adapter_class = getattr(self, "oauth_adapter_class", None)
        if adapter_class is None:
            raise ImproperlyConfigured(f"{type(self).__name__} needs an oauth_adapter_class.")
        adapter: OAuthAdapter = adapter_class(request)
        adapter.bound_provider = self
        return adapter

    def get_auth_params(self) -> QueryParams:
        """Return a copy of the configured authorization parameters."""
        return dict(self.get_settings().get("AUTH_PARAMS", {}))

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> QueryParams:
        """Return the authorization parameters, with those in the query of the login URL.

        The query must not change the parameters of the protocol, which begin with ``oauth_``.

        Parameters:
            action: One of :class:`AuthAction`.
        """
        params = self.get_auth_params()
        added = parse_qsl(request.GET.get("auth_params", ""))
        params.update({name: value for name, value in added if not name.startswith("oauth_")})
        return params

    def get_auth_url(self, request: HttpRequest, action: str) -> str | None:
        """Return the authorization URL for ``action``, or ``None`` for that of the adapter."""
        return None

    def get_scope(self) -> list[str]:
        """Return the scope to request: the configured or the default one."""
        scope = self.get_settings().get("SCOPE")
        return self.get_default_scope() if scope is None else list(scope)

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Return the scope to request, which does not depend on the request."""
        return self.get_scope()

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> Kwargs:
        """Return the parameters of the request, as arguments of :meth:`redirect`."""
        kwargs = super().get_redirect_from_request_kwargs(request)
        action = request.GET.get("action", AuthAction.AUTHENTICATE)
        kwargs["action"] = action
        kwargs["scope"] = self.get_scope_from_request(request)
        kwargs["auth_params"] = self.get_auth_params_from_request(request, action)
        return kwargs

    @sensitive_variables("kwargs", "state")
    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: object = None,
        **kwargs: Any,
    ) -> HttpResponse:
        """Fetch a request token, stash the state, and return the redirect to the provider.

        The protocol has no state parameter. The id of the state is the ``oauth_token`` of the
        request token, which the provider sends back.

        Parameters:
            process: One of :class:`AuthProcess`.
            next_url: The URL to redirect to after the login.
            data: Any JSON value, which the state contains as ``data``.
            kwargs: ``action``, ``scope`` and ``auth_params``, and further members of the state.
        """
        action = kwargs.pop("action", AuthAction.AUTHENTICATE)
        auth_params = kwargs.pop("auth_params", None)
        auth_params = self.get_auth_params() if auth_params is None else auth_params
        scope = kwargs.pop("scope", None)
        scope = self.get_scope() if scope is None else scope
        adapter = self.get_oauth_adapter(request)
        client = adapter._get_client(request, reverse(f"{self.id}_callback"), scope=scope)
        try:
            auth_url = self.get_auth_url(request, action) or adapter.authorize_url
            response: HttpResponse = client.get_redirect(auth_url, auth_params)
            state_id = client.get_state_id()
        except get_remote_errors() as error:
            logger.warning("The provider %s handed out no request token", self.id, exc_info=True)
            state = {"process": process, "data": data, "next": next_url, **kwargs}
            return render_authentication_error(
                request, self, exception=error, extra_context={"state": state}
            )
        kwargs["request_token"] = client.request_token
        self.stash_redirect_state(request, process, next_url, data, state_id=state_id, **kwargs)
        return response
