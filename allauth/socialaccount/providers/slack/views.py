"""Slack: adapter and views."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class SlackOAuth2Adapter(OAuth2Adapter):
    """Sign in with Slack (https://api.slack.com/authentication/sign-in-with-slack)."""

    provider_id = "slack"
    authorize_url = "https://slack.com//openid/connect/authorize"
    access_token_url = "https://slack.com/api/openid.connect.token"
    identity_url = "https://slack.com/api/openid.connect.userInfo"

    def fetch_profile(self, token: SocialToken) -> Profile:
        """Return the profile of the owner of ``token``."""
        return self.get_data(token.token)

    @sensitive_variables()
    def get_data(self, token: str) -> Profile:
        """Return the profile of the owner of ``token``.

        Raises ``OAuth2Error`` if Slack rejects the token.
        """
        data = self.fetch_json(self.identity_url, token)
        if not data.get("ok"):
            raise OAuth2Error("Slack did not accept the access token.")
        return data


oauth2_login = OAuth2LoginView.adapter_view(SlackOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(SlackOAuth2Adapter)
