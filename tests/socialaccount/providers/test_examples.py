"""One login, or several, by each of the providers with a large number of users."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.socialaccount.providers import registry
from tests.support.idp import examples
from tests.support.idp.examples import Example
from tests.support.idp.server import IdentityProvider, Reply

GITHUB_EMAILS = [
    {"email": "Imani@example.org", "primary": True, "verified": True, "visibility": "private"},
    {"email": "work@example.org", "primary": False, "verified": False, "visibility": None},
]
GITHUB = {
    "id": 778812,
    "login": "moss",
    "name": "Imani Roux",
    "email": None,
    "avatar_url": "https://avatars.example.org/u/778812",
    "html_url": "https://git.example.org/moss",
}
GITLAB = {
    "id": 5309,
    "username": "talia",
    "name": "Talia Berg",
    "email": "talia@example.org",
    "web_url": "https://gl.example.org/talia",
    "avatar_url": "https://gl.example.org/a/5309.png",
}
AUTH0 = {
    "sub": "auth0|65a0example",
    "email": "teo@example.org",
    "email_verified": True,
    "name": "Teo Marchetti",
    "picture": "https://img.example.org/teo.png",
}
DISCORD = {
    "id": "660000000000000001",
    "username": "pinecone",
    "discriminator": "0",
    "global_name": "Pine Cone",
    "avatar": "0a1b2c3d",
    "verified": True,
    "email": "pine@example.org",
}
OLD_DISCORD = {
    "id": "660000000000000002",
    "username": "Pinecone",
    "discriminator": "4821",
    "avatar": "0a1b2c3d",
    "verified": False,
    "email": "pine@example.org",
}
FACEBOOK = {
    "id": "10203040506070",
    "name": "Cleo Dupont",
    "first_name": "Cleo",
    "last_name": "Dupont",
    "email": "cleo@example.org",
    "verified": True,
    "link": "https://www.facebook.example/cleo",
}
GOOGLE = {
    "id": "110220330440",
    "email": "Amara@example.org",
    "verified_email": True,
    "given_name": "Amara",
    "family_name": "Osei",
    "name": "Amara Osei",
    "picture": "https://img.example.org/amara.jpg",
    "link": "https://plus.example.org/110220330440",
}
LINKEDIN_EMAIL = {
    "elements": [
        {"handle": "urn:li:emailAddress:1", "handle~": {"emailAddress": "paz@example.org"}}
    ]
}
LINKEDIN = {
    "id": "LiExAmPlE1",
    "firstName": {
        "localized": {"es_ES": "Paz"},
        "preferredLocale": {"language": "es", "country": "ES"},
    },
    "lastName": {
        "localized": {"es_ES": "Ibarra"},
        "preferredLocale": {"language": "es", "country": "ES"},
    },
}
MICROSOFT = {
    "id": "3f-77-aa",
    "businessPhones": [],
    "displayName": "Ngozi Adair",
    "givenName": "Ngozi",
    "surname": "Adair",
    "mail": None,
    "userPrincipalName": "Ngozi.Adair@contoso-lab.example",
    "mailNickname": "nadair",
    "companyName": None,
}
OKTA = {
    "sub": "00q7",
    "name": "Ines Duarte",
    "email": "ines@farol.example",
    "email_verified": True,
    "preferred_username": "ines.d@farol.example",
    "given_name": "Ines",
    "family_name": "Duarte",
}
OKTA_RUI = {
    "sub": "00q8",
    "email": "rui@farol.example",
    "email_verified": False,
    "preferred_username": "rui",
    "given_name": "Rui",
    "family_name": "Lobo",
}
SLACK = {
    "ok": True,
    "sub": "U77",
    "https://slack.com/user_id": "U77",
    "https://slack.com/team_id": "T12",
    "email": "kofi@harbor.example",
    "email_verified": True,
    "name": "Kofi Amoah",
    "picture": "https://s.harbor.example/k.png",
    "given_name": "Kofi",
    "family_name": "Amoah",
}
OLD_SLACK = {
    "ok": True,
    "team": {"id": "T90"},
    "user": {
        "id": "U91",
        "name": "Kofi Amoah",
        "email": "kofi@harbor.example",
        "image_192": "https://s.harbor.example/192.png",
    },
}
X = {
    "id": "98800",
    "name": "Ilya Brandt",
    "username": "ilyab",
    "verified": False,
    "profile_image_url": "https://i.tide.example/i.png",
}
X_MAE = {"id": "98801", "name": "Mae", "username": "mae_b"}

EXAMPLES = [
    Example(
        provider="github",
        authorize_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",
        uid="778812",
        replies={
            "https://api.github.com/user": GITHUB,
            "https://api.github.com/user/emails": Reply.json(GITHUB_EMAILS),
        },
        scope=["user:email"],
        fields={"username": "moss", "name": "Imani Roux", "email": "imani@example.org"},
        emails=[("imani@example.org", True, True), ("work@example.org", False, False)],
        extra_data=GITHUB,
        user={
            "username": "moss",
            "first_name": "Imani",
            "last_name": "Roux",
            "email": "imani@example.org",
        },
        to_str="moss",
        profile_url="https://git.example.org/moss",
        avatar_url="https://avatars.example.org/u/778812",
    ),
    Example(
        provider="github",
        authorize_url="https://hub.example.org/login/oauth/authorize",
        token_url="https://hub.example.org/login/oauth/access_token",
        uid="778812",
        replies={
            "https://hub.example.org/api/v3/user": GITHUB,
            "https://hub.example.org/api/v3/user/emails": Reply(status=404),
        },
        scope=["user:email"],
        fields={"username": "moss", "name": "Imani Roux"},
        emails=[],
        extra_data=GITHUB,
        user={"username": "moss", "first_name": "Imani", "last_name": "Roux"},
        to_str="moss",
        profile_url="https://git.example.org/moss",
        avatar_url="https://avatars.example.org/u/778812",
        settings={"GITHUB_URL": "https://hub.example.org/"},
        title="enterprise",
    ),
    Example(
        provider="gitlab",
        authorize_url="https://gitlab.com/oauth/authorize",
        token_url="https://gitlab.com/oauth/token",
        uid="5309",
        replies={"https://gitlab.com/api/v4/user": GITLAB},
        scope=["read_user"],
        fields={"username": "talia", "name": "Talia Berg", "email": "talia@example.org"},
        emails=[("talia@example.org", False, True)],
        extra_data=GITLAB,
        user={
            "username": "talia",
            "first_name": "Talia",
            "last_name": "Berg",
            "email": "talia@example.org",
        },
        to_str="talia",
        profile_url="https://gl.example.org/talia",
        avatar_url="https://gl.example.org/a/5309.png",
    ),
    Example(
        provider="gitlab",
        authorize_url="https://gl2.example.org/oauth/authorize",
        token_url="https://gl2.example.org/oauth/token",
        uid="5309",
        replies={"https://gl2.example.org/api/v4/user": GITLAB},
        scope=["read_user"],
        fields={"username": "talia", "name": "Talia Berg", "email": "talia@example.org"},
        emails=[("talia@example.org", False, True)],
        extra_data=GITLAB,
        user={
            "username": "talia",
            "first_name": "Talia",
            "last_name": "Berg",
            "email": "talia@example.org",
        },
        to_str="talia",
        profile_url="https://gl.example.org/talia",
        avatar_url="https://gl.example.org/a/5309.png",
        settings={"GITLAB_URL": "https://gl.example.org"},
        app={"settings": {"gitlab_url": "https://gl2.example.org"}},
        title="url-of-the-app",
    ),
    Example(
        provider="auth0",
        authorize_url="https://auth0.example.org/authorize",
        token_url="https://auth0.example.org/oauth/token",
        uid="auth0|65a0example",
        replies={"https://auth0.example.org/userinfo": AUTH0},
        scope=["openid", "profile", "email"],
        fields={"username": None, "name": "Teo Marchetti", "email": "teo@example.org"},
        emails=[("teo@example.org", False, True)],
        extra_data=AUTH0,
        user={"first_name": "Teo", "last_name": "Marchetti", "email": "teo@example.org"},
        to_str="teo@example.org",
        profile_url=None,
        avatar_url="https://img.example.org/teo.png",
        settings={"AUTH0_URL": "https://auth0.example.org"},
    ),
    Example(
        provider="discord",
        authorize_url="https://discord.com/api/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",
        uid="660000000000000001",
        replies={"https://discord.com/api/users/@me": DISCORD},
        scope=["email", "identify"],
        fields={"username": "pinecone", "name": "pinecone", "email": "pine@example.org"},
        emails=[("pine@example.org", True, True)],
        extra_data=DISCORD,
        user={"username": "pinecone", "first_name": "pinecone", "email": "pine@example.org"},
        to_str="Pine Cone",
        profile_url=None,
        avatar_url="https://cdn.discordapp.com/avatars/660000000000000001/0a1b2c3d.png",
    ),
    Example(
        provider="discord",
        authorize_url="https://discord.com/api/oauth2/authorize",
        token_url="https://discord.com/api/oauth2/token",
        uid="660000000000000002",
        replies={"https://discord.com/api/users/@me": OLD_DISCORD},
        scope=["email", "identify"],
        fields={"username": "Pinecone", "name": "Pinecone", "email": "pine@example.org"},
        emails=[("pine@example.org", False, True)],
        extra_data=OLD_DISCORD,
        user={"username": "Pinecone", "first_name": "Pinecone", "email": "pine@example.org"},
        to_str="Pinecone#4821",
        profile_url=None,
        avatar_url="https://cdn.discordapp.com/avatars/660000000000000002/0a1b2c3d.png",
        title="old-name",
    ),
    Example(
        provider="facebook",
        authorize_url="https://www.facebook.com/v19.0/dialog/oauth",
        token_url="https://graph.facebook.com/v19.0/oauth/access_token",
        uid="10203040506070",
        replies={"https://graph.facebook.com/v19.0/me": FACEBOOK},
        scope=["email"],
        fields={
            "username": None,
            "first_name": "Cleo",
            "last_name": "Dupont",
            "name": "Cleo Dupont",
            "email": "cleo@example.org",
        },
        emails=[("cleo@example.org", False, True)],
        extra_data=FACEBOOK,
        user={"first_name": "Cleo", "last_name": "Dupont", "email": "cleo@example.org"},
        to_str="cleo@example.org",
        profile_url="https://www.facebook.example/cleo",
        scope_delimiter=",",
        token_method="GET",
        token_in="query",
    ),
    Example(
        provider="google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        uid="110220330440",
        replies={"https://www.googleapis.com/oauth2/v2/userinfo": GOOGLE},
        scope=["profile", "email"],
        fields={"first_name": "Amara", "last_name": "Osei", "email": "amara@example.org"},
        emails=[("amara@example.org", True, True)],
        extra_data=GOOGLE,
        user={"first_name": "Amara", "last_name": "Osei", "email": "amara@example.org"},
        to_str="Amara@example.org",
        profile_url="https://plus.example.org/110220330440",
        avatar_url="https://img.example.org/amara.jpg",
    ),
    Example(
        provider="google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        uid="110220330440",
        scope=["profile", "email"],
        fields={"first_name": "Amara", "last_name": "Osei", "email": "amara@example.org"},
        emails=[("amara@example.org", False, True)],
        user={"first_name": "Amara", "last_name": "Osei", "email": "amara@example.org"},
        to_str="amara@example.org",
        avatar_url="https://img.example.org/amara.jpg",
        claims={
            "iss": "https://accounts.google.com",
            "aud": "client-1",
            "sub": "110220330440",
            "email": "amara@example.org",
            "email_verified": False,
            "given_name": "Amara",
            "family_name": "Osei",
            "picture": "https://img.example.org/amara.jpg",
        },
        title="id-token",
    ),
    Example(
        provider="google",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",
        uid="110220330440",
        replies={"https://www.googleapis.com/oauth2/v2/userinfo": GOOGLE},
        scope=["profile", "email"],
        fields={"first_name": None, "last_name": None, "email": "amara@example.org"},
        emails=[("amara@example.org", True, True)],
        user={"email": "amara@example.org"},
        to_str="amara@example.org",
        avatar_url="https://img.example.org/amara.jpg",
        settings={"FETCH_USERINFO": True},
        claims={
            "iss": "https://accounts.google.com",
            "aud": "client-1",
            "sub": "110220330440",
            "email": "amara@example.org",
            "email_verified": True,
        },
        title="picture",
    ),
    Example(
        provider="linkedin_oauth2",
        authorize_url="https://www.linkedin.com/oauth/v2/authorization",
        token_url="https://www.linkedin.com/oauth/v2/accessToken",
        uid="LiExAmPlE1",
        replies={
            "https://api.linkedin.com/v2/emailAddress": LINKEDIN_EMAIL,
            "https://api.linkedin.com/v2/me": LINKEDIN,
        },
        scope=["r_liteprofile", "r_emailaddress"],
        fields={"first_name": "Paz", "last_name": "Ibarra", "email": "paz@example.org"},
        emails=[("paz@example.org", False, True)],
        extra_data={**LINKEDIN_EMAIL, **LINKEDIN},
        user={"first_name": "Paz", "last_name": "Ibarra", "email": "paz@example.org"},
        to_str="Paz Ibarra",
        token_method="GET",
    ),
    Example(
        provider="microsoft",
        authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",
        uid="3f-77-aa",
        replies={"https://graph.microsoft.com/v1.0/me": MICROSOFT},
        scope=["User.Read"],
        fields={
            "username": "nadair",
            "last_name": "Adair",
            "first_name": "Ngozi",
            "email": "ngozi.adair@contoso-lab.example",
        },
        emails=[("ngozi.adair@contoso-lab.example", False, True)],
        extra_data=MICROSOFT,
        user={
            "username": "nadair",
            "first_name": "Ngozi",
            "last_name": "Adair",
            "email": "ngozi.adair@contoso-lab.example",
        },
        to_str="Ngozi Adair",
    ),
    Example(
        provider="okta",
        authorize_url="https://org.okta.example/oauth2/v1/authorize",
        token_url="https://org.okta.example/oauth2/v1/token",
        uid="00q7",
        replies={"https://org.okta.example/oauth2/v1/userinfo": OKTA},
        scope=["openid", "profile", "email", "offline_access"],
        fields={
            "last_name": "Duarte",
            "first_name": "Ines",
            "username": "ines.d",
            "email": "ines@farol.example",
        },
        emails=[("ines@farol.example", True, True)],
        extra_data=OKTA,
        user={
            "username": "ines.d",
            "first_name": "Ines",
            "last_name": "Duarte",
            "email": "ines@farol.example",
        },
        to_str="ines@farol.example",
        settings={"OKTA_BASE_URL": "org.okta.example"},
    ),
    Example(
        provider="okta",
        authorize_url="https://org.okta.example/oauth2/v1/authorize",
        token_url="https://org.okta.example/oauth2/v1/token",
        uid="rui",
        replies={"https://org.okta.example/oauth2/v1/userinfo": OKTA_RUI},
        scope=["openid", "profile", "email", "offline_access"],
        fields={
            "last_name": "Lobo",
            "first_name": "Rui",
            "username": "rui",
            "email": "rui@farol.example",
        },
        emails=[("rui@farol.example", False, True)],
        extra_data=OKTA_RUI,
        user={
            "username": "rui",
            "first_name": "Rui",
            "last_name": "Lobo",
            "email": "rui@farol.example",
        },
        to_str="rui@farol.example",
        settings={"OKTA_BASE_URL": "org.okta.example"},
        app={"settings": {"uid_field": "preferred_username"}},
        title="uid-field",
    ),
    Example(
        provider="slack",
        authorize_url="https://slack.com//openid/connect/authorize",
        token_url="https://slack.com/api/openid.connect.token",
        uid="T12_U77",
        replies={"https://slack.com/api/openid.connect.userInfo": SLACK},
        scope=["openid", "profile", "email"],
        fields={"name": None, "email": "kofi@harbor.example"},
        emails=[("kofi@harbor.example", True, True)],
        extra_data=SLACK,
        user={"email": "kofi@harbor.example"},
        to_str="kofi@harbor.example",
    ),
    Example(
        provider="slack",
        authorize_url="https://slack.com//openid/connect/authorize",
        token_url="https://slack.com/api/openid.connect.token",
        uid="T90_U91",
        replies={"https://slack.com/api/openid.connect.userInfo": OLD_SLACK},
        scope=["openid", "profile", "email"],
        fields={"name": "Kofi Amoah", "email": "kofi@harbor.example"},
        emails=[("kofi@harbor.example", False, True)],
        extra_data=OLD_SLACK,
        user={"first_name": "Kofi", "last_name": "Amoah", "email": "kofi@harbor.example"},
        to_str="Slack",
        profile_url=None,
        avatar_url="https://s.harbor.example/192.png",
        title="former-document",
    ),
    Example(
        provider="twitter_oauth2",
        authorize_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",
        uid="98800",
        replies={"https://api.x.com/2/users/me": {"data": X}},
        scope=["users.read", "tweet.read"],
        fields={"name": "Ilya Brandt", "username": "ilyab"},
        emails=[],
        extra_data=X,
        user={"username": "ilyab", "first_name": "Ilya", "last_name": "Brandt"},
        to_str="ilyab",
        profile_url="https://x.com/ilyab",
        avatar_url="https://i.tide.example/i.png",
        auth_params={"code_challenge_method": "S256"},
    ),
    Example(
        provider="twitter_oauth2",
        authorize_url="https://x.com/i/oauth2/authorize",
        token_url="https://api.x.com/2/oauth2/token",
        uid="98801",
        replies={"https://api.x.com/2/users/me": {"data": X_MAE}},
        scope=["users.read", "tweet.read"],
        fields={"name": "Mae", "username": "mae_b"},
        emails=[],
        extra_data=X_MAE,
        user={"username": "mae_b", "first_name": "Mae"},
        to_str="mae_b",
        profile_url="https://x.com/mae_b",
        settings={
            "FIELDS": ["id", "name", "username"],
            "HEADERS": {"X-Demo": "1", "Authorization": "ignored"},
        },
        title="settings",
    ),
]


ELSEWHERE = {"apple", "dummy", "openid_connect", "twitter"}
"""Providers that are not of the common kind have their examples in files of their own."""


def test_every_provider_has_an_example() -> None:
    provider_ids = {provider_class.id for provider_class in registry.get_class_list()}
    assert {example.provider for example in EXAMPLES} == provider_ids - ELSEWHERE


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_login(client: Client, rerouted: IdentityProvider, settings: Any, example: Example) -> None:
    example.configure(settings)
    examples.run(client, rerouted, example)


@pytest.mark.requirement("ATK-S21", "INV-16")
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_tokens_are_kept_nowhere(
    client: Client,
    admin_client: Client,
    rerouted: IdentityProvider,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    example: Example,
) -> None:
    example.configure(settings)
    with caplog.at_level(logging.DEBUG, logger="allauth"):
        login = examples.run(client, rerouted, example)
    account = SocialAccount.objects.get()
    page = admin_client.get(f"/admin/socialaccount/socialaccount/{account.pk}/change/")
    logged = [caplog.handler.format(r) for r in caplog.records if r.name.startswith("allauth")]
    places = [account.extra_data, login.state, dict(client.session), page.content, logged]
    secrets = examples.get_secrets(rerouted, example)
    assert not [place for place in places for secret in secrets if secret in str(place)]
    assert not SocialToken.objects.exists()


def read_guide(begin: str, end: str) -> str:
    """A part of the documentation for those who write providers."""
    guide = (Path(__file__).parents[3] / "docs" / "providers_guide.rst").read_text()
    assert begin in guide
    return guide.partition(begin)[2].partition(end)[0]


@pytest.mark.requirement("ATK-S17")
def test_what_is_verified_is_documented() -> None:
    table = read_guide("Which providers verify addresses", "\n---")
    rows = re.findall(r"\* - (``.*)\n     - (.*)", table)
    listed = {name: condition for names, condition in rows for name in find_literals(names)}
    assert set(listed) == {provider.id for provider in registry.get_class_list()} - {"dummy"}
    verifying = {name for name in listed if "VERIFIED_EMAIL" not in listed[name]}
    shown = {
        example.provider
        for example in EXAMPLES
        if any(verified for _, verified, _ in example.emails)
    }
    assert shown == verifying - ELSEWHERE


def find_literals(text: str) -> set[str]:
    return set(re.findall(r"``(\w+)``", text))


@pytest.mark.requirement("ATK-S23")
def test_tokens_that_travel_in_urls_are_documented() -> None:
    section = read_guide("Where tokens travel in URLs\n---", "\n---")
    in_urls = {example.provider for example in EXAMPLES if example.token_in == "query"}
    asked_by_get = {example.provider for example in EXAMPLES if example.token_method == "GET"}
    assert in_urls == {"facebook"}
    assert find_literals(section) - {"Authorization"} == in_urls | asked_by_get


@pytest.mark.requirement("ATK-S17", "SEC-107")
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_nothing_is_verified_that_the_provider_does_not_say(
    client: Client, rerouted: IdentityProvider, settings: Any, example: Example
) -> None:
    replies = {url: _drop_claims(reply) for url, reply in example.replies.items()}
    silent = replace(example, replies=replies, claims=_drop_claims(example.claims))
    silent.configure(settings)
    query = examples.start(client, silent)
    examples.serve(rerouted, silent, query)
    login = examples.finish(client, silent, {"code": "code-1", "state": query["state"]})
    assert [address.email for address in login.email_addresses] == [
        email for email, _, _ in example.emails
    ]
    assert not any(address.verified for address in login.email_addresses)


def _drop_claims(data: Any) -> Any:
    """What a provider would answer if it did not verify addresses."""
    if isinstance(data, Reply):
        return replace(data, body=json.dumps(_drop_claims(json.loads(data.body or "0"))).encode())
    if isinstance(data, list):
        return [_drop_claims(item) for item in data]
    if not isinstance(data, dict):
        return data
    return {
        name: False if name == "verified" else _drop_claims(value)
        for name, value in data.items()
        if name not in ("email_verified", "verified_email")
    }
