"""Logins by example: what a provider answers, and what has to come of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from django.urls import reverse

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers import registry
from allauth.socialaccount.signals import pre_social_login
from tests.support.idp.browser import start_login
from tests.support.idp.oidc import make_key
from tests.support.idp.rerouting import ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply

APP = {"client_id": "client-1", "secret": "secret-1", "key": "key-1", "name": "An app"}
ACCESS_TOKEN = "canary-access-token"
TOKENS = {
    "access_token": ACCESS_TOKEN,
    "refresh_token": "canary-refresh-token",
    "expires_in": 3600,
}


@dataclass
class Example:
    """A login, and what has to come of it.

    Attributes:
        provider: The id of the provider.
        replies: What its endpoints answer, by URL without a query, in the order of the requests.
        authorize_url: Where the visitor is sent.
        scope: What is asked for.
        token_url: Where the code is exchanged.
        fields: What the adapter fills the user from.
        emails: The addresses as tuples of address, verified, primary.
        settings: What is under the id of the provider in ``SOCIALACCOUNT_PROVIDERS``.
        app: Further fields of the app.
        claims: What is in the ID token.
        auth_params: What else is in the authorization URL.
        token_method: How the code is exchanged.
        token_in: Where the access token is in the requests: ``"header"`` or ``"query"``.
    """

    provider: str
    authorize_url: str
    token_url: str
    uid: str
    replies: dict[str, Any] = field(default_factory=dict)
    scope: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    emails: list[tuple[str, bool, bool]] = field(default_factory=list)
    extra_data: dict[str, Any] | None = None
    user: dict[str, str] = field(default_factory=dict)
    to_str: str = ""
    profile_url: str | None = None
    avatar_url: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    app: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] | None = None
    auth_params: dict[str, str] = field(default_factory=dict)
    scope_delimiter: str = " "
    token_method: str = "POST"
    token_in: str = "header"
    title: str = ""

    def __str__(self) -> str:
        return f"{self.provider}-{self.title}" if self.title else self.provider

    def configure(self, settings: Any) -> None:
        """Put the app of the example, and no other, into the settings."""
        settings.SOCIALACCOUNT_QUERY_EMAIL = True
        settings.SOCIALACCOUNT_PROVIDERS = {
            self.provider: {"APPS": [{**APP, **self.app}], **self.settings}
        }


def start(client: Client, example: Example) -> dict[str, str]:
    """Begin the login, and check the authorization URL; returns its query."""
    url = start_login(client, reverse(f"{example.provider}_login"))
    location, _, query = url.partition("?")
    params = dict(parse_qsl(query, keep_blank_values=True))
    assert location == example.authorize_url
    assert params["scope"] == example.scope_delimiter.join(example.scope)
    assert params["response_type"]
    assert params["redirect_uri"].endswith(reverse(f"{example.provider}_callback"))
    assert {name: params.get(name) for name in example.auth_params} == example.auth_params
    return params


def serve(server: IdentityProvider, example: Example, query: dict[str, str]) -> None:
    """Have ``server`` answer as the provider of the example."""
    tokens = dict(TOKENS)
    if example.claims is not None:
        now = int(time.time())
        claims = {"iat": now, "exp": now + 300, **example.claims, "nonce": query["nonce"]}
        tokens["id_token"] = make_key().sign(claims)
    server.route(_without_scheme(example.token_url), Reply.json(tokens))
    for url, reply in example.replies.items():
        server.route(_without_scheme(url), reply if isinstance(reply, Reply) else Reply.json(reply))


def _without_scheme(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def get_secrets(server: IdentityProvider, example: Example) -> list[str]:
    """The tokens that the provider of the example hands out; of an ID token, each part."""
    answer = server.routes[_without_scheme(example.token_url)]
    tokens = json.loads(answer(mock.Mock()).body)
    parts = tokens["id_token"].split(".") if "id_token" in tokens else []
    return [tokens["access_token"], tokens["refresh_token"], *parts]


def run(client: Client, server: IdentityProvider, example: Example) -> SocialLogin:
    """Log in by the example, and check everything it says; returns the login."""
    query = start(client, example)
    serve(server, example, query)
    login = finish(client, example, {"code": "code-1", "state": query["state"]})
    check_requests(server, example)
    check_login(login, example)
    return login


def finish(client: Client, example: Example, params: dict[str, str]) -> SocialLogin:
    """Come back from the provider; returns the login."""
    receiver = mock.Mock()
    pre_social_login.connect(receiver)
    response = client.get(reverse(f"{example.provider}_callback"), params)
    assert response.status_code == 302, response.content.decode()
    login: SocialLogin = receiver.call_args.kwargs["sociallogin"]
    return login


def check_requests(server: IdentityProvider, example: Example) -> None:
    """Check that exactly the requests of the example were made, in order."""
    urls = [f"https://{request.host}{request.path}" for request in server.requests]
    assert urls == [example.token_url, *example.replies]
    assert server.requests[0].method == example.token_method
    for request in server.requests[1:]:
        places = {
            "header": request.headers.get("authorization", "").rpartition(" ")[2] == ACCESS_TOKEN,
            "query": ACCESS_TOKEN in request.query.values(),
        }
        assert [place for place, is_there in places.items() if is_there] == [example.token_in]


def check_login(login: SocialLogin, example: Example) -> None:
    """Check what the login holds against the example."""
    assert login.account.uid == example.uid
    assert ReroutingAdapter.fields[-1] == example.fields
    assert example.emails == [
        (address.email, address.verified, address.primary) for address in login.email_addresses
    ]
    expected_user = {"username": "", "first_name": "", "last_name": "", "email": ""} | example.user
    stored = {name: getattr(login.user, name) for name in expected_user}
    # Whoever has no name gets one at sign-up.
    assert stored | ({} if example.user.get("username") else {"username": ""}) == expected_user
    if example.extra_data is not None:
        assert login.account.extra_data == example.extra_data
    elif example.claims is not None:
        assert login.account.extra_data.items() >= example.claims.items()
    check_account(login.account, example)


def check_account(account: SocialAccount, example: Example) -> None:
    """Check how the account is displayed."""
    shown = registry.get_class(example.provider).account_class(account)
    assert shown.to_str() == example.to_str
    assert shown.get_profile_url() == example.profile_url
    assert shown.get_avatar_url() == example.avatar_url
