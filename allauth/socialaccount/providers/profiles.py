"""Base classes for providers that describe their profiles by paths instead of code.

A path leads to a value in a JSON document: ``"user.emails.0"`` steps into objects by name and into
lists by index. A path with a name that contains a dot is written as a tuple of steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.socialaccount import app_settings
from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.providers.base.provider import Provider, ProviderAccount
from allauth.socialaccount.providers.base.utils import is_claim_true, parse_uid

Path = str | tuple[str, ...]


def look_up(data: object, path: Path) -> Any:
    """Return the value in ``data`` to which ``path`` leads, or ``None`` if there is none."""
    for step in path.split(".") if isinstance(path, str) else path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def look_up_first(data: object, *paths: Path) -> Any:
    """Return the first value at one of ``paths`` that is not empty, or ``None``."""
    return next((value for path in paths if (value := look_up(data, path))), None)


class ProfileProvider(Provider):
    """A provider with the paths of its profiles and the scope of its requests.

    Attributes:
        uid_path: The path of the account id. The provider must never give the id of one account to
            another.
        common_field_paths: The paths of the common fields. A missing field is ``None``.
        email_path: The path of the email address, unless it is only a common field.
        email_verified_path: The path of the claim that the email address is verified: ``true``,
            ``"true"`` or ``"1"``. Without this path it is unverified.
        default_scope: The scope, unless a project configures another one.
        email_scope: The additional scope with ``SOCIALACCOUNT_QUERY_EMAIL``.
    """

    uid_path: ClassVar[Path | None] = None
    common_field_paths: ClassVar[Mapping[str, Path]] = {}
    email_path: ClassVar[Path | None] = None
    email_verified_path: ClassVar[Path | None] = None
    default_scope: ClassVar[Sequence[str]] = ()
    email_scope: ClassVar[Sequence[str]] = ()

    def get_default_scope(self) -> list[str]:
        """Return the scope to request, unless the project configures another one."""
        email_scope = self.email_scope if app_settings.QUERY_EMAIL else ()
        return [*self.default_scope, *email_scope]

    def extract_uid(self, data: Profile) -> str:
        """Return the account id; raise ``ProviderException`` if there is none."""
        if self.uid_path is None:
            return super().extract_uid(data)
        return parse_uid(look_up(data, self.uid_path))

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields of the profile."""
        return {name: look_up(data, path) for name, path in self.common_field_paths.items()}

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address of the profile, if the class has its path."""
        email = None if self.email_path is None else look_up(data, self.email_path)
        if not email:
            return []
        verified = self.email_verified_path is not None and is_claim_true(
            look_up(data, self.email_verified_path)
        )
        return [EmailAddress(email=email, verified=verified, primary=True)]


class ProfileAccount(ProviderAccount):
    """An account with the paths of links in the stored profile.

    Attributes:
        profile_url_path: The path of the URL of the page of the account.
        avatar_url_path: The path of the URL of the picture of the account.
    """

    profile_url_path: ClassVar[Path | None] = None
    avatar_url_path: ClassVar[Path | None] = None

    def get_profile_url(self) -> str | None:
        """Return the URL of the page of the account at the provider."""
        return self._get_url(self.profile_url_path)

    def get_avatar_url(self) -> str | None:
        """Return the URL of the picture of the account."""
        return self._get_url(self.avatar_url_path)

    def _get_url(self, path: Path | None) -> str | None:
        url = None if path is None else look_up(self.account.extra_data, path)
        return url if isinstance(url, str) and url else None
