"""Auth0: adapter and views."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class Auth0OAuth2Adapter(OAuth2Adapter):
    """Auth0 (https://auth0.com/docs/api/authentication)."""

    provider_id = "auth0"

    @property
    def provider_base_url(self) -> str:
        """The URL of the tenant."""
        return str(self.get_required_option("auth0_url"))

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return f"{self.provider_base_url}/authorize"

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return f"{self.provider_base_url}/oauth/token"

    @property
    def profile_url(self) -> str:
        """The profile endpoint."""
        return f"{self.provider_base_url}/userinfo"


oauth2_login = OAuth2LoginView.adapter_view(Auth0OAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(Auth0OAuth2Adapter)
