"""X by OAuth 2.0: provider class."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up
from allauth.socialaccount.providers.twitter_oauth2.views import TwitterOAuth2Adapter

DEFAULT_FIELDS = ("id", "name", "username", "verified", "profile_image_url", "created_at")


class TwitterOAuth2Account(ProfileAccount):
    """An account at X."""

    avatar_url_path = "profile_image_url"

    def get_username(self) -> str | None:
        """Return the username, without the ``@``."""
        username: str | None = look_up(self.account.extra_data, "username")
        return username

    def get_profile_url(self) -> str | None:
        """Return the URL of the page of the account."""
        username = self.get_username()
        return f"https://x.com/{username}" if username else None


class TwitterOAuth2Provider(OAuth2Provider):
    """X, by OAuth 2.0; ``FIELDS`` and ``HEADERS`` are settings of the profile request."""

    id = "twitter_oauth2"
    name = "X"
    oauth2_adapter_class = TwitterOAuth2Adapter
    account_class = TwitterOAuth2Account
    pkce_enabled_default = True
    default_scope = ("users.read", "tweet.read")
    uid_path = "id"
    common_field_paths = {"name": "name", "username": "username"}

    def get_fields(self) -> list[str]:
        """Return the fields of the profile to request."""
        return list(self.get_settings().get("FIELDS", DEFAULT_FIELDS))


provider_classes = [TwitterOAuth2Provider]
