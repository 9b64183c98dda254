"""Microsoft: provider class."""

from __future__ import annotations

from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.providers.microsoft.views import MicrosoftGraphOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up_first


class MicrosoftGraphAccount(ProfileAccount):
    """A personal or organizational account at Microsoft."""

    avatar_url_path = "photo"


class MicrosoftGraphProvider(OAuth2Provider):
    """Microsoft; the setting ``TENANT`` limits the accounts that may log in.

    An app may have its own ``tenant``, and ``login_url`` and ``graph_url`` for national clouds.
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

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields; the principal name replaces a missing email address."""
        email = look_up_first(data, "mail", "userPrincipalName")
        return {"email": email, **super().extract_common_fields(data)}


provider_classes = [MicrosoftGraphProvider]
