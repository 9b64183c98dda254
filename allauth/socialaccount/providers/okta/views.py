"""Okta: adapter and views."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class OktaOAuth2Adapter(OAuth2Adapter):
    """Okta (https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/)."""

    provider_id = "okta"

    @property
    def okta_base_url(self) -> str:
        """The host of the organization."""
        return str(self.get_required_option("okta_base_url"))

    def _build_url(self, endpoint: str) -> str:
        return f"https://{self.okta_base_url}/oauth2/v1/{endpoint}"

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return self._build_url("authorize")

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return self._build_url("token")

    @property
    def userinfo_url(self) -> str:
        """The profile endpoint."""
        return self._build_url("userinfo")

    profile_url = userinfo_url


oauth2_login = OAuth2LoginView.adapter_view(OktaOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(OktaOAuth2Adapter)
