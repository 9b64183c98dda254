"""OpenID Connect: adapter and provider class. Each app is a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote_plus, urlencode, urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.views.decorators.debug import sensitive_variables

from allauth.account.models import EmailAddress
from allauth.core.internal.types import JSONObject
from allauth.core.internal.urls import build_absolute_uri
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.provider_errors import invalid_token_on_error
from allauth.socialaccount.internal.provider_http import load_document
from allauth.socialaccount.internal.types import CommonFields, Profile
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from allauth.socialaccount.providers.profiles import Path

WELL_KNOWN = "/.well-known/"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def pick_claims(data: Profile) -> Profile:
    """Return the claims of the userinfo endpoint, if any, or else those of the ID token.

    The claims are at the top level in rows of releases before 65.11, and after a login by token.
    """
    claims: Profile = data.get("userinfo") or data.get("id_token") or data
    return claims


class OpenIDConnectProviderAccount(ProviderAccount):
    """An account at an OpenID Connect server."""

    def get_user_data(self) -> Profile | None:
        """Return the claims about the user."""
        data = super().get_user_data()
        return None if data is None else pick_claims(data)


class OpenIDConnectClient(OAuth2Client):
    """A client that encodes id and secret for Basic authentication (RFC 6749, section 2.3.1)."""

    @sensitive_variables()
    def get_basic_auth(self) -> tuple[str, str]:
        """Return id and secret, form-encoded: a colon would separate them."""
        return quote_plus(self.consumer_key), quote_plus(self.consumer_secret)


class OpenIDConnectOAuth2Adapter(OAuth2Adapter):
    """An adapter for the server that an app describes, with discovery of the endpoints.

    Parameters:
        provider_id: The ``provider_id`` of the app.
    """

    client_class = OpenIDConnectClient

    def __init__(self, request: HttpRequest | None, provider_id: str) -> None:
        self.provider_id = provider_id
        super().__init__(request)

    def get_provider(self) -> OpenIDConnectProvider:
        """Return the provider.

        Raises ``SocialApp.DoesNotExist`` if the app belongs to another provider class.
        """
        provider = super().get_provider()
        if not isinstance(provider, OpenIDConnectProvider):
            raise SocialApp.DoesNotExist
        return provider

    @cached_property
    def openid_config(self) -> JSONObject:
        """Discovery document (OpenID Connect Discovery 1.0) with the overrides of the app.

        Raises:
            requests.RequestException: The document could not be fetched.
            OAuth2Error: The document has another issuer, or endpoints without TLS.
        """
        provider = self.get_provider()
        url = provider.server_url
        overrides = provider.app.settings.get("openid_configuration_overrides") or {}
        document = load_document(
            url, lambda found: _find_config_error(found, url, overrides) is None
        )
        error = _find_config_error(document, url, overrides)
        if error is not None:
            raise OAuth2Error(error)
        return {**document, **overrides}

    def _get_endpoint(self, name: str) -> str:
        endpoint = self.openid_config.get(name)
        if not isinstance(endpoint, str):
            raise OAuth2Error(f"The discovery document has no {name}.")
        return endpoint

    @property
    def basic_auth(self) -> bool:  # type: ignore[override]
        """True for HTTP Basic authentication at the token endpoint.

        The setting ``token_auth_method`` of the app decides. By default, Basic authentication is
        used if the server does not support authentication in the body.
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
        """The issuer."""
        return self._get_endpoint("issuer")

    @property
    def requires_issuer(self) -> bool:  # type: ignore[override]
        """True if, according to the discovery document, each callback contains the issuer."""
        return self.openid_config.get("authorization_response_iss_parameter_supported") is True

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return the absolute URL to which the server redirects the user back."""
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return build_absolute_uri(request, path, self.redirect_uri_protocol)

    @sensitive_variables("id_token", "kwargs")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of the ID token and, unless the app disables it, of the userinfo."""
        id_token = (kwargs.get("response") or {}).get("id_token")
        data: JSONObject = {}
        if id_token:
            data["id_token"] = self.decode_id_token(app, id_token)
        if not id_token or app.settings.get("fetch_userinfo", True):
            data["userinfo"] = self.fetch_profile(token)
            self._check_subject(data)
        return self.get_provider().sociallogin_from_response(request, data)

    @sensitive_variables()
    def decode_id_token(self, app: SocialApp, id_token: object) -> JSONObject:
        """Return the claims of an ID token for this site.

        Raises ``OAuth2Error`` for any other token.
        """
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

    def _check_subject(self, data: Profile) -> None:
        """Raise ``OAuth2Error`` if userinfo and ID token differ in ``sub`` (Core, 5.3.2)."""
        claims = data.get("id_token")
        if claims and str(data["userinfo"].get("sub")) != str(claims["sub"]):
            raise OAuth2Error("The userinfo `sub` does not match the ID token.")


