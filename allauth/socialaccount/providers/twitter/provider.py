"""X by OAuth 1.0a: provider class."""

from __future__ import annotations

from django.http import HttpRequest

from allauth.socialaccount.providers.base.constants import AuthAction
from allauth.socialaccount.providers.oauth.provider import OAuthProvider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up
from allauth.socialaccount.providers.twitter.views import TwitterOAuthAdapter


class TwitterAccount(ProfileAccount):
    """An account at X."""

    def get_screen_name(self) -> str | None:
        """Return the username, without the ``@``."""
        name: str | None = look_up(self.account.extra_data, "screen_name")
        return name

    def get_profile_url(self) -> str | None:
        """Return the URL of the page of the account."""
        name = self.get_screen_name()
        return f"https://x.com/{name}" if name else None

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture of the account, in its original size."""
        url = look_up(self.account.extra_data, "profile_image_url")
        return url.replace("_normal", "") if isinstance(url, str) else None

    def to_str(self) -> str:
        """Return the username, without the ``@``."""
        return self.get_screen_name() or super().to_str()


class TwitterProvider(OAuthProvider):
    """X, by OAuth 1.0a."""

    id = "twitter"
    name = "X"
    oauth_adapter_class = TwitterOAuthAdapter
    account_class = TwitterAccount
    uid_path = "id"
    common_field_paths = {"username": "screen_name", "name": "name", "email": "email"}

    def get_auth_url(self, request: HttpRequest, action: str) -> str:
        """Return the authorization URL; only that for reauthentication always asks the user."""
        page = "authorize" if action == AuthAction.REAUTHENTICATE else "authenticate"
        return f"https://api.x.com/oauth/{page}"


provider_classes = [TwitterProvider]
