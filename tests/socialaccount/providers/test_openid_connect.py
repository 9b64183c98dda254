"""Logins by an OpenID Connect provider, and by one that is not what it should be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from requests import RequestException

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.internal import jwtkit, provider_http, redirect_states
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from tests.support.idp.browser import assert_refused, get_path, log_in, start_login, visit
from tests.support.idp.oidc import OIDCServer, encode_raw, make_key
from tests.support.idp.rerouting import ReroutingAdapter
from tests.support.idp.server import (
    Drip,
    Huge,
    IdentityProvider,
    Reply,
    Request,
    Reset,
    Silence,
    add_query,
)
from tests.support.queries import Queries
from tests.support.sessions import is_logged_in

pytestmark = pytest.mark.usefixtures("oidc_settings")

LOGIN = "/accounts/oidc/loop/login/"
CALLBACK = "/accounts/oidc/loop/login/callback/"
DISCOVERY = "/.well-known/openid-configuration"
SESSION_STATEMENTS = ("django_session",)

OidcSettings = dict[str, Any]


# What has to work


def test_a_newcomer_gets_an_account(client: Client, oidc: OIDCServer) -> None:
    response = log_in(client, LOGIN)
    assert response["Location"] == "/accounts/profile/"
    assert "no-store" in response["Cache-Control"]
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("loop", "user-1")
    assert account.extra_data["userinfo"] == oidc.profile
    assert account.extra_data["id_token"]["sub"] == "user-1"
    assert account.get_provider_account().to_str() == "nadia@example.org"
    assert (account.user.username, account.user.first_name) == ("nadia", "Nadia")
    assert is_logged_in(client)
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("nadia@example.org", True, True)


def test_a_returning_user_is_logged_in(client: Client) -> None:
    log_in(client, LOGIN)
    client.post(reverse("account_logout"))
    assert not is_logged_in(client)
    log_in(client, LOGIN)
    assert is_logged_in(client)
    assert get_user_model().objects.count() == 1


def test_two_requests_over_one_connection_and_few_queries(
    client: Client, oidc: OIDCServer, settings: Any
) -> None:
    log_in(client, LOGIN)
    client.post(reverse("account_logout"))
    oidc.forget()
    location = start_login(client, LOGIN)
    assert oidc.requests == []
    callback = get_path(visit(location))
    oidc.forget()
    with Queries(connection) as queries:
        client.get(callback)
    assert is_logged_in(client)
    assert [request.path for request in oidc.requests] == ["/token", "/userinfo"]
    assert len({request.connection for request in oidc.requests}) == 1
    # App, session, session without the state, account with user, account, key of the session, time
    # of the login, session. And the session once more where a middleware has read it before.
    is_read_before = any(name.endswith("LoginRequiredMiddleware") for name in settings.MIDDLEWARE)
    assert len(queries.statements) <= 8 + is_read_before


def test_connecting_an_account(client: Client, user: Any) -> None:
    client.force_login(user)
    response = log_in(client, f"{LOGIN}?process=connect")
    assert response["Location"] == reverse("socialaccount_connections")
    assert SocialAccount.objects.get().user == user


@pytest.mark.requirement("SEC-100")
def test_tokens_are_stored_on_demand(client: Client, oidc: OIDCServer, settings: Any) -> None:
    log_in(client, LOGIN)
    assert not SocialToken.objects.exists()
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    log_in(client, LOGIN)
    token = SocialToken.objects.get()
    first = token.token
    assert token.token_secret == "rt-1"
    assert token.expires_at is not None
    oidc.token_extra = {"expires_in": 10**30}
    log_in(client, LOGIN)
    token.refresh_from_db()
    assert token.token != first
    assert token.token_secret == "rt-1"
    assert token.expires_at is None


def test_the_user_goes_where_they_wanted(client: Client) -> None:
    assert log_in(client, f"{LOGIN}?next=/somewhere/")["Location"] == "/somewhere/"


def test_the_urls_of_a_server(client: Client) -> None:
    provider = get_adapter().get_provider(None, "loop")
    assert provider.get_login_url(None) == LOGIN
    assert provider.get_login_url(None, process="connect") == f"{LOGIN}?process=connect"
    assert provider.get_callback_url() == CALLBACK


@pytest.mark.requirement("ATK-S23")
def test_the_token_is_in_a_header(client: Client, oidc: OIDCServer) -> None:
    log_in(client, LOGIN)
    (request,) = oidc.get_requests("/userinfo")
    assert request.bearer.startswith("at-")
    assert request.query == {}


def test_a_server_below_a_path_like_the_realms_of_keycloak(
    client: Client, oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    realm = f"{oidc.url}/realms/demo"
    oidc_settings["server_url"] = realm
    oidc.config = {"issuer": realm}
    oidc.claims = {"iss": realm}
    oidc.route(f"/realms/demo{DISCOVERY}", oidc.discovery)
    log_in(client, LOGIN)
    assert is_logged_in(client)
    assert oidc.get_requests(DISCOVERY) == []


def test_an_app_in_the_database(client: Client, oidc: OIDCServer, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    app = SocialApp.objects.create(
        provider="openid_connect",
        provider_id="stored",
        name="Stored",
        client_id=oidc.client_id,
        secret=oidc.client_secret,
        settings={"server_url": f"{oidc.url}/"},
    )
    app.sites.add(1)
    log_in(client, reverse("openid_connect_login", kwargs={"provider_id": "stored"}))
    token = SocialToken.objects.get()
    assert (token.account.provider, token.app) == ("stored", app)


def test_the_former_layout_of_the_settings(client: Client, oidc: OIDCServer, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "SERVERS": [
                {
                    "id": "loop",
                    "name": "Loop",
                    "server_url": oidc.url,
                    "APP": {"client_id": oidc.client_id, "secret": oidc.client_secret},
                }
            ]
        }
    }
    log_in(client, LOGIN)
    assert is_logged_in(client)


@pytest.mark.parametrize("page", ["login", "callback"])
def test_unknown_servers_are_not_found(client: Client, settings: Any, page: str) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["github"] = {"APP": {"client_id": "x", "secret": "y"}}
    for provider_id in ("nobody", "github"):
        url = reverse(f"openid_connect_{page}", kwargs={"provider_id": provider_id})
        assert client.get(url).status_code == 404


def test_several_apps_of_one_id_are_an_error_page(client: Client, settings: Any) -> None:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps.append(apps[0])
    assert_refused(client, client.get(CALLBACK, {"code": "x", "state": "y"}))


@pytest.mark.requirement("SEC-111")
@pytest.mark.parametrize(
    ("methods", "wish", "is_basic"),
    [
        (["client_secret_basic", "client_secret_post"], None, False),
        (["client_secret_basic"], None, True),
        (["client_secret_post"], None, False),
        ([], None, False),
        (None, None, False),
        (["client_secret_post"], "client_secret_basic", True),
        (["client_secret_basic"], "client_secret_post", False),
    ],
)
def test_client_authenticates_as_the_server_supports_and_the_site_wants(
    client: Client,
    oidc: OIDCServer,
    oidc_settings: OidcSettings,
    settings: Any,
    methods: list[str] | None,
    wish: str | None,
    is_basic: bool,
) -> None:
    oidc.client_id, oidc.client_secret = "a:b c", "s%/+ :"
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app |= {"client_id": oidc.client_id, "secret": oidc.client_secret}
    oidc.config["token_endpoint_auth_methods_supported"] = methods
    oidc_settings["token_auth_method"] = wish
    log_in(client, LOGIN)
    assert is_logged_in(client)
    request = oidc.get_requests("/token")[0]
    assert request.headers.get("authorization", "").startswith("Basic ") == is_basic
    assert ("client_secret" in request.form) != is_basic


@pytest.mark.parametrize(
    ("options", "uid", "names"),
    [
        ({}, "user-1", {"userinfo", "id_token"}),
        ({"fetch_userinfo": False}, "user-1", {"id_token"}),
        ({"uid_field": "preferred_username"}, "nadia", {"userinfo", "id_token"}),
    ],
)
def test_what_an_app_may_choose(
    client: Client, oidc_settings: OidcSettings, options: OidcSettings, uid: str, names: set[str]
) -> None:
    oidc_settings |= options
    log_in(client, LOGIN)
    account = SocialAccount.objects.get()
    assert account.uid == uid
    assert set(account.extra_data) == names


def test_without_an_id_token_there_is_the_userinfo(
    client: Client, oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    oidc_settings["fetch_userinfo"] = False
    oidc.get_token_members = lambda grant: {}  # type: ignore[method-assign]
    log_in(client, LOGIN)
    assert SocialAccount.objects.get().extra_data == {"userinfo": oidc.profile}


@pytest.mark.parametrize(
    ("server_url", "document"),
    [
        ("https://op.example.org", "https://op.example.org/.well-known/openid-configuration"),
        ("https://op.example.org/", "https://op.example.org/.well-known/openid-configuration"),
        ("https://op.example.org/a/", "https://op.example.org/a/.well-known/openid-configuration"),
        ("https://op.example.org/.well-known/x", "https://op.example.org/.well-known/x"),
    ],
)
def test_the_place_of_the_discovery_document(
    oidc_settings: OidcSettings, server_url: str, document: str
) -> None:
    oidc_settings["server_url"] = server_url
    assert get_adapter().get_provider(None, "loop").server_url == document


@pytest.mark.parametrize("wrapper", ["userinfo", "id_token", None])
def test_rows_of_all_releases_are_displayed(
    oidc_settings: OidcSettings, wrapper: str | None
) -> None:
    claims = {"sub": "1", "preferred_username": "n", "email": "n@example.org", "name": "N"}
    account = SocialAccount(
        provider="loop", uid="1", extra_data={wrapper: claims} if wrapper else claims
    )
    assert str(account.get_provider_account()) == "n@example.org"


@pytest.mark.requirement("SEC-094")
def test_each_handshake_has_its_own_pkce_verifier(
    client: Client, oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    oidc_settings["oauth_pkce_enabled"] = True
    locations = [start_login(client, LOGIN) for _ in range(2)]
    queries = [dict(parse_qsl(urlsplit(location).query)) for location in locations]
    assert all(query["code_challenge_method"] == "S256" for query in queries)
    assert queries[0]["code_challenge"] != queries[1]["code_challenge"]
    assert all(len(query["code_challenge"]) == 43 for query in queries)
    for location in locations:
        assert client.get(get_path(visit(location))).status_code == 302
    verifiers = [request.form["code_verifier"] for request in oidc.get_requests("/token")]
    assert len(set(verifiers)) == 2
    assert {len(verifier) for verifier in verifiers} == {128}


@pytest.mark.requirement("SEC-124")
def test_overrides_of_the_discovery_document_count_everywhere(
    client: Client, oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    with IdentityProvider() as other:
        endpoints = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        oidc.config = dict.fromkeys(endpoints, f"{other.url}/nowhere")
        oidc.config["issuer"] = "https://elsewhere.example.org"
        oidc_settings["openid_configuration_overrides"] = {
            "issuer": oidc.url,
            "authorization_endpoint": f"{oidc.url}/authorize",
            "token_endpoint": f"{oidc.url}/token",
            "userinfo_endpoint": f"{oidc.url}/userinfo",
            "jwks_uri": f"{oidc.url}/jwks",
        }
        log_in(client, LOGIN)
        assert is_logged_in(client)
        assert other.requests == []
        provider = get_adapter().get_provider(None, "loop")
        assert provider.verify_token(None, {"id_token": oidc.make_id_token()})


def test_the_server_may_be_known_not_to_return_the_nonce(
    client: Client, oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    oidc_settings["use_nonce"] = False
    assert "nonce" not in parse_qs(urlsplit(start_login(client, LOGIN)).query)
    log_in(client, LOGIN)
    assert is_logged_in(client)


def test_an_asynchronous_complete_login(
    client: Client, oidc: OIDCServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def complete_login(self: Any, request: Any, app: Any, token: Any, **kwargs: Any) -> Any:
        return self.get_provider().sociallogin_from_response(request, {"sub": "from-a-coroutine"})

    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "complete_login", complete_login)
    log_in(client, LOGIN)
    assert SocialAccount.objects.get().uid == "from-a-coroutine"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_atomic", [False, True])
def test_no_transaction_is_open_while_the_provider_is_asked(
    client: Client,
    oidc: OIDCServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_atomic: bool,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.WatchingAdapter"
    WatchingAdapter.while_asking = []
    WatchingAdapter.while_deciding = []
    log_in(client, LOGIN)
    assert is_logged_in(client)
    assert set(WatchingAdapter.while_asking) == {False}
    assert WatchingAdapter.while_deciding == [is_atomic]


class WatchingAdapter(ReroutingAdapter):
    while_asking: list[bool]
    while_deciding: list[bool]

    def get_requests_session(self) -> Any:
        self.while_asking.append(connection.in_atomic_block)
        return super(ReroutingAdapter, self).get_requests_session()

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        self.while_deciding.append(connection.in_atomic_block)


# What must not work: the state


@pytest.mark.requirement("SEC-087", "ATK-S24")
@pytest.mark.parametrize(
    "query",
    [
        {"code": "x"},
        {"code": "x", "state": ""},
        {"code": "x", "state": "unknown"},
        {"code": "x", "state": "y" * 10_000},
        {"code": "x", "state": "\x00"},
        {"code": ["x", "y"]},
        {"state": "unknown"},
        {"error": "access_denied"},
        {"error": "<svg onload=alert(1)>", "error_description": "z" * 100_000},
        {},
    ],
)
def test_without_a_state_nothing_happens(
    client: Client, oidc: OIDCServer, query: dict[str, Any]
) -> None:
    start_login(client, LOGIN)
    states = client.session["socialaccount_states"]
    response = client.get(CALLBACK, query)
    assert_refused(client, response)
    assert b"<svg" not in response.content
    assert oidc.get_requests("/token") == []
    assert client.session["socialaccount_states"] == states


@pytest.mark.requirement("SEC-087", "INV-13")
@pytest.mark.parametrize(("age", "is_fine"), [(599, True), (601, False)])
def test_a_state_lives_for_ten_minutes(
    client: Client, oidc: OIDCServer, age: int, is_fine: bool
) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        callback = get_path(visit(start_login(client, LOGIN)))
        clock.shift(age)
        response = client.get(callback)
        assert is_logged_in(client) == is_fine
    if not is_fine:
        assert_refused(client, response)
        assert oidc.get_requests("/token") == []


@pytest.mark.requirement("ATK-S03")
def test_the_state_of_another_session_is_refused(
    client: Client, client_factory: Callable[..., Client], oidc: OIDCServer
) -> None:
    callback = get_path(visit(start_login(client_factory(), LOGIN)))
    start_login(client, LOGIN)
    assert_refused(client, client.get(callback))
    assert oidc.get_requests("/token") == []


@pytest.mark.requirement("SEC-088", "ATK-S09")
def test_the_state_of_another_provider_is_refused(
    client: Client, oidc: OIDCServer, settings: Any
) -> None:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps.append({**apps[0], "provider_id": "other", "client_id": "other-1"})
    callback = get_path(visit(start_login(client, LOGIN)))
    assert_refused(client, client.get(callback.replace("/loop/", "/other/")))
    assert oidc.get_requests("/token") == []
    assert client.get(callback).status_code == 302
    assert is_logged_in(client)


@pytest.mark.requirement("SEC-087", "INV-10")
def test_a_callback_works_once(client: Client, oidc: OIDCServer) -> None:
    callback = get_path(visit(start_login(client, LOGIN)))
    assert client.get(callback).status_code == 302
    client.post(reverse("account_logout"))
    assert_refused(client, client.get(callback))
    assert len(oidc.get_requests("/token")) == 1


def test_a_replayed_code_is_refused_by_the_provider(client: Client, oidc: OIDCServer) -> None:
    first = parse_qs(urlsplit(visit(start_login(client, LOGIN))).query)
    second = parse_qs(urlsplit(visit(start_login(client, LOGIN))).query)
    client.get(CALLBACK, {"code": first["code"], "state": first["state"]})
    client.post(reverse("account_logout"))
    query = {"code": first["code"][0], "state": second["state"][0]}
    assert_refused(client, client.get(CALLBACK, query))


@pytest.mark.requirement("ATK-S01", "INV-36")
def test_a_session_remembers_eleven_logins(client: Client, oidc: OIDCServer) -> None:
    callbacks = [get_path(visit(start_login(client, LOGIN))) for _ in range(12)]
    assert_refused(client, client.get(callbacks[0]))
    assert oidc.get_requests("/token") == []
    assert client.get(callbacks[1]).status_code == 302
    assert is_logged_in(client)


@pytest.mark.requirement("SEC-089")
def test_several_handshakes_at_once_all_succeed(client: Client) -> None:
    callbacks = [get_path(visit(start_login(client, LOGIN))) for _ in range(2)]
    for callback in callbacks:
        assert client.get(callback).status_code == 302
        assert is_logged_in(client)


@pytest.mark.parametrize("method", ["head", "options", "put", "delete", "patch"])
def test_the_callback_takes_get_and_post_only(client: Client, method: str) -> None:
    callback = get_path(visit(start_login(client, LOGIN)))
    assert getattr(client, method)(callback).status_code == 405
    assert client.post(callback).status_code == 302
    assert is_logged_in(client)


@pytest.mark.requirement("SEC-091", "ATK-S05")
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_only_a_post_begins_a_login(client: Client, oidc: OIDCServer, method: str) -> None:
    response = getattr(client, method)(f"{LOGIN}?process=connect")
    assert response.status_code == 200
    assert "Location" not in response
    assert "socialaccount_states" not in client.session
    assert oidc.requests == []


@pytest.mark.requirement("SEC-092")
@pytest.mark.parametrize("same_site", ["Strict", False])
def test_a_strict_cookie_needs_a_request_from_this_site(
    client: Client, oidc: OIDCServer, settings: Any, same_site: Any
) -> None:
    settings.SESSION_COOKIE_SAMESITE = same_site
    callback = get_path(visit(start_login(client, LOGIN)))
    cookie = client.cookies.pop("sessionid")
    response = client.get(callback)
    assert response.status_code == 200
    assert response.templates[0].name == "socialaccount/login_redirect.html"
    again = response.context["redirect_to"]
    assert again.startswith(callback)
    assert oidc.get_requests("/token") == []
    assert_refused(client, client.get(again))  # without a cookie there is no third try
    client.cookies["sessionid"] = cookie.value
    assert client.get(again).status_code == 302
    assert is_logged_in(client)
    assert len(oidc.get_requests("/token")) == 1


def test_a_cancelled_login(client: Client) -> None:
    state = parse_qs(urlsplit(start_login(client, LOGIN)).query)["state"][0]
    response = client.get(CALLBACK, {"error": "access_denied", "state": state})
    assert response["Location"] == reverse("socialaccount_login_cancelled")


@pytest.mark.requirement("ATK-S24")
@pytest.mark.parametrize(
    "change",
    [
        {"code": ["a", "b"]},
        {"error": "server_error"},
        {"error": '"><svg onload=x>'},
    ],
)
def test_odd_answers_are_an_error_page(
    client: Client, oidc: OIDCServer, change: dict[str, Any]
) -> None:
    state = parse_qs(urlsplit(start_login(client, LOGIN)).query)["state"][0]
    response = client.get(CALLBACK, {"code": "a", "state": state, **change})
    assert_refused(client, response)
    assert b"<svg" not in response.content
    assert oidc.get_requests("/token") == []


@pytest.mark.requirement("ATK-S09")
@pytest.mark.parametrize(
    ("announced", "issuer", "is_fine"),
    [
        (None, None, True),
        (None, "right", True),
        (None, "https://elsewhere.example.org", False),
        (True, "right", True),
        (True, None, False),
    ],
)
def test_issuer_parameter_has_to_name_the_provider(
    client: Client, oidc: OIDCServer, announced: bool | None, issuer: str | None, is_fine: bool
) -> None:
    oidc.config["authorization_response_iss_parameter_supported"] = announced
    callback = get_path(visit(start_login(client, LOGIN)))
    if issuer:
        callback = add_query(callback, iss=oidc.url if issuer == "right" else issuer)
    response = client.get(callback)
    assert is_logged_in(client) == is_fine
    if not is_fine:
        assert_refused(client, response)
        assert oidc.get_requests("/token") == []


# What must not work: the ID token


def _forge(oidc: OIDCServer, what: str, claims: dict[str, Any]) -> str:
    key = oidc.keys[0]
    if what == "none":
        return encode_raw({"alg": "none", "kid": key.kid}, claims)
    if what == "signature":
        good = key.sign(claims)
        return f"{good.rpartition('.')[0]}.{make_key('other').sign(claims).rpartition('.')[2]}"
    if what == "key":
        return make_key("other").sign(claims)
    if what == "kid":
        return make_key("other").sign(claims, kid=key.kid)
    if what == "no kid":
        return key.sign(claims, kid=None)
    if what == "RS512":
        return key.sign(claims, alg="RS512")
    assert what == "HS256"
    return sign_with_public_key(key.public_pem, key.kid, claims)


def sign_with_public_key(pem: str, kid: Any, claims: dict[str, Any]) -> str:
    """PyJWT refuses to do this, so it is done by hand."""
    import base64
    import hashlib
    import hmac

    unsigned = encode_raw({"alg": "HS256", "kid": kid}, claims).removesuffix(".")
    digest = hmac.new(pem.encode(), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


FORGERIES = ["none", "signature", "key", "kid", "no kid", "RS512", "HS256"]

BAD_CLAIMS: list[dict[str, Any]] = [
    {"iss": None},
    {"iss": "https://elsewhere.example.org"},
    {"iss": 7},
    {"aud": None},
    {"aud": "client-2"},
    {"aud": ["client-2"]},
    {"aud": ["client-1", "client-2"]},
    {"aud": ["client-1", "client-2"], "azp": "client-2"},
    {"azp": "client-2"},
    {"aud": 7},
    {"exp": None},
    {"exp": 1},
    {"exp": "soon"},
    {"exp": 10**30},
    {"exp": True},
    {"iat": 4_000_000_000},
    {"nbf": 4_000_000_000},
    {"sub": None},
    {"sub": ""},
    {"sub": " "},
    {"sub": 7},
    {"sub": True},
    {"sub": ["user-1"]},
    {"sub": {"a": 1}},
    {"jti": ["x"]},
]


@pytest.mark.requirement("ATK-S11", "INV-31")
@pytest.mark.parametrize("claims", BAD_CLAIMS, ids=str)
def test_id_tokens_with_wrong_claims_are_refused(
    client: Client, oidc: OIDCServer, claims: dict[str, Any]
) -> None:
    oidc.make_claims = _with_raw(oidc.make_claims, claims)  # type: ignore[method-assign]
    assert_refused(client, log_in(client, LOGIN))
    token = {"id_token": oidc.make_id_token()}
    assert_invalid(token)


@pytest.mark.requirement("ATK-S11")
@pytest.mark.parametrize("change", [lambda url: f"{url}/", str.upper, lambda url: f" {url}"])
def test_the_issuer_has_to_be_the_same_to_the_letter(
    client: Client, oidc: OIDCServer, change: Callable[[str], str]
) -> None:
    oidc.claims = {"iss": change(oidc.url)}
    assert_refused(client, log_in(client, LOGIN))
    assert_invalid({"id_token": oidc.make_id_token(**oidc.claims)})


def _with_raw(make_claims: Any, changes: dict[str, Any]) -> Any:
    def make(**claims: Any) -> dict[str, Any]:
        made = make_claims(**claims) | changes
        return {name: value for name, value in made.items() if value is not None}

    return make


@pytest.fixture(autouse=True)
def _pyjwt_signs_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyJWT checks some claims of the tokens that it makes; these are to be wrong."""
    import jwt

    def encode(payload: Any, key: Any, algorithm: str, headers: Any) -> str:
        return jwt.PyJWS().encode(json.dumps(payload).encode(), key, algorithm, headers)

    monkeypatch.setattr(jwt, "encode", encode)


