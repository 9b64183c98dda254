"""What is peculiar to Apple: signed secrets, and a callback that is posted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.apple.client import jwt_encode
from tests.support.idp.browser import assert_refused, get_path, start_login
from tests.support.idp.oidc import SigningKey, encode_raw, make_key
from tests.support.idp.rerouting import ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply

ISSUER = "https://appleid.apple.com"
COOKIE = "apple-login-session"
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE_KEY = PRIVATE_KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
USER = {"name": {"firstName": "Nadia", "lastName": "Brandt"}}


@pytest.fixture
def key() -> SigningKey:
    return make_key("apple-1")


@pytest.fixture(autouse=True)
def apple(rerouted: IdentityProvider, settings: Any, key: SigningKey) -> IdentityProvider:
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "apple": {
            "APP": {
                "client_id": "client-1, bundle-1",
                "secret": "key-id",
                "key": "team-1",
                "settings": {"certificate_key": CERTIFICATE_KEY},
            }
        }
    }
    rerouted.route("appleid.apple.com/auth/keys", Reply.json({"keys": [key.jwk]}))
    return rerouted


def make_claims(**claims: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "aud": "client-1",
        "sub": "001122.aabbccddeeff.3344",
        "email": "nadia@example.org",
        "email_verified": "true",
        "exp": 4_000_000_000,
        **claims,
    }
    return {name: value for name, value in claims.items() if value is not None}


def start(client: Client) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(start_login(client, "/accounts/apple/login/")).query))


def serve_token(apple: IdentityProvider, key: SigningKey, **claims: Any) -> None:
    data = {"access_token": "at-1", "refresh_token": "rt-1", "expires_in": 3600}
    data["id_token"] = key.sign(make_claims(**claims))
    apple.route("appleid.apple.com/auth/token", Reply.json(data))


def post(client: Client, **data: str) -> Any:
    return client.post(reverse("apple_callback"), data)


def log_in(client: Client, apple: IdentityProvider, key: SigningKey, **posted: str) -> Any:
    query = start(client)
    serve_token(apple, key, nonce=query["nonce"])
    response = post(client, **{"code": "c-1", "state": query["state"], **posted})
    assert response.status_code == 302
    return client.get(get_path(response["Location"]))


def test_the_way_to_apple(client: Client) -> None:
    location = start_login(client, "/accounts/apple/login/")
    assert location.startswith(f"{ISSUER}/auth/authorize?")
    assert "scope=name%20email" in location
    query = dict(parse_qsl(urlsplit(location).query))
    assert query["client_id"] == "client-1"
    assert query["response_mode"] == "form_post"
    assert query["response_type"] == "code id_token"
    assert query["redirect_uri"] == "http://testserver/accounts/apple/login/callback/"


def test_login(client_factory: Any, apple: IdentityProvider, key: SigningKey) -> None:
    client = client_factory(enforce_csrf_checks=False)
    log_in(client, apple, key, user=json.dumps(USER))
    account = SocialAccount.objects.get()
    assert account.uid == "001122.aabbccddeeff.3344"
    assert client.session["_auth_user_id"] == str(account.user_id)
    fields = {"first_name": "Nadia", "last_name": "Brandt", "email": "nadia@example.org"}
    assert ReroutingAdapter.fields[-1] == fields
    assert (account.user.first_name, account.user.last_name) == ("Nadia", "Brandt")
    assert account.user.email == "nadia@example.org"
    assert account.user.emailaddress_set.get().verified
    assert str(account.get_provider_account()) == "nadia@example.org"
    assert account.get_avatar_url() is account.get_profile_url() is None


@pytest.mark.requirement("ATK-S21")
def test_the_stored_profile_is_what_apple_said_but_for_the_tokens(
    client: Client, apple: IdentityProvider, key: SigningKey
) -> None:
    claims = make_claims(iat=1900000000, exp=1900003600)
    with time_machine.travel(claims["iat"] + 60):
        query = start(client)
        claims["nonce"] = query["nonce"]
        tokens = {"access_token": "at-1", "refresh_token": "rt-1", "id_token": key.sign(claims)}
        others = {"expires_in": 3600, "token_type": "Bearer"}
        apple.route("appleid.apple.com/auth/token", Reply.json({**tokens, **others}))
        response = post(client, code="c-1", state=query["state"], user=json.dumps(USER))
        client.get(get_path(response["Location"]))
    account = SocialAccount.objects.get()
    assert account.extra_data == {**others, **USER, **claims}
    assert "at-1" not in str(dict(client.session))


@pytest.mark.requirement("ATK-S34")
def test_what_was_posted_is_gone_after_the_login(
    client: Client, apple: IdentityProvider, key: SigningKey
) -> None:
    query = start(client)
    serve_token(apple, key, nonce=query["nonce"])
    response = post(client, code="c-1", state=query["state"], user=json.dumps(USER))
    stored = SessionStore(response.cookies[COOKIE].value)
    assert json.loads(stored["user"]) == USER
    client.get(get_path(response["Location"]))
    assert not stored.exists(stored.session_key)


def test_the_client_secret_is_a_signed_token(
    client: Client, apple: IdentityProvider, key: SigningKey
) -> None:
    log_in(client, apple, key)
    form = apple.get_requests("/auth/token")[0].form
    assert (form["client_id"], form["code"]) == ("client-1", "c-1")
    assert form["redirect_uri"] == "http://testserver/accounts/apple/login/callback/"
    secret = form["client_secret"]
    assert jwt.get_unverified_header(secret) == {"alg": "ES256", "kid": "key-id", "typ": "JWT"}
    claims = jwt.decode(secret, PRIVATE_KEY.public_key(), algorithms=["ES256"], audience=ISSUER)
    assert (claims["iss"], claims["sub"]) == ("team-1", "client-1")
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize("missing", ["key", "settings"])
def test_an_incomplete_app_is_a_configuration_error(
    client: Client, apple: IdentityProvider, key: SigningKey, settings: Any, missing: str
) -> None:
    del settings.SOCIALACCOUNT_PROVIDERS["apple"]["APP"][missing]
    with pytest.raises(ImproperlyConfigured):
        log_in(client, apple, key)


def test_the_callback_is_posted_without_the_session_cookie(
    client: Client, client_factory: Any, apple: IdentityProvider, key: SigningKey, settings: Any
) -> None:
    settings.SESSION_COOKIE_SECURE = True
    browser = client_factory(enforce_csrf_checks=True)
    response = browser.post(
        reverse("apple_callback"),
        {"code": "c-1", "state": "s-1", "error": "", "user": json.dumps(USER), "id_token": "t"},
    )
    assert response.status_code == 302
    assert response["Location"] == (
        "http://testserver/accounts/apple/login/callback/finish/?code=c-1&state=s-1"
    )
    assert "Cookie" in response["Vary"]
    cookie = response.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["path"] == "/accounts/apple/login/callback/finish/"
    assert not cookie["max-age"]
    assert apple.requests == []


@pytest.mark.parametrize("method", ["get", "head", "put"])
def test_the_callback_takes_posts_only(client: Client, method: str) -> None:
    response = getattr(client, method)(reverse("apple_callback"))
    assert response.status_code == 405
    assert response["Allow"] == "POST"


@pytest.mark.requirement("INV-36")
def test_nothing_large_is_kept(client: Client) -> None:
    for data in ({}, {"user": ""}, {"user": "x" * 100_000}, {"id_token": "x" * 100_000}):
        response = post(client, code="c", state="s", **data)
        assert response.status_code == 302
        assert COOKIE not in response.cookies


@pytest.mark.requirement("ATK-S34")
@pytest.mark.parametrize(
    "user",
    ["", "x", "[]", "7", "null", '{"name": "x"}', '{"name": 7}', '{"name": {"firstName": 7}}'],
)
def test_odd_user_data_does_no_harm(
    client: Client, apple: IdentityProvider, key: SigningKey, user: str
) -> None:
    log_in(client, apple, key, user=user)
    account = SocialAccount.objects.get()
    assert account.user.first_name == ""
    assert client.session["_auth_user_id"] == str(account.user_id)


@pytest.mark.requirement("ATK-S34")
def test_an_address_counts_in_the_id_token_only(
    client: Client, apple: IdentityProvider, key: SigningKey, user: Any, settings: Any
) -> None:
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    forged = {**USER, "email": user.email, "email_verified": True, "sub": "somebody"}
    query = start(client)
    serve_token(apple, key, nonce=query["nonce"], email=None, email_verified=None)
    response = post(client, code="c", state=query["state"], user=json.dumps(forged))
    client.get(get_path(response["Location"]))
    account = SocialAccount.objects.get()
    assert account.uid == "001122.aabbccddeeff.3344"
    assert account.user != user
    assert account.user.email == ""
    assert not account.user.emailaddress_set.exists()


@pytest.mark.requirement("ATK-S34")
def test_what_was_posted_belongs_to_one_login(
    client: Client, apple: IdentityProvider, key: SigningKey
) -> None:
    post(client, code="c", state="another", user=json.dumps(USER))
    query = start(client)
    serve_token(apple, key, nonce=query["nonce"])
    client.get(reverse("apple_finish_callback"), {"code": "c", "state": query["state"]})
    assert SocialAccount.objects.get().user.first_name == ""


def test_the_posted_id_token_is_the_last_resort_and_is_verified(
    client: Client, apple: IdentityProvider, key: SigningKey
) -> None:
    apple.route("appleid.apple.com/auth/token", Reply.json({"access_token": "at-1"}))
    for is_good in (False, True):
        query = start(client)
        signer = key if is_good else make_key("other")
        id_token = signer.sign(make_claims(nonce=query["nonce"]), kid=key.kid)
        response = post(client, code="c", state=query["state"], id_token=id_token)
        response = client.get(get_path(response["Location"]))
        assert response.status_code == (302 if is_good else 401)
    assert SocialAccount.objects.get().uid == "001122.aabbccddeeff.3344"


@pytest.mark.requirement("INV-31", "ATK-S12")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "client-2"},
        {"iss": "https://elsewhere.example.org"},
        {"exp": 1},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
    ],
    ids=str,
)
def test_id_tokens_for_others_are_refused(
    client: Client, apple: IdentityProvider, key: SigningKey, claims: dict[str, Any]
) -> None:
    query = start(client)
    serve_token(apple, key, **{"nonce": query["nonce"], **claims})
    response = post(client, code="c", state=query["state"])
    assert_refused(client, client.get(get_path(response["Location"])))


def test_without_an_id_token_there_is_no_login(client: Client, apple: IdentityProvider) -> None:
    apple.route("appleid.apple.com/auth/token", Reply.json({"access_token": "at-1"}))
    query = start(client)
    response = post(client, code="c", state=query["state"])
    assert_refused(client, client.get(get_path(response["Location"])))


def test_errors_of_apple(client: Client) -> None:
    query = start(client)
    response = post(client, state=query["state"], error="access_denied")
    response = client.get(get_path(response["Location"]))
    assert response["Location"] == reverse("socialaccount_login_cancelled")


@pytest.mark.parametrize("audience", ["client-1", "bundle-1"])
def test_posted_tokens_for_any_of_the_client_ids(key: SigningKey, audience: str) -> None:
    provider = get_adapter().get_provider(None, "apple")
    assert provider.get_auds() == ["client-1", "bundle-1"]
    token = {"id_token": key.sign(make_claims(aud=audience))}
    login = provider.verify_token(None, token)
    assert login.account.extra_data["sub"] == "001122.aabbccddeeff.3344"
    assert [(a.email, a.verified) for a in login.email_addresses] == [("nadia@example.org", True)]


@pytest.mark.parametrize(
    "token",
    [
        {},
        {"id_token": ""},
        {"id_token": 7},
        {"id_token": encode_raw({"alg": "none", "kid": "apple-1"}, make_claims())},
        {"id_token": make_key("other").sign(make_claims())},
        {"id_token": make_key("apple-1").sign(make_claims(aud="client-2"))},
    ],
    ids=lambda token: str(token)[:20],
)
def test_bad_posted_tokens_are_refused(token: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        get_adapter().get_provider(None, "apple").verify_token(None, token)
    assert caught.value.code == "invalid_token"


@pytest.mark.requirement("ATK-S16")
@pytest.mark.parametrize(
    ("value", "is_verified"),
    [(True, True), ("true", True), ("True", True), ("false", False), (None, False), (1, False)],
)
def test_only_a_clear_yes_verifies_the_address(value: Any, is_verified: bool) -> None:
    provider = get_adapter().get_provider(None, "apple")
    data = {"sub": "1", "email": "a@example.org", "email_verified": value}
    login = provider.sociallogin_from_response(None, data)
    assert login.email_addresses[0].verified is is_verified


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"email": "n@example.org"}, "n@example.org"),
        ({"email": "x@privaterelay.appleid.com", **USER}, "Nadia Brandt"),
        ({"email": "x@PrivateRelay.AppleID.com", "name": {"firstName": "N"}}, "N"),
        ({"email": "x@privaterelay.appleid.com"}, "x@privaterelay.appleid.com"),
        ({}, "Apple"),
        ([], "Apple"),
    ],
)
def test_how_accounts_are_displayed(data: Any, text: str) -> None:
    account = SocialAccount(provider="apple", uid="1", extra_data=data)
    assert str(account.get_provider_account()) == text


@pytest.mark.requirement("SEC-015")
def test_debug_pages_mask_the_signing_key(settings: Any) -> None:
    shown = SafeExceptionReporterFilter().get_safe_settings()["SOCIALACCOUNT_PROVIDERS"]
    assert "PRIVATE KEY" not in str(shown)


def test_the_scope_depends_on_a_setting(settings: Any) -> None:
    from allauth.socialaccount.providers.apple import provider as module

    provider = get_adapter().get_provider(None, "apple")
    assert provider.get_scope() == ["name", "email"]
    settings.SOCIALACCOUNT_QUERY_EMAIL = False
    assert provider.get_scope() == ["name"]
    assert module.QUERY_EMAIL is False


def test_jwt_encode() -> None:
    assert jwt.decode(jwt_encode({"a": 1}, "x" * 32), "x" * 32, algorithms=["HS256"]) == {"a": 1}
