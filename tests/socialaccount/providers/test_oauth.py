"""The OAuth 1.0a engine, by means of an X that runs on the loopback interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import http
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.oauth.client import (
    OAuth,
    OAuthClient,
    OAuthError,
    get_token_prefix,
)
from allauth.socialaccount.providers.oauth.oauth1_auth import OAuth1
from allauth.socialaccount.providers.oauth.provider import OAuthProvider
from allauth.socialaccount.providers.oauth.views import OAuthAdapter, OAuthCallbackView
from allauth.socialaccount.providers.twitter.views import TwitterAPI, TwitterOAuthAdapter
from tests.support.idp.browser import assert_refused, get_path, start_login
from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import Drip, Huge, Reply, Reset, Silence, add_query

LOGIN = "/accounts/twitter/login/"
CALLBACK = "/accounts/twitter/login/callback/"
REQUEST_TOKEN = "/oauth/request_token"
ACCESS_TOKEN = "/oauth/access_token"
PROFILE_PATH = "/1.1/account/verify_credentials.json"
PROFILE = {
    "id": 1200340,
    "id_str": "1200340",
    "screen_name": "tidepooler",
    "name": "Nell Abara",
    "email": "nell@tide.example",
    "profile_image_url": "http://i.tide.example/n_normal.png",
}


@pytest.fixture(autouse=True)
def twitter(settings: Any) -> Iterator[OAuth1Server]:
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "twitter": {"APP": {"client_id": "client-1", "secret": "secret-1"}}
    }
    with OAuth1Server() as server:
        server.scheme = "https"
        server.profile = PROFILE
        server.route(REQUEST_TOKEN, server.request_token)
        server.route(ACCESS_TOKEN, server.access_token)
        server.route(PROFILE_PATH, server.get_profile)
        ReroutingAdapter.server = server
        yield server


def consent(twitter: OAuth1Server, location: str) -> str:
    """What the visitor is sent back to."""
    token = dict(parse_qsl(urlsplit(location).query))["oauth_token"]
    twitter.verifiers[token] = f"verifier-of-{token}"
    return add_query(CALLBACK, oauth_token=token, oauth_verifier=twitter.verifiers[token])


def log_in(client: Client, twitter: OAuth1Server, url: str = LOGIN) -> Any:
    return client.get(consent(twitter, start_login(client, url)))


def get_tokens(client: Client) -> dict[str, Any]:
    return {key: value for key, value in client.session.items() if key.startswith("oauth_")}


def test_login(client: Client, twitter: OAuth1Server) -> None:
    response = log_in(client, twitter)
    assert response["Location"] == "/accounts/profile/"
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.extra_data) == ("twitter", "1200340", PROFILE)
    assert client.session["_auth_user_id"] == str(account.user_id)
    assert ReroutingAdapter.fields[-1] == {
        "username": "tidepooler",
        "name": "Nell Abara",
        "email": "nell@tide.example",
    }
    user = account.user
    assert (user.username, user.first_name, user.last_name) == ("tidepooler", "Nell", "Abara")
    address = user.emailaddress_set.get()
    assert (address.email, address.verified, address.primary) == ("nell@tide.example", False, True)
    shown = account.get_provider_account()
    assert str(shown) == shown.get_screen_name() == "tidepooler"
    assert account.get_profile_url() == "https://x.com/tidepooler"
    assert account.get_avatar_url() == "http://i.tide.example/n.png"
    assert [request.path for request in twitter.requests] == [
        REQUEST_TOKEN,
        ACCESS_TOKEN,
        PROFILE_PATH,
    ]
    assert {request.host for request in twitter.requests} == {"api.x.com"}
    assert {request.connection for request in twitter.requests} == {1}
    assert twitter.requests[2].query == {"include_email": "true"}


def test_the_way_to_the_provider(client: Client, twitter: OAuth1Server) -> None:
    location = start_login(client, f"{LOGIN}?auth_params=force_login%3Dtrue%26oauth_token%3Devil")
    assert location.startswith("https://api.x.com/oauth/authenticate?")
    assert dict(parse_qsl(urlsplit(location).query)) == {
        "oauth_token": "rt-1",
        "oauth_callback": f"http://testserver{CALLBACK}",
        "force_login": "true",
    }
    assert twitter.requests[0].query == {"oauth_callback": f"http://testserver{CALLBACK}"}
    location = start_login(client, f"{LOGIN}?action=reauthenticate")
    assert location.startswith("https://api.x.com/oauth/authorize?")


def test_the_address_is_asked_for_on_demand(
    client: Client, twitter: OAuth1Server, settings: Any
) -> None:
    from allauth.socialaccount.providers.twitter import views

    settings.SOCIALACCOUNT_QUERY_EMAIL = False
    assert views.QUERY_EMAIL is False
    log_in(client, twitter)
    assert twitter.requests[2].query == {}


def test_scope_and_parameters(client: Client, twitter: OAuth1Server, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["twitter"] |= {
        "SCOPE": ["a", "b"],
        "AUTH_PARAMS": {"lang": "en"},
    }
    location = start_login(client, f"{LOGIN}?scope=c")
    assert twitter.requests[0].query["scope"] == "a b"
    assert dict(parse_qsl(urlsplit(location).query))["lang"] == "en"


def test_tokens_are_stored_on_demand(client: Client, twitter: OAuth1Server, settings: Any) -> None:
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    log_in(client, twitter)
    token = SocialToken.objects.get()
    assert (token.token, token.token_secret) == ("at-2", "at-2-secret")


def test_tokens_belong_to_the_app(client: Client, twitter: OAuth1Server, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    app = SocialApp.objects.create(
        provider="twitter", name="X", client_id="client-1", secret="secret-1"
    )
    app.sites.add(1)
    log_in(client, twitter)
    assert SocialToken.objects.get().app == app


def test_immediate_responses_of_hooks_are_the_answer(
    client: Client, twitter: OAuth1Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complete_login(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ImmediateHttpResponse(HttpResponse("at once"))

    monkeypatch.setattr(TwitterOAuthAdapter, "complete_login", complete_login)
    assert log_in(client, twitter).content == b"at once"


def test_connecting_an_account(client: Client, twitter: OAuth1Server, user: Any) -> None:
    client.force_login(user)
    response = log_in(client, twitter, f"{LOGIN}?process=connect&next=/there/")
    assert response["Location"] == "/there/"
    assert SocialAccount.objects.get().user == user


@pytest.mark.requirement("ATK-S22")
def test_the_tokens_do_not_stay_in_the_session(client: Client, twitter: OAuth1Server) -> None:
    location = start_login(client, LOGIN)
    assert set(get_tokens(client)) == {"oauth_api.x.com_request_token"}
    client.get(consent(twitter, location))
    assert get_tokens(client) == {}
    assert "at-2" not in str(dict(client.session))


@pytest.mark.requirement("ATK-S22")
def test_the_tokens_do_not_stay_after_a_failure(client: Client, twitter: OAuth1Server) -> None:
    location = start_login(client, LOGIN)
    twitter.route(PROFILE_PATH, Reply(status=500))
    assert_refused(client, client.get(consent(twitter, location)))
    assert get_tokens(client) == {}


@pytest.mark.requirement("ATK-S05")
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_only_a_post_begins_a_login(client: Client, twitter: OAuth1Server, method: str) -> None:
    response = getattr(client, method)(LOGIN)
    assert response.status_code == 200
    assert "Location" not in response
    assert twitter.requests == []


@pytest.mark.requirement("ATK-S04")
def test_the_answer_to_somebody_elses_login_is_refused(
    client: Client, client_factory: Callable[..., Client], twitter: OAuth1Server
) -> None:
    attacker = client_factory()
    callback = consent(twitter, start_login(attacker, LOGIN))
    start_login(client, LOGIN)
    tokens = get_tokens(client)
    twitter.forget()
    assert_refused(client, client.get(callback))
    assert twitter.requests == []
    assert get_tokens(client) == tokens


@pytest.mark.requirement("ATK-S29")
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"oauth_token": "", "oauth_verifier": "x"},
        {"oauth_token": "unknown", "oauth_verifier": "x"},
        {"oauth_verifier": "x"},
        {"oauth_token": "x" * 10_000, "oauth_verifier": "x"},
        {"oauth_token": "rt-1"},
        {"oauth_token": "rt-1", "oauth_verifier": ""},
    ],
)
def test_odd_callbacks_are_refused_before_the_provider_is_asked(
    client: Client, twitter: OAuth1Server, query: dict[str, str]
) -> None:
    start_login(client, LOGIN)
    twitter.forget()
    assert_refused(client, client.get(CALLBACK, query))
    assert twitter.requests == []


@pytest.mark.requirement("ATK-S29")
def test_a_wrong_verifier_uses_the_handshake_up(client: Client, twitter: OAuth1Server) -> None:
    callback = consent(twitter, start_login(client, LOGIN))
    assert_refused(client, client.get(callback.replace("verifier-of", "guess-of")))
    twitter.forget()
    assert_refused(client, client.get(callback))
    assert twitter.requests == []


@pytest.mark.requirement("INV-10", "ATK-S29")
def test_a_callback_works_once(client: Client, twitter: OAuth1Server) -> None:
    callback = consent(twitter, start_login(client, LOGIN))
    assert client.get(callback).status_code == 302
    client.post(reverse("account_logout"))
    twitter.forget()
    assert_refused(client, client.get(callback))
    assert twitter.requests == []


@pytest.mark.requirement("ATK-S02")
def test_several_handshakes_at_once_all_succeed(client: Client, twitter: OAuth1Server) -> None:
    urls = [start_login(client, f"{LOGIN}?next=/{number}/") for number in range(2)]
    for number, url in enumerate(urls):
        assert client.get(consent(twitter, url))["Location"] == f"/{number}/"
    assert SocialAccount.objects.count() == 1


def test_a_cancelled_login(client: Client) -> None:
    location = start_login(client, LOGIN)
    token = dict(parse_qsl(urlsplit(location).query))["oauth_token"]
    response = client.get(CALLBACK, {"denied": token})
    assert response["Location"] == reverse("socialaccount_login_cancelled")
    assert get_tokens(client) == {}
    assert client.get(CALLBACK, {"denied": "unknown"}).status_code == 302


@pytest.mark.parametrize("method", ["head", "put", "delete"])
def test_the_callback_takes_get_and_post_only(client: Client, method: str) -> None:
    assert getattr(client, method)(CALLBACK).status_code == 405


@pytest.mark.parametrize("url", [LOGIN, CALLBACK])
def test_without_an_app_there_is_no_page(client: Client, settings: Any, url: str) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert client.get(url).status_code == 404


def test_several_apps_are_an_error_page(client: Client, settings: Any) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["twitter"].pop("APP")
    settings.SOCIALACCOUNT_PROVIDERS["twitter"]["APPS"] = [app, app]
    assert_refused(client, client.get(CALLBACK))


@pytest.mark.requirement("ATK-S27", "INV-35")
@pytest.mark.parametrize("path", [REQUEST_TOKEN, ACCESS_TOKEN, PROFILE_PATH])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"canary", 401),
        Reply(b"canary", 500),
        Reply(b"canary"),
        Reply(b"oauth_token="),
        Reply(b"\xff\xfe"),
        Reply.json([1]),
        Reply.json({"screen_name": "no id"}),
        Reply.redirect("/elsewhere"),
        Reset(),
        Silence(),
        Drip(),
        Huge(),
    ],
    ids=lambda reply: f"{type(reply).__name__}-{reply.status}-{reply.body[:9]!r}",
)
def test_outages_are_an_error_page(
    client: Client,
    twitter: OAuth1Server,
    give_up: Callable[[str, Reply], None],
    path: str,
    reply: Reply,
) -> None:
    give_up(path, reply)
    if path == REQUEST_TOKEN:
        twitter.route(path, reply)
        response = client.post(LOGIN)
    else:
        location = start_login(client, LOGIN)
        twitter.route(path, reply)
        response = client.get(consent(twitter, location))
    assert_refused(client, response)
    assert b"canary" not in response.content
    assert "canary" not in str(response.context["auth_error"]["exception"])


# What other packages do


def make_request(client: Client) -> Any:
    request = RequestFactory().get("/")
    request.session = client.session
    return request


def test_packages_for_rest_apis(client: Client, twitter: OAuth1Server) -> None:
    """They put an access token of their client into the session."""
    twitter.secrets["at-7"] = "at-7-secret"
    request = make_request(client)
    request.session["oauth_api.x.com_access_token"] = {
        "oauth_token": "at-7",
        "oauth_token_secret": "at-7-secret",
    }
    app = get_adapter().get_app(None, "twitter")
    token = SocialToken(token="at-7", token_secret="at-7-secret")
    adapter = TwitterOAuthAdapter(request)
    login = adapter.complete_login(request, app, token, response={})
    assert login.account.uid == "1200340"
    request.session["oauth_api.x.com_access_token"]["oauth_token_secret"] = "wrong"
    with pytest.raises(OAuthError):
        adapter.complete_login(request, app, token, response={})


@pytest.mark.parametrize("stored", [None, {}, "x", {"oauth_token": ""}])
def test_without_an_access_token_nothing_is_asked(client: Client, stored: Any) -> None:
    request = make_request(client)
    request.session["oauth_api.x.com_access_token"] = stored
    api = TwitterAPI(request, "client-1", "secret-1", TwitterOAuthAdapter.request_token_url)
    with pytest.raises(OAuthError):
        api.get_user_info()


def test_queries_with_parameters_and_headers(client: Client, twitter: OAuth1Server) -> None:
    twitter.secrets["at-7"] = "s"
    request = make_request(client)
    request.session["oauth_api.x.com_access_token"] = {
        "oauth_token": "at-7",
        "oauth_token_secret": "s",
    }
    api = OAuth(request, "client-1", "secret-1", "https://api.x.com/oauth/request_token")
    url = f"https://api.x.com{PROFILE_PATH}?a=1"
    response = api.query(url, method="POST", params={"b": "2 3"}, headers={"X-H": "h"})
    assert response.json() == PROFILE
    sent = twitter.requests[-1]
    assert (sent.method, sent.query, sent.headers["x-h"]) == ("POST", {"a": "1", "b": "2 3"}, "h")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        ({"a": "1", "b": "x y&z"}, "application/x-www-form-urlencoded"),
        ("a=1&b=x+y", ""),
        (b"not a form", "text/plain"),
        (None, ""),
    ],
)
def test_signed_bodies(twitter: OAuth1Server, data: Any, content_type: str) -> None:
    twitter.secrets["at-7"] = "s"
    twitter.scheme = "http"
    auth = OAuth1(
        "client-1",
        client_secret="secret-1",
        resource_owner_key="at-7",
        resource_owner_secret="s",
    )
    headers = {"Content-Type": content_type} if content_type else {}
    with http.build_session() as session:
        url = f"{twitter.url}{PROFILE_PATH}"
        response = session.post(url, data=data, headers=headers, auth=auth)
    assert response.json() == PROFILE
    form = dict(parse_qsl(data)) if isinstance(data, str) else data
    if isinstance(form, dict):
        assert twitter.requests[-1].form == form


@pytest.mark.requirement("SEC-110")
def test_the_signing_library_is_recent() -> None:
    config = ConfigParser()
    config.read(Path(__file__).parents[3] / "setup.cfg")
    for extra in ("socialaccount", "idp-oidc"):
        assert "oauthlib >=4.0.0,<5" in config["options.extras_require"][extra].splitlines()


def test_the_names_of_tokens() -> None:
    assert get_token_prefix("https://api.x.com/oauth/request_token?a=b") == "api.x.com"


def test_errors_of_a_client_are_collected(client: Client) -> None:
    oauth_client = OAuthClient(
        make_request(client), "c", "s", "https://api.x.com/a", "https://api.x.com/b", "/cb/"
    )
    assert not oauth_client.is_valid()
    assert len(oauth_client.errors) == 1
    assert oauth_client.request_token is oauth_client.access_token is None


def test_a_provider_without_an_adapter_cannot_begin_a_login() -> None:
    from django.core.exceptions import ImproperlyConfigured

    class Nothing(OAuthProvider):
        id = "nothing"

    provider = Nothing(None, app=SocialApp(provider="nothing"))
    assert provider.get_auth_url(None, "authenticate") is None
    assert provider.get_scope() == []
    with pytest.raises(ImproperlyConfigured):
        provider.get_oauth_adapter(RequestFactory().get("/"))


def test_adapters_say_how_to_complete_a_login() -> None:
    with pytest.raises(NotImplementedError):
        OAuthAdapter(None).complete_login(None, SocialApp(), SocialToken())
    assert OAuthCallbackView.adapter_view(OAuthAdapter).login_required is False


@pytest.mark.parametrize(
    ("data", "text", "profile_url"),
    [
        ({"screen_name": "nell"}, "nell", "https://x.com/nell"),
        ({"name": "Nell"}, "Nell", None),
        ({}, "X", None),
    ],
)
def test_how_accounts_are_displayed(data: Any, text: str, profile_url: str | None) -> None:
    account = SocialAccount(provider="twitter", uid="1", extra_data=data)
    assert str(account.get_provider_account()) == text
    assert account.get_profile_url() == profile_url
    assert account.get_avatar_url() is None


def test_the_url_names() -> None:
    provider = get_adapter().get_provider(None, "twitter")
    assert provider.get_login_url(None) == reverse("twitter_login") == LOGIN
    assert provider.get_login_url(None, process="connect") == f"{LOGIN}?process=connect"
    assert get_path(f"http://testserver{reverse('twitter_callback')}") == f"{CALLBACK}?"
