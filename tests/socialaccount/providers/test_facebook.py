"""What is peculiar to Facebook: the JavaScript SDK, and tokens that clients bring."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import logging
import re
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.facebook import constants, flows, views
from allauth.socialaccount.providers.facebook import provider as provider_module
from allauth.socialaccount.providers.facebook.locale import get_default_locale_callable
from tests.support.idp.browser import assert_refused, start_login
from tests.support.idp.oidc import SigningKey, make_key
from tests.support.idp.rerouting import ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply, Request, Reset

URL = "/accounts/facebook/login/token/"
GRAPH = "graph.facebook.com/v19.0"
PROFILE = {"id": "10203040506070", "name": "Cleo Dupont", "email": "cleo@example.org"}
EVIL = "\"'</script><!--"
CHROMIUM = shutil.which("chromium")


@pytest.fixture(autouse=True)
def facebook(rerouted: IdentityProvider, settings: Any) -> IdentityProvider:
    settings.SOCIALACCOUNT_PROVIDERS = {
        "facebook": {"APP": {"client_id": "client-1", "secret": "secret-1"}}
    }

    def access_token(request: Request) -> Reply:
        if request.query["grant_type"] == "client_credentials":
            return Reply.json({"access_token": "app-token"})
        return Reply.json({"access_token": "long-lived", "expires_in": 5_000_000})

    rerouted.route(f"{GRAPH}/oauth/access_token", access_token)
    rerouted.route(
        f"{GRAPH}/debug_token", Reply.json({"data": {"is_valid": True, "app_id": "client-1"}})
    )
    rerouted.route(f"{GRAPH}/me", Reply.json(PROFILE))
    return rerouted


@pytest.fixture
def options(settings: Any) -> dict[str, Any]:
    """What the settings say about the provider; mutable."""
    entry: dict[str, Any] = settings.SOCIALACCOUNT_PROVIDERS["facebook"]
    return entry


def get_provider(request: Any = None) -> Any:
    return get_adapter().get_provider(request, "facebook")


def post(client: Client, **data: str) -> Any:
    return client.post(URL, {"access_token": "t-1", **data})


def assert_nothing_came_of_it(client: Client, response: Any) -> None:
    assert_refused(client, response)
    assert not SocialAccount.objects.exists()


# Tokens that clients bring


def test_a_token_of_the_sdk_logs_in(client: Client, facebook: IdentityProvider) -> None:
    response = post(client, next="/there/")
    assert response["Location"] == "/there/"
    account = SocialAccount.objects.get()
    assert account.uid == PROFILE["id"]
    assert client.session["_auth_user_id"] == str(account.user_id)
    requests = [request.path.removeprefix("/v19.0/") for request in facebook.requests]
    assert requests == ["oauth/access_token", "debug_token", "me"]
    assert facebook.requests[1].query == {"input_token": "t-1", "access_token": "app-token"}
    proof = hmac.new(b"secret-1", b"t-1", hashlib.sha256).hexdigest()
    assert facebook.requests[2].query == {
        "fields": "id,email,name,first_name,last_name,verified,locale,timezone,link,gender,"
        "updated_time",
        "access_token": "t-1",
        "appsecret_proof": proof,
    }


def test_the_token_of_the_app_is_kept(client: Client, facebook: IdentityProvider) -> None:
    post(client)
    post(client)
    assert len(facebook.get_requests("/v19.0/oauth/access_token")) == 1


def test_threads_fetch_the_token_of_the_app_once(facebook: IdentityProvider) -> None:
    provider = get_provider()
    threads = 8
    barrier = threading.Barrier(threads, timeout=30)
    answer = facebook.routes[f"{GRAPH}/oauth/access_token"]

    def answer_slowly(request: Request) -> Reply:
        time.sleep(0.2)
        return answer(request)

    def get_app_token() -> str:
        barrier.wait()
        return flows.get_app_token(provider)

    facebook.route(f"{GRAPH}/oauth/access_token", answer_slowly)

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(get_app_token) for _ in range(threads)]
        tokens = [future.result(30) for future in futures]

    assert tokens == ["app-token"] * threads
    assert len(facebook.get_requests("/v19.0/oauth/access_token")) == 1


def test_failure_to_fetch_the_token_of_the_app_is_not_remembered(
    client: Client, facebook: IdentityProvider
) -> None:
    facebook.override("/v19.0/oauth/access_token", Reply.json({"error": {}}, 400))

    assert post(client).status_code == 401
    assert post(client).status_code == 302


def test_connecting_by_a_token(client: Client, user: Any) -> None:
    client.force_login(user)
    response = post(client, process="connect")
    assert response["Location"] == reverse("socialaccount_connections")
    assert SocialAccount.objects.get().user == user


@pytest.mark.requirement("SEC-100")
def test_tokens_are_exchanged_and_stored(
    client: Client, settings: Any, options: dict[str, Any]
) -> None:
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    options["EXCHANGE_TOKEN"] = True
    post(client)
    token = SocialToken.objects.get()
    assert (token.token, token.app) == ("long-lived", None)
    assert token.expires_at is not None


def test_tokens_belong_to_the_app_and_may_live_for_ever(
    client: Client, facebook: IdentityProvider, settings: Any, options: dict[str, Any]
) -> None:
    settings.SOCIALACCOUNT_STORE_TOKENS = True
    options["EXCHANGE_TOKEN"] = True
    app = SocialApp.objects.create(provider="facebook", **options.pop("APP"))
    app.sites.add(1)
    facebook.route(f"{GRAPH}/oauth/access_token", Reply.json({"access_token": "for-ever"}))
    post(client)
    token = SocialToken.objects.get()
    assert (token.token, token.app, token.expires_at) == ("for-ever", app, None)


@pytest.mark.requirement("SEC-116", "ATK-S32")
@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"is_valid": True, "app_id": "client-2"}},
        {"data": {"is_valid": False, "app_id": "client-1"}},
        {"data": {"is_valid": "true", "app_id": "client-1"}},
        {"data": {"is_valid": 1, "app_id": "client-1"}},
        {"data": {"is_valid": True, "app_id": 1}},
        {"data": {"is_valid": True, "app_id": ["client-1"]}},
        {"data": {"is_valid": True}},
        {"data": [True]},
        {"data": None},
        {},
    ],
    ids=str,
)
def test_tokens_of_other_apps_are_refused(
    client: Client, facebook: IdentityProvider, answer: dict[str, Any]
) -> None:
    facebook.route(f"{GRAPH}/debug_token", Reply.json(answer))
    assert_nothing_came_of_it(client, post(client))
    with pytest.raises(ValidationError) as caught:
        get_provider().verify_token(None, {"access_token": "t-1"})
    assert caught.value.code == "invalid_token"
    assert facebook.get_requests("/v19.0/me") == []


@pytest.mark.requirement("ATK-S27")
@pytest.mark.parametrize("path", ["oauth/access_token", "debug_token", "me"])
@pytest.mark.parametrize(
    "reply", [Reply.json({}), Reply.json([]), Reply(b"x"), Reply.json({"error": {}}, 400)]
)
def test_outages_are_an_error_page(
    client: Client, facebook: IdentityProvider, path: str, reply: Reply
) -> None:
    facebook.route(f"{GRAPH}/{path}", reply)
    assert_nothing_came_of_it(client, post(client))


@pytest.mark.requirement("ATK-S23", "INV-16")
@pytest.mark.parametrize("path", ["oauth/access_token", "debug_token", "me"])
@pytest.mark.parametrize(
    "reply", [Reset(), Reply.json({"id": 7.5}), Reply(b"{"), Reply(status=500)]
)
def test_tokens_are_not_logged(
    client: Client,
    facebook: IdentityProvider,
    caplog: pytest.LogCaptureFixture,
    path: str,
    reply: Reply,
) -> None:
    facebook.route(f"{GRAPH}/{path}", reply)
    with caplog.at_level(logging.DEBUG, logger="allauth"):
        response = client.post(URL, {"access_token": "canary"})
    assert_nothing_came_of_it(client, response)
    own = [record for record in caplog.records if record.name.startswith("allauth")]
    assert "canary" not in "".join(caplog.handler.format(record) for record in own)
    assert "canary" not in str(response.context["auth_error"]["exception"])
    assert b"canary" not in response.content


def test_only_posts_with_a_token_count(client: Client, client_factory: Any) -> None:
    assert_nothing_came_of_it(client, client.get(URL))
    assert_nothing_came_of_it(client, client.post(URL))
    assert client.put(URL).status_code == 405
    strict = client_factory(enforce_csrf_checks=True)
    assert post(strict).status_code == 403


def put_nonce(client: Client, nonce: str) -> None:
    session = client.session
    session[constants.NONCE_SESSION_KEY] = nonce
    session.save()


@pytest.mark.requirement("SEC-117", "ATK-S32")
@pytest.mark.parametrize(
    ("is_configured", "expected", "answered", "is_fine"),
    [
        (False, "n-1", {"auth_nonce": "n-1"}, True),
        (False, "n-1", {"auth_nonce": "n-2"}, False),
        (True, "n-1", {"auth_nonce": "n-1"}, True),
        (True, "n-1", {"auth_nonce": "n-2"}, False),
        (True, "n-1", {"auth_nonce": ""}, False),
        (True, "n-1", {"auth_nonce": 1}, False),
        (True, "n-1", {}, False),
        (True, None, {"auth_nonce": ""}, False),
        (True, None, {}, False),
    ],
)
def test_a_reauthentication_needs_its_nonce(
    client: Client,
    facebook: IdentityProvider,
    options: dict[str, Any],
    is_configured: bool,
    expected: str | None,
    answered: dict[str, Any],
    is_fine: bool,
) -> None:
    if is_configured:
        options["AUTH_PARAMS"] = {"auth_type": "reauthenticate"}
    if expected:
        put_nonce(client, expected)
    facebook.route(f"{GRAPH}/oauth/access_token_info", Reply.json(answered))
    # What the request says about it does not count.
    response = client.post(
        f"{URL}?action=authenticate&auth_params=auth_type%3Dx", {"access_token": "t-1"}
    )
    assert constants.NONCE_SESSION_KEY not in client.session
    if is_fine:
        assert response.status_code == 302
        client.post(reverse("account_logout"))
        if is_configured:
            assert post(client).status_code == 401
    else:
        assert_nothing_came_of_it(client, response)


# Limited Login


@pytest.fixture
def key(facebook: IdentityProvider) -> SigningKey:
    key = make_key("facebook-1")
    path = "limited.facebook.com/.well-known/oauth/openid/jwks/"
    facebook.route(path, Reply.json({"keys": [key.jwk]}))
    return key


def make_claims(**claims: Any) -> dict[str, Any]:
    return {
        "iss": "https://www.facebook.com",
        "aud": "client-1",
        "sub": "10203040506070",
        "email": "cleo@example.org",
        "given_name": "Cleo",
        "family_name": "Dupont",
        "name": "Cleo Dupont",
        "jti": "j-1",
        "exp": 4_000_000_000,
        **claims,
    }


def test_limited_login(key: SigningKey) -> None:
    token = {"id_token": key.sign(make_claims())}
    login = get_provider().verify_token(None, token)
    assert login.account.uid == "10203040506070"
    assert login.account.extra_data == {
        "id": "10203040506070",
        "email": "cleo@example.org",
        "first_name": "Cleo",
        "last_name": "Dupont",
        "name": "Cleo Dupont",
    }
    assert ReroutingAdapter.fields[-1] == {
        "email": "cleo@example.org",
        "username": None,
        "first_name": "Cleo",
        "last_name": "Dupont",
        "name": "Cleo Dupont",
    }
    assert [(a.email, a.verified, a.primary) for a in login.email_addresses] == [
        ("cleo@example.org", False, True)
    ]
    assert (login.user.first_name, login.user.last_name) == ("Cleo", "Dupont")
    assert str(login.account.get_provider_account()) == "cleo@example.org"
    assert login.token is None
    with pytest.raises(ValidationError):
        get_provider().verify_token(None, token)


@pytest.mark.requirement("ATK-S32")
@pytest.mark.parametrize(
    "claims", [{"aud": "client-2"}, {"iss": "https://facebook.com"}, {"exp": 1}, {"sub": ""}]
)
def test_limited_login_for_others_is_refused(key: SigningKey, claims: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        get_provider().verify_token(None, {"id_token": key.sign(make_claims(**claims))})
    assert caught.value.code == "invalid_token"


@pytest.mark.parametrize("token", [{}, {"id_token": ""}, {"access_token": ""}, {"id_token": 7}])
def test_without_a_token_there_is_no_login(key: SigningKey, token: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        get_provider().verify_token(None, token)
    assert caught.value.code == "invalid_token"


# Redirects


@pytest.mark.parametrize("action", ["reauthenticate", "rerequest", "authenticate"])
def test_actions(client: Client, action: str) -> None:
    location = start_login(client, f"/accounts/facebook/login/?action={action}")
    expected = None if action == "authenticate" else action
    assert dict(parse_qsl(urlsplit(location).query)).get("auth_type") == expected


def test_settings_count_at_once(client: Client, options: dict[str, Any]) -> None:
    assert views.FacebookOAuth2Adapter.provider_default_auth_url == (
        "https://www.facebook.com/v19.0/dialog/oauth"
    )
    options |= {"VERSION": "v99.0", "FIELDS": ["id"]}
    modules = (constants, flows, views)
    assert {m.GRAPH_API_URL for m in modules} == {"https://graph.facebook.com/v99.0"}
    assert {m.GRAPH_API_VERSION for m in (constants, views, provider_module)} == {"v99.0"}
    location = start_login(client, "/accounts/facebook/login/")
    assert location.startswith("https://www.facebook.com/v99.0/dialog/oauth?")
    options |= {
        "GRAPH_API_URL": "https://graph.example.org",
        "AUTHORIZE_URL": "https://dialog.example.org/",
    }
    adapter = views.FacebookOAuth2Adapter(None)
    assert adapter.access_token_url == "https://graph.example.org/oauth/access_token"
    assert adapter.authorize_url == "https://dialog.example.org/"
    assert adapter.settings["FIELDS"] == get_provider().get_fields() == ["id"]
    with pytest.raises(AttributeError):
        constants.NOTHING  # noqa: B018 - is what fails


def test_the_proof_of_the_secret() -> None:
    app = SocialApp(secret="key")
    token = SocialToken(token="The quick brown fox jumps over the lazy dog")
    expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    assert flows.compute_appsecret_proof(app, token) == expected


# The JavaScript SDK


def make_request(client: Client, query: Any = None) -> Any:
    request = RequestFactory().get("/accounts/login/", query or {})
    request.session = client.session
    return request


def get_fb_data(markup: str) -> Any:
    pattern = r'<script id="allauth-facebook-settings"[^>]*>(.*?)</script>'
    match = re.search(pattern, markup, re.DOTALL)
    assert match
    return json.loads(match[1])


@pytest.mark.requirement("SEC-114")
def test_without_the_sdk_there_is_no_trace_of_facebook(client: Client) -> None:
    assert get_provider().media_js(make_request(client)) == ""
    assert b"connect.facebook.net" not in client.get(reverse("account_login")).content


def test_the_settings_of_the_sdk(client: Client, options: dict[str, Any], settings: Any) -> None:
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    options |= {"METHOD": "js_sdk", "INIT_PARAMS": {"xfbml": True}, "AUTH_PARAMS": {"a": "b"}}
    markup = get_provider().media_js(make_request(client))
    data = get_fb_data(markup)
    assert data.pop("csrfToken")
    assert data == {
        "appId": "client-1",
        "version": "v19.0",
        "sdkUrl": "//connect.facebook.net/en_US/sdk.js",
        "initParams": {"appId": "client-1", "version": "v19.0", "xfbml": True},
        "loginOptions": {"a": "b", "scope": "email"},
        "loginByTokenUrl": f"http://testserver{URL}",
        "cancelUrl": f"http://testserver{reverse('socialaccount_login_cancelled')}",
        "logoutUrl": f"http://testserver{reverse('account_logout')}",
        "loginUrl": "http://testserver/accounts/facebook/login/",
        "errorUrl": f"http://testserver{reverse('socialaccount_login_error')}",
    }
    assert '<div id="fb-root"></div>' in markup
    assert '<script src="/static/facebook/js/fbconnect.js"></script>' in markup
    assert markup.count("<script") == 2


def test_a_demanded_reauthentication_draws_a_nonce(client: Client, options: dict[str, Any]) -> None:
    options["AUTH_PARAMS"] = {"auth_type": "reauthenticate"}
    provider, request = get_provider(), make_request(client)
    nonce = provider.get_fb_login_options(request)["auth_nonce"]
    assert len(nonce) == constants.NONCE_LENGTH == 32
    assert provider.get_fb_login_options(request)["auth_nonce"] == nonce
    assert provider.get_nonce(request) == provider.get_nonce(request, pop=True) == nonce
    assert provider.get_nonce(request) is None


def test_login_urls(client: Client, options: dict[str, Any]) -> None:
    provider, request = get_provider(), make_request(client)
    assert provider.get_login_url(request, process="login") == (
        "/accounts/facebook/login/?process=login"
    )
    url = provider.get_login_url(request, method="js_sdk")
    assert url == (
        "javascript:allauth.facebook.login%28%27%27%2C%20%27authenticate%27%2C%20%27login%27"
        "%2C%20%27%27%29"
    )
    options["METHOD"] = "js_sdk"
    url = provider.get_login_url(
        request, next="/a/?b=c", action="rerequest", process="connect", scope="x,y"
    )
    call = unquote(url.removeprefix("javascript:"))
    assert call.startswith("allauth.facebook.login('/a/?b\\u003Dc', 'rerequest', 'connect', 'x,y'")
    options["METHOD"] = "carrier pigeon"
    with pytest.raises(RuntimeError):
        provider.get_login_url(request)


@pytest.mark.requirement("SEC-115")
def test_parameters_stay_data(client: Client, options: dict[str, Any]) -> None:
    options["METHOD"] = "js_sdk"
    names = ("next", "scope", "process", "action")
    query = dict.fromkeys(names, EVIL)
    request = make_request(client, {**query, "auth_params": f"x={EVIL}"})
    markup = get_provider().media_js(request)
    assert EVIL not in markup
    assert "</script><!--" not in markup
    assert EVIL in get_fb_data(markup)["loginOptions"]["scope"]
    url = get_provider().get_login_url(request, **query)
    assert re.fullmatch(r"javascript:[\w.%/~-]+", url)
    assert "'</" not in unquote(url).replace("'authenticate'", "")
    link = Template('<a href="{{ url }}">').render(Context({"url": url}))
    assert html.unescape(link) == f'<a href="{url}">'
    page = client.get(reverse("account_login"), query).content.decode()
    assert EVIL not in page


HOSTILE_PAGE = """<!DOCTYPE html>
<ul></ul>
<script>
  window.allauth = {facebook: {login: (...values) => {
    document.querySelector('ul').textContent = JSON.stringify(values)
  }}}
