"""What is peculiar to Google: the credential that it has the browser post."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers.google import views
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from tests.support.idp.browser import assert_refused, start_login
from tests.support.idp.oidc import SigningKey, encode_raw, make_key
from tests.support.idp.server import IdentityProvider, Reply

ISSUER = "https://accounts.google.com"
CERTS = "www.googleapis.com/oauth2/v1/certs"
URL = "/accounts/google/login/token/"


@pytest.fixture
def key() -> SigningKey:
    return make_key("google-1")


@pytest.fixture(autouse=True)
def google(rerouted: IdentityProvider, settings: Any, key: SigningKey) -> IdentityProvider:
    settings.SOCIALACCOUNT_PROVIDERS = {"google": {"APP": {"client_id": "client-1", "secret": "s"}}}
    rerouted.route(CERTS, Reply.json({key.kid: key.certificate}))
    return rerouted


def make_claims(**claims: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "aud": "client-1",
        "sub": "110220330440",
        "email": "amara@example.org",
        "email_verified": True,
        "exp": 4_000_000_000,
        **claims,
    }
    return {name: value for name, value in claims.items() if value is not None}


def post(client: Client, credential: Any, cookie: Any = "c-1", field: Any = "c-1") -> Any:
    if cookie is not None:
        client.cookies["g_csrf_token"] = cookie
    data = {"credential": credential}
    if field is not None:
        data["g_csrf_token"] = field
    return client.post(URL, data)


def test_one_tap_logs_in(client_factory: Any, key: SigningKey, google: IdentityProvider) -> None:
    client = client_factory(enforce_csrf_checks=True)
    response = post(client, key.sign(make_claims()))
    assert response["Location"] == "/accounts/profile/"
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == ("google", "110220330440")
    assert client.session["_auth_user_id"] == str(account.user_id)
    assert not SocialToken.objects.exists()
    assert [request.host + request.path for request in google.requests] == [CERTS]


def test_apps_for_phones_ask_for_tokens_for_the_site(client: Client, key: SigningKey) -> None:
    assert post(client, key.sign(make_claims(azp="phone-1"))).status_code == 302


def test_certificates_are_kept(client: Client, key: SigningKey, google: IdentityProvider) -> None:
    for number in range(3):
        post(client, key.sign(make_claims(jti=str(number))))
    assert len(google.requests) == 1


@pytest.mark.requirement("SEC-119", "ATK-S31")
@pytest.mark.parametrize(
    ("cookie", "field"),
    [
        (None, "c-1"),
        ("c-1", None),
        (None, None),
        ("", ""),
        ("c-1", "c-2"),
        ("c-1", "ç-1"),
        ("c-1", ""),
        ("c-1", ["c-1", "c-1"]),
        ("c-1", ["c-2", "c-1"]),
        ("x" * 1_000_000, "x" * 1_000_000),
    ],
    ids=lambda value: str(value)[:14],
)
def test_the_double_submit_has_to_match(
    client: Client, key: SigningKey, cookie: str | None, field: Any
) -> None:
    assert_refused(client, post(client, key.sign(make_claims()), cookie, field))
    assert not SocialAccount.objects.exists()


@pytest.mark.requirement("ATK-S31")
def test_cookie_beyond_ascii_is_refused(client: Client, key: SigningKey) -> None:
    client.cookies.load({})
    response = client.post(
        URL,
        {"credential": key.sign(make_claims()), "g_csrf_token": "c"},
        headers={"cookie": "g_csrf_token=\xe7"},
    )
    assert_refused(client, response)


@pytest.mark.requirement("SEC-102", "SEC-118", "INV-31")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "client-2"},
        {"aud": None},
        {"iss": "accounts.google.com"},
        {"iss": "https://accounts.google.com/"},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"aud": ["client-1", "client-2"]},
        {"aud": ["client-1", "client-2"], "azp": "client-2"},
    ],
    ids=str,
)
def test_credentials_for_others_are_refused(
    client: Client, key: SigningKey, claims: dict[str, Any]
) -> None:
    assert_refused(client, post(client, key.sign(make_claims(**claims))))


@pytest.mark.requirement("SEC-102", "ATK-S10")
def test_forged_credentials_are_refused(client: Client, key: SigningKey) -> None:
    claims = make_claims()
    for credential in (
        make_key("other").sign(claims, kid=key.kid),
        make_key("other").sign(claims),
        key.sign(claims, kid=None),
        encode_raw({"alg": "none", "kid": key.kid}, claims),
        encode_raw({"alg": "HS256", "kid": key.kid}, claims, b"x"),
        encode_raw({"alg": "ES256", "kid": key.kid}, claims, b"x"),
        "x",
        "",
    ):
        assert_refused(client, post(client, credential))


@pytest.mark.parametrize("reply", [Reply.json({"google-1": 7}), Reply.json({"google-1": "x"})])
def test_unusable_certificates_are_refused(
    client: Client, key: SigningKey, google: IdentityProvider, reply: Reply
) -> None:
    google.route(CERTS, reply)
    assert_refused(client, post(client, key.sign(make_claims())))


@pytest.mark.requirement("SEC-103")
def test_a_credential_works_once(client: Client, client_factory: Any, key: SigningKey) -> None:
    credential = key.sign(make_claims(jti="j-1"))
    assert post(client, credential).status_code == 302
    other = client_factory()
    assert_refused(other, post(other, credential))
    provider = get_adapter().get_provider(None, "google")
    with pytest.raises(ValidationError) as caught:
        provider.verify_token(None, {"id_token": credential})
    assert caught.value.code == "invalid_token"


@pytest.mark.parametrize("method", ["get", "put"])
def test_the_page_is_for_posts_only(client: Client, method: str) -> None:
    response = getattr(client, method)(URL)
    assert response.status_code == (401 if method == "get" else 405)


def test_an_outage_is_an_error_page(
    client: Client, key: SigningKey, google: IdentityProvider
) -> None:
    google.route(CERTS, Reply(status=503))
    assert_refused(client, post(client, key.sign(make_claims())))


@pytest.mark.parametrize("token", [{}, {"id_token": ""}, {"id_token": 7}, {"access_token": "x"}])
def test_posted_tokens_have_to_be_id_tokens(token: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        get_adapter().get_provider(None, "google").verify_token(None, token)
    assert caught.value.code == "invalid_token"


@pytest.mark.requirement("SEC-102", "ATK-S42")
def test_tokens_that_others_bring_are_verified(key: SigningKey) -> None:
    app = get_adapter().get_app(None, "google")
    adapter = GoogleOAuth2Adapter(None)
    token = SocialToken(token="t")
    forged = make_key("other").sign(make_claims(), kid=key.kid)
    with pytest.raises(OAuth2Error, match="token"):
        adapter.complete_login(None, app, token, response={"id_token": forged})
    good = {"id_token": key.sign(make_claims())}
    assert adapter.complete_login(None, app, token, response=good).account.uid == "110220330440"


@pytest.mark.requirement("ATK-S12")
def test_id_tokens_of_other_handshakes_are_refused(
    client: Client, google: IdentityProvider, key: SigningKey
) -> None:
    query = dict(parse_qsl(urlsplit(start_login(client, "/accounts/google/login/")).query))
    id_token = key.sign(make_claims(nonce="another"))
    google.route("/token", Reply.json({"access_token": "at-1", "id_token": id_token}))
    params = {"code": "x", "state": query["state"]}
    assert_refused(client, client.get(reverse("google_callback"), params))


@pytest.mark.requirement("ATK-S09")
def test_callback_of_another_issuer_is_refused(client: Client, google: IdentityProvider) -> None:
    google.route("/token", Reply.json({"access_token": "at-1"}))
    google.route("/oauth2/v2/userinfo", Reply.json({"id": "1"}))
    for issuer, status in (("https://elsewhere.example.org", 401), (ISSUER, 302)):
        query = dict(parse_qsl(urlsplit(start_login(client, "/accounts/google/login/")).query))
        params = {"code": "x", "state": query["state"], "iss": issuer}
        assert client.get(reverse("google_callback"), params).status_code == status


def test_reauthentication_lets_the_visitor_choose(client: Client) -> None:
    location = start_login(client, "/accounts/google/login/?action=reauthenticate")
    assert dict(parse_qsl(urlsplit(location).query))["prompt"] == "select_account consent"


def test_settings_count_at_once(settings: Any) -> None:
    assert f"https://{CERTS}" == views.CERTS_URL
    assert views.FETCH_USERINFO is False
    settings.SOCIALACCOUNT_PROVIDERS["google"] |= {
        "CERTS_URL": "https://certs.example.org",
        "ID_TOKEN_ISSUER": "https://issuer.example.org",
        "FETCH_USERINFO": True,
        "IDENTITY_URL": "https://me.example.org",
    }
    adapter = GoogleOAuth2Adapter(None)
    assert views.CERTS_URL == "https://certs.example.org"
    assert views.ID_TOKEN_ISSUER == adapter.id_token_issuer == "https://issuer.example.org"
    assert views.FETCH_USERINFO is adapter.fetch_userinfo is True
    assert adapter.identity_url == "https://me.example.org"
    with pytest.raises(AttributeError):
        views.NOTHING  # noqa: B018 - is what fails


def test_the_address_is_asked_for_on_demand(settings: Any) -> None:
    from allauth.socialaccount.providers.google import provider as module

    provider = get_adapter().get_provider(None, "google")
    for query_email in (True, False):
        settings.SOCIALACCOUNT_QUERY_EMAIL = query_email
        assert module.QUERY_EMAIL is query_email
        assert provider.get_scope() == (["profile", "email"] if query_email else ["profile"])


@pytest.mark.requirement("ATK-S16", "SEC-107")
@pytest.mark.parametrize("value", ["false", 0, None, "no", [True]])
def test_only_a_clear_yes_verifies(
    client: Client, user: Any, settings: Any, key: SigningKey, value: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    post(client, key.sign(make_claims(email=user.email, email_verified=value)))
    assert "_auth_user_id" not in client.session
    post(client, key.sign(make_claims(email=user.email)))
    assert client.session["_auth_user_id"] == str(user.pk)


def test_without_an_app_there_is_no_page(client: Client, settings: Any) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS.pop("google")["APP"]
    assert client.post(URL).status_code == 404
    settings.SOCIALACCOUNT_PROVIDERS["google"] = {"APPS": [app, app]}
    assert client.post(URL).status_code == 401


def test_verification_of_tokens_is_the_one_in_its_module(
    client: Client, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []
    original = jwtkit.verify_and_decode

    def verify(**kwargs: Any) -> Any:
        calls.append(kwargs)
        return {**original(**kwargs), "sub": "by-the-test"}

    monkeypatch.setattr(jwtkit, "verify_and_decode", verify)

    post(client, key.sign(make_claims()))

    assert len(calls) == 1
    assert SocialAccount.objects.get().uid == "by-the-test"
