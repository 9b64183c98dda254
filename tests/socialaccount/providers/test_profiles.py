"""What providers make of profiles: ids, addresses, names, links, and nonsense."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.provider import ProviderException
from allauth.socialaccount.providers.microsoft.views import MicrosoftGraphOAuth2Adapter
from allauth.socialaccount.providers.profiles import (
    ProfileAccount,
    ProfileProvider,
    look_up,
    look_up_first,
)
from tests.support.idp.browser import start_login
from tests.support.idp.server import IdentityProvider, Reply

UID_FIELDS = {
    "apple": "sub",
    "auth0": "sub",
    "discord": "id",
    "facebook": "id",
    "github": "id",
    "gitlab": "id",
    "google": "sub",
    "linkedin_oauth2": "id",
    "microsoft": "id",
    "okta": "sub",
    "openid_connect": "sub",
    "twitter": "id",
    "twitter_oauth2": "id",
}
VERIFIED_FIELDS = {
    "apple": "email_verified",
    "discord": "verified",
    "google": "email_verified",
    "okta": "email_verified",
    "openid_connect": "email_verified",
    "slack": "email_verified",
}
NO_UIDS = [None, True, False, "", " ", " 1", "1 ", [], ["1"], {}, {"a": 1}, 1.5, "x" * 192, "a\nb"]


@pytest.fixture(autouse=True)
def _apps(settings: Any) -> None:
    settings.SOCIALACCOUNT_QUERY_EMAIL = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        provider_id: {"APP": {"client_id": "client-1", "secret": "s"}}
        for provider_id in (*UID_FIELDS, "slack")
    }


def get_provider(provider_id: str) -> Any:
    return get_adapter().get_provider(None, provider_id)


def make_login(provider_id: str, profile: dict[str, Any]) -> Any:
    return get_provider(provider_id).sociallogin_from_response(None, profile)


@pytest.mark.requirement("INV-37", "ATK-S15", "SEC-105")
@pytest.mark.parametrize("provider_id", UID_FIELDS)
def test_what_is_no_id_is_refused(provider_id: str) -> None:
    name = UID_FIELDS[provider_id]
    profile = {"email": "a@example.org", "name": "A"}
    for profile_with_id in (profile, *({**profile, name: value} for value in NO_UIDS)):
        with pytest.raises(ProviderException):
            make_login(provider_id, profile_with_id)


@pytest.mark.requirement("INV-37")
@pytest.mark.parametrize("provider_id", UID_FIELDS)
def test_numbers_and_text_are_ids(provider_id: str) -> None:
    name = UID_FIELDS[provider_id]
    for value, uid in ((7, "7"), (0, "0"), ("007", "007"), ("aB", "aB"), ("x" * 191, "x" * 191)):
        assert make_login(provider_id, {name: value}).account.uid == uid


@pytest.mark.requirement("INV-37")
@pytest.mark.parametrize("value", [value for value in NO_UIDS if value not in (" 1", "1 ")])
def test_ids_of_slack_have_two_parts(value: Any) -> None:
    claims = {"https://slack.com/team_id": "T1", "https://slack.com/user_id": value}
    with pytest.raises(ProviderException):
        make_login("slack", claims)
    with pytest.raises(ProviderException):
        make_login("slack", {"team": {"id": value}, "user": {"id": "U1"}})
    with pytest.raises(ProviderException):
        make_login("slack", {"team": "T1", "user": None})


@pytest.mark.requirement("SEC-106")
def test_users_who_swap_names_keep_their_accounts(
    client: Client, user: Any, rerouted: IdentityProvider, settings: Any
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["okta"]["OKTA_BASE_URL"] = "org.okta.example"
    # Rows of releases before 65.13 have names for ids.
    SocialAccount.objects.create(user=user, provider="okta", uid="ana@farol.example")
    rerouted.route("/oauth2/v1/token", Reply.json({"access_token": "at-1"}))
    users = []
    for sub, name in (("1", "ana"), ("2", "rui"), ("1", "rui"), ("2", "ana")):
        profile = {"sub": sub, "preferred_username": f"{name}@farol.example"}
        rerouted.route("/oauth2/v1/userinfo", Reply.json(profile))
        query = dict(parse_qsl(urlsplit(start_login(client, "/accounts/okta/login/")).query))
        client.get("/accounts/okta/login/callback/", {"code": "c", "state": query["state"]})
        users.append(client.session["_auth_user_id"])
    assert users[:2] == users[2:]
    assert len({*users, str(user.pk)}) == 3


@pytest.mark.requirement("INV-38", "ATK-S16", "SEC-107")
@pytest.mark.parametrize("provider_id", VERIFIED_FIELDS)
@pytest.mark.parametrize(
    "value",
    ["false", "False", "0", "no", "yes", 0, 1, None, [], {}, [True], ...],
    ids=repr,
)
def test_what_does_not_verify_an_address(provider_id: str, value: Any) -> None:
    profile = {
        UID_FIELDS.get(provider_id, "sub"): "1",
        "https://slack.com/team_id": "T1",
        "https://slack.com/user_id": "U1",
        "email": "a@example.org",
    }
    if value is not ...:
        profile[VERIFIED_FIELDS[provider_id]] = value
    addresses = make_login(provider_id, profile).email_addresses
    assert [(a.email, a.verified) for a in addresses] == [("a@example.org", False)]
    profile[VERIFIED_FIELDS[provider_id]] = True
    assert [a.verified for a in make_login(provider_id, profile).email_addresses] == [True]


@pytest.mark.requirement("SEC-107")
@pytest.mark.parametrize(
    "provider_id", ["auth0", "facebook", "gitlab", "microsoft", "twitter", "linkedin_oauth2"]
)
def test_some_providers_verify_no_address(provider_id: str) -> None:
    profile = {
        UID_FIELDS[provider_id]: "1",
        "email": "a@example.org",
        "mail": "a@example.org",
        "elements": [{"handle~": {"emailAddress": "a@example.org"}}],
        "email_verified": True,
        "verified": True,
        "confirmed_at": "2020-01-01",
    }
    addresses = make_login(provider_id, profile).email_addresses
    assert [(a.email, a.verified) for a in addresses] == [("a@example.org", False)]


@pytest.mark.parametrize(
    "emails", [7, "x", [7], ["x"], [{}], [{"email": "a@example.org"}], {"a": 1}]
)
def test_odd_lists_of_addresses_at_github(emails: Any, client: Client) -> None:
    with pytest.raises((AttributeError, LookupError, TypeError)):
        make_login("github", {"id": 1, "emails": emails})


# Links and names


@pytest.mark.parametrize("provider_id", [*UID_FIELDS, "slack"])
@pytest.mark.parametrize("data", [{}, [], None, "x", 7, {"name": 7, "email": []}], ids=str)
def test_stored_profiles_of_any_shape_are_displayed(provider_id: str, data: Any) -> None:
    account = SocialAccount(provider=provider_id, uid="1", extra_data=data)
    assert str(account.get_provider_account())
    assert account.get_profile_url() is None
    assert account.get_avatar_url() is None


@pytest.mark.parametrize(
    ("data", "text", "avatar"),
    [
        ({"username": "a", "global_name": ""}, "a", None),
        ({"username": "a", "discriminator": "12345"}, "a", None),
        ({"username": "a", "discriminator": "123٤"}, "a", None),
        ({"username": "a", "discriminator": "0042"}, "a#0042", None),
        ({"username": "a", "discriminator": "0042", "global_name": "A"}, "a#0042", None),
        ({"global_name": "A"}, "A", None),
        ({"id": "1", "avatar": None}, "Discord", None),
        ({"id": "1", "avatar": "b"}, "Discord", "https://cdn.discordapp.com/avatars/1/b.png"),
    ],
)
def test_accounts_at_discord(data: dict[str, Any], text: str, avatar: str | None) -> None:
    shown = SocialAccount(provider="discord", extra_data=data).get_provider_account()
    assert (str(shown), shown.get_avatar_url()) == (text, avatar)


def test_reauthentication(client: Client) -> None:
    for provider_id, prompt in (("discord", "consent"), ("microsoft", "select_account")):
        url = start_login(client, f"/accounts/{provider_id}/login/?action=reauthenticate")
        assert dict(parse_qsl(urlsplit(url).query))["prompt"] == prompt
        url = start_login(client, f"/accounts/{provider_id}/login/")
        assert "prompt" not in dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize(
    ("options", "app_options", "login", "graph"),
    [
        ({}, {}, "https://login.microsoftonline.com/common", "https://graph.microsoft.com"),
        (
            {"TENANT": "organizations"},
            {},
            "https://login.microsoftonline.com/organizations",
            "https://graph.microsoft.com",
        ),
        (
            {"tenant": "consumers"},
            {},
            "https://login.microsoftonline.com/consumers",
            "https://graph.microsoft.com",
        ),
        (
            {"TENANT": "organizations"},
            {
                "tenant": "0a0b-tenant",
                "login_url": "https://login.gov.example",
                "graph_url": "https://graph.gov.example",
            },
            "https://login.gov.example/0a0b-tenant",
            "https://graph.gov.example",
        ),
    ],
)
def test_tenants_and_clouds_of_microsoft(
    settings: Any, options: Any, app_options: Any, login: str, graph: str
) -> None:
    entry = settings.SOCIALACCOUNT_PROVIDERS["microsoft"]
    entry |= options
    entry["APP"]["settings"] = app_options
    adapter = MicrosoftGraphOAuth2Adapter(None)
    assert adapter.authorize_url == f"{login}/oauth2/v2.0/authorize"
    assert adapter.access_token_url == f"{login}/oauth2/v2.0/token"
    assert adapter.profile_url == f"{graph}/v1.0/me"


def test_the_properties_that_microsoft_is_asked_for(
    client: Client, rerouted: IdentityProvider
) -> None:
    url = start_login(client, "/accounts/microsoft/login/")
    rerouted.route("/common/oauth2/v2.0/token", Reply.json({"access_token": "at-1"}))
    rerouted.route("/v1.0/me", Reply.json({"error": {"message": "canary"}}, 200))
    query = {"code": "c", "state": dict(parse_qsl(urlsplit(url).query))["state"]}
    response = client.get("/accounts/microsoft/login/callback/", query)
    assert response.status_code == 401
    assert "canary" not in str(response.context["auth_error"]["exception"])
    assert rerouted.requests[1].query == {
        "$select": "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,"
        "officeLocation,preferredLanguage,surname,userPrincipalName,mailNickname,companyName"
    }


def test_slack_may_refuse(client: Client, rerouted: IdentityProvider) -> None:
    url = start_login(client, "/accounts/slack/login/")
    rerouted.route("/api/openid.connect.token", Reply.json({"access_token": "at-1"}))
    rerouted.route("/api/openid.connect.userInfo", Reply.json({"ok": False, "error": "x"}))
    query = {"code": "c", "state": dict(parse_qsl(urlsplit(url).query))["state"]}
    assert client.get("/accounts/slack/login/callback/", query).status_code == 401


@pytest.mark.parametrize("data", [None, [], "x", {}])
def test_x_may_send_no_profile(client: Client, rerouted: IdentityProvider, data: Any) -> None:
    url = start_login(client, "/accounts/twitter_oauth2/login/")
    rerouted.route("/2/oauth2/token", Reply.json({"access_token": "at-1"}))
    rerouted.route("/2/users/me", Reply.json({"data": data}))
    query = {"code": "c", "state": dict(parse_qsl(urlsplit(url).query))["state"]}
    assert client.get("/accounts/twitter_oauth2/login/callback/", query).status_code == 401


def test_what_x_is_asked_for(client: Client, rerouted: IdentityProvider, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["twitter_oauth2"] |= {
        "FIELDS": ["id", "name", "username"],
        "HEADERS": {"X-Demo": "1", "Authorization": "ignored"},
    }
    url = start_login(client, "/accounts/twitter_oauth2/login/")
    rerouted.route("/2/oauth2/token", Reply.json({"access_token": "at-1"}))
    rerouted.route("/2/users/me", Reply.json({"data": {"id": "1"}}))
    query = {"code": "c", "state": dict(parse_qsl(urlsplit(url).query))["state"]}
    client.get("/accounts/twitter_oauth2/login/callback/", query)
    token_request, profile_request = rerouted.requests
    assert token_request.headers["authorization"].startswith("Basic ")
    assert profile_request.query == {"user.fields": "id,name,username"}
    assert profile_request.headers["x-demo"] == "1"
    assert profile_request.headers["authorization"] == "Bearer at-1"


# LinkedIn

LINKEDIN = "linkedin_oauth2"
NAME = {
    "localized": {"de_DE": "Päz", "en_US": "Paz"},
    "preferredLocale": {"language": "de", "country": "DE"},
}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (NAME, "Päz"),
        ({"localized": NAME["localized"]}, "Paz"),
        ({"localized": {"fr_FR": "P"}, "preferredLocale": {"language": "de"}}, "P"),
        ({"localized": {}}, ""),
        ({"localized": 7}, ""),
        ("Paz", "Paz"),
        (None, ""),
        (7, ""),
    ],
)
def test_names_at_linkedin(field: Any, text: str) -> None:
    data = {"id": "1", "firstName": field}
    assert make_login(LINKEDIN, data).user.first_name == text
    shown = SocialAccount(provider=LINKEDIN, extra_data=data).get_provider_account()
    assert str(shown) == (text or "LinkedIn")


def test_former_rows_of_linkedin_show_the_address() -> None:
    data = {"emailAddress": "a@example.org", "firstName": "Paz", "lastName": "Ibarra"}
    account = SocialAccount(provider=LINKEDIN, extra_data=data)
    assert str(account.get_provider_account()) == "a@example.org"


def _make_picture(size: Any, method: str = "PUBLIC", url: str = "https://p.example/1") -> Any:
    image = "com.linkedin.digitalmedia.mediaartifact.StillImage"
    return {
        "authorizationMethod": method,
        "data": {image: {"displaySize": size}},
        "identifiers": [{"identifier": url}],
    }


def test_pictures_of_linkedin(settings: Any) -> None:
    wanted = {"width": 100, "height": 100.0}
    elements = [
        _make_picture({"width": 0, "height": 0}, url="https://p.example/none"),
        _make_picture({}, url="https://p.example/none"),
        _make_picture(None, url="https://p.example/none"),
        _make_picture({"width": 200, "height": 200}, url="https://p.example/200"),
        _make_picture(wanted, "PRIVATE", "https://p.example/private"),
        _make_picture(wanted),
    ]
    data = {"profilePicture": {"displayImage~": {"elements": elements}}}
    account = SocialAccount(provider=LINKEDIN, extra_data=data)
    assert account.get_avatar_url() is None
    entry = settings.SOCIALACCOUNT_PROVIDERS[LINKEDIN]
    entry["PROFILE_FIELDS"] = ["id", "profilePicture(displayImage~:playableStreams)"]
    account = SocialAccount(provider=LINKEDIN, extra_data=data)
    assert account.get_avatar_url() == "https://p.example/1"
    entry["PROFILEPICTURE"] = {"display_size_w_h": (200, 200)}
    account = SocialAccount(provider=LINKEDIN, extra_data=data)
    assert account.get_avatar_url() == "https://p.example/200"
    entry["PROFILEPICTURE"] = {"authorization_method": "PRIVATE"}
    account = SocialAccount(provider=LINKEDIN, extra_data=data)
    assert account.get_avatar_url() == "https://p.example/private"
    account = SocialAccount(provider=LINKEDIN, extra_data={})
    assert account.get_avatar_url() is None


@pytest.mark.parametrize("status", [200, 403])
def test_requests_to_linkedin(
    client: Client, rerouted: IdentityProvider, settings: Any, status: int
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS[LINKEDIN] |= {
        "HEADERS": {"x-li-src": "msdk", "Authorization": "ignored"},
        "PROFILE_FIELDS": ["id", "firstName"],
    }
    url = start_login(client, f"/accounts/{LINKEDIN}/login/")
    rerouted.route("/oauth/v2/accessToken", Reply.json({"access_token": "at-1"}))
    rerouted.route("/v2/emailAddress", Reply.json({"elements": []}, status))
    rerouted.route("/v2/me", Reply.json({"id": "1"}))
    query = {"code": "c", "state": dict(parse_qsl(urlsplit(url).query))["state"]}
    assert client.get(f"/accounts/{LINKEDIN}/login/callback/", query).status_code == 302
    token_request, email_request, profile_request = rerouted.requests
    assert (token_request.method, token_request.query["code"]) == ("GET", "c")
    assert email_request.query == {"q": "members", "projection": "(elements*(handle~))"}
    assert profile_request.query == {"projection": "(id,firstName)"}
    for request in (email_request, profile_request):
        assert request.bearer == "at-1"
        assert request.headers["x-li-src"] == "msdk"
    data = SocialAccount.objects.get().extra_data
    assert data == ({"elements": [], "id": "1"} if status == 200 else {"id": "1"})


# Paths


def test_paths() -> None:
    data = {"a": {"b": [{"c": 1}, {"c": 2}]}, "d.e": 3, "f": None, "g": ""}
    assert look_up(data, "a.b.1.c") == 2
    assert look_up(data, ("d.e",)) == 3
    assert look_up(data, "a.b.1") == {"c": 2}
    for path in ("x", "a.x", "a.b.2", "a.b.x", "a.b.-1", "f", "f.x", "a.b.0.c.x", ("a.b",)):
        assert look_up(data, path) is None
    assert look_up(None, "a") is None
    assert look_up_first(data, "f", "g", "a.b.0.c", "d") == 1
    assert look_up_first(data, "f", "g") is None


def test_a_provider_by_paths(settings: Any) -> None:
    class PathProvider(ProfileProvider):
        id = "path"
        name = "Path"
        account_class = ProfileAccount
        uses_apps = False
        uid_path = "user.id"
        common_field_paths = {"username": "user.name"}
        email_path = "contact.0"
        default_scope = ("profile",)
        email_scope = ("email",)

    provider = PathProvider(None)
    data = {"user": {"id": 7, "name": "n"}, "contact": ["a@example.org"]}
    login = provider.sociallogin_from_response(None, data)
    assert (login.account.uid, login.user.username) == ("7", "n")
    assert [(a.email, a.verified) for a in login.email_addresses] == [("a@example.org", False)]
    assert provider.extract_email_addresses({}) == []
    assert provider.get_default_scope() == ["profile", "email"]
    settings.SOCIALACCOUNT_QUERY_EMAIL = False
    assert provider.get_default_scope() == ["profile"]
