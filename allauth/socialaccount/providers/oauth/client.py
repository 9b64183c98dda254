"""OAuth 1.0a client (RFC 5849)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.views.decorators.debug import sensitive_variables

from allauth.core.async_support import AsyncOverridable
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.types import JSONObject
from allauth.core.internal.urls import build_absolute_uri
from allauth.socialaccount.internal.hooks import get_adapter
from allauth.socialaccount.internal.provider_http import read_json

if TYPE_CHECKING:
    from requests import Response

    from allauth.socialaccount.providers.base.provider import Provider


class OAuthError(Exception):
    """The provider, or a request in its name, violates the protocol."""


def get_token_prefix(url: str) -> str:
    """Return the host in ``url``, which is part of the session keys of tokens."""
    return urlsplit(url).netloc


def _get_session_key(url: str, kind: str) -> str:
    return f"oauth_{get_token_prefix(url)}_{kind}_token"


@sensitive_variables()
def _parse_token(response: Response) -> dict[str, str]:
    """Return the token in a response.

    Raises ``OAuthError``, without the text of the response, if there is none.
    """
    if response.status_code not in (200, 201):
        raise OAuthError(f"The provider answered with status {response.status_code}.")
    token = dict(parse_qsl(response.text))
    if not token.get("oauth_token"):
        raise OAuthError("The provider did not answer with a token.")
    return token


class OAuthClient(AsyncOverridable):
    """A client for the three steps of the protocol: request token, redirect, access token.

    Parameters:
        request: The request being served.
        consumer_key: The key of the app.
        consumer_secret: The secret of the app.
        request_token_url: The endpoint for request tokens.
        access_token_url: The endpoint for access tokens.
        callback_url: The path or URL to which the provider redirects the user back.
        parameters: The query of the request for a request token.
        provider: The provider, for subclasses.

    Attributes:
        errors: The reasons why :meth:`is_valid` returned ``False``.
    """

    @sensitive_variables()
    def __init__(
        self,
        request: HttpRequest,
        consumer_key: str,
        consumer_secret: str,
        request_token_url: str,
        access_token_url: str,
        callback_url: str,
        parameters: Mapping[str, str] | None = None,
        provider: Provider | None = None,
    ) -> None:
        self.request = request
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.request_token_url = request_token_url
        self.access_token_url = access_token_url
        self.callback_url = callback_url
        self.parameters = dict(parameters or {})
        self.provider = provider
        self.request_token: dict[str, str] | None = None
        self.access_token: dict[str, str] | None = None
        self.errors: list[str] = []

    @sensitive_variables()
    def _get_request_token(self) -> dict[str, str]:
        """Return the request token, which is fetched once and stored in the session."""
        if self.request_token is None:
            from allauth.socialaccount.providers.oauth.oauth1_auth import OAuth1

            callback_url = build_absolute_uri(self.request, self.callback_url)
            query = urlencode({**self.parameters, "oauth_callback": callback_url})
            separator = "&" if "?" in self.request_token_url else "?"
            with get_adapter().get_requests_session() as session:
                response = session.post(
                    url=f"{self.request_token_url}{separator}{query}",
                    auth=OAuth1(self.consumer_key, client_secret=self.consumer_secret),
                )
            self.request_token = _parse_token(response)
            key = _get_session_key(self.request_token_url, "request")
            self.request.session[key] = self.request_token
        return self.request_token

    @sensitive_variables()
    def _get_rt_from_session(self) -> dict[str, str]:
        """Return the request token in the session; raise ``OAuthError`` if there is none."""
        key = _get_session_key(self.request_token_url, "request")
        token: dict[str, str] | None = self.request.session.get(key)
        if not token:
            raise OAuthError("This session has no request token.")
        return token

    @sensitive_variables()
    def has_request_token(self, token: str) -> bool:
        """Return whether the session stores the request token with this ``oauth_token``."""
        stored = self.request.session.get(_get_session_key(self.request_token_url, "request"))
        return isinstance(stored, dict) and stored.get("oauth_token") == token

    @sensitive_variables()
    def use_request_token(self, request_token: dict[str, str] | None) -> None:
        """Make ``request_token`` the one in the session: other tabs may have stored others."""
        if request_token:
            key = _get_session_key(self.request_token_url, "request")
            self.request.session[key] = request_token

    def get_state_id(self) -> str:
        """Return the ``oauth_token`` of the request token, which the provider sends back."""
        return str(self._get_request_token()["oauth_token"])

    @sensitive_variables()
    def get_access_token(self) -> dict[str, str]:
        """Exchange request token and verifier for an access token.

        Raises ``OAuthError`` if the callback belongs to another request token.
        """
        if self.access_token is None:
            from allauth.socialaccount.providers.oauth.oauth1_auth import OAuth1

            request_token = self._get_rt_from_session()
            verifier = get_request_param(self.request, "oauth_verifier")
            if get_request_param(self.request, "oauth_token") != request_token["oauth_token"]:
                raise OAuthError("The provider answered to another login.")
            if not verifier:
                raise OAuthError("The provider sent no verifier.")
            separator = "&" if "?" in self.access_token_url else "?"
            query = urlencode({"oauth_verifier": verifier})
            with get_adapter().get_requests_session() as session:
                response = session.post(
                    url=f"{self.access_token_url}{separator}{query}",
                    auth=OAuth1(
                        self.consumer_key,
                        client_secret=self.consumer_secret,
                        resource_owner_key=request_token["oauth_token"],
                        resource_owner_secret=request_token.get("oauth_token_secret"),
                    ),
                )
            self.access_token = _parse_token(response)
            key = _get_session_key(self.request_token_url, "access")
            self.request.session[key] = self.access_token
        return self.access_token

    def forget_tokens(self) -> None:
        """Remove the tokens from the session."""
        for kind in ("request", "access"):
            self.request.session.pop(_get_session_key(self.request_token_url, kind), None)

    @sensitive_variables()
    def get_redirect(
        self, authorization_url: str, extra_params: Mapping[str, object]
    ) -> HttpResponseRedirect:
        """Return the redirect to the provider.

        Parameters:
            extra_params: Further parameters of the URL, which override those of the protocol.

        Raises ``OAuthError`` if the provider issues no request token.
        """
        query = urlencode(
            {
                "oauth_token": self._get_request_token()["oauth_token"],
                "oauth_callback": build_absolute_uri(self.request, self.callback_url),
                **extra_params,
            }
        )
        separator = "&" if "?" in authorization_url else "?"
        return HttpResponseRedirect(f"{authorization_url}{separator}{query}")

    def is_valid(self) -> bool:
        """Return whether there is an access token; if not, add the reason to ``errors``."""
        try:
            self._get_rt_from_session()
            self.get_access_token()
        except OAuthError as error:
            self.errors.append(str(error))
            return False
        return True


class OAuth(AsyncOverridable):
    """A client for the API of a provider, with the access token in the session.

    Parameters:
        request: The request being served.
        consumer_key: The key of the app.
        secret_key: The secret of the app.
        request_token_url: The endpoint for request tokens, whose host is in the session keys.
    """

    @sensitive_variables()
    def __init__(
        self, request: HttpRequest, consumer_key: str, secret_key: str, request_token_url: str
    ) -> None:
        self.request = request
        self.consumer_key = consumer_key
        self.secret_key = secret_key
        self.request_token_url = request_token_url

    @sensitive_variables()
    def _get_at_from_session(self) -> dict[str, str]:
        """Return the access token in the session; raise ``OAuthError`` if there is none."""
        token = self.request.session.get(_get_session_key(self.request_token_url, "access"))
        if not isinstance(token, dict) or not token.get("oauth_token"):
            raise OAuthError("This session has no access token.")
        return token

    @sensitive_variables()
    def query(
        self,
        url: str,
        method: str = "GET",
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Return the response to a signed request; raise ``OAuthError`` for an error status."""
        from allauth.socialaccount.providers.oauth.oauth1_auth import OAuth1

        token = self._get_at_from_session()
        auth = OAuth1(
            self.consumer_key,
            client_secret=self.secret_key,
            resource_owner_key=token["oauth_token"],
            resource_owner_secret=token.get("oauth_token_secret"),
        )
        with get_adapter().get_requests_session() as session:
            response = session.request(
                method=method.lower(), url=url, auth=auth, headers=headers, params=params
            )
        if response.status_code != 200:
            raise OAuthError(f"The provider answered with status {response.status_code}.")
        return response

    def query_json(self, url: str, **kwargs: Any) -> JSONObject:
        """Return the JSON object in the response to a signed request.

        Parameters:
            kwargs: Arguments of :meth:`query`.
        """
        return read_json(self.query(url, **kwargs))
