"""X by OAuth 1.0a: adapter and views."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.lazy_constants import module_getattr
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth.client import OAuth
from allauth.socialaccount.providers.oauth.views import (
    OAuthAdapter,
    OAuthCallbackView,
    OAuthLoginView,
)

__getattr__ = module_getattr("QUERY_EMAIL")


class TwitterAPI(OAuth):
    """A client for the API of X, version 1.1."""

    _url = "https://api.x.com/1.1/account/verify_credentials.json"

    @property
    def url(self) -> str:
        """The profile endpoint, with the email address if ``QUERY_EMAIL`` is set."""
        return f"{self._url}?include_email=true" if app_settings.QUERY_EMAIL else self._url

    def get_user_info(self) -> Profile:
        """Return the profile of the owner of the token."""
        return self.query_json(self.url)


class TwitterOAuthAdapter(OAuthAdapter):
    """X (https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a)."""

    provider_id = "twitter"
    request_token_url = "https://api.x.com/oauth/request_token"
    access_token_url = "https://api.x.com/oauth/access_token"
    authorize_url = "https://api.x.com/oauth/authenticate"

    @sensitive_variables("kwargs")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of the owner of the access token."""
        api = TwitterAPI(request, app.client_id, app.secret, self.request_token_url)
        login: SocialLogin = self.get_provider().sociallogin_from_response(
            request, api.get_user_info()
        )
        return login


oauth_login = OAuthLoginView.adapter_view(TwitterOAuthAdapter)
oauth_callback = OAuthCallbackView.adapter_view(TwitterOAuthAdapter)
