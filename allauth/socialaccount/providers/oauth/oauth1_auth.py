"""Authentication of ``requests`` by signatures (RFC 5849), which OAuthLib computes."""

from __future__ import annotations

from typing import Any

from django.views.decorators.debug import sensitive_variables
from oauthlib.common import extract_params
from oauthlib.oauth1 import SIGNATURE_HMAC, SIGNATURE_TYPE_AUTH_HEADER, SIGNATURE_TYPE_BODY, Client
from requests import PreparedRequest
from requests.auth import AuthBase

CONTENT_TYPE_FORM_URLENCODED = "application/x-www-form-urlencoded"
CONTENT_TYPE_MULTI_PART = "multipart/form-data"

__all__ = [
    "CONTENT_TYPE_FORM_URLENCODED",
    "CONTENT_TYPE_MULTI_PART",
    "SIGNATURE_HMAC",
    "SIGNATURE_TYPE_AUTH_HEADER",
    "SIGNATURE_TYPE_BODY",
    "OAuth1",
]


class OAuth1(AuthBase):
    """The ``auth`` argument of ``requests`` for signed requests.

    Parameters:
        client_key: The consumer key.
        client_secret: The consumer secret.
        resource_owner_key: The request token or access token.
        resource_owner_secret: The secret of that token.
        callback_uri: The URL to which the provider redirects the user back.
        signature_method: One of the methods of OAuthLib.
        signature_type: The place of the signature: header, query or body.
        rsa_key: The private key in PEM, for RSA signatures.
        verifier: The verifier of the callback.
        decoding: The encoding of the output of OAuthLib.
        client_class: A replacement for the client of OAuthLib.
        force_include_body: Sign the body even if it is not a form.
        kwargs: Further arguments of the client.
    """

    client_class = Client

    @sensitive_variables()
    def __init__(
        self,
        client_key: str,
        client_secret: str | None = None,
        resource_owner_key: str | None = None,
        resource_owner_secret: str | None = None,
        callback_uri: str | None = None,
        signature_method: str = SIGNATURE_HMAC,
        signature_type: str = SIGNATURE_TYPE_AUTH_HEADER,
        rsa_key: str | None = None,
        verifier: str | None = None,
        decoding: str | None = "utf-8",
        client_class: type[Client] | None = None,
        force_include_body: bool = False,
        **kwargs: Any,
    ) -> None:
        self.force_include_body = force_include_body
        self.client = (client_class or self.client_class)(
            client_key,
            client_secret=client_secret,
            resource_owner_key=resource_owner_key,
            resource_owner_secret=resource_owner_secret,
            callback_uri=callback_uri,
            signature_method=signature_method,
            signature_type=str(signature_type).upper(),
            rsa_key=rsa_key,
            verifier=verifier,
            decoding=decoding,
            **kwargs,
        )

    @sensitive_variables()
    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Sign ``r``, including a form-encoded body, and return it."""
        content_type = _to_text(r.headers.get("Content-Type", ""))
        body = _to_text(r.body or "")
        if not content_type and extract_params(body):
            content_type = CONTENT_TYPE_FORM_URLENCODED
        headers = {_to_text(name): _to_text(value) for name, value in r.headers.items()}
        is_form = CONTENT_TYPE_FORM_URLENCODED in content_type
        if is_form:
            headers["Content-Type"] = CONTENT_TYPE_FORM_URLENCODED
        signs_body = is_form or self.force_include_body
        method: Any = r.method
        url, signed_headers, signed_body = self.client.sign(
            str(r.url), method, body if signs_body else None, headers
        )
        r.prepare_headers(signed_headers)
        r.url = _to_text(url)
        if is_form:
            r.prepare_body(_to_text(signed_body or ""), None)
        return r


def _to_text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
