"""Discord: provider class."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.providers.base.utils import is_claim_true
from allauth.socialaccount.providers.discord.views import DiscordOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up


class DiscordAccount(ProfileAccount):
    """An account at Discord, whose name may be a legacy one with a discriminator."""

    def validate_descriminator(self, discriminator: object) -> bool:
        """Return whether ``discriminator`` is that of a legacy name such as ``name#1234``."""
        return isinstance(discriminator, str) and bool(re.fullmatch(r"[0-9]{4}", discriminator))

    def is_new_username_system(self) -> bool | None:
        """Return whether the name is not a legacy one, or ``None`` if that is unknown."""
        if self.validate_descriminator(self._get("discriminator")):
            return False
        return None if self._get("global_name") is None else True

    def _get(self, name: str) -> Any:
        return look_up(self.account.extra_data, name)

    def to_str(self) -> str:
        """Return the name as Discord shows it."""
        if self.is_new_username_system() is False:
            return f"{self._get('username')}#{self._get('discriminator')}"
        return self._get("global_name") or self._get("username") or super().to_str()

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture of the account."""
        user_id, avatar = self._get("id"), self._get("avatar")
        if not user_id or not avatar:
            return None
        return f"https://cdn.discordapp.com/avatars/{user_id}/{avatar}.png"


class DiscordProvider(OAuth2Provider):
    """Discord."""

    id = "discord"
    name = "Discord"
    oauth2_adapter_class = DiscordOAuth2Adapter
    account_class = DiscordAccount
    default_scope = ("email", "identify")
    reauthenticate_params = {"prompt": "consent"}
    uid_path = "id"
    common_field_paths = {"email": "email", "username": "username", "name": "username"}

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address if Discord verified it."""
        if not data.get("email") or not is_claim_true(data.get("verified")):
            return []
        return [EmailAddress(email=data["email"], verified=True, primary=True)]


provider_classes = [DiscordProvider]
