"""Facebook: requests to the Graph API."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Protocol

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_http import cache_or_none, fetch_json
from allauth.socialaccount.internal.single_flight import flights
from allauth.socialaccount.internal.types import Profile, ProviderSettings
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.facebook import constants
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

JWT_FIELD_TO_GRAPH_API_FIELD_MAP = {
    "sub": "id",
    "name": "name",
    "given_name": "first_name",
    "family_name": "last_name",
    "email": "email",
    "user_link": "link",
}
APP_TOKEN_TIMEOUT = 300

__getattr__ = constants.__getattr__


class GraphProvider(Protocol):
    """The members of the provider that this module uses."""

    app: SocialApp
    limited_login_expected_jwt_issuer: str
    limited_login_jwks_url: str

    def get_fields(self) -> list[str]:
        """Return the fields of the profile to ask for."""
        ...

    def get_settings(self) -> ProviderSettings:
        """Return a copy of the settings of the provider."""
        ...

    def sociallogin_from_response(
        self, request: HttpRequest | None, response: Profile
    ) -> SocialLogin:
        """Return the login of a profile."""
        ...


@sensitive_variables()
def _query_graph_api(path: str, **params: str) -> JSONObject:
    """Return the JSON object at ``path`` of the Graph API.

    Parameters:
        params: The query, which includes all credentials.
    """
    return fetch_json(f"{constants.GRAPH_API_URL}/{path}", params=params)


@sensitive_variables()
def compute_appsecret_proof(app: SocialApp, token: SocialToken) -> str:
    """Return the proof that the site with the secret of the app uses the token.

    See https://developers.facebook.com/docs/graph-api/guides/secure-requests.
    """
    return hmac.new(app.secret.encode(), token.token.encode(), hashlib.sha256).hexdigest()


def complete_login(
    request: HttpRequest | None, provider: GraphProvider, token: SocialToken
) -> SocialLogin:
    """Return the login of the owner of ``token``."""
    profile = _query_graph_api(
        "me",
        fields=",".join(provider.get_fields()),
        access_token=token.token,
        appsecret_proof=compute_appsecret_proof(provider.app, token),
    )
    return provider.sociallogin_from_response(request, profile)


@sensitive_variables()
def get_app_token(provider: GraphProvider) -> str:
    """Return the access token of the app itself, from the cache if possible.

    Concurrent threads share one request.
    """
    key = ("facebook app token", provider.app.client_id)
    return flights.run(key, lambda: _load_app_token(provider))


@sensitive_variables()
def _load_app_token(provider: GraphProvider) -> str:
    app = provider.app
    cache_key = f"allauth.facebook.app_token[{app.client_id}]"
    token = cache_or_none(cache.get, cache_key)
    if not isinstance(token, str):
        token = _get_access_token(
            client_id=app.client_id, client_secret=app.secret, grant_type="client_credentials"
        )["access_token"]
        timeout = provider.get_settings().get("APP_TOKEN_CACHE_TIMEOUT", APP_TOKEN_TIMEOUT)
        cache_or_none(cache.set, cache_key, token, timeout)
    return str(token)


@sensitive_variables()
def _get_access_token(**params: str) -> JSONObject:
    data = _query_graph_api("oauth/access_token", **params)
    if not isinstance(data.get("access_token"), str):
        raise OAuth2Error("Facebook did not answer with an access token.")
    return data


@sensitive_variables()
def inspect_token(provider: GraphProvider, input_token: str) -> JSONObject:
    """Return the data of Facebook about an access token of the app.

    Raises ``ValidationError`` for any other token.
    """
    answer = _query_graph_api(
        "debug_token", input_token=input_token, access_token=get_app_token(provider)
    )
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("is_valid") is not True:
        raise get_adapter().validation_error("invalid_token")
    if data.get("app_id") != provider.app.client_id:
        raise get_adapter().validation_error("invalid_token")
    return data


@sensitive_variables("access_token", "auth_nonce")
def verify_token(
    request: HttpRequest | None,
    provider: GraphProvider,
    access_token: str,
    auth_type: str = "",
    auth_nonce: str = "",
) -> SocialLogin:
    """Return the login of an access token that Facebook issued to a client of the site.

    Parameters:
        auth_type: ``"reauthenticate"`` if the user had to enter the password at Facebook.
        auth_nonce: The nonce that the token must be bound to in that case.

    Raises ``ValidationError`` for a token that is not valid for this site.
    """
    inspect_token(provider, access_token)
    if auth_type == "reauthenticate":
        _check_nonce(provider, access_token, auth_nonce)
    token = SocialToken(token=access_token)
    if provider.app.pk:
        token.app = provider.app
    if provider.get_settings().get("EXCHANGE_TOKEN"):
        _exchange_token(provider.app, token)
    login = complete_login(request, provider, token)
    login.token = token
    return login


@sensitive_variables()
def _check_nonce(provider: GraphProvider, access_token: str, auth_nonce: str) -> None:
    info = _query_graph_api(
        "oauth/access_token_info", client_id=provider.app.client_id, access_token=access_token
    )
    nonce = info.get("auth_nonce")
    if not auth_nonce or not isinstance(nonce, str):
        raise get_adapter().validation_error("invalid_token")
    if not constant_time_compare(nonce, auth_nonce):
        raise get_adapter().validation_error("invalid_token")


@sensitive_variables()
def _exchange_token(app: SocialApp, token: SocialToken) -> None:
    """Exchange ``token``, in place, for one with a lifetime of weeks instead of hours."""
    data = _get_access_token(
        grant_type="fb_exchange_token",
        client_id=app.client_id,
        client_secret=app.secret,
        fb_exchange_token=token.token,
    )
    token.token = data["access_token"]
    lifetime = data.get("expires_in")
    if lifetime:
        token.expires_at = timezone.now() + timedelta(seconds=int(lifetime))


@sensitive_variables("id_token")
def verify_limited_login_token(
    request: HttpRequest | None, provider: GraphProvider, id_token: object
) -> SocialLogin:
    """Return the login of an ID token of Limited Login, as the SDK for iOS receives it.

    Raises ``OAuth2Error`` for a token that is not valid for this site.
    """
    claims = jwtkit.verify_and_decode(
        credential=id_token,
        keys_url=provider.limited_login_jwks_url,
        issuer=provider.limited_login_expected_jwt_issuer,
        audience=provider.app.client_id,
        lookup_kid=jwtkit.lookup_kid_jwk,
    )
    profile = {
        field: claims[claim]
        for claim, field in JWT_FIELD_TO_GRAPH_API_FIELD_MAP.items()
        if claim in claims
    }
    return provider.sociallogin_from_response(request, profile)
