"""LinkedIn: adapter and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.views.decorators.debug import sensitive_variables

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

if TYPE_CHECKING:
    from allauth.socialaccount.providers.linkedin_oauth2.provider import LinkedInOAuth2Provider


class LinkedInOAuth2Adapter(OAuth2Adapter):
    """LinkedIn (https://learn.microsoft.com/en-us/linkedin/shared/authentication/)."""

    provider_id = "linkedin_oauth2"
    authorize_url = "https://www.linkedin.com/oauth/v2/authorization"
    access_token_url = "https://www.linkedin.com/oauth/v2/accessToken"
    profile_url = "https://api.linkedin.com/v2/me"
    email_url = "https://api.linkedin.com/v2/emailAddress?q=members&projection=(elements*(handle~))"
    access_token_method = "GET"

    def fetch_profile(self, token: SocialToken) -> Profile:
        """Return the profile with the email address."""
        return self.get_user_info(token)

    @sensitive_variables()
    def get_user_info(self, token: SocialToken) -> Profile:
        """Return the profile, with the email address if ``QUERY_EMAIL`` is set.

        The email address is missing if the app has no access.
        """
        provider = cast("LinkedInOAuth2Provider", self.get_provider())
        headers = dict(provider.get_settings().get("HEADERS", {}))
        headers["Authorization"] = f"Bearer {token.token}"
        data = self._get_email(headers) if app_settings.QUERY_EMAIL else {}
        fields = ",".join(provider.get_profile_fields())
        url = f"{self.profile_url}?projection=({fields})"
        return {**data, **fetch_json(url, headers=headers)}

    def _get_email(self, headers: dict[str, str]) -> Profile:
        with get_adapter().get_requests_session() as session:
            response = session.get(self.email_url, headers=headers)
        return {} if response.status_code >= 400 else read_json(response)


oauth2_login = OAuth2LoginView.adapter_view(LinkedInOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(LinkedInOAuth2Adapter)