@pytest.mark.requirement("ATK-S11")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["client-1"]},
        {"aud": ["client-1", "client-2"], "azp": "client-1"},
        {"azp": "client-1"},
    ],
    ids=str,
)
def test_id_tokens_with_right_claims_are_accepted(
    client: Client, oidc: OIDCServer, claims: dict[str, Any]
) -> None:
    oidc.claims = claims
    log_in(client, LOGIN)
    assert is_logged_in(client)


@pytest.mark.requirement("ATK-S10", "INV-31")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_forged_id_tokens_are_refused(client: Client, oidc: OIDCServer, forgery: str) -> None:
    def forge(**claims: Any) -> str:
        return _forge(oidc, forgery, oidc.make_claims(**claims))

    oidc.make_id_token = forge  # type: ignore[method-assign]
    assert_refused(client, log_in(client, LOGIN))
    assert_invalid({"id_token": oidc.make_id_token()})


def assert_invalid(token: dict[str, Any]) -> None:
    from django.core.exceptions import ValidationError

    provider = get_adapter().get_provider(None, "loop")
    with pytest.raises(ValidationError) as caught:
        provider.verify_token(None, token)
    assert caught.value.code == "invalid_token"


@pytest.mark.requirement("ATK-S10")
@pytest.mark.parametrize(
    "token",
    [
        {},
        {"id_token": None},
        {"id_token": ""},
        {"id_token": 7},
        {"id_token": ["x"]},
        {"id_token": "x"},
        {"id_token": "a.b.c"},
        {"id_token": "é.é.é"},
        {"id_token": "x" * 1_000_000},
        {"id_token": encode_raw([], {})},
        {"id_token": encode_raw({"alg": 7, "kid": "key-1"}, {})},
        {"id_token": encode_raw({"alg": ["RS256"], "kid": "key-1"}, {})},
        {"id_token": encode_raw({"kid": "key-1"}, {})},
        {"id_token": encode_raw({"alg": "RS256", "kid": ["key-1"]}, {})},
        {"id_token": encode_raw({"alg": "RS256", "kid": 1}, {})},
        {"id_token": encode_raw({"alg": "RS256", "kid": "../../etc/passwd"}, {})},
        {"id_token": encode_raw({"alg": "RS256", "kid": "key-1"}, [])},
        {"id_token": encode_raw({"alg": "RS256", "kid": "key-1"}, "text")},
        {"access_token": "x"},
    ],
    ids=lambda token: str(token)[:40],
)
def test_what_is_no_token_is_refused(token: dict[str, Any]) -> None:
    assert_invalid(token)


