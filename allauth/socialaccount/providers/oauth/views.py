"""Base classes for the adapters and views of OAuth 1.0a providers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from allauth.core.async_support import AsyncOverridable
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.types import JSONObject, TemplateContext
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import redirect_states
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_errors import get_remote_errors, profile_errors
from allauth.socialaccount.internal.provider_views import complete, remote_view
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.base.views import BaseLoginView
from allauth.socialaccount.providers.oauth.client import OAuthClient, OAuthError

if TYPE_CHECKING:
    from allauth.socialaccount.providers.oauth.provider import OAuthProvider

__all__ = [
    "AuthError",
    "BaseLoginView",
    "OAuthAdapter",
    "OAuthCallbackView",
    "OAuthClient",
    "OAuthError",
    "OAuthLoginView",
    "OAuthView",
    "SocialToken",
]


class OAuthAdapter(AsyncOverridable):
    """An adapter: the endpoints of a provider, and the source of its profiles.

    Subclasses set ``provider_id`` and the three URLs, and define :meth:`complete_login`.

    Attributes:
        state_params: The parameters of the callback that contain the ``oauth_token``: after a
            success, and after a refusal.
    """

    client_class: type[OAuthClient] = OAuthClient
    provider_id: str
    request_token_url: str
    access_token_url: str
    authorize_url: str
    state_params: Sequence[str] = ("oauth_token", "denied")

    def __init__(self, request: HttpRequest | None) -> None:
        self.request = request
        self.bound_provider: OAuthProvider | None = None

    def get_provider(self) -> OAuthProvider:
        """Return the provider, which is looked up once."""
        if self.bound_provider is None:
            app = get_adapter().get_app(self.request, provider=self.provider_id)
            self.bound_provider = cast("OAuthProvider", app.get_provider(self.request))
        return self.bound_provider

    @sensitive_variables("kwargs")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of an access token. Nothing is saved.

        Parameters:
            token: The access token and its secret, unsaved.
            kwargs: ``response`` contains the members of the token response.
        """
        raise NotImplementedError

    @sensitive_variables("args", "consumer_secret", "kwargs")
    def _get_client(
        self, request: HttpRequest, callback_url: str, scope: Sequence[str] | None = None
    ) -> OAuthClient:
        provider = self.get_provider()
        return self.client_class(
            request,
            provider.app.client_id,
            provider.app.secret,
            self.request_token_url,
            self.access_token_url,
            callback_url,
            parameters={"scope": " ".join(scope)} if scope else {},
            provider=provider,
        )


class OAuthView:
    """Base of the views: an adapter and the request."""

    request: HttpRequest
    adapter: OAuthAdapter
    dispatch: Callable[..., HttpResponseBase]

    @classmethod
    def adapter_view(
        cls, adapter: Callable[[HttpRequest], OAuthAdapter]
    ) -> Callable[..., HttpResponseBase]:
        """Return the view function of a provider.

        Parameters:
            adapter: A function of the request that returns the adapter: usually its class.
        """

        @remote_view
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            self = cls()
            self.request = request
            self.adapter = adapter(request)
            try:
                return self.dispatch(request, *args, **kwargs)
            except ImmediateHttpResponse as error:
                return error.response

        return view


class OAuthLoginView(OAuthView, BaseLoginView):
    """The page that redirects to the provider."""

    def get_provider(self) -> OAuthProvider:
        """Return the provider of the adapter."""
        return self.adapter.get_provider()


class OAuthCallbackView(OAuthView):
    """The page to which the provider redirects the user back."""

    @sensitive_variables("context", "state")
    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        provider = self.adapter.get_provider()
        callback_url = reverse(f"{self.adapter.provider_id}_callback")
        client = self.adapter._get_client(request, callback_url)
        state = self._take_state(request, provider, client)
        context: TemplateContext = {"callback_view": self, "oauth_client": client}
        error_code = AuthError.CANCELLED if "denied" in request.GET else AuthError.UNKNOWN
        if state is None:
            return render_authentication_error(
                request, provider, error=error_code, extra_context=context
            )
        context["state"] = state
        client.use_request_token(state.pop("request_token", None))
        try:
            if not client.is_valid():
                return render_authentication_error(
                    request, provider, error=error_code, extra_context=context
                )
            login = self._make_login(request, provider, client)
            login.state = state
        except get_remote_errors() as error:
            return render_authentication_error(
                request, provider, exception=error, extra_context=context
            )
        finally:
            client.forget_tokens()
        return complete(request, login)

    def _take_state(
        self, request: HttpRequest, provider: OAuthProvider, client: OAuthClient
    ) -> JSONObject | None:
        """Remove the state of the callback from the session, and return it."""
        for param in self.adapter.state_params:
            if param in request.GET:
                state_id = self._find_state_id(request, provider, client, request.GET[param])
                return redirect_states.unstash_state(
                    request, state_id=state_id, provider_id=provider.sub_id
                )
        return None

    @sensitive_variables()
    def _find_state_id(
        self, request: HttpRequest, provider: OAuthProvider, client: OAuthClient, token: str
    ) -> str:
        """Return the id of the state that belongs to a request token.

        The published release gives states other ids. It stores one request token in the session,
        which belongs to the newest state.
        """
        states = redirect_states.get_states(request)
        newest_id, newest = redirect_states.get_oldest_state(
            states, rev=True, provider_id=provider.sub_id
        )
        if token in states or newest_id is None or "request_token" in newest[0]:
            return token
        return newest_id if client.has_request_token(token) else token

    @sensitive_variables(
        "access_token", "data", "id_token", "kwargs", "response", "state", "verifier"
    )
    def _make_login(
        self, request: HttpRequest, provider: OAuthProvider, client: OAuthClient
    ) -> SocialLogin:
        app = provider.app
        data = client.get_access_token()
        with profile_errors():
            token = SocialToken(
                token=data["oauth_token"], token_secret=data.get("oauth_token_secret") or ""
            )
            if app.pk:
                token.app = app
            login = self.adapter.complete_login(request, app, token, response=data)
        login.token = token
        return login
