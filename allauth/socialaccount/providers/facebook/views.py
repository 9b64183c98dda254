"""Talking to Facebook, and the login by a token that the JavaScript SDK got."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import classproperty

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal.remotekit import (
    complete,
    expecting_profile,
    remote_view,
)
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.facebook import constants, flows
from allauth.socialaccount.providers.facebook.constants import PROVIDER_ID
from allauth.socialaccount.providers.facebook.forms import FacebookConnectForm
from allauth.socialaccount.providers.oauth2.views import (
    BaseLoginByTokenView,
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)

__getattr__ = constants.__getattr__


class FacebookOAuth2Adapter(OAuth2Adapter):
    """Facebook (https://developers.facebook.com/docs/facebook-login)."""

    provider_id = PROVIDER_ID
    access_token_method = "GET"
    expires_in_key = "expires_in"
    scope_delimiter = ","

    @classproperty
    def provider_default_auth_url(cls) -> str:
        """Where visitors are asked for consent, unless the project says otherwise."""
        return f"https://www.facebook.com/{constants.GRAPH_API_VERSION}/dialog/oauth"

    @property
    def authorize_url(self) -> str:
        """Where visitors are asked for consent."""
        return str(self.settings.get("AUTHORIZE_URL", self.provider_default_auth_url))

    @property
    def access_token_url(self) -> str:
        """Where codes are exchanged."""
        return f"{constants.GRAPH_API_URL}/oauth/access_token"

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Make a login out of the profile."""
        return flows.complete_login(request, self.get_provider(), token)


class LoginByTokenView(BaseLoginByTokenView):
    """Takes the access token that the JavaScript SDK got."""

    adapter_class = FacebookOAuth2Adapter

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Log the owner of the token in."""
        form = FacebookConnectForm(request.POST)
        if not form.is_valid():
            raise get_adapter().validation_error("invalid_token")
        auth_nonce = self.provider.get_nonce(request, pop=True)
        with expecting_profile():
            login = flows.verify_token(
                request,
                self.provider,
                form.cleaned_data["access_token"],
                auth_type=self._get_auth_type(auth_nonce),
                auth_nonce=auth_nonce or "",
            )
        kwargs = self.provider.get_redirect_from_request_kwargs(request)
        login.state = {"process": kwargs["process"]}
        if "next_url" in kwargs:
            login.state["next"] = kwargs["next_url"]
        return complete(request, login)

    def _get_auth_type(self, auth_nonce: str | None) -> str:
        """What was demanded of the visitor: this site knows, and no request has a say in it."""
        auth_type: str = self.provider.get_auth_params().get("auth_type", "")
        return "reauthenticate" if auth_nonce else auth_type


oauth2_login = OAuth2LoginView.adapter_view(FacebookOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(FacebookOAuth2Adapter)
login_by_token = remote_view(LoginByTokenView.as_view())
