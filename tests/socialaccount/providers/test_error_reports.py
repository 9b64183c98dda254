"""Reports of errors do not show the secrets of apps, tokens, and what is exchanged for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.test import Client
from requests.adapters import HTTPAdapter

from allauth.core.internal import http
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import redirect_states, sealing
from allauth.socialaccount.providers.apple.client import AppleOAuth2Client
from allauth.socialaccount.providers.dummy import provider as dummy
from allauth.socialaccount.providers.oauth2 import utils
from tests.support.idp.browser import start_login
from tests.support.idp.oidc import SigningKey, make_key
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply, add_query
from tests.support.reports import ExpectedFailure, Report, collect_reports, fail, make_report

SECRET = "canary4711ofasecret"
"""Part of all secrets."""
GRAPH = "graph.facebook.com/v19.0"


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return make_key("google-1")


def _make_app(name: str, **settings: str) -> dict[str, Any]:
    secret = f"{SECRET}-of-{name}"
    return {"client_id": name, "secret": secret, "key": "1", "settings": settings}


@pytest.fixture
def id_token(key: SigningKey) -> str:
    return key.sign(
        {
            "iss": "https://accounts.google.com",
            "aud": "google",
            "sub": "1",
            "email": "amara@example.org",
            "email_verified": True,
            "exp": 4_000_000_000,
        }
    )


@pytest.fixture
def server(settings: Any, key: SigningKey, id_token: str) -> Iterator[IdentityProvider]:
    """All providers in one."""
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        name: {"APP": _make_app(name), "OAUTH_PKCE_ENABLED": True}
        for name in ("google", "github", "facebook", "twitter")
    }
    settings.SOCIALACCOUNT_PROVIDERS["apple"] = {"APP": _make_app("apple", certificate_key=SECRET)}
    with IdentityProvider() as server:
        for kind in ("request", "access"):
            tokens = f"oauth_token={kind}&oauth_token_secret={SECRET}"
            server.route(f"/oauth/{kind}_token", Reply(tokens.encode()))
        profile = Reply.json({"id": 1, "id_str": "1", "screen_name": "nell"})
        server.route("/1.1/account/verify_credentials.json", profile)
        token = {"access_token": f"{SECRET}-access", "refresh_token": f"{SECRET}-refresh"}
        server.route("github.com/login/oauth/access_token", Reply.json(token))
        server.route("api.github.com/user", Reply.json({"id": 1, "login": "nell"}))
        google = Reply.json({**token, "id_token": id_token})
        server.route("oauth2.googleapis.com/token", google)
        server.route("www.googleapis.com/oauth2/v1/certs", Reply.json({key.kid: key.certificate}))
        server.route(f"{GRAPH}/oauth/access_token", Reply.json({"access_token": SECRET}))
        about = {"data": {"is_valid": True, "app_id": "facebook"}}
        server.route(f"{GRAPH}/debug_token", Reply.json(about))
        ReroutingAdapter.server = server
        yield server


@dataclass
class Site:
    """What a scenario works with."""

    client: Client
    server: IdentityProvider
    id_token: str
    settings: Any
    monkeypatch: pytest.MonkeyPatch

    def break_(self, owner: Any, name: str, broken: Any = fail) -> None:
        self.monkeypatch.setattr(owner, name, broken)

    def break_table(self, table: str) -> None:
        """Have the database refuse to add rows to a table."""

        def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith(f'INSERT INTO "{table}"'):
                del params
                raise ExpectedFailure
            return execute(sql, params, many, context)

        self.break_(connections["default"], "execute_wrappers", [refuse])

    def begin(self, provider: str) -> dict[str, str]:
        """Go to a provider; returns what it is told."""
        location = start_login(self.client, f"/accounts/{provider}/login/")
        return dict(parse_qsl(urlsplit(location).query))

    def come_back(self, provider: str, **query: str) -> Any:
        return self.client.get(add_query(f"/accounts/{provider}/login/callback/", **query))

    def log_in(self, provider: str, break_: Callable[[], None], code: str = "code-1") -> Any:
        query = self.begin(provider)
        break_()
        return self.come_back(provider, state=query["state"], code=code)


def begin_login(site: Site) -> None:
    site.break_(utils.secrets, "token_urlsafe", lambda length: SECRET)
    site.break_(redirect_states, "_save")
    site.client.post("/accounts/google/login/")


def exchange_code(site: Site) -> None:
    site.break_(utils.secrets, "token_urlsafe", lambda length: SECRET)
    site.log_in("google", lambda: site.break_(HTTPAdapter, "send"))


def decode_id_token(site: Site) -> None:
    site.log_in("google", lambda: site.break_(jwt, "decode"))


def populate_user(site: Site) -> None:
    site.log_in("github", lambda: site.break_(ReroutingAdapter, "populate_user"))


def store_token(site: Site) -> None:
    site.log_in("github", lambda: site.break_table("socialaccount_socialtoken"))


def read_profile(site: Site) -> None:
    site.log_in("github", lambda: site.break_(http, "read_json"))


def keep_token(site: Site) -> None:
    site.settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    site.log_in("github", lambda: site.break_(sealing, "_get_cipher"))


def read_kept_token(site: Site) -> None:
    site.settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    site.log_in("github", lambda: None)
    site.break_(sealing, "_derive_key")
    site.client.get("/accounts/3rdparty/signup/")


def begin_login_by_oauth1(site: Site) -> None:
    site.break_(HTTPAdapter, "send")
    site.client.post("/accounts/twitter/login/")


def log_in_by_oauth1(site: Site, break_: Callable[[], None]) -> None:
    token = site.begin("twitter")["oauth_token"]
    break_()
    site.come_back("twitter", oauth_token=token, oauth_verifier="verifier")


def exchange_request_token(site: Site) -> None:
    log_in_by_oauth1(site, lambda: site.break_(HTTPAdapter, "send"))


def store_token_of_oauth1(site: Site) -> None:
    log_in_by_oauth1(site, lambda: site.break_table("socialaccount_socialtoken"))


def read_profile_by_oauth1(site: Site) -> None:
    log_in_by_oauth1(site, lambda: site.break_(http, "read_json"))


def log_in_by_one_tap(site: Site) -> None:
    site.break_(jwt, "decode")
    site.client.cookies["g_csrf_token"] = "c"
    data = {"credential": site.id_token, "g_csrf_token": "c"}
    site.client.post("/accounts/google/login/token/", data)


def log_in_by_token(site: Site) -> None:
    site.break_(HTTPAdapter, "send")
    site.client.post("/accounts/facebook/login/token/", {"access_token": SECRET})


def read_what_a_token_is(site: Site) -> None:
    site.break_(http, "read_json")
    site.client.post("/accounts/facebook/login/token/", {"access_token": SECRET})


def keep_what_apple_posts(site: Site) -> None:
    site.break_(SessionStore, "save")
    data = {"code": SECRET, "state": "1", "id_token": SECRET}
    site.client.post("/accounts/apple/login/callback/", data)


def sign_secret(site: Site) -> None:
    site.break_(jwt, "encode")
    site.break_(AppleOAuth2Client, "get_client_id", lambda self: "apple")
    state = site.begin("apple")["state"]
    url = add_query("/accounts/apple/login/callback/finish/", state=state, code="code-1")
    site.client.get(url)


def edit_app(site: Site) -> None:
    admin = get_user_model().objects.create_superuser("admin", "admin@example.org", "x")
    site.client.force_login(admin)
    site.break_table("socialaccount_socialapp")
    data = {"provider": "google", "name": "Google", "client_id": "1", "settings": "{}"}
    site.client.post("/admin/socialaccount/socialapp/add/", {**data, "secret": SECRET})


SCENARIOS = [
    begin_login,
    exchange_code,
    decode_id_token,
    populate_user,
    store_token,
    read_profile,
    keep_token,
    read_kept_token,
    begin_login_by_oauth1,
    exchange_request_token,
    read_profile_by_oauth1,
    store_token_of_oauth1,
    log_in_by_one_tap,
    log_in_by_token,
    read_what_a_token_is,
    keep_what_apple_posts,
    sign_secret,
    edit_app,
]


@pytest.fixture
def site(
    client_factory: Callable[..., Client],
    server: IdentityProvider,
    id_token: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    client = client_factory(raise_request_exception=False)
    return Site(client, server, id_token, settings, monkeypatch)


def report(site: Site, scenario: Callable[[Site], None]) -> Report:
    with collect_reports(site.settings) as reports:
        scenario(site)
    assert reports, "nothing failed"
    return reports[0]


@pytest.mark.requirement("INV-16")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_reports_show_no_secrets(site: Site, scenario: Callable[[Site], None]) -> None:
    found = report(site, scenario)
    for secret in (SECRET, site.id_token):
        assert not found.find(secret)
        assert secret not in found.html


def test_codes_are_in_the_url_and_nowhere_else(site: Site) -> None:
    # Django reports the URL and the query. A code is of no use without the secret of the app.
    def scenario(site: Site) -> None:
        site.log_in("google", lambda: site.break_(HTTPAdapter, "send"), code=SECRET)

    assert not report(site, scenario).find(SECRET)


def test_tokens_that_clients_bring(
    server: IdentityProvider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = False
    monkeypatch.setattr(dummy, "AuthenticateForm", fail)
    provider = get_adapter().get_provider(None, "dummy")
    try:
        provider.verify_token(None, {"id_token": json.dumps({"id": SECRET})})
    except ExpectedFailure:
        found = make_report(None)
    # The caller, which is this test, is not in the report: it begins where the error is caught.
    assert not found.find(SECRET, "allauth")