</script>
{{ markup }}
<a href="{{ url }}">Facebook</a>
<script>document.querySelector('a').click()</script>
"""


@pytest.mark.requirement("SEC-115")
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_no_parameter_runs_as_a_script(
    client: Client, options: dict[str, Any], tmp_path: Path
) -> None:
    options["METHOD"] = "js_sdk"
    run = "document.title = 'hacked'"
    values = [
        f'{EVIL}{attack}<script>{run}</script><img src=x onerror="{run}">'
        for attack in (f"');{run};('", f"\\');{run};//", f"%27);{run};//", f"\n{run}\n")
    ]
    query = dict(zip(("next", "action", "process", "scope"), values, strict=True))
    request = make_request(client, query)
    provider = get_provider()
    context = {
        "markup": provider.media_js(request),
        "url": provider.get_login_url(request, **query),
    }
    page = tmp_path / "page.html"
    page.write_text(Template(HOSTILE_PAGE).render(Context(context)))
    dom = dump_dom(page)
    assert "<title>" not in dom
    match = re.search(r"<ul>(.*?)</ul>", dom, re.DOTALL)
    assert match
    assert json.loads(html.unescape(match[1])) == values


def test_the_address_of_the_sdk(client: Client, options: dict[str, Any]) -> None:
    provider, request = get_provider(), make_request(client)
    options["SDK_URL"] = "https://sdk.example.org/sdk.js"
    assert provider.get_sdk_url(request) == "https://sdk.example.org/sdk.js"
    options["SDK_URL"] = "https://sdk.example.org/{locale}.js"
    options["LOCALE_FUNC"] = f"{__name__}.get_locale"
    assert provider.get_sdk_url(request) == "https://sdk.example.org/xx_YY.js"
    options["LOCALE_FUNC"] = get_locale
    assert provider.get_locale_for_request(request) == "xx_YY"


def get_locale(request: Any) -> str:
    return "xx_YY"


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en_US"),
        ("en-gb", "en_GB"),
        ("en-au", "en_US"),
        ("de", "de_DE"),
        ("de-at", "de_DE"),
        ("es", "es_LA"),
        ("es-es", "es_ES"),
        ("fr", "fr_FR"),
        ("fr-ca", "fr_CA"),
        ("pt", "pt_PT"),
        ("pt-br", "pt_BR"),
        ("zh-hans", "zh_CN"),
        ("zh-tw", "zh_TW"),
        ("ar", "ar_AR"),
        ("tlh", "en_US"),
    ],
)
def test_locales(language: str, locale: str) -> None:
    with translation.override(language):
        assert get_default_locale_callable()(RequestFactory().get("/")) == locale
    with translation.override(None):
        assert get_default_locale_callable()(RequestFactory().get("/")) == "en_US"


PAGE = """<!DOCTYPE html>
<script type="application/json" id="allauth-facebook-settings">
{"initParams": {"appId": "a"}, "sdkUrl": "sdk.js", "loginOptions": {"scope": "email"},
 "loginUrl": "https://x.example/login/", "cancelUrl": "#cancel", "errorUrl": "#error",
 "loginByTokenUrl": "https://x.example/token/", "logoutUrl": "https://x.example/logout/",
 "csrfToken": "c-1"}
