"""The guild."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth.provider import OAuthProvider
from guild.views import GuildAdapter


class GuildAccount(ProviderAccount):
    """A member."""


class GuildProvider(OAuthProvider):
    """The guild; ``SERVER`` of the provider says where it is."""

    id = "guild"
    name = "The Guild"
    account_class = GuildAccount
    oauth_adapter_class = GuildAdapter

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["id"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"username": data["screen_name"], "email": data.get("email")}


provider_classes = [GuildProvider]