def _make_key_sets(oidc: OIDCServer) -> dict[str, Any]:
    jwk = oidc.keys[0].jwk
    nameless = {name: value for name, value in jwk.items() if name != "kid"}
    return {
        "empty": {"keys": []},
        "no keys": {},
        "keys are text": {"keys": "x"},
        "entries are text": {"keys": ["x"]},
        "symmetric": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "key-1", "alg": "HS256"}]},
        "symmetric algorithm": {"keys": [{**jwk, "alg": "HS256"}]},
        "duplicate": {"keys": [jwk, make_key("other").jwk | {"kid": "key-1"}]},
        "no kid": {"keys": [nameless]},
        "encryption": {"keys": [{**jwk, "use": "enc"}]},
        "no modulus": {"keys": [{**jwk, "n": None}]},
        "other type": {"keys": [{**jwk, "kty": "EC"}]},
        "unknown type": {"keys": [{**jwk, "kty": ["RSA"]}]},
    }


@pytest.mark.requirement("ATK-S10", "SEC-104")
@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "no keys",
        "keys are text",
        "entries are text",
        "symmetric",
        "symmetric algorithm",
        "duplicate",
        "no kid",
        "encryption",
        "no modulus",
        "other type",
        "unknown type",
    ],
)
def test_unusable_key_sets_are_refused(client: Client, oidc: OIDCServer, name: str) -> None:
    oidc.route("/jwks", Reply.json(_make_key_sets(oidc)[name]))
    assert_refused(client, log_in(client, LOGIN))


