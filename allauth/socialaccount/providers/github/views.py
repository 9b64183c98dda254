"""GitHub: adapter and views."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.types import JSONObject
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_http import fetch_json, read_json
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class GitHubOAuth2Adapter(OAuth2Adapter):
    """GitHub (https://docs.github.com/en/apps/oauth-apps)."""

    provider_id = "github"

    @property
    def _server_url(self) -> str:
        url: str = self.get_provider().get_option("github_url", "")
        return url.rstrip("/")

    @property
    def web_url(self) -> str:
        """The URL of the server."""
        return self._server_url or "https://github.com"

    @property
    def api_url(self) -> str:
        """The URL of the API."""
        return f"{self._server_url}/api/v3" if self._server_url else "https://api.github.com"

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return f"{self.web_url}/login/oauth/authorize"

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return f"{self.web_url}/login/oauth/access_token"

    @property
    def profile_url(self) -> str:
        """The profile endpoint."""
        return f"{self.api_url}/user"

    @property
    def emails_url(self) -> str:
        """The endpoint of the email addresses."""
        return f"{self.api_url}/user/emails"

    @sensitive_variables()
    def fetch_profile(self, token: SocialToken) -> Profile:
        """Return the profile, with ``emails`` if ``QUERY_EMAIL`` is set and the app has access."""
        headers = {"Authorization": f"token {token.token}"}
        profile = fetch_json(self.profile_url, headers=headers)
        emails = self.get_emails(headers) if app_settings.QUERY_EMAIL else None
        return {**profile, "emails": emails} if emails else profile

    @sensitive_variables()
    def get_emails(self, headers: dict[str, str]) -> list[JSONObject] | None:
        """Return the email addresses of the account, or ``None`` if the app has no access."""
        with get_adapter().get_requests_session() as session:
            response = session.get(self.emails_url, headers=headers)
        return None if response.status_code == 404 else read_json(response, list)


oauth2_login = OAuth2LoginView.adapter_view(GitHubOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(GitHubOAuth2Adapter)
