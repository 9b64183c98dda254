"""The client side of Sign in with Apple."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables

from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error

SECRET_LIFETIME = 60 * 60

__all__ = ["AppleOAuth2Client", "OAuth2Client", "OAuth2Error", "Scope", "jwt_encode"]


@sensitive_variables()
def jwt_encode(*args: Any, **kwargs: Any) -> str:
    """Make a token; the parameters are those of ``jwt.encode``."""
    import jwt

    return jwt.encode(*args, **kwargs)


class Scope:
    """What can be asked for."""

    EMAIL = "email"
    NAME = "name"


class AppleOAuth2Client(OAuth2Client):
    """A client whose secret is a token that it signs anew each time.

    See https://developer.apple.com/documentation/accountorganizationaldatasharing.
    """

    def get_client_id(self) -> str:
        """Return the first of the client ids of the app, which is the one for the web."""
        return self.consumer_key.partition(",")[0].strip()

    @sensitive_variables()
    def generate_client_secret(self) -> str:
        """Sign a secret that is valid for an hour.

        Raises ``ImproperlyConfigured`` if the app lacks ``key`` or ``certificate_key``.
        """
        app = get_adapter().get_app(self.request, provider="apple", client_id=self.consumer_key)
        private_key = app.settings.get("certificate_key")
        if not app.key or not private_key:
            raise ImproperlyConfigured("The app of Apple needs key and settings.certificate_key.")
        now = int(time.time())
        claims = {
            "iss": app.key,
            "aud": "https://appleid.apple.com",
            "sub": self.get_client_id(),
            "iat": now,
            "exp": now + SECRET_LIFETIME,
        }
        headers = {"kid": self.consumer_secret, "alg": "ES256"}
        return jwt_encode(payload=claims, key=private_key, algorithm="ES256", headers=headers)

    def get_credentials(self) -> dict[str, str]:
        """Return id and secret, as fields of the token request."""
        return {
            "client_id": self.get_client_id(),
            "client_secret": self.generate_client_secret(),
        }

    def get_redirect_url(
        self, authorization_url: str, scope: Iterable[str], extra_params: Mapping[str, Any]
    ) -> str:
        """Return the URL at which Apple asks for consent, and from where it posts the answer."""
        params = {
            "client_id": self.get_client_id(),
            "response_mode": "form_post",
            "response_type": "code id_token",
            **extra_params,
        }
        return super().get_redirect_url(authorization_url, scope, params)

    def build_url(self, url: str, params: Mapping[str, Any]) -> str:
        """``url`` with ``params`` as its query, in which Apple does not take + for a blank."""
        return f"{url}?{urlencode(params, quote_via=quote)}"