</script>
<ul></ul>
<script>
  const calls = []
  HTMLFormElement.prototype.submit = function () {
    calls.push([this.method, this.action, Object.fromEntries(new FormData(this))])
  }
  window.FB = {
    init: (params) => calls.push(['init', params]),
    login: (callback, options) => { calls.push(['login', options]); callback(window.answer) },
    logout: (callback) => callback({})
  }
</script>
<script src="fbconnect.js"></script>
<script>
  const facebook = window.allauth.facebook
  calls.push([document.getElementById('facebook-jssdk').getAttribute('src')])
  facebook.onInit = () => calls.push(['ready'])
  window.fbAsyncInit()
  const granted = {authResponse: {accessToken: 't-1', expiresIn: 60}}
  window.answer = granted
  facebook.login('/n/', 'rerequest', 'connect', 'a,b')
  facebook.login('', 'authenticate', 'login', '')
  window.answer = {status: 'not_authorized'}
  facebook.onLoginCanceled = () => calls.push(['cancelled'])
  facebook.onLoginError = () => calls.push(['failed'])
  facebook.login('', 'authenticate', 'login', '')
  window.answer = {status: 'connected'}
  facebook.login('', 'authenticate', 'login', '')
  facebook.logout('/bye/')
  document.querySelector('ul').textContent = JSON.stringify(calls)
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_script(tmp_path: Path) -> None:
    script = Path(str(provider_module.__file__)).parent / "static/facebook/js/fbconnect.js"
    shutil.copy(script, tmp_path)
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    match = re.search(r"<ul>(.*?)</ul>", dump_dom(page), re.DOTALL)
    assert match
    token = {"access_token": "t-1", "expires_in": "60", "csrfmiddlewaretoken": "c-1"}
    assert json.loads(html.unescape(match[1])) == [
        ["sdk.js"],
        ["init", {"appId": "a"}],
        ["ready"],
        ["login", {"scope": "a,b", "auth_type": "rerequest"}],
        ["post", "https://x.example/token/", {"next": "/n/", "process": "connect", **token}],
        ["login", {"scope": "email"}],
        ["post", "https://x.example/token/", {"next": "", "process": "login", **token}],
        ["login", {"scope": "email"}],
        ["cancelled"],
        ["login", {"scope": "email"}],
        ["failed"],
        [
            "post",
            "https://x.example/logout/",
            {"next": "/bye/", "csrfmiddlewaretoken": "c-1"},
        ],
    ]


def dump_dom(page: Path) -> str:
    """What becomes of a page in a browser."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000")
    command = [str(CHROMIUM), *options, "--dump-dom", f"file://{page}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_without_an_app_there_is_no_page(client: Client, settings: Any) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS.pop("facebook")["APP"]
    assert client.post(URL).status_code == 404
    settings.SOCIALACCOUNT_PROVIDERS["facebook"] = {"APPS": [app, app]}
    assert client.post(URL).status_code == 401
