"""What the published release left in sessions and in the cache counts here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.internal.statekit import STATES_SESSION_KEY
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.sessions import is_logged_in, read_session, write_session

CALLBACK = "/accounts/twitter/login/callback/"
TOKEN = {"oauth_token": "rt-1", "oauth_token_secret": "rt-1-secret"}
TOKEN_KEY = "oauth_api.x.com_request_token"
ANSWER = {"oauth_token": "rt-1", "oauth_verifier": "verifier-1"}


@pytest.fixture
def twitter(settings: Any) -> Iterator[OAuth1Server]:
    """A provider that has handed out one request token, to which somebody has consented."""
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_PROVIDERS = {
        "twitter": {"APP": {"client_id": "client-1", "secret": "secret-1"}}
    }
    with OAuth1Server() as server:
        server.scheme = "https"
        server.profile = {"id": 1200340, "screen_name": "tidepooler"}
        server.secrets["rt-1"] = "rt-1-secret"
        server.verifiers["rt-1"] = "verifier-1"
        server.route("/oauth/access_token", server.access_token)
        server.route("/1.1/account/verify_credentials.json", server.get_profile)
        ReroutingAdapter.server = server
        yield server


def make_entry(age: float = 0, **state: Any) -> list[Any]:
    """A state as the published release stores it."""
    return [{"process": "login", "data": None, **state}, time.time() - age, "twitter"]


def assert_refused(client: Client, twitter: OAuth1Server, response: Any) -> None:
    """Nothing came of it, and the state is still there."""
    assert response.status_code == 401
    assert not is_logged_in(client)
    assert twitter.requests == []
    assert read_session(client)[STATES_SESSION_KEY]


@pytest.mark.requirement("INV-47")
def test_answer_belongs_to_the_newest_state(client: Client, twitter: OAuth1Server) -> None:
    states = {"old": make_entry(age=60, next="/old/"), "new": make_entry(next="/new/")}
    write_session(client, **{STATES_SESSION_KEY: states, TOKEN_KEY: TOKEN})

    assert client.get(CALLBACK, ANSWER)["Location"] == "/new/"
    assert is_logged_in(client)
    assert TOKEN_KEY not in read_session(client)


@pytest.mark.requirement("INV-47")
def test_refusal_uses_the_state_up(client: Client, twitter: OAuth1Server) -> None:
    states = {"old": make_entry(age=60), "new": make_entry()}
    write_session(client, **{STATES_SESSION_KEY: states, TOKEN_KEY: TOKEN})

    response = client.get(CALLBACK, {"denied": "rt-1"})
    assert response["Location"] == "/accounts/3rdparty/login/cancelled/"
    assert list(read_session(client)[STATES_SESSION_KEY]) == ["old"]


@pytest.mark.requirement("ATK-S04", "INV-47")
@pytest.mark.parametrize("kept", [None, "rt-1", {}, {**TOKEN, "oauth_token": "rt-2"}])
def test_answer_to_another_request_token_is_refused(
    client: Client, twitter: OAuth1Server, kept: Any
) -> None:
    write_session(client, **{STATES_SESSION_KEY: {"new": make_entry()}, TOKEN_KEY: kept})

    assert_refused(client, twitter, client.get(CALLBACK, ANSWER))


@pytest.mark.requirement("ATK-S04", "INV-47")
def test_state_of_this_release_is_not_taken_for_another(
    client: Client, twitter: OAuth1Server
) -> None:
    entry = make_entry(request_token={**TOKEN, "oauth_token": "rt-2"})
    write_session(client, **{STATES_SESSION_KEY: {"rt-2": entry}, TOKEN_KEY: TOKEN})

    assert_refused(client, twitter, client.get(CALLBACK, ANSWER))


@pytest.mark.requirement("INV-47")
def test_connecting_has_to_be_begun_anew(client: Client, twitter: OAuth1Server, user: Any) -> None:
    client.force_login(user)
    states = {"new": make_entry(process="connect")}
    write_session(client, **{STATES_SESSION_KEY: states, TOKEN_KEY: TOKEN})

    assert client.get(CALLBACK, ANSWER).status_code == 401
    assert twitter.requests == []
    assert not user.socialaccount_set.exists()


def make_claims(token_id: str) -> dict[str, Any]:
    return {"iss": "https://op.example", "jti": token_id, "exp": time.time() + 600}


@pytest.mark.requirement("SEC-103", "INV-47")
def test_use_of_a_token_is_noted_where_the_published_release_looks() -> None:
    jwtkit.verify_jti(make_claims("token-1"))

    assert cache.get("jwt:iss=https://op.example,jti=token-1")


@pytest.mark.requirement("SEC-103", "INV-47")
def test_token_used_under_the_published_release_is_refused() -> None:
    cache.set("jwt:iss=https://op.example,jti=token-1", True)

    with pytest.raises(OAuth2Error):
        jwtkit.verify_jti(make_claims("token-1"))
    jwtkit.verify_jti(make_claims("token-2"))


@pytest.mark.requirement("ATK-S13", "INV-35")
@pytest.mark.parametrize("token_id", ["x" * 1000, "a b", "\x7f", "größe", "\ud800"], ids=ascii)
def test_names_that_no_cache_takes_are_noted_elsewhere(token_id: str, recwarn: Any) -> None:
    jwtkit.verify_jti(make_claims(token_id))

    with pytest.raises(OAuth2Error):
        jwtkit.verify_jti(make_claims(token_id))
    assert not recwarn.list
