"""Microsoft: adapter and views."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class MicrosoftGraphOAuth2Adapter(OAuth2Adapter):
    """Microsoft (https://learn.microsoft.com/en-us/graph/api/user-get)."""

    provider_id = "microsoft"
    user_properties = (
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "mailNickname",
        "companyName",
    )
    profile_url_params = {"$select": ",".join(user_properties)}

    @property
    def profile_params(self) -> dict[str, str]:  # type: ignore[override]
        """The query of the profile request: the properties to request."""
        return self.profile_url_params

    def _get_app_setting(self, name: str, default: str) -> str:
        setting: str = self.get_provider().app.settings.get(name, default)
        return setting

    def _build_login_url(self, endpoint: str) -> str:
        login_url = self._get_app_setting("login_url", "https://login.microsoftonline.com")
        return f"{login_url}/{self._get_tenant()}/oauth2/v2.0/{endpoint}"

    def _get_tenant(self) -> str:
        options = self.get_provider().get_settings()
        default = options.get("TENANT") or options.get("tenant") or "common"
        return self._get_app_setting("tenant", default)

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return self._build_login_url("authorize")

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return self._build_login_url("token")

    @property
    def profile_url(self) -> str:
        """The profile endpoint."""
        return f"{self._get_app_setting('graph_url', 'https://graph.microsoft.com')}/v1.0/me"


oauth2_login = OAuth2LoginView.adapter_view(MicrosoftGraphOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(MicrosoftGraphOAuth2Adapter)