@pytest.mark.requirement("SEC-104")
def test_the_key_that_the_token_names_is_used(client: Client, oidc: OIDCServer) -> None:
    oidc.keys = [make_key("key-2"), make_key("key-1"), make_key("key-3")]
    for key in oidc.keys:
        provider = get_adapter().get_provider(None, "loop")
        assert provider.verify_token(None, {"id_token": key.sign(oidc.make_claims(jti=key.kid))})
        others = [other for other in oidc.keys if other is not key]
        for other in others:
            assert_invalid({"id_token": other.sign(oidc.make_claims(), kid=key.kid)})


def test_a_key_without_an_algorithm_takes_those_of_its_type(
    client: Client, oidc: OIDCServer
) -> None:
    jwk = {name: value for name, value in oidc.keys[0].jwk.items() if name != "alg"}
    oidc.route("/jwks", Reply.json({"keys": [jwk]}))
    key = oidc.keys[0]
    oidc.make_id_token = (  # type: ignore[method-assign]
        lambda **claims: key.sign(oidc.make_claims(**claims), alg="RS512")
    )
    log_in(client, LOGIN)
    assert is_logged_in(client)


@pytest.mark.requirement("ATK-S12")
@pytest.mark.parametrize("nonce", [None, "", "another", 7])
def test_id_tokens_of_other_handshakes_are_refused(
    client: Client, oidc: OIDCServer, nonce: Any
) -> None:
    oidc.claims = {"nonce": nonce}
    assert_refused(client, log_in(client, LOGIN))


