"""OAuth 2.0 client for the authorization code grant (RFC 6749, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from allauth.core.async_support import AsyncOverridable
from allauth.core.internal.types import JSONObject
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.types import QueryParams

if TYPE_CHECKING:
    from requests import Response


class OAuth2Error(Exception):
    """The provider, or a request in its name, violates the protocol."""


class OAuth2Client(AsyncOverridable):
    """A client for the two steps of the grant: authorization URL, code exchange.

    Parameters:
        request: The request being served.
        consumer_key: The client id.
        consumer_secret: The client secret.
        access_token_method: ``"POST"``, or ``"GET"`` for providers that require it.
        access_token_url: The token endpoint.
        callback_url: The absolute URL to which the provider redirects the user back.
        scope_delimiter: The text between two scopes.
        headers: Headers of the token request.
        basic_auth: Send id and secret by HTTP Basic authentication instead of in the body.

    Attributes:
        state: The id of the state, which the authorization URL contains.
    """

    client_id_parameter = "client_id"

    @sensitive_variables()
    def __init__(
        self,
        request: HttpRequest,
        consumer_key: str,
        consumer_secret: str,
        access_token_method: str,
        access_token_url: str,
        callback_url: str,
        scope_delimiter: str = " ",
        headers: Mapping[str, str] | None = None,
        basic_auth: bool = False,
    ) -> None:
        self.request = request
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.access_token_method = access_token_method
        self.access_token_url = access_token_url
        self.callback_url = callback_url
        self.scope_delimiter = scope_delimiter
        self.headers = headers
        self.basic_auth = basic_auth
        self.state: str | None = None

    def get_redirect_url(
        self, authorization_url: str, scope: Iterable[str], extra_params: Mapping[str, object]
    ) -> str:
        """Return the URL at which the provider asks the user for consent.

        Parameters:
            scope: The scopes to request, in order. Repetitions are dropped.
            extra_params: Further parameters, which override those of the protocol.
        """
        params: QueryParams = {
            self.client_id_parameter: self.consumer_key,
            "redirect_uri": self.callback_url,
            "scope": self.scope_delimiter.join(dict.fromkeys(scope)),
            "response_type": "code",
        }
        if self.state:
            params["state"] = self.state
        params.update(extra_params)
        return self.build_url(authorization_url, params)

    def build_url(self, url: str, params: Mapping[str, object]) -> str:
        """Return ``url`` with ``params`` as its query."""
        return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"

    @sensitive_variables()
    def get_access_token(
        self,
        code: str,
        pkce_code_verifier: str | None = None,
        extra_data: Mapping[str, object] | None = None,
    ) -> JSONObject:
        """Exchange the code for tokens, and return the members of the token response.

        Parameters:
            pkce_code_verifier: The verifier for the challenge in the authorization URL.
            extra_data: Further parameters.

        Raises ``OAuth2Error`` for a response without an access token.
        """
        data: JSONObject = {
            "redirect_uri": self.callback_url,
            "grant_type": "authorization_code",
            "code": code,
        }
        auth = self.get_basic_auth() if self.basic_auth else None
        if auth is None:
            data.update(self.get_credentials())
        data.update(extra_data or {})
        self._strip_empty_keys(data)
        method = self.access_token_method
        if pkce_code_verifier:
            # URLs end up in logs, where an attacker with the code could find the verifier.
            method = "POST"
            data["code_verifier"] = pkce_code_verifier
        is_query = method == "GET"
        with get_adapter().get_requests_session() as session:
            response = session.request(
                method,
                self.access_token_url,
                params=data if is_query else None,
                data=None if is_query else data,
                headers=self.headers,
                auth=auth,
            )
            return self.parse_token_response(response)

    def get_credentials(self) -> dict[str, str]:
        """Return id and secret, as parameters of the token request."""
        return {
            self.client_id_parameter: self.consumer_key,
            "client_secret": self.consumer_secret,
        }

    def get_basic_auth(self) -> tuple[str, str]:
        """Return username and password for HTTP Basic authentication."""
        return self.consumer_key, self.consumer_secret

    @sensitive_variables()
    def parse_token_response(self, response: Response) -> JSONObject:
        """Return the members of a token response: JSON or, in older APIs, form-encoded text.

        Raises ``OAuth2Error``, without the text of the response, if there is no access token.
        """
        if response.status_code not in (200, 201):
            raise OAuth2Error(f"The token endpoint answered with status {response.status_code}.")
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        data: object
        try:
            if media_type == "application/json" or response.text[:2] == '{"':
                data = response.json()
            else:
                data = dict(parse_qsl(response.text))
        except ValueError as error:
            raise OAuth2Error("The token endpoint answered with malformed text.") from error
        if not isinstance(data, dict) or not _is_token(data.get("access_token")):
            raise OAuth2Error("The token endpoint did not answer with an access token.")
        return data

    def _strip_empty_keys(self, params: QueryParams) -> None:
        """Remove parameters with empty text, which some providers reject."""
        for name in [name for name, value in params.items() if value == ""]:
            del params[name]


def _is_token(value: object) -> bool:
    """Return whether ``value`` can be a token: a text that is not empty."""
    return isinstance(value, str) and value != ""
