"""Talking to the guild."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from allauth.socialaccount.providers.oauth.client import OAuth
from allauth.socialaccount.providers.oauth.views import (
    OAuthAdapter,
    OAuthCallbackView,
    OAuthLoginView,
)


class GuildAdapter(OAuthAdapter):
    """The guild's own server."""

    provider_id = "guild"

    @property
    def server(self) -> str:
        """Where that is."""
        url: str = settings.SOCIALACCOUNT_PROVIDERS["guild"]["SERVER"]
        return url

    @property
    def request_token_url(self) -> str:
        return f"{self.server}/request_token"

    @property
    def authorize_url(self) -> str:
        return f"{self.server}/authenticate"

    @property
    def access_token_url(self) -> str:
        return f"{self.server}/access_token"

    def complete_login(
        self, request: Any, app: Any, token: Any, response: Any = None, **kwargs: Any
    ) -> Any:
        client = OAuth(request, app.client_id, app.secret, self.request_token_url)
        profile = client.query(f"{self.server}/profile").json()
        return self.get_provider().sociallogin_from_response(request, profile)


oauth_login = OAuthLoginView.adapter_view(GuildAdapter)
oauth_callback = OAuthCallbackView.adapter_view(GuildAdapter)