@pytest.mark.requirement("ATK-S12")
@pytest.mark.parametrize("sub", ["user-2", None, "", ["user-1"], "USER-1"])
def test_the_userinfo_of_somebody_else_is_refused(
    client: Client, oidc: OIDCServer, sub: Any
) -> None:
    oidc.claims = {"sub": "user-1"}
    oidc.profile["sub"] = sub
    assert_refused(client, log_in(client, LOGIN))
    assert not SocialAccount.objects.exists()


@pytest.mark.requirement("SEC-103", "ATK-S13")
def test_a_token_works_once(oidc: OIDCServer) -> None:
    provider = get_adapter().get_provider(None, "loop")
    for jti in ("j-1", None, "x" * 10_000, "\x00\r\n"):
        token = {"id_token": oidc.make_id_token(jti=jti)}
        assert provider.verify_token(None, token).account.uid == "user-1"
        assert_invalid(token)
    again = {"id_token": oidc.make_id_token(jti="j-1", iat=1)}
    assert_invalid(again)


@pytest.mark.requirement("ATK-S13")
@pytest.mark.parametrize("token_id", [["x"], 7, {}, True])
def test_ids_of_tokens_are_text(token_id: Any) -> None:
    claims = {"iss": "https://op.example", "exp": time.time() + 600, "jti": token_id}
    with pytest.raises(OAuth2Error):
        jwtkit.verify_jti(claims)


