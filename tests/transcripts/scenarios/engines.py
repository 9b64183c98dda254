"""Logins by OAuth 2.0, OAuth 1.0a and OpenID Connect."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.support.idp.server import Reply, add_query
from tests.transcripts.player import Player
from tests.transcripts.providers import (
    GITHUB,
    GITHUB_CALLBACK,
    LOOP,
    LOOP_CALLBACK,
    TWITTER,
    TWITTER_CALLBACK,
    github,
    loop,
    twitter,
)
from tests.transcripts.registry import scenarios_of

by_oauth2 = scenarios_of("oauth2")
by_oauth1 = scenarios_of("oauth1")
by_oidc = scenarios_of("openid_connect")

ERROR = Reply.json({"error": "server_error"}, status=500)


def get_state(play: Player) -> str:
    """Return the state with which the visitor is sent to the provider."""
    return parse_qs(urlsplit(play.response["Location"]).query)["state"][0]


@by_oauth2
def oauth2_newcomer_and_return(play: Player) -> None:
    """A newcomer gets an account, logs out, and logs in again."""
    with github(play):
        play.get(GITHUB)
        play.post(GITHUB, next="/somewhere/")
        play.get(play.consent())
        play.post("account_logout")
        play.post(GITHUB)
        play.get(play.consent())


@by_oauth2
def oauth2_stored_tokens(play: Player) -> None:
    """The tokens are stored, and replaced at the next login."""
    play.configure_social(STORE_TOKENS=True)
    with github(play):
        for _ in range(2):
            play.post(GITHUB)
            play.get(play.consent())


@by_oauth2
def oauth2_code_challenge(play: Player) -> None:
    """The code is bound to the session by a challenge; scope and parameters are added."""
    with github(play, OAUTH_PKCE_ENABLED=True, SCOPE=["repo"], AUTH_PARAMS={"by": "site"}):
        play.post(GITHUB, scope="gist", auth_params="prompt=login")
        play.get(play.consent())


@by_oauth2
def oauth2_connect(play: Player) -> None:
    """A user connects the account."""
    with github(play):
        play.be(play.make_user())
        play.post(GITHUB, process="connect")
        play.get(play.consent())


@by_oauth2
def oauth2_cancelled(play: Player) -> None:
    """The visitor gives up at the provider."""
    with github(play):
        play.post(GITHUB)
        play.get(GITHUB_CALLBACK, error="access_denied", state=get_state(play))


@by_oauth2
def oauth2_refused(play: Player) -> None:
    """The provider says that there was an error."""
    with github(play):
        play.post(GITHUB)
        play.get(GITHUB_CALLBACK, error="server_error", state=get_state(play))


@by_oauth2
def oauth2_unknown_state(play: Player) -> None:
    """The visitor comes back without having gone, or without a code."""
    with github(play):
        play.get(GITHUB_CALLBACK)
        play.get(GITHUB_CALLBACK, code="code-1", state="made-up")
        play.post(GITHUB)
        play.get(GITHUB_CALLBACK, state=get_state(play))


@by_oauth2
def oauth2_code_that_is_wrong(play: Player) -> None:
    """The provider does not know the code."""
    with github(play):
        play.post(GITHUB)
        play.get(GITHUB_CALLBACK, code="made-up", state=get_state(play))


@by_oauth2
def oauth2_failing_provider(play: Player) -> None:
    """The provider hands out a token, but no profile."""
    with github(play) as server:
        server.override("/api/v3/user", ERROR)
        play.post(GITHUB)
        play.get(play.consent())


@by_oauth1
def oauth1_newcomer_and_return(play: Player) -> None:
    """A newcomer gets an account, logs out, and logs in again."""
    with twitter(play) as server:
        play.get(TWITTER)
        for _ in range(2):
            play.post(TWITTER, next="/somewhere/")
            token = parse_qs(urlsplit(play.response["Location"]).query)["oauth_token"][0]
            server.verifiers[token] = "verifier"
            play.get(TWITTER_CALLBACK, oauth_token=token, oauth_verifier="verifier")
            play.post("account_logout")


@by_oauth1
def oauth1_connect(play: Player) -> None:
    """A user connects the account, whose tokens are stored."""
    play.configure_social(STORE_TOKENS=True)
    with twitter(play) as server:
        play.be(play.make_user())
        play.post(TWITTER, process="connect")
        token = parse_qs(urlsplit(play.response["Location"]).query)["oauth_token"][0]
        server.verifiers[token] = "verifier"
        play.get(TWITTER_CALLBACK, oauth_token=token, oauth_verifier="verifier")


@by_oauth1
def oauth1_cancelled(play: Player) -> None:
    """The visitor gives up at the provider."""
    with twitter(play):
        play.post(TWITTER)
        token = parse_qs(urlsplit(play.response["Location"]).query)["oauth_token"][0]
        play.get(TWITTER_CALLBACK, denied=token)


@by_oauth1
def oauth1_unknown_token(play: Player) -> None:
    """The visitor comes back without having gone, or with a wrong verifier."""
    with twitter(play):
        play.get(TWITTER_CALLBACK)
        play.post(TWITTER)
        token = parse_qs(urlsplit(play.response["Location"]).query)["oauth_token"][0]
        play.get(TWITTER_CALLBACK, oauth_token=token, oauth_verifier="made-up")


@by_oauth1
def oauth1_failing_provider(play: Player) -> None:
    """The provider hands out no token."""
    with twitter(play) as server:
        server.override("/oauth/request_token", ERROR)
        play.post(TWITTER)


@by_oidc
def oidc_newcomer_and_return(play: Player) -> None:
    """A newcomer gets an account, logs out, and logs in again."""
    with loop(play):
        play.get(LOOP)
        for _ in range(2):
            play.post(LOOP, next="/somewhere/")
            play.get(play.consent())
            play.post("account_logout")


@by_oidc
def oidc_without_userinfo(play: Player) -> None:
    """The profile is the one in the ID token."""
    with loop(play, fetch_userinfo=False) as server:
        server.claims = {"email": "nadia@example.org", "email_verified": True}
        play.post(LOOP)
        play.get(play.consent())


@by_oidc
def oidc_connect(play: Player) -> None:
    """A user connects the account."""
    with loop(play):
        play.be(play.make_user())
        play.post(LOOP, process="connect")
        play.get(play.consent())


@by_oidc
def oidc_cancelled(play: Player) -> None:
    """The visitor gives up at the provider."""
    with loop(play):
        play.post(LOOP)
        play.get(LOOP_CALLBACK, error="access_denied", state=get_state(play))


@by_oidc
def oidc_id_token_that_is_wrong(play: Player) -> None:
    """The ID token is for somebody else, or has another nonce."""
    for claims in ({"aud": "somebody-else"}, {"nonce": "made-up"}, {"exp": 1}):
        with loop(play) as server:
            server.claims = claims
            play.post(LOOP)
            play.get(play.consent())


@by_oidc
def oidc_unknown_server(play: Player) -> None:
    """The site knows no server of that name."""
    with loop(play):
        play.get("/accounts/oidc/other/login/")
        play.post("/accounts/oidc/other/login/")
        play.get("/accounts/oidc/other/login/callback/")


@by_oidc
def oidc_failing_server(play: Player) -> None:
    """The server does not say where its pages are."""
    with loop(play) as server:
        server.override("/.well-known/openid-configuration", ERROR, times=9)
        play.post(LOOP)


@by_oidc
def oidc_returning_user_by_a_script(play: Player) -> None:
    """The pages answer scripts like anybody else."""
    with loop(play):
        play.get(LOOP, script=True)
        play.post(LOOP, script=True)
        play.get(add_query(play.consent(), extra="1"), script=True)
