"""The pages of OpenID Connect servers, and the adapter that finds out how one is talked to."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus, urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.remotekit import (
    fetch_json,
    get_kept_document,
    keep_document,
    remote_view,
)
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from allauth.utils import build_absolute_uri

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class OpenIDConnectClient(OAuth2Client):
    """A client that follows the letter of RFC 6749, section 2.3.1, in Basic authentication."""

    def get_basic_auth(self) -> tuple[str, str]:
        """Id and secret, encoded so that a colon in the id stays what it is."""
        return quote_plus(self.consumer_key), quote_plus(self.consumer_secret)


class OpenIDConnectOAuth2Adapter(OAuth2Adapter):
    """An adapter for the server that an app describes; its endpoints are discovered.

    Parameters:
        provider_id: The ``provider_id`` of the app.
    """

    client_class = OpenIDConnectClient

    def __init__(self, request: HttpRequest | None, provider_id: str) -> None:
        self.provider_id = provider_id
        super().__init__(request)

    def get_provider(self) -> Any:
        """The provider; other kinds of providers do not count, whatever their id is."""
        from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

        provider = super().get_provider()
        if not isinstance(provider, OpenIDConnectProvider):
            raise SocialApp.DoesNotExist
        return provider

    @cached_property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document (OpenID Connect Discovery 1.0), with the overrides of the app.

        Raises:
            requests.RequestException: There is none to be had.
            OAuth2Error: The document speaks for another server, or gives up TLS.
        """
        provider = self.get_provider()
        url = provider.server_url
        overrides = provider.app.settings.get("openid_configuration_overrides") or {}
        kept = get_kept_document(url)
        document = fetch_json(url) if kept is None else kept
        config = {**document, **overrides}
        if "issuer" not in overrides and not _is_issuer_of(config.get("issuer"), url):
            raise OAuth2Error(
                "The discovery document names an issuer other than the configured server. If that"
                " is right, put the issuer into openid_configuration_overrides."
            )
        for name in ENDPOINTS:
            if name in document and name not in overrides and not _is_usable(document[name], url):
                raise OAuth2Error(f"The discovery document has no usable {name}.")
        if kept is None:
            keep_document(url, document)
        return config

    def _get_endpoint(self, name: str) -> str:
        endpoint = self.openid_config.get(name)
        if not isinstance(endpoint, str):
            raise OAuth2Error(f"The discovery document has no {name}.")
        return endpoint

    @property
    def basic_auth(self) -> bool:  # type: ignore[override]
        """Whether the token endpoint wants HTTP Basic authentication.

        The app decides; if it does not, that is the last resort.
        """
        method = self.get_provider().token_auth_method
        if method:
            return bool(method == "client_secret_basic")
        supported = self.openid_config.get("token_endpoint_auth_methods_supported") or []
        return "client_secret_post" not in supported and "client_secret_basic" in supported

    @property
    def access_token_url(self) -> str:
        """The token endpoint."""
        return self._get_endpoint("token_endpoint")

    @property
    def authorize_url(self) -> str:
        """The authorization endpoint."""
        return self._get_endpoint("authorization_endpoint")

    @property
    def profile_url(self) -> str:
        """The userinfo endpoint."""
        return self._get_endpoint("userinfo_endpoint")

    @property
    def issuer(self) -> str:  # type: ignore[override]
        """What the server calls itself."""
        return self._get_endpoint("issuer")

    @property
    def requires_issuer(self) -> bool:  # type: ignore[override]
        """Whether the server says that it always names itself."""
        return self.openid_config.get("authorization_response_iss_parameter_supported") is True

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """The absolute URL to which the server sends visitors back."""
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return build_absolute_uri(request, path, self.redirect_uri_protocol)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Make a login out of the ID token and the userinfo endpoint, as the app has it."""
        id_token = (kwargs.get("response") or {}).get("id_token")
        data: dict[str, Any] = {}
        if id_token:
            data["id_token"] = self.decode_id_token(app, id_token)
        if not id_token or app.settings.get("fetch_userinfo", True):
            data["userinfo"] = self.fetch_profile(token)
            self._check_subject(data)
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, data)
        return login

    def decode_id_token(self, app: SocialApp, id_token: object) -> dict[str, Any]:
        """Verify an ID token that came with the access token; raises ``OAuth2Error``."""
        claims = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self._get_endpoint("jwks_uri"),
            issuer=self.issuer,
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=not self.is_token_authentic,
        )
        self.check_nonce(claims)
        return claims

    def _check_subject(self, data: dict[str, Any]) -> None:
        """Userinfo of anybody else than the owner of the ID token must not be used (5.3.2)."""
        claims = data.get("id_token")
        if claims and str(data["userinfo"].get("sub")) != str(claims["sub"]):
            raise OAuth2Error("The userinfo endpoint talks about somebody else.")


def _is_issuer_of(issuer: object, url: str) -> bool:
    """Tell whether ``url`` is where the discovery document of ``issuer`` has to be.

    Besides the place of OpenID Connect Discovery there is that of RFC 8414, section 3.
    """
    if not isinstance(issuer, str):
        return False
    base, _, rest = url.partition("/.well-known/")
    path = rest.partition("/")[2]
    return issuer.rstrip("/") == "/".join(part for part in (base, path.rstrip("/")) if part)


def _is_usable(endpoint: object, url: str) -> bool:
    if not isinstance(endpoint, str):
        return False
    scheme = urlsplit(endpoint).scheme
    return scheme == "https" or (scheme == "http" and urlsplit(url).scheme == "http")


@remote_view
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the visitor to a server; 404 if there is no such app."""
    adapter = OpenIDConnectOAuth2Adapter(request, provider_id)
    return OAuth2LoginView.adapter_view(adapter)(request)


@remote_view
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Receive the visitor whom a server sends back; 404 if there is no such app."""
    adapter = OpenIDConnectOAuth2Adapter(request, provider_id)
    return OAuth2CallbackView.adapter_view(adapter)(request)
