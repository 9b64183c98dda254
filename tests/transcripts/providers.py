"""The identity providers of the scenarios, which are real servers on the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.oauth2 import OAuth2Server
from tests.support.idp.oidc import OIDCServer
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import Reply
from tests.transcripts.player import Player

GITHUB, GITHUB_CALLBACK = "github_login", "github_callback"
TWITTER, TWITTER_CALLBACK = "twitter_login", "twitter_callback"
LOOP, LOOP_CALLBACK = "/accounts/oidc/loop/login/", "/accounts/oidc/loop/login/callback/"

_NELL = {"id_str": "1200340", "screen_name": "nell", "name": "Nell Abara"}


def arrive_at_dummy(play: Player, **query: str) -> None:
    """Go to the dummy provider."""
    play.post("dummy_login", **query)


def arrive_from_dummy(play: Player, process: str = "login", **profile: str) -> None:
    """Go to the dummy provider, and come back as the account 1 with ``profile``."""
    arrive_at_dummy(play, process=process)
    play.post(play.location, {"id": "1", **profile})


@contextmanager
def github(play: Player, **options: Any) -> Iterator[OAuth2Server]:
    """Have a GitHub by OAuth 2.0; ``options`` are settings of the provider."""
    play.configure_social(QUERY_EMAIL=True)
    with OAuth2Server() as server:
        server.route("/login/oauth/authorize", server.authorize)
        server.route("/login/oauth/access_token", server.token)
        server.route("/api/v3/user", server.userinfo)
        address = {"email": "nadia@example.org", "verified": True, "primary": True}
        server.route("/api/v3/user/emails", Reply.json([address]))
        app = {"client_id": server.client_id, "secret": server.client_secret}
        options = {"APP": app, "GITHUB_URL": server.url, **options}
        play.configure_social(PROVIDERS={"github": options})
        play.provider = server
        yield server


@contextmanager
def twitter(play: Player) -> Iterator[OAuth1Server]:
    """Have a Twitter by OAuth 1.0a."""
    app = {"client_id": "client-1", "secret": "secret-1"}
    play.configure_social(ADAPTER=ADAPTER, PROVIDERS={"twitter": {"APP": app}})
    with OAuth1Server() as server:
        server.scheme = "https"
        server.profile = _NELL
        server.route("/oauth/request_token", server.request_token)
        server.route("/oauth/access_token", server.access_token)
        server.route("/1.1/account/verify_credentials.json", server.get_profile)
        ReroutingAdapter.server = server
        play.provider = server
        yield server


@contextmanager
def loop(play: Player, **app_settings: Any) -> Iterator[OIDCServer]:
    """Have a provider by OpenID Connect; ``app_settings`` are settings of its app."""
    with OIDCServer() as server:
        app = {
            "provider_id": "loop",
            "name": "Loop",
            "client_id": server.client_id,
            "secret": server.client_secret,
            "settings": {"server_url": server.url, **app_settings},
        }
        play.configure_social(PROVIDERS={"openid_connect": {"APPS": [app]}})
        play.provider = server
        yield server
