"""Apple: adapter and views."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.types import JSONObject
from allauth.core.internal.urls import add_query_params, build_absolute_uri
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.provider_views import remote_view
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.apple.apple_session import get_apple_session
from allauth.socialaccount.providers.apple.client import AppleOAuth2Client
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)

if TYPE_CHECKING:
    from allauth.socialaccount.providers.apple.provider import AppleProvider

ISSUER = "https://appleid.apple.com"
MAX_POSTED_LENGTH = 16 * 1024
POSTED_NAMES = ("user", "id_token")


class AppleOAuth2Adapter(OAuth2Adapter):
    """Apple (https://developer.apple.com/documentation/signinwithapplerestapi)."""

    client_class: type[OAuth2Client] = AppleOAuth2Client
    provider_id = "apple"
    authorize_url = f"{ISSUER}/auth/authorize"
    access_token_url = f"{ISSUER}/auth/token"
    public_key_url = f"{ISSUER}/auth/keys"

    @classmethod
    @sensitive_variables()
    def get_verified_identity_data(cls, provider: AppleProvider, id_token: object) -> JSONObject:
        """Return the claims of an ID token for this site.

        Raises ``OAuth2Error`` for any other token.
        """
        return jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=cls.public_key_url,
            issuer=ISSUER,
            audience=provider.get_auds(),
            lookup_kid=jwtkit.lookup_kid_jwk,
        )

    @sensitive_variables()
    def get_access_token_data(
        self,
        request: HttpRequest,
        app: SocialApp,
        client: OAuth2Client,
        pkce_code_verifier: str | None = None,
    ) -> JSONObject:
        """Return the members of the token response, with the name that the browser posted.

        A browser can post anything, so only the name is used, which is a mere suggestion. The email
        address comes from the ID token.
        """
        data = super().get_access_token_data(request, app, client, pkce_code_verifier)
        name = self.get_user_scope_data(request).get("name")
        if isinstance(name, dict):
            data["name"] = name
        data["id_token"] = data.get("id_token") or self._get_posted_data(request).get("id_token")
        return data

    @sensitive_variables()
    def _get_posted_data(self, request: HttpRequest) -> JSONObject:
        """Return the data that were posted for this login."""
        store = get_apple_session(request).store
        if store.get("state") != get_request_param(request, "state"):
            return {}
        return {name: store.get(name) for name in POSTED_NAMES}

    def get_user_scope_data(self, request: HttpRequest) -> JSONObject:
        """Return the posted data about the user, which Apple sends at the first consent."""
        try:
            user = json.loads(self._get_posted_data(request).get("user") or "")
        except ValueError:
            return {}
        return user if isinstance(user, dict) else {}

    @sensitive_variables()
    def parse_token(self, data: JSONObject) -> SocialToken:
        """Return the tokens, unsaved, with the claims of the ID token as ``user_data``."""
        token = super().parse_token(data)
        provider = cast("AppleProvider", self.get_provider())
        claims = self.get_verified_identity_data(provider, data["id_token"])
        self.check_nonce(claims)
        token.user_data = {**data, **claims}  # type: ignore[attr-defined]
        return token

    @sensitive_variables("kwargs", "user_data")
    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        """Return the login of the claims in the ID token."""
        user_data = token.user_data  # type: ignore[attr-defined]
        login: SocialLogin = self.get_provider().sociallogin_from_response(request, user_data)
        get_apple_session(request).delete()
        return login


@remote_view
@csrf_exempt
@sensitive_variables()
def apple_post_callback(
    request: HttpRequest, finish_endpoint_name: str = "apple_finish_callback"
) -> HttpResponseBase:
    """Store the posted data in a session of their own, and redirect to the callback.

    The browser sends no session cookie with a POST from another site, but the login needs it.

    Parameters:
        finish_endpoint_name: The URL name of the callback.
    """
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    params = {name: get_request_param(request, name) for name in ("code", "state", "error")}
    url = build_absolute_uri(request, reverse(finish_endpoint_name))
    response = HttpResponseRedirect(
        add_query_params(url, {name: value for name, value in params.items() if value})
    )
    posted = {name: get_request_param(request, name, "") or "" for name in POSTED_NAMES}
    if any(posted.values()) and all(len(text) <= MAX_POSTED_LENGTH for text in posted.values()):
        session = get_apple_session(request)
        session.store.update({**posted, "state": params["state"]})
        session.save(response)
    return response


oauth2_login = OAuth2LoginView.adapter_view(AppleOAuth2Adapter)
oauth2_callback = apple_post_callback
oauth2_finish_login = OAuth2CallbackView.adapter_view(AppleOAuth2Adapter)
