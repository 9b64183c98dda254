"""GitHub: provider class."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount


class GitHubAccount(ProfileAccount):
    """An account at GitHub."""

    profile_url_path = "html_url"
    avatar_url_path = "avatar_url"


class GitHubProvider(OAuth2Provider):
    """GitHub, which verifies each email address."""

    id = "github"
    name = "GitHub"
    oauth2_adapter_class = GitHubOAuth2Adapter
    account_class = GitHubAccount
    email_scope = ("user:email",)
    uid_path = "id"
    common_field_paths = {"email": "email", "username": "login", "name": "name"}

    def extract_extra_data(self, data: Profile) -> Profile:
        """Return the profile without the email addresses, which have rows of their own."""
        return {name: value for name, value in data.items() if name != "emails"}

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email addresses of the account."""
        return [
            EmailAddress(
                email=entry["email"],
                verified=entry["verified"],
                primary=entry["primary"] is True,
            )
            for entry in data.get("emails", ())
        ]


provider_classes = [GitHubProvider]
