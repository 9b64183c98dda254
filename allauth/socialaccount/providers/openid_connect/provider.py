"""OpenID Connect servers of all sorts: each app is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from allauth.socialaccount.internal.remotekit import refusing_bad_tokens
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.profiles import Path

WELL_KNOWN = "/.well-known/"


def pick_claims(data: dict[str, Any]) -> dict[str, Any]:
    """The claims to go by: those of the userinfo endpoint, failing that those of the ID token.

    Rows of releases before 65.11, and logins by a posted token, have the claims at the top.
    """
    claims: dict[str, Any] = data.get("userinfo") or data.get("id_token") or data
    return claims


class OpenIDConnectProviderAccount(ProviderAccount):
    """An account at a server."""

    def get_user_data(self) -> dict[str, Any] | None:
        """The claims about the user."""
        data = super().get_user_data()
        return None if data is None else pick_claims(data)


class OpenIDConnectProvider(OAuth2Provider):
    """A server, as the settings of an app describe it.

    The app needs ``server_url``; ``fetch_userinfo``, ``token_auth_method``, ``uid_field``,
    ``openid_configuration_overrides`` and ``use_nonce`` are optional.
    """

    id = "openid_connect"
    name: Any = "OpenID Connect"
    oauth2_adapter_class: ClassVar[type[OAuth2Adapter]] = OpenIDConnectOAuth2Adapter
    account_class = OpenIDConnectProviderAccount
    supports_token_authentication = True
    default_scope = ("openid", "profile", "email")
    common_field_paths: ClassVar[Mapping[str, Path]] = {
        "email": "email",
        "username": "preferred_username",
        "name": "name",
        "user_id": "user_id",
        "picture": "picture",
        "last_name": "family_name",
        "first_name": "given_name",
    }
    email_path = "email"
    email_verified_path = "email_verified"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = self.app.name or self.name

    @property
    def server_url(self) -> str:
        """Where the discovery document is."""
        return self.wk_server_url(self.app.settings["server_url"])

    def wk_server_url(self, url: str) -> str:
        """Complete the address of a server to that of its discovery document."""
        if WELL_KNOWN in url:
            return url
        return f"{url.rstrip('/')}{WELL_KNOWN}openid-configuration"

    @property
    def token_auth_method(self) -> str | None:
        """How the app wants to authenticate at the token endpoint, if it has a wish."""
        method: str | None = self.app.settings.get("token_auth_method")
        return method

    @property
    def uses_nonce(self) -> bool:  # type: ignore[override]
        """Whether to send a nonce: yes, unless the server is known not to return it."""
        return bool(self.app.settings.get("use_nonce", True))

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """The page that leads to the server; ``kwargs`` become its query."""
        url = self._reverse("login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        """The path to which the server sends visitors back."""
        return self._reverse("callback")

    def _reverse(self, page: str) -> str:
        return reverse(f"{self.app.provider}_{page}", kwargs={"provider_id": self.app.provider_id})

    def get_oauth2_adapter(self, request: HttpRequest | None) -> OpenIDConnectOAuth2Adapter:
        """The adapter, which uses this very provider."""
        adapter_class: Any = self.oauth2_adapter_class
        adapter: OpenIDConnectOAuth2Adapter = adapter_class(request, self.app.provider_id)
        return self.bind(adapter)

    def extract_uid(self, data: dict[str, Any]) -> str:
        """The claim that the app names, ``sub`` by default."""
        uid_field = self.app.settings.get("uid_field", "sub")
        return parse_uid(pick_claims(data).get(uid_field))

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the claims say about the user."""
        return super().extract_common_fields(pick_claims(data))

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        """The address in the claims."""
        return super().extract_email_addresses(pick_claims(data))

    def verify_token(self, request: HttpRequest | None, token: dict[str, Any]) -> SocialLogin:
        """Make a login out of an ID token that a client of this site got from the server."""
        adapter = self.get_oauth2_adapter(request)
        with refusing_bad_tokens():
            claims = adapter.decode_id_token(self.app, token.get("id_token"))
            return self.sociallogin_from_response(request, claims)


provider_classes = [OpenIDConnectProvider]
