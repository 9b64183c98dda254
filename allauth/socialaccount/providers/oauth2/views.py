"""Base classes for the adapters and views of OAuth 2.0 providers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import classproperty
from django.views.decorators.debug import sensitive_variables
from django.views.generic.base import View

from allauth.account import app_settings as account_settings
from allauth.core.async_support import AsyncOverridable
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.types import JSONObject
from allauth.core.internal.urls import add_query_params, build_absolute_uri
from allauth.socialaccount import app_settings
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import redirect_states
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_errors import get_remote_errors, profile_errors
from allauth.socialaccount.internal.provider_http import fetch_json
from allauth.socialaccount.internal.provider_views import complete, remote_view
from allauth.socialaccount.internal.types import Profile, ProviderSettings, QueryParams, State
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.base.exceptions import ProviderException
from allauth.socialaccount.providers.base.views import BaseLoginView
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.profiles import Path, look_up

if TYPE_CHECKING:
    from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider

__all__ = [
    "AuthError",
    "BaseLoginView",
    "ImmediateHttpResponse",
    "OAuth2Adapter",
    "OAuth2CallbackView",
    "OAuth2Client",
    "OAuth2Error",
    "OAuth2LoginView",
    "OAuth2View",
    "ProviderException",
    "SocialToken",
]


class OAuth2Adapter(AsyncOverridable):
    """An adapter: the endpoints and peculiarities of a provider, and the source of its profiles.

    Subclasses set ``provider_id``, ``authorize_url``, ``access_token_url`` and ``profile_url``.
    Instead of ``profile_url`` they may define :meth:`fetch_profile` or :meth:`complete_login`. Any
    attribute may be a property, and any method ``async def``.

    Attributes:
        supports_state: Whether the provider returns the ``state`` parameter.
        redirect_uri_protocol: The scheme of the callback URL, if not that of the request.
        access_token_method: The method of the token request: ``"POST"`` or ``"GET"``.
        expires_in_key: The member of the token response with the lifetime, in seconds.
        login_cancelled_error: The error code of the callback after the user cancelled.
        issuer: The issuer that callbacks contain (RFC 9207), if any.
        requires_issuer: Whether each callback contains the issuer.
        profile_auth: The place of the token in the profile request: ``"header"`` or ``"query"``.
        profile_params: The query of the profile request.
        profile_headers: The headers of the profile request.
        profile_path: The path of the profile in the response; empty for the whole response.
    """

    provider_id: str
    client_class: type[OAuth2Client] = OAuth2Client
    supports_state: bool = True
    redirect_uri_protocol: str | None = None
    access_token_method: str = "POST"
    expires_in_key: str = "expires_in"
    login_cancelled_error: str = "access_denied"
    scope_delimiter: str = " "
    basic_auth: bool = False
    headers: Mapping[str, str] | None = None
    issuer: str | None = None
    requires_issuer: bool = False
    profile_auth: str = "header"
    profile_params: Mapping[str, str] = {}
    profile_headers: Mapping[str, str] = {}
    profile_path: Path = ""

    if TYPE_CHECKING:
        # Read-only for the type checker, so that subclasses may define attributes or properties.
        @property
        def authorize_url(self) -> str: ...
        @property
        def access_token_url(self) -> str: ...
        @property
        def profile_url(self) -> str: ...

    def __init__(self, request: HttpRequest | None) -> None:
        self.request = request
        self.did_fetch_access_token = False
        self.bound_provider: OAuth2Provider | None = None
        self.expected_nonce: str | None = None

    @classproperty
    def settings(cls) -> ProviderSettings:
        """Entry of the provider in ``SOCIALACCOUNT_PROVIDERS``."""
        entry: ProviderSettings = app_settings.PROVIDERS.get(cls.provider_id, {})
        return entry

    def get_provider(self) -> OAuth2Provider:
        """Return the provider, which is looked up once."""
        if self.bound_provider is None:
            provider = get_adapter().get_provider(self.request, provider=self.provider_id)
            self.bound_provider = cast("OAuth2Provider", provider)
        return self.bound_provider

    def get_required_option(self, name: str) -> Any:
        """Return a setting of the app or of the provider.

        Raises ``ImproperlyConfigured`` if the setting is missing.
        """
        value = self.get_provider().get_option(name)
        if not value:
            raise ImproperlyConfigured(
                f"The provider {self.provider_id!r} needs the setting {name.upper()}."
            )
        return value

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the absolute URL to which the provider redirects the user back."""
        path = reverse(f"{self.provider_id}_callback")
        return build_absolute_uri(request, path, self.redirect_uri_protocol)

    @sensitive_variables("args", "consumer_secret", "kwargs")
    def get_client(self, request: HttpRequest, app: SocialApp) -> OAuth2Client:
        """Return the client with the credentials of ``app``."""
        return self.client_class(
            request,
            app.client_id,
            app.secret,
            self.access_token_method,
            self.access_token_url,
            self.get_callback_url(request, app),
            scope_delimiter=self.scope_delimiter,
            headers=self.headers,
            basic_auth=self.basic_auth,
        )

    @sensitive_variables()
    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: OAuth2Client,
        pkce_code_verifier: str | None = None,
    ) -> JSONObject:
        """Exchange the code in the request, and return the members of the token response."""
        code = get_request_param(request, "code", "") or ""
        data = client.get_access_token(code, pkce_code_verifier=pkce_code_verifier)
        self.did_fetch_access_token = True
        return data

    @property
    def is_token_authentic(self) -> bool:
        """True if this process fetched the tokens from the provider by TLS.

        Only then does an ID token need no check of its signature (OpenID Connect Core, 3.1.3.7).
        """
        return self.did_fetch_access_token and self.access_token_url.startswith("https:")

    @sensitive_variables()
    def parse_token(self, data: JSONObject) -> SocialToken:
        """Return the tokens in a token response, unsaved."""
        refresh_token = data.get("refresh_token")
        return SocialToken(
            token=data["access_token"],
            token_secret=refresh_token if isinstance(refresh_token, str) else "",
            expires_at=_parse_lifetime(data.get(self.expires_in_key)),
        )

    @sensitive_variables("kwargs")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of an access token. Nothing is saved.

        Parameters:
            token: The tokens, unsaved.
            kwargs: ``response`` contains the members of the token response.
        """
        profile = self.fetch_profile(token)
        return self.get_provider().sociallogin_from_response(request, profile)

    def fetch_profile(self, token: SocialToken) -> Profile:
        """Return the profile of the owner of ``token``."""
        if not hasattr(self, "profile_url"):
            raise NotImplementedError
        data = self.fetch_json(
            self.profile_url,
            token.token,
            params=dict(self.profile_params),
            headers=dict(self.profile_headers),
        )
        return look_up(data, self.profile_path) if self.profile_path else data

    @sensitive_variables()
    def fetch_json(
        self,
        url: str,
        token: str,
        *,
        params: QueryParams | None = None,
        headers: dict[str, str] | None = None,
    ) -> JSONObject:
        """Return the JSON object at ``url``, requested with an access token.

        Raises ``requests.RequestException`` for an error status, and for any other content.
        """
        params, headers = dict(params or {}), dict(headers or {})
        if self.profile_auth == "query":
            params["access_token"] = token
        else:
            headers["Authorization"] = f"Bearer {token}"
        return fetch_json(url, params=params, headers=headers)

    def check_nonce(self, claims: Mapping[str, object]) -> None:
        """Raise ``OAuth2Error`` if an ID token was issued for another login."""
        if self.expected_nonce is not None and claims.get("nonce") != self.expected_nonce:
            raise OAuth2Error("The ID token belongs to another login.")


def _parse_lifetime(seconds: Any) -> datetime | None:
    """Return the time at which a token expires, or ``None`` if ``seconds`` is no number."""
    try:
        return timezone.now() + timedelta(seconds=int(seconds)) if seconds else None
    except (OverflowError, TypeError, ValueError):
        return None


class OAuth2View:
    """Base of the views: an adapter and the request."""

    request: HttpRequest
    adapter: OAuth2Adapter
    dispatch: Callable[..., HttpResponseBase]

    @classmethod
    def adapter_view(
        cls, adapter: OAuth2Adapter | Callable[[HttpRequest], OAuth2Adapter]
    ) -> Callable[..., HttpResponseBase]:
        """Return the view function of a provider.

        Parameters:
            adapter: An adapter, or a function of the request that returns one: usually its class.
        """

        @remote_view
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            self = cls()
            self.request = request
            self.adapter = adapter if isinstance(adapter, OAuth2Adapter) else adapter(request)
            try:
                return self.dispatch(request, *args, **kwargs)
            except ImmediateHttpResponse as error:
                return error.response

        return view


class OAuth2LoginView(OAuth2View, BaseLoginView):
    """The page that redirects to the provider."""

    def get_provider(self) -> OAuth2Provider:
        """Return the provider of the adapter."""
        return self.adapter.get_provider()


class OAuth2CallbackView(OAuth2View):
    """The page to which the provider redirects the user back."""

    @sensitive_variables("state")
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        provider = self.adapter.get_provider()
        state = self._take_state(request, provider)
        if state is None:
            if self._may_have_lost_cookie(request):
                return self._reload_with_cookies(request, provider)
            return self._respond_error(provider, state_id=request.GET.get("state"))
        try:
            error_code = self._find_error(request)
            if error_code:
                return self._respond_error(provider, error_code, state=state)
            login = self._exchange_code(request, provider, state)
            return complete(request, login)
        except get_remote_errors() as error:
            return render_authentication_error(
                request, provider, exception=error, extra_context={"state": state}
            )

    def _take_state(self, request: HttpRequest, provider: OAuth2Provider) -> State | None:
        if not self.adapter.supports_state:
            return redirect_states.unstash_last_state(request, provider_id=provider.sub_id)
        state_ids = [*request.GET.getlist("state"), *request.POST.getlist("state")]
        if len(state_ids) != 1:
            return None
        return redirect_states.unstash_state(
            request, state_id=state_ids[0], provider_id=provider.sub_id
        )

    def _may_have_lost_cookie(self, request: HttpRequest) -> bool:
        """Return whether the browser may have withheld a ``SameSite=Strict`` cookie."""
        same_site = settings.SESSION_COOKIE_SAMESITE
        return (
            request.method == "GET"
            and "_redir" not in request.GET
            and (not isinstance(same_site, str) or same_site.lower() == "strict")
        )

    def _reload_with_cookies(
        self, request: HttpRequest, provider: OAuth2Provider
    ) -> HttpResponseBase:
        context = {
            "provider": provider,
            "redirect_to": add_query_params(request.get_full_path(), {"_redir": ""}),
        }
        template = f"socialaccount/login_redirect.{account_settings.TEMPLATE_EXTENSION}"
        return render(request, template, context)

    def _find_error(self, request: HttpRequest) -> str | None:
        """Return the error code of a callback without a code from the expected issuer."""
        if "error" in request.GET or len(request.GET.getlist("code")) != 1:
            is_cancelled = request.GET.get("error") == self.adapter.login_cancelled_error
            return AuthError.CANCELLED if is_cancelled else AuthError.UNKNOWN
        issuers = request.GET.getlist("iss")
        is_known = bool(issuers) and self.adapter.issuer is not None
        if (is_known or self.adapter.requires_issuer) and issuers != [self.adapter.issuer]:
            return AuthError.UNKNOWN
        return None

    @sensitive_variables(
        "access_token", "data", "id_token", "kwargs", "response", "state", "verifier"
    )
    def _exchange_code(
        self, request: HttpRequest, provider: OAuth2Provider, state: State
    ) -> SocialLogin:
        verifier = state.pop("pkce_code_verifier", None)
        self.adapter.expected_nonce = state.pop("nonce", None)
        app = provider.app
        client = self.adapter.get_client(request, app)
        data = self.adapter.get_access_token_data(request, app, client, pkce_code_verifier=verifier)
        with profile_errors():
            token = self.adapter.parse_token(data)
            if app.pk:
                token.app = app
            login = self.adapter.complete_login(request, app, token, response=data)
        login.token = token
        login.state = state
        return login

    @sensitive_variables("context")
    def _respond_error(
        self, provider: OAuth2Provider, error: str = AuthError.UNKNOWN, **context: object
    ) -> HttpResponseBase:
        context["callback_view"] = self
        return render_authentication_error(
            self.request, provider, error=error, extra_context=context
        )


class BaseLoginByTokenView(View):
    """A page to which a script posts a token that the provider issued."""

    adapter_class: type[OAuth2Adapter]

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        self.adapter = self.adapter_class(request)
        self.provider = self.adapter.get_provider()
        try:
            return super().dispatch(request)
        except get_remote_errors(ValidationError) as error:
            return render_authentication_error(request, self.provider, exception=error)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        # Only scripts use this page.
        raise PermissionDenied
