"""OAuth 2.0 client for Sign in with Apple."""

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
    """Return a signed token.

    Parameters:
        args: Positional arguments of ``jwt.encode``.
        kwargs: Keyword arguments of ``jwt.encode``.
    """
    import jwt

    return jwt.encode(*args, **kwargs)


class Scope:
    """Scopes of Apple."""

    EMAIL = "email"
    NAME = "name"


class AppleOAuth2Client(OAuth2Client):
    """A client whose secret is a short-lived token that it signs.

    See https://developer.apple.com/documentation/accountorganizationaldatasharing.
    """

    def get_client_id(self) -> str:
        """Return the first client id of the app, which is the one for the web."""
        return self.consumer_key.partition(",")[0].strip()

    @sensitive_variables()
    def generate_client_secret(self) -> str:
        """Return a client secret that is valid for ``SECRET_LIFETIME`` seconds.

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
        """Return id and secret, as parameters of the token request."""
        return {
            "client_id": self.get_client_id(),
            "client_secret": self.generate_client_secret(),
        }

    def get_redirect_url(
        self, authorization_url: str, scope: Iterable[str], extra_params: Mapping[str, object]
    ) -> str:
        """Return the URL at which Apple asks the user for consent, and then posts the code."""
        params = {
            "client_id": self.get_client_id(),
            "response_mode": "form_post",
            "response_type": "code id_token",
            **extra_params,
        }
        return super().get_redirect_url(authorization_url, scope, params)

    def build_url(self, url: str, params: Mapping[str, object]) -> str:
        """Return ``url`` with ``params`` as its query, with ``%20`` for a space, as Apple needs."""
        return f"{url}?{urlencode(params, quote_via=quote)}"
