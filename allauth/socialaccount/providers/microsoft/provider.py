"""Microsoft."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.providers.microsoft.views import MicrosoftGraphOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up_first


class MicrosoftGraphAccount(ProfileAccount):
    """An account of a person, or in an organization, at Microsoft."""

    avatar_url_path = "photo"


class MicrosoftGraphProvider(OAuth2Provider):
    """Microsoft; ``TENANT`` says whose accounts may log in.

    The app may have a ``tenant`` of its own, and for national clouds ``login_url`` and
    ``graph_url``.
    """

    id = "microsoft"
    name = "Microsoft"
    oauth2_adapter_class = MicrosoftGraphOAuth2Adapter
    account_class = MicrosoftGraphAccount
    default_scope = ("User.Read",)
    reauthenticate_params = {"prompt": "select_account"}
    uid_path = "id"
    common_field_paths = {
        "username": "mailNickname",
        "last_name": "surname",
        "first_name": "givenName",
    }

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the profile says about the user; the principal name looks like an address."""
        email = look_up_first(data, "mail", "userPrincipalName")
        return {"email": email, **super().extract_common_fields(data)}


provider_classes = [MicrosoftGraphProvider]
