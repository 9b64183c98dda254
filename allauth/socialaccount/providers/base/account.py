"""The base class of accounts for display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.providers.base.exceptions import PROVIDER_UNAVAILABLE

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount

_NAMES = (
    ("username", "userName", "user_name", "login", "handle"),
    ("email", "Email", "mail", "email_address"),
    ("name", "display_name", "displayName", "displayname", "Display_Name", "nickname"),
    ("full_name", "fullName"),
)
_GIVEN_NAMES = (
    "first_name",
    "firstname",
    "firstName",
    "First_Name",
    "given_name",
    "givenName",
)
_FAMILY_NAMES = (
    "last_name",
    "lastname",
    "lastName",
    "Last_Name",
    "family_name",
    "familyName",
    "surname",
)


class ProviderAccount:
    """An account at a provider, for display."""

    def __init__(self, social_account: SocialAccount) -> None:
        self.account = social_account

    def __str__(self) -> str:
        return self.to_str()

    def get_profile_url(self) -> str | None:
        """Return the URL of the page of the account at the provider."""
        return None

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture of the account."""
        return None

    def get_brand(self) -> JSONObject:
        """Return ``id`` and ``name`` of the brand by which users know the provider."""
        try:
            provider = self.account.get_provider()
        except PROVIDER_UNAVAILABLE:
            # The app was removed, but its accounts are still there.
            return {"id": self.account.provider, "name": self.account.provider}
        return {"id": provider.id, "name": provider.name}

    def get_user_data(self) -> Profile | None:
        """Return the part of the stored data that describes the user."""
        data = self.account.extra_data
        return data if isinstance(data, dict) else None

    def to_str(self) -> str:
        """Return a text that identifies the account: a username, an email address or a name."""
        data = {
            name: value.strip()
            for name, value in (self.get_user_data() or {}).items()
            if isinstance(value, str)
        }
        for names in _NAMES:
            for name in names:
                if data.get(name):
                    return data[name]
        parts = (_get_last(data, _GIVEN_NAMES), _get_last(data, _FAMILY_NAMES))
        return " ".join(part for part in parts if part) or str(self.get_brand()["name"])


def _get_last(data: dict[str, str], names: tuple[str, ...]) -> str:
    found = [data[name] for name in names if name in data]
    return found[-1] if found else ""
