"""LinkedIn: provider class for its former API, without OpenID Connect."""

from __future__ import annotations

from typing import cast

from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.providers.base.provider import ProviderException
from allauth.socialaccount.providers.linkedin_oauth2.views import LinkedInOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up

DEFAULT_FIELDS = ("id", "firstName", "lastName")
PICTURE_FIELD = "profilePicture(displayImage~:playableStreams)"
PICTURE_SIZE_PATH = (
    "data",
    "com.linkedin.digitalmedia.mediaartifact.StillImage",
    "displaySize",
)

__all__ = ["LinkedInOAuth2Account", "LinkedInOAuth2Provider", "ProviderException"]


def _get_localized(field: object) -> str:
    """Return a name in the preferred language of the user.

    Parameters:
        field: The name by locale, or a plain text in the first version of the API.
    """
    if isinstance(field, str):
        return field
    localized = look_up(field, "localized")
    if not isinstance(localized, dict):
        return ""
    language = look_up(field, "preferredLocale.language") or "en"
    country = look_up(field, "preferredLocale.country") or "US"
    text = localized.get(f"{language}_{country}") or next(iter(localized.values()), "")
    return text if isinstance(text, str) else ""


class LinkedInOAuth2Account(ProfileAccount):
    """An account at LinkedIn."""

    def to_str(self) -> str:
        """Return the email address, which the first version of the API sent, or the name."""
        data = self.account.extra_data
        names = (_get_localized(look_up(data, field)) for field in ("firstName", "lastName"))
        full_name = " ".join(name for name in names if name)
        return look_up(data, "emailAddress") or full_name or super().to_str()

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture with the size and access that ``PROFILEPICTURE`` sets."""
        provider = cast(LinkedInOAuth2Provider, self.account.get_provider())
        if PICTURE_FIELD not in provider.get_profile_fields():
            return None
        wanted = provider.get_settings().get("PROFILEPICTURE", {})
        width, height = wanted.get("display_size_w_h", (100.0, 100.0))
        method = wanted.get("authorization_method", "PUBLIC")
        elements = look_up(self.account.extra_data, ("profilePicture", "displayImage~", "elements"))
        for element in elements or ():
            size = look_up(element, PICTURE_SIZE_PATH) or {}
            if not size.get("width") or not size.get("height"):
                continue
            is_wanted = (size["width"], size["height"]) == (width, height)
            if is_wanted and look_up(element, "authorizationMethod") == method:
                return look_up(element, "identifiers.0.identifier") or None
        return None


class LinkedInOAuth2Provider(OAuth2Provider):
    """LinkedIn; a new site uses OpenID Connect with the server https://www.linkedin.com/oauth."""

    id = "linkedin_oauth2"
    name = "LinkedIn"
    oauth2_adapter_class = LinkedInOAuth2Adapter
    account_class = LinkedInOAuth2Account
    default_scope = ("r_liteprofile",)
    email_scope = ("r_emailaddress",)
    uid_path = "id"

    def get_profile_fields(self) -> list[str]:
        """Return the fields of the profile to request."""
        return list(self.get_settings().get("PROFILE_FIELDS", DEFAULT_FIELDS))

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields of the profile."""
        email = look_up(data, ("elements", "0", "handle~", "emailAddress"))
        return {
            "first_name": _get_localized(data.get("firstName")),
            "last_name": _get_localized(data.get("lastName")),
            "email": email or "",
        }


provider_classes = [LinkedInOAuth2Provider]