def _find_config_error(
    document: JSONObject, url: str, overrides: Mapping[str, object]
) -> str | None:
    """Return the reason why the discovery document at ``url`` is not valid, or ``None``."""
    if "issuer" not in overrides and not _is_issuer_of(document.get("issuer"), url):
        return (
            "The discovery document names an issuer other than the configured server. If that is"
            " right, put the issuer into openid_configuration_overrides."
        )
    for name in ENDPOINTS:
        if (
            name in document
            and name not in overrides
            and not _is_valid_endpoint(document[name], url)
        ):
            return f"The discovery document has no usable {name}."
    return None


def _is_issuer_of(issuer: object, url: str) -> bool:
    """Return whether ``url`` is that of the discovery document of ``issuer``.

    OpenID Connect Discovery and RFC 8414, section 3, define it differently.
    """
    if not isinstance(issuer, str):
        return False
    base, _, rest = url.partition("/.well-known/")
    path = rest.partition("/")[2]
    return issuer.rstrip("/") == "/".join(part for part in (base, path.rstrip("/")) if part)


def _is_valid_endpoint(endpoint: object, url: str) -> bool:
    if not isinstance(endpoint, str):
        return False
    scheme = urlsplit(endpoint).scheme
    return scheme == "https" or (scheme == "http" and urlsplit(url).scheme == "http")


class OpenIDConnectProvider(OAuth2Provider):
    """An OpenID Connect server, as the settings of an app describe it.

    The setting ``server_url`` is required. Optional are ``fetch_userinfo``, ``token_auth_method``,
    ``uid_field``, ``openid_configuration_overrides`` and ``use_nonce``.
    """

    id = "openid_connect"
    name: str | Promise = "OpenID Connect"
    oauth2_adapter_class: ClassVar[type[OpenIDConnectOAuth2Adapter]] = OpenIDConnectOAuth2Adapter
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
        """The URL of the discovery document."""
        return self.wk_server_url(self.app.settings["server_url"])

    def wk_server_url(self, url: str) -> str:
        """Return the URL of the discovery document of the server at ``url``."""
        if WELL_KNOWN in url:
            return url
        return f"{url.rstrip('/')}{WELL_KNOWN}openid-configuration"

    @property
    def token_auth_method(self) -> str | None:
        """The configured authentication method of the token endpoint, if any."""
        method: str | None = self.app.settings.get("token_auth_method")
        return method

    @property
    def uses_nonce(self) -> bool:  # type: ignore[override]
        """True unless the app disables the nonce, for a server that does not return it."""
        return bool(self.app.settings.get("use_nonce", True))

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Return the URL of the page that redirects to the server.

        Parameters:
            kwargs: The query of the URL.
        """
        url = self._reverse("login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        """Return the path to which the server redirects the user back."""
        return self._reverse("callback")

    def _reverse(self, page: str) -> str:
        return reverse(f"{self.app.provider}_{page}", kwargs={"provider_id": self.app.provider_id})

    def get_oauth2_adapter(self, request: HttpRequest | None) -> OpenIDConnectOAuth2Adapter:
        """Return an adapter that uses this provider."""
        return self.bind(self.oauth2_adapter_class(request, self.app.provider_id))

    def extract_uid(self, data: Profile) -> str:
        """Return the claim that the app names, by default ``sub``."""
        uid_field = self.app.settings.get("uid_field", "sub")
        return parse_uid(pick_claims(data).get(uid_field))

    def extract_common_fields(self, data: Profile) -> CommonFields:
        """Return the common fields in the claims."""
        return super().extract_common_fields(pick_claims(data))

    def extract_email_addresses(self, data: Profile) -> list[EmailAddress]:
        """Return the email address in the claims."""
        return super().extract_email_addresses(pick_claims(data))

    @sensitive_variables("token")
    def verify_token(self, request: HttpRequest | None, token: JSONObject) -> SocialLogin:
        """Return the login of an ID token that the server issued to a client of the site."""
        adapter = self.get_oauth2_adapter(request)
        with invalid_token_on_error():
            claims = adapter.decode_id_token(self.app, token.get("id_token"))
            return self.sociallogin_from_response(request, claims)


provider_classes = [OpenIDConnectProvider]
