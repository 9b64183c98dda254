"""The OAuth 2.0 engine, by means of a GitHub that runs on the loopback interface."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.base.provider import ProviderAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from tests.support.idp.browser import get_path, log_in, start_login, visit
from tests.support.idp.oauth2 import OAuth2Server
from tests.support.idp.server import Drip, Huge, Reply, Reset, Silence, add_query
from tests.support.sessions import is_logged_in

LOGIN = "/accounts/github/login/"
CALLBACK = "/accounts/github/login/callback/"


@pytest.fixture
def github(settings: Any) -> Iterator[OAuth2Server]:
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    with OAuth2Server() as server:
        server.route("/login/oauth/authorize", server.authorize)
        server.route("/login/oauth/access_token", server.token)
        server.route("/api/v3/user", server.userinfo)
        address = {"email": "nadia@example.org", "verified": True, "primary": True}
        server.route("/api/v3/user/emails", Reply.json([address]))
        settings.SOCIALACCOUNT_PROVIDERS = {
            "github": {
                "APP": {"client_id": server.client_id, "secret": server.client_secret},
                "GITHUB_URL": server.url,
            }
        }
        yield server


@pytest.fixture
def options(github: OAuth2Server, settings: Any) -> dict[str, Any]:
    """What the settings say about the provider; mutable."""
    entry: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS["github"]
    return entry


def get_query(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


@pytest.mark.parametrize("is_form_encoded", [False, True])
def test_login(client: Client, github: OAuth2Server, is_form_encoded: bool) -> None:
    github.answers_form_encoded = is_form_encoded
    response = log_in(client, LOGIN)
    assert response["Location"] == "/accounts/profile/"
    assert is_logged_in(client)
    account = SocialAccount.objects.get()
    assert (account.uid, account.extra_data["login"]) == ("4711", "nadia")
    assert "emails" not in account.extra_data
    assert len({r.connection for r in github.requests if "/login/oauth/a" not in r.path}) <= 1


def test_the_authorization_url(client: Client, github: OAuth2Server, options: Any) -> None:
    options["SCOPE"] = ["user:email", "repo", "user:email", "gist"]
    query = get_query(start_login(client, LOGIN))
    assert query.pop("state") in client.session["socialaccount_states"]
    assert query == {
        "client_id": "client-1",
        "redirect_uri": f"http://testserver{CALLBACK}",
        "scope": "user:email repo gist",
        "response_type": "code",
    }


@pytest.mark.requirement("SEC-164")
def test_callback_is_secure_where_the_site_wants(
    client: Client, github: OAuth2Server, settings: Any
) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
    query = get_query(start_login(client, LOGIN))
    assert query["redirect_uri"] == f"https://testserver{CALLBACK}"


@pytest.mark.parametrize("source", ["app", "provider"])
def test_scope_and_parameters_of_app_and_provider(
    client: Client, options: dict[str, Any], source: str
) -> None:
    options |= {"SCOPE": ["of-the-provider"], "AUTH_PARAMS": {"by": "provider"}}
    if source == "app":
        options["APP"]["settings"] = {"scope": ["of-the-app"], "auth_params": {"by": "app"}}
    query = get_query(start_login(client, LOGIN))
    assert (query["scope"], query["by"]) == (f"of-the-{source}", source)


@pytest.mark.requirement("SEC-093", "INV-44")
def test_requests_do_not_change_the_settings(client: Client, options: dict[str, Any]) -> None:
    options |= {"SCOPE": ["a"], "AUTH_PARAMS": {"p": "1"}}
    options["APP"]["settings"] = {"auth_params": {"q": "1"}}
    before = copy.deepcopy(options)
    query = get_query(start_login(client, f"{LOGIN}?scope=b,c&auth_params=q%3D2%26r%3D3"))
    assert (query["scope"], query["q"], query["r"]) == ("a b c", "2", "3")
    assert options == before
    query = get_query(start_login(client, LOGIN))
    assert (query["scope"], query["q"]) == ("a", "1")
    assert "r" not in query


@pytest.mark.requirement("ATK-S07")
@pytest.mark.parametrize(
    ("allowed", "scope"), [(True, "a b c"), (False, "a"), (["c"], "a c"), ([], "a")]
)
def test_request_may_add_the_scopes_that_are_allowed(
    client: Client, options: dict[str, Any], allowed: Any, scope: str
) -> None:
    options["SCOPE"] = ["a"]
    for source in ("provider", "app"):
        if source == "provider":
            options["DYNAMIC_SCOPE"] = allowed
        else:
            options["DYNAMIC_SCOPE"] = not allowed
            options["APP"]["settings"] = {"dynamic_scope": allowed}
        assert get_query(start_login(client, f"{LOGIN}?scope=b,c"))["scope"] == scope


@pytest.mark.requirement("ATK-S07")
def test_requests_do_not_change_the_protocol(client: Client, options: dict[str, Any]) -> None:
    options["OAUTH_PKCE_ENABLED"] = True
    honest = get_query(start_login(client, LOGIN))
    evil = dict.fromkeys((*honest, "nonce", "request_uri", "response_mode"), "evil")
    url = add_query(LOGIN, auth_params="&".join(f"{name}=evil" for name in evil))
    query = get_query(start_login(client, url))
    assert "evil" not in query.values()
    assert set(query) == set(honest)


@pytest.mark.requirement("SEC-094", "ATK-S08")
def test_pkce_verifier_is_sent_in_the_body_whatever_the_method(
    client: Client, github: OAuth2Server, options: dict[str, Any], monkeypatch: Any
) -> None:
    options["OAUTH_PKCE_ENABLED"] = True
    for method in ("POST", "GET"):
        monkeypatch.setattr(GitHubOAuth2Adapter, "access_token_method", method)
        log_in(client, LOGIN)
        assert is_logged_in(client)
        request = github.get_requests("/login/oauth/access_token")[-1]
        assert len(request.form["code_verifier"]) == 128
        assert "code_verifier" not in request.query
        client.logout()
    options["APP"]["settings"] = {"oauth_pkce_enabled": False}
    assert "code_challenge" not in start_login(client, LOGIN)


@pytest.mark.requirement("SEC-094")
def test_the_challenge_belongs_to_the_verifier() -> None:
    import base64
    import hashlib

    params = generate_code_challenge()
    assert len(params["code_verifier"]) == 128
    assert params["code_challenge_method"] == "S256"
    digest = hashlib.sha256(params["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64decode(params["code_challenge"] + b"=") == digest
    assert generate_code_challenge()["code_verifier"] != params["code_verifier"]


def test_the_code_is_exchanged_by_get_where_the_provider_wants_it_so(
    client: Client, github: OAuth2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitHubOAuth2Adapter, "access_token_method", "GET")
    log_in(client, LOGIN)
    request = github.get_requests("/login/oauth/access_token")[0]
    assert (request.method, request.query["client_secret"], request.body) == (
        "GET",
        "secret-1",
        b"",
    )
    assert is_logged_in(client)


def test_basic_authentication(
    client: Client, github: OAuth2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitHubOAuth2Adapter, "basic_auth", True)
    monkeypatch.setattr(GitHubOAuth2Adapter, "headers", {"X-Header": "x"})
    log_in(client, LOGIN)
    request = github.get_requests("/login/oauth/access_token")[0]
    assert request.headers["authorization"].startswith("Basic ")
    assert request.headers["x-header"] == "x"
    assert not {"client_id", "client_secret"} & set(request.form)
    assert is_logged_in(client)


def test_empty_values_are_not_sent(github: OAuth2Server) -> None:
    client = OAuth2Client(
        RequestFactory().get("/"), "client-1", "", "POST", f"{github.url}/token", "http://x/"
    )
    with pytest.raises(OAuth2Error):
        client.get_access_token("code-x", extra_data={"more": "1", "less": ""})
    assert github.requests[0].form == {
        "client_id": "client-1",
        "redirect_uri": "http://x/",
        "grant_type": "authorization_code",
        "code": "code-x",
        "more": "1",
    }


def test_urls_without_a_state() -> None:
    client = OAuth2Client(RequestFactory().get("/"), "c", "s", "POST", "https://x/t", "https://y/")
    url = client.get_redirect_url("https://x/authorize?a=b", ["s", "s"], {"extra": "1"})
    assert get_query(url) == {
        "a": "b",
        "client_id": "c",
        "redirect_uri": "https://y/",
        "scope": "s",
        "response_type": "code",
        "extra": "1",
    }


@pytest.mark.requirement("ATK-S27")
@pytest.mark.parametrize(
    "reply",
    [
        Reply.json({"error": "bad_verification_code", "error_description": "canary"}),
        Reply.json({"access_token": ""}),
        Reply.json({"access_token": None}),
        Reply.json({"access_token": 7}),
        Reply.json({"access_token": {"a": "canary"}}),
        Reply.json({"access_token": "at-1"}, 400),
        Reply.json({"access_token": "at-1"}, 302),
        Reply.json(["access_token"]),
        Reply.json("access_token"),
        Reply(b'{"access_token": "canary', headers={"Content-Type": "application/json"}),
        Reply(b'{"access_token": "canary'),
        Reply(b"access_token"),
        Reply(b"access_token="),
        Reply(b"\xff\xfe\x00canary"),
        Reply(b""),
        Reset(),
    ],
    ids=lambda reply: f"{type(reply).__name__}-{reply.status}-{reply.body[:24]!r}",
)
def test_token_answers_without_a_token_are_an_error_page(
    client: Client, github: OAuth2Server, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    github.route("/login/oauth/access_token", reply)
    with caplog.at_level(logging.DEBUG):
        response = log_in(client, LOGIN)
    assert response.status_code == 401
    assert not is_logged_in(client)
    assert "canary" not in response.content.decode()
    assert "canary" not in str(response.context["auth_error"]["exception"])
    assert "canary" not in caplog.text


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_the_media_type_of_token_answers(
    client: Client, github: OAuth2Server, content_type: str
) -> None:
    reply = Reply(b' {"access_token": "at-1"}', 201, {"Content-Type": content_type})
    github.route("/login/oauth/access_token", reply)
    log_in(client, LOGIN)
    assert is_logged_in(client)


@pytest.mark.requirement("ATK-S27", "INV-35")
@pytest.mark.parametrize("path", ["/api/v3/user", "/api/v3/user/emails"])
@pytest.mark.parametrize(
    "reply",
    [
        Reply.json({"message": "Bad credentials"}, 401),
        Reply.json([{}]),
        Reply.json([7]),
        Reply.json({"id": None}),
        Reply.json({}),
        Reply.json({"id": 1, "emails": 7}),
        Reply(b"<html>"),
        Reset(),
        Silence(),
        Drip(),
        Huge(),
    ],
    ids=lambda reply: f"{type(reply).__name__}-{reply.status}-{reply.body[:9]!r}",
)
def test_odd_profiles_are_an_error_page(
    client: Client,
    github: OAuth2Server,
    give_up: Callable[[str, Reply], None],
    path: str,
    reply: Reply,
) -> None:
    github.route(path, reply)
    give_up(path, reply)
    is_fine = path == "/api/v3/user" and reply.body.startswith(b'{"id": 1')
    assert log_in(client, LOGIN).status_code == (302 if is_fine else 401)
    assert is_logged_in(client) == is_fine


@pytest.mark.requirement("SEC-107")
def test_addresses_of_github_are_verified_one_by_one(
    client: Client, github: OAuth2Server, user: Any, settings: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    for verified in (False, "false", 1, None):
        entry = {"email": user.email, "verified": verified, "primary": True}
        github.route("/api/v3/user/emails", Reply.json([entry]))
        log_in(client, LOGIN)
        assert not is_logged_in(client)
    github.route("/api/v3/user/emails", Reply.json([{**entry, "verified": True}]))
    log_in(client, LOGIN)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_without_an_address_only_the_profile_is_fetched(
    client: Client, github: OAuth2Server, settings: Any
) -> None:
    settings.SOCIALACCOUNT_QUERY_EMAIL = False
    location = start_login(client, LOGIN)
    assert get_query(location)["scope"] == ""
    client.get(get_path(visit(location)))
    assert github.get_requests("/api/v3/user/emails") == []


@pytest.mark.requirement("SEC-109")
def test_the_token_is_in_a_header(client: Client, github: OAuth2Server) -> None:
    log_in(client, LOGIN)
    for path in ("/api/v3/user", "/api/v3/user/emails"):
        request = github.get_requests(path)[0]
        assert request.bearer.startswith("at-")
        assert request.query == {}


@pytest.mark.requirement("INV-16")
def test_nothing_of_the_handshake_is_left(client: Client, options: dict[str, Any]) -> None:
    options["OAUTH_PKCE_ENABLED"] = True
    login = []

    def note(sender: Any, sociallogin: Any, **kwargs: Any) -> None:
        login.append(sociallogin)

    from allauth.socialaccount.signals import pre_social_login

    pre_social_login.connect(note)
    log_in(client, LOGIN)
    assert not {"pkce_code_verifier", "nonce"} & set(login[0].state)
    assert login[0].token.token.startswith("at-")
    text = str(dict(client.session))
    assert "at-" not in text
    assert "rt-" not in text


def test_immediate_responses_of_hooks_are_the_answer(
    client: Client, github: OAuth2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complete_login(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ImmediateHttpResponse(HttpResponse("at once"))

    monkeypatch.setattr(GitHubOAuth2Adapter, "complete_login", complete_login)
    assert log_in(client, LOGIN).content == b"at once"


def test_headless_only_sites_have_no_login_page(
    client: Client, github: OAuth2Server, settings: Any
) -> None:
    settings.HEADLESS_ONLY = True
    assert client.post(LOGIN).status_code == 404


@pytest.mark.parametrize("url", [LOGIN, CALLBACK])
def test_without_an_app_there_is_no_page(client: Client, settings: Any, url: str) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert client.get(url).status_code == 404


def test_the_newest_state_counts_where_the_provider_returns_none(
    client: Client, github: OAuth2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitHubOAuth2Adapter, "supports_state", False)
    callback = get_path(visit(start_login(client, f"{LOGIN}?next=/there/")))
    code = parse_qs(urlsplit(callback).query)["code"]
    response = client.get(CALLBACK, {"code": code})
    assert response["Location"] == "/there/"
    assert client.get(CALLBACK, {"code": code}).status_code == 401


# What other packages do


class ClubAccount(ProviderAccount):
    pass


class ClubAdapter(OAuth2Adapter):
    """An adapter as the documentation of the published release shows it."""

    provider_id = "club"
    access_token_url = "https://club.example.org/token"
    authorize_url = "https://club.example.org/authorize"


class ClubProvider(OAuth2Provider):
    id = "club"
    name = "Club"
    account_class = ClubAccount

    @property
    def oauth2_adapter_class(self) -> Any:  # type: ignore[override]
        return ClubAdapter


def make_club(**settings: Any) -> ClubProvider:
    app = SocialApp(provider="club", client_id="c", secret="s", settings=settings)
    return ClubProvider(RequestFactory().get("/"), app=app)


def test_a_provider_of_another_package() -> None:
    provider = make_club()
    request = RequestFactory().get("/")
    adapter = provider.get_oauth2_adapter(request)
    assert adapter.get_provider() is provider
    assert provider.get_scope() == []
    assert provider.get_pkce_params() == {}
    assert set(make_club(oauth_pkce_enabled=True).get_pkce_params()) == {
        "code_verifier",
        "code_challenge",
        "code_challenge_method",
    }
    with pytest.raises(NotImplementedError):
        adapter.complete_login(request, provider.app, SocialToken(token="t"))
    with pytest.raises(NotImplementedError):
        provider.extract_uid({"id": "1"})


class PathAdapter(ClubAdapter):
    """An adapter of attributes only."""

    profile_auth = "query"
    profile_params = {"fields": "all"}
    profile_headers = {"X-Club": "yes"}
    profile_path = "data.user"


class PathProvider(ClubProvider):
    oauth2_adapter_class = PathAdapter  # type: ignore[assignment]
    uid_path = "id"
    common_field_paths = {"username": "login"}


@pytest.mark.parametrize("auth", ["query", "header"])
def test_a_provider_by_attributes(github: OAuth2Server, monkeypatch: Any, auth: str) -> None:
    monkeypatch.setattr(PathAdapter, "profile_url", f"{github.url}/me", raising=False)
    monkeypatch.setattr(PathAdapter, "profile_auth", auth)
    github.route("/me", Reply.json({"data": {"user": {"id": 7, "login": "nadia"}}}))
    app = SocialApp(provider="club", client_id="c", secret="s")
    adapter = PathProvider(None, app=app).get_oauth2_adapter(None)
    login = adapter.complete_login(None, app, SocialToken(token="t-1"))
    assert (login.account.uid, login.user.username) == ("7", "nadia")
    request = github.requests[-1]
    assert request.headers["x-club"] == "yes"
    sent = {"fields": "all"} | ({"access_token": "t-1"} if auth == "query" else {})
    assert request.query == sent
    assert request.bearer == ("t-1" if auth == "header" else "")


def test_a_provider_without_an_adapter_cannot_begin_a_login() -> None:
    class Nothing(OAuth2Provider):
        id = "nothing"

    provider = Nothing(None, app=SocialApp(provider="nothing"))
    with pytest.raises(ImproperlyConfigured):
        provider.get_oauth2_adapter(RequestFactory().get("/"))


def test_views_take_an_adapter_or_what_makes_one() -> None:
    request = RequestFactory().get("/")
    seen = []

    class View(OAuth2CallbackView):
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            seen.append((self.adapter, self.request, args, kwargs))
            return HttpResponse()

    ready = ClubAdapter(request)
    View.adapter_view(ready)(request, 1, a=2)
    View.adapter_view(ClubAdapter)(request)
    assert seen[0] == (ready, request, (1,), {"a": 2})
    assert isinstance(seen[1][0], ClubAdapter)
    for view in (OAuth2LoginView.adapter_view(ClubAdapter), View.adapter_view(ready)):
        assert view.login_required is False


def test_packages_for_rest_apis(github: OAuth2Server, client: Client) -> None:
    """The calls that packages like dj-rest-auth make."""
    request = RequestFactory().get("/")
    request.session = client.session
    adapter = GitHubOAuth2Adapter(request)
    app = adapter.get_provider().app
    code = get_query(visit(start_login(client, LOGIN)))["code"]
    oauth2_client = OAuth2Client(
        request,
        app.client_id,
        app.secret,
        adapter.access_token_method,
        adapter.access_token_url,
        f"http://testserver{CALLBACK}",
        scope_delimiter=adapter.scope_delimiter,
        headers=adapter.headers,
        basic_auth=adapter.basic_auth,
    )
    data = oauth2_client.get_access_token(code)
    token = adapter.parse_token({"access_token": data["access_token"]})
    token.app = app
    login = adapter.complete_login(request, app, token, response=data)
    login.token = token
    assert not login.is_existing
    login.lookup()
    login.save(request, connect=True)
    assert login.account.user.pk


def test_suites_that_patch_requests(
    client: Client, github: OAuth2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suites of many packages replace these methods, for all sessions."""

    class Answer:
        status_code = 200
        headers: dict[str, str] = {}

        def __init__(self, data: Any) -> None:
            self.text = json.dumps(data)

        def json(self) -> Any:
            return json.loads(self.text)

    answers = [{"access_token": "t"}, {"id": 7, "login": "nadia"}, []]
    calls: list[tuple[Any, ...]] = []

    def pop(*args: Any, **kwargs: Any) -> Answer:
        calls.append((args[1:], kwargs))
        return Answer(answers.pop(0))

    location = start_login(client, LOGIN)
    for name in ("get", "post", "request"):
        monkeypatch.setattr(requests.Session, name, pop)
    query = {"code": "c", "state": get_query(location)["state"]}
    assert client.get(CALLBACK, query).status_code == 302
    (args, kwargs), *others = calls
    assert args == ("POST", f"{github.url}/login/oauth/access_token")
    assert kwargs["data"]["redirect_uri"] == f"http://testserver{CALLBACK}"
    assert len(others) == 2


@pytest.mark.parametrize("lifetime", ["x", [1], {"a": 1}, 10**30, -(10**30), None, 0, ""])
def test_odd_lifetimes_are_none(lifetime: Any) -> None:
    token = ClubAdapter(None).parse_token({"access_token": "t", "expires_in": lifetime})
    assert (token.expires_at, token.token_secret) == (None, "")


def test_missing_settings_are_named(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        provider_id: {"APP": {"client_id": "c"}} for provider_id in ("auth0", "okta")
    }
    for provider_id, name in (("auth0", "AUTH0_URL"), ("okta", "OKTA_BASE_URL")):
        adapter = get_adapter().get_provider(None, provider_id).get_oauth2_adapter(None)
        with pytest.raises(ImproperlyConfigured, match=name):
            adapter.authorize_url  # noqa: B018 - is what fails


def test_the_urls_of_a_provider(github: OAuth2Server) -> None:
    provider = get_adapter().get_provider(None, "github")
    assert provider.get_login_url(None) == reverse("github_login") == LOGIN
    assert provider.get_login_url(None, process="connect") == f"{LOGIN}?process=connect"
    assert provider.get_callback_url() == CALLBACK
    assert reverse("github_callback") == CALLBACK