@pytest.mark.requirement("INV-10", "ATK-S13")
def test_of_parallel_uses_one_succeeds(oidc: OIDCServer) -> None:
    keys_url = f"{oidc.url}/jwks"
    provider_http.cache_document(keys_url, {"keys": [oidc.keys[0].jwk]})
    credentials = [oidc.make_id_token(), oidc.make_id_token(jti="j-1")]
    barrier = threading.Barrier(8, timeout=60)

    def use(credential: str) -> bool:
        barrier.wait()
        try:
            jwtkit.verify_and_decode(
                credential=credential,
                keys_url=keys_url,
                issuer=oidc.url,
                audience="client-1",
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except OAuth2Error:
            return False
        return True

    for credential in credentials:
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(use, [credential] * 8)) == 1


@pytest.mark.requirement("ATK-S13")
def test_without_a_cache_no_token_is_accepted(
    oidc: OIDCServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the cache is down")

    for name in ("add", "get", "set"):
        monkeypatch.setattr(type(cache._connections[cache._alias]), name, fail)
    assert_invalid({"id_token": oidc.make_id_token()})


def test_a_posted_token_logs_in_with_flat_claims(oidc: OIDCServer) -> None:
    claims = {"email": "nadia@example.org", "email_verified": True, "name": "Nadia Brandt"}
    provider = get_adapter().get_provider(None, "loop")
    login = provider.verify_token(None, {"id_token": oidc.make_id_token(**claims)})
    assert login.account.extra_data.items() >= claims.items()
    assert [(a.email, a.verified) for a in login.email_addresses] == [("nadia@example.org", True)]


@pytest.mark.requirement("ATK-S42")
def test_tokens_that_others_bring_are_verified(oidc: OIDCServer) -> None:
    """Packages call ``complete_login`` with what their clients sent."""
    provider = get_adapter().get_provider(None, "loop")
    token = SocialToken(token="at-x")
    for forgery in FORGERIES:
        adapter = OpenIDConnectOAuth2Adapter(None, "loop")
        forged = _forge(oidc, forgery, oidc.make_claims())
        with pytest.raises(OAuth2Error, match="token"):
            adapter.complete_login(None, provider.app, token, response={"id_token": forged})
    adapter = OpenIDConnectOAuth2Adapter(None, "loop")
    response = {"id_token": oidc.make_id_token()}
    assert adapter.complete_login(None, provider.app, token, response=response).account.uid


@pytest.mark.requirement("SEC-102")
def test_a_signature_may_be_skipped_by_tls_only(
    oidc: OIDCServer, oidc_settings: OidcSettings
) -> None:
    adapter = OpenIDConnectOAuth2Adapter(None, "loop")
    assert not adapter.is_token_authentic
    adapter.did_fetch_access_token = True
    assert not adapter.is_token_authentic
    oidc_settings["openid_configuration_overrides"] = {"token_endpoint": "https://op.example/t"}
    adapter = OpenIDConnectOAuth2Adapter(None, "loop")
    assert not adapter.is_token_authentic
    adapter.did_fetch_access_token = True
    assert adapter.is_token_authentic


@pytest.mark.requirement("ATK-S16", "INV-38")
@pytest.mark.parametrize(
    "value",
    ["false", "False", "0", "no", 0, 1, None, [], {}, "yes", "TRUE ", [True]],
    ids=repr,
)
def test_only_a_clear_yes_verifies(
    client: Client, user: Any, oidc: OIDCServer, settings: Any, value: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    oidc.profile |= {"email": user.email, "email_verified": value}
    log_in(client, LOGIN)
    assert not is_logged_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.requirement("ATK-S16")
@pytest.mark.parametrize("value", [True, "true", "1"])
def test_a_clear_yes_verifies(
    client: Client, user: Any, oidc: OIDCServer, settings: Any, value: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    oidc.profile |= {"email": user.email, "email_verified": value}
    log_in(client, LOGIN)
    assert client.session["_auth_user_id"] == str(user.pk)


# What must not work: keys, documents, endpoints


def verify_together(tokens: list[str]) -> list[Any]:
    """Verify each token in a thread of its own, all at the same time; errors are returned."""
    app = get_adapter().get_provider(None, "loop").app
    barrier = threading.Barrier(len(tokens), timeout=30)

    def verify(token: str) -> Any:
        adapter = app.get_provider(None).get_oauth2_adapter(None)
        barrier.wait()
        try:
            return adapter.decode_id_token(app, token)["jti"]
        except (OAuth2Error, RequestException) as error:
            return error

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(verify, tokens))


def make_tokens(oidc: OIDCServer, count: int, **headers: Any) -> list[str]:
    return [
        oidc.keys[0].sign(oidc.make_claims(jti=f"j-{number}"), **headers) for number in range(count)
    ]


def reply_slowly(oidc: OIDCServer, path: str) -> None:
    """Let others ask for ``path`` before the first one is answered."""
    answer = oidc.routes[path]

    def route(request: Request) -> Reply:
        time.sleep(0.2)
        return answer(request)

    oidc.route(path, route)


def test_a_hundred_cold_logins_fetch_each_document_once(oidc: OIDCServer) -> None:
    for path in (DISCOVERY, "/jwks"):
        reply_slowly(oidc, path)

    subjects = verify_together(make_tokens(oidc, 100))

    assert subjects == [f"j-{number}" for number in range(100)]
    assert [request.path for request in oidc.requests] == [DISCOVERY, "/jwks"]


def test_logins_at_the_same_time_fetch_changed_keys_once(oidc: OIDCServer) -> None:
    verify_together(make_tokens(oidc, 1))
    oidc.keys = [make_key("key-2")]
    oidc.forget()
    reply_slowly(oidc, "/jwks")

    # Tokens are used once, and one of these ids was.
    subjects = verify_together(make_tokens(oidc, 21))[1:]

    assert subjects == [f"j-{number}" for number in range(1, 21)]
    assert [request.path for request in oidc.requests] == ["/jwks"]


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks"])
def test_outage_is_not_remembered(oidc: OIDCServer, path: str) -> None:
    reply_slowly(oidc, path)
    oidc.override(path, Reply(status=503))
    tokens = make_tokens(oidc, 20)

    assert any(isinstance(result, RequestException) for result in verify_together(tokens))

    assert len(oidc.get_requests(path)) <= 2
    assert verify_together(make_tokens(oidc, 21))[-1] == "j-20"


@pytest.mark.requirement("ATK-S14")
def test_keys_are_kept_and_fetched_anew_when_they_were_changed(
    client: Client, oidc: OIDCServer
) -> None:
    log_in(client, LOGIN)
    log_in(client, LOGIN)
    assert len(oidc.get_requests("/jwks")) == 1
    oidc.keys = [make_key("key-2")]
    log_in(client, LOGIN)
    assert is_logged_in(client)
    assert len(oidc.get_requests("/jwks")) == 2


@pytest.mark.requirement("ATK-S14")
def test_unknown_keys_cause_no_storm(oidc: OIDCServer) -> None:
    for number in range(30):
        claims = oidc.make_claims(jti=f"j-{number}")
        assert_invalid({"id_token": oidc.keys[0].sign(claims, kid=f"random-{number}")})
    assert len(oidc.get_requests("/jwks")) == 2


@pytest.mark.requirement("ATK-S14")
def test_keys_are_fetched_anew_once_in_a_while(
    oidc: OIDCServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: dict[str, int] = {}
    claim = jwtkit._claim

    def note_claim(cache_key: str, seconds: int) -> bool:
        claims[cache_key] = seconds
        return claim(cache_key, seconds)

    monkeypatch.setattr(jwtkit, "_claim", note_claim)
    token = {"id_token": oidc.keys[0].sign(oidc.make_claims(), kid="unknown")}
    for _ in range(2):
        assert_invalid(token)
    assert len(oidc.get_requests("/jwks")) == 2
    ((cache_key, seconds),) = claims.items()
    assert seconds == 60
    # The clock of the cache cannot be set everywhere. This is what it does once the time is up.
    cache.delete(cache_key)
    assert_invalid(token)
    assert len(oidc.get_requests("/jwks")) == 3


@pytest.mark.requirement("ATK-S14", "ATK-S27", "INV-35", "INV-36", "SEC-019")
@pytest.mark.parametrize("path", [DISCOVERY, "/jwks", "/token", "/userinfo"])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>", headers={"Content-Type": "text/html"}),
        Reply(status=500),
        Reply.json([1]),
        Reply.json("text"),
        Reply.json(7),
        Reply.json({}),
        Reply.json({"issuer": 7, "access_token": ["x"], "keys": 7, "sub": {}}),
        Reply.redirect("http://127.0.0.1:1/"),
        Reply.redirect("/loop"),
        Reset(),
        Silence(),
        Drip(),
        Huge(),
    ],
    ids=lambda reply: f"{type(reply).__name__}-{reply.status}-{reply.body[:9]!r}",
)
def test_outages_are_an_error_page(
    client: Client, oidc: OIDCServer, give_up: Callable[[str, Reply], None], path: str, reply: Reply
) -> None:
    give_up(path, reply)
    if path == DISCOVERY:
        oidc.route(path, reply)
        response = client.post(LOGIN)
    else:
        location = start_login(client, LOGIN)
        oidc.route(path, reply)
        response = client.get(get_path(visit(location)))
    assert_refused(client, response)
    assert not SocialAccount.objects.exists()


@pytest.mark.requirement("SEC-019")
@pytest.mark.parametrize("path", [None, "/jwks", "/token", "/userinfo"])
def test_sessions_are_closed_whatever_happens(
    client: Client, oidc: OIDCServer, settings: Any, path: str | None
) -> None:
    settings.SOCIALACCOUNT_ADAPTER = f"{__name__}.CountingAdapter"
    CountingAdapter.opened = CountingAdapter.closed = 0
    if path:
        oidc.override(path, Reset(), times=2)
    log_in(client, LOGIN)
    assert is_logged_in(client) == (path is None)
    assert CountingAdapter.closed == CountingAdapter.opened == len(oidc.requests) - 1


class CountingAdapter(DefaultSocialAccountAdapter):
    opened: int
    closed: int

    def get_requests_session(self) -> Any:
        session = super().get_requests_session()
        type(self).opened += 1
        session.close = self._count_closed
        return session

    def _count_closed(self) -> None:
        type(self).closed += 1


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks"])
def test_what_cannot_be_used_is_not_kept(client: Client, oidc: OIDCServer, path: str) -> None:
    oidc.override(path, Reply.json({"issuer": "https://elsewhere.example.org"}))
    assert_refused(client, client.post(LOGIN) if path == DISCOVERY else log_in(client, LOGIN))
    log_in(client, LOGIN)
    assert is_logged_in(client)


def test_state_is_stashed_after_the_discovery(
    client: Client, oidc: OIDCServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What another tab stashes between that and the end of the request can get lost.
    events: list[str] = []
    stash_state = redirect_states.stash_state

    def note_discovery(request: Request) -> Reply:
        events.append("discovery")
        return oidc.discovery(request)

    def note_stash(*args: Any, **kwargs: Any) -> str:
        events.append("stash")
        return stash_state(*args, **kwargs)

    oidc.route(DISCOVERY, note_discovery)
    monkeypatch.setattr(redirect_states, "stash_state", note_stash)

    start_login(client, LOGIN)

    assert events == ["discovery", "stash"]


@pytest.mark.parametrize("is_out", [False, True])
def test_login_stashes_one_state(client: Client, oidc: OIDCServer, is_out: bool) -> None:
    if is_out:
        oidc.route(DISCOVERY, Reset())

    response = client.post(LOGIN)

    assert response.status_code == (401 if is_out else 302)
    assert len(client.session[redirect_states.STATES_SESSION_KEY]) == 1


def test_an_outage_at_the_callback_is_an_error_page(client: Client, oidc: OIDCServer) -> None:
    callback = get_path(visit(start_login(client, LOGIN)))
    cache.clear()
    oidc.route(DISCOVERY, Reset())
    assert_refused(client, client.get(callback))


@pytest.mark.requirement("INV-16")
def test_the_answers_of_the_provider_are_not_shown(client: Client, oidc: OIDCServer) -> None:
    callback = get_path(visit(start_login(client, LOGIN)))
    oidc.override("/token", Reply.json({"error": "canary", "access_token": ["canary"]}, 400))
    response = client.get(callback)
    assert_refused(client, response)
    assert b"canary" not in response.content
    assert "canary" not in str(response.context["auth_error"]["exception"])


@pytest.mark.requirement("ATK-S26")
def test_a_document_of_another_issuer_is_refused(client: Client, oidc: OIDCServer) -> None:
    oidc.config["issuer"] = "https://elsewhere.example.org"
    assert_refused(client, client.post(LOGIN))
    assert [request.path for request in oidc.requests] == [DISCOVERY]


@pytest.mark.requirement("INV-35")
@pytest.mark.parametrize(
    "name", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"]
)
def test_a_document_may_lack_an_endpoint(client: Client, oidc: OIDCServer, name: str) -> None:
    oidc.config[name] = None
    response = client.post(LOGIN)
    if response.status_code == 302:
        response = client.get(get_path(visit(response["Location"])))
    assert_refused(client, response)


@pytest.mark.requirement("ATK-S25", "ATK-S26")
@pytest.mark.parametrize("name", ["token_endpoint", "userinfo_endpoint", "jwks_uri"])
@pytest.mark.parametrize("endpoint", ["http://op.example.org/x", "file:///etc/passwd", 7])
def test_a_document_must_not_give_up_tls(
    client: Client,
    rerouted: IdentityProvider,
    oidc_settings: OidcSettings,
    name: str,
    endpoint: Any,
) -> None:
    oidc_settings["server_url"] = "https://op.example.org"
    config = {
        "issuer": "https://op.example.org",
        "authorization_endpoint": "https://op.example.org/authorize",
        "token_endpoint": "https://op.example.org/token",
    }
    rerouted.route(DISCOVERY, Reply.json(config))
    assert client.post(LOGIN).status_code == 302
    cache.clear()
    rerouted.route(DISCOVERY, Reply.json({**config, name: endpoint}))
    assert_refused(client, client.post(LOGIN))


def test_int_subjects_of_servers_that_were_asked_by_tls(
    client: Client, rerouted: IdentityProvider, oidc_settings: OidcSettings
) -> None:
    base = "https://op.example.org"
    oidc_settings |= {"server_url": base, "fetch_userinfo": False, "use_nonce": False}
    config = {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
    }
    rerouted.route(DISCOVERY, Reply.json({**config, "jwks_uri": f"{base}/jwks"}))
    claims = {"iss": base, "aud": "client-1", "sub": 4711, "exp": 4_000_000_000}
    token = make_key("unpublished").sign(claims)
    rerouted.route("/token", Reply.json({"access_token": "at-1", "id_token": token}))
    state = parse_qs(urlsplit(start_login(client, LOGIN)).query)["state"][0]
    client.get(CALLBACK, {"code": "x", "state": state})
    assert SocialAccount.objects.get().uid == "4711"


@pytest.mark.requirement("ATK-S26")
def test_unsigned_tokens_are_refused_even_by_tls(
    client: Client, rerouted: IdentityProvider, oidc_settings: OidcSettings
) -> None:
    base = "https://op.example.org"
    oidc_settings |= {"server_url": base, "fetch_userinfo": False, "use_nonce": False}
    config = {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/jwks",
        "id_token_signing_alg_values_supported": ["none"],
    }
    rerouted.route(DISCOVERY, Reply.json(config))
    claims = {"iss": base, "aud": "client-1", "sub": "4711", "exp": 4_000_000_000}
    token = encode_raw({"alg": "none"}, claims)
    rerouted.route("/token", Reply.json({"access_token": "at-1", "id_token": token}))
    state = parse_qs(urlsplit(start_login(client, LOGIN)).query)["state"][0]
    assert_refused(client, client.get(CALLBACK, {"code": "x", "state": state}))


def test_libraries_are_loaded_when_they_are_needed() -> None:
    import os
    import subprocess
    import sys

    script = (
        "import django; django.setup(); import sys;"
        "import allauth.urls;"
        "print([name for name in ('jwt', 'cryptography', 'requests', 'oauthlib')"
        " if name in sys.modules])"
    )
    # Drivers of databases have requirements of their own.
    environment = {**os.environ, "TEST_DATABASE_URL": ""}
    command = [sys.executable, "-c", script]
    result = subprocess.run(
        command, check=True, capture_output=True, timeout=60, text=True, env=environment
    )
    assert result.stdout.strip() == "[]"


def test_a_profile_of_an_unexpected_shape_is_an_error_page(
    client: Client, oidc: OIDCServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complete_login(self: Any, *args: Any, **kwargs: Any) -> Any:
        return {}["missing"]

    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "complete_login", complete_login)
    assert_refused(client, log_in(client, LOGIN))


def answer_with(oidc: OIDCServer, **profile: Any) -> Callable[[Request], Reply]:
    return lambda request: Reply.json(oidc.profile | profile)


@pytest.mark.requirement("ATK-S11")
@pytest.mark.parametrize(
    "profile",
    [
        {"email": 7},
        {"email": ["a@example.org"]},
        {"name": 7},
        {"name": ["x"]},
        {"given_name": {"a": 1}},
        {"preferred_username": 7},
        {"email": "x" * 1000 + "@example.org"},
        {"name": "x" * 10_000},
    ],
    ids=lambda profile: str(profile)[:30],
)
def test_odd_members_of_a_profile_do_no_harm(
    client: Client, oidc: OIDCServer, profile: dict[str, Any]
) -> None:
    oidc.route("/userinfo", answer_with(oidc, **profile))
    assert log_in(client, LOGIN)["Location"] == "/accounts/profile/"
    user = SocialAccount.objects.get().user
    assert client.session["_auth_user_id"] == str(user.pk)
    # What is usable of the profile is used.
    assert user.email == ("" if "email" in profile else "nadia@example.org")
    assert user.last_name == "Brandt"
