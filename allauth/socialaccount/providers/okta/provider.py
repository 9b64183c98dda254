"""Okta: provider class."""

from __future__ import annotations

from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.okta.views import OktaOAuth2Adapter


class OktaAccount(ProviderAccount):
    """An account at Okta."""


class OktaProvider(OAuth2Provider):
    """Okta; the setting ``uid_field`` of an app names the claim with the account id."""

    id = "okta"
    name = "Okta"
    oauth2_adapter_class = OktaOAuth2Adapter
    account_class = OktaAccount
    default_scope = ("openid", "profile", "email", "offline_access")
    common_field_paths = {
        "email": "email",
        "last_name": "family_name",
        "first_name": "given_name",
    }
    email_path = "email"
    email_verified_path = "email_verified"

    def extract_uid(self, data: Profile) -> str:
        """Return the claim ``sub``, or the claim that the app names.

        Usernames are no account ids, since Okta may give them to another account.
        """
        return parse_uid(data.get(self.app.settings.get("uid_field", "sub")))

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields, with the username up to the ``@`` that it often contains."""
        fields = super().extract_common_fields(data)
        name = data.get("preferred_username")
        if isinstance(name, str) and name:
            fields["username"] = name.partition("@")[0]
        return fields


provider_classes = [OktaProvider]
