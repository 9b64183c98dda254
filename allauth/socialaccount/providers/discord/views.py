"""Discord: adapter and views."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)


class DiscordOAuth2Adapter(OAuth2Adapter):
    """Discord (https://discord.com/developers/docs/topics/oauth2)."""

    provider_id = "discord"
    authorize_url = "https://discord.com/api/oauth2/authorize"
    access_token_url = "https://discord.com/api/oauth2/token"
    profile_url = "https://discord.com/api/users/@me"
    profile_headers = {"Content-Type": "application/json"}


oauth2_login = OAuth2LoginView.adapter_view(DiscordOAuth2Adapter)
oauth2_callback = OAuth2CallbackView.adapter_view(DiscordOAuth2Adapter)
