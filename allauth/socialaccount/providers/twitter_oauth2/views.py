"""X by OAuth 2.0: adapter and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.models import SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)

if TYPE_CHECKING:
    from allauth.socialaccount.providers.twitter_oauth2.provider import TwitterOAuth2Provider


class TwitterOAuth2Adapter(OAuth2Adapter):
    """X (https://docs.x.com/resources/fundamentals/authentication)."""

    provider_id = "twitter_oauth2"
    authorize_url = "https://x.com/i/oauth2/authorize"
    access_token_url = "https://api.x.com/2/oauth2/token"
    profile_url = "https://api.x.com/2/users/me"
    basic_auth = True

    def fetch_profile(self, token: SocialToken) -> Profile:
        """Return the profile of the owner of ``token``."""
        return self.get_user_info(token)

    def get_user_info(self, token: SocialToken) -> Profile:
        """Return the profile of the owner of ``token``, with the configured fields."""
        provider = cast("TwitterOAuth2Provider", self.get_provider())
        data = self.fetch_json(
            self.profile_url,
            token.token,
            params={"user.fields": ",".join(provider.get_fields())},
            headers=provider.get_settings().get("HEADERS"),
        ).get("data")
        if not isinstance(data, dict):
            raise OAuth2Error("The answer holds no profile.")
        return data


oauth2_login = OAuth2LoginView.adapter_view(TwitterOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(TwitterOAuth2Adapter)
