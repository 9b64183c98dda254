"""GitLab: adapter and views."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class GitLabOAuth2Adapter(OAuth2Adapter):
    """GitLab (https://docs.gitlab.com/api/oauth2/)."""

    provider_id = "gitlab"
    provider_default_url = "https://gitlab.com"
    provider_api_version = "v4"

    def _build_url(self, path: str) -> str:
        return f"{self.get_provider().get_option('gitlab_url', self.provider_default_url)}{path}"

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return self._build_url("/oauth/authorize")

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return self._build_url("/oauth/token")

    @property
    def profile_url(self) -> str:
        """The profile endpoint."""
        return self._build_url(f"/api/{self.provider_api_version}/user")


oauth2_login = OAuth2LoginView.adapter_view(GitLabOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(GitLabOAuth2Adapter)
