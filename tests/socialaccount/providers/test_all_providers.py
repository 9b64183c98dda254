"""What holds of every provider there is, whatever else it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from tests.support.idp.browser import start_login
from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply

ISSUER = "https://op.example.org"
SETTINGS = {
    "auth0": {"AUTH0_URL": "https://auth0.example.org"},
    "okta": {"OKTA_BASE_URL": "org.okta.example"},
}
APP_SETTINGS = {"openid_connect": {"server_url": ISSUER}}
CALLBACKS = {"apple": "apple_finish_callback"}

PROVIDER_IDS = sorted(provider_class.id for provider_class in registry.get_class_list())
OAUTH2_IDS = sorted(
    provider_class.id
    for provider_class in registry.get_class_list()
    if issubclass(provider_class, OAuth2Provider)
)


@pytest.fixture(autouse=True)
def upstream(settings: Any) -> Any:
    """A server that stands for all providers at once."""
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    settings.SOCIALACCOUNT_PROVIDERS = {
        provider_id: {
            "APPS": [
                {
                    "client_id": "client-1",
                    "secret": "secret-1",
                    "key": "key-1",
                    "name": provider_id,
                    "provider_id": provider_id,
                    "settings": APP_SETTINGS.get(provider_id, {}),
                }
            ],
            **SETTINGS.get(provider_id, {}),
        }
        for provider_id in PROVIDER_IDS
    }
    with OAuth1Server() as server:
        server.scheme = "https"
        server.route("/oauth/request_token", server.request_token)
        endpoints = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        document = {name: f"{ISSUER}/{name}" for name in endpoints}
        server.route(
            "op.example.org/.well-known/openid-configuration",
            Reply.json({"issuer": ISSUER, **document}),
        )
        ReroutingAdapter.server = server
        yield server


def get_login_url(provider_id: str) -> str:
    return str(get_adapter().get_provider(None, provider_id).get_login_url(None))


def get_callback_url(provider_id: str) -> str:
    if provider_id in CALLBACKS:
        return reverse(CALLBACKS[provider_id])
    provider: Any = get_adapter().get_provider(None, provider_id)
    return str(provider.get_callback_url())


def get_state(location: str) -> str:
    return dict(parse_qsl(urlsplit(location).query))["state"]


@pytest.mark.requirement("ATK-S05", "SEC-091", "INV-30")
@pytest.mark.parametrize("provider_id", PROVIDER_IDS)
@pytest.mark.parametrize("method", ["get", "head", "options", "put"])
def test_only_a_post_begins_a_login(
    client: Client, upstream: IdentityProvider, provider_id: str, method: str
) -> None:
    response = getattr(client, method)(f"{get_login_url(provider_id)}?process=connect")

    assert response.status_code == 200
    assert "Location" not in response
    assert "socialaccount_states" not in client.session
    assert upstream.requests == []


@pytest.mark.requirement("ATK-S05")
@pytest.mark.parametrize("provider_id", PROVIDER_IDS)
def test_a_post_begins_it(client: Client, provider_id: str) -> None:
    assert start_login(client, get_login_url(provider_id))
    assert len(client.session["socialaccount_states"]) == 1


@pytest.mark.requirement("ATK-S05")
@pytest.mark.parametrize("provider_id", PROVIDER_IDS)
@pytest.mark.parametrize("method", ["get", "head", "options", "post"])
def test_without_pages_there_is_none_to_begin_at(
    client: Client, settings: Any, upstream: IdentityProvider, provider_id: str, method: str
) -> None:
    settings.HEADLESS_ONLY = True

    assert getattr(client, method)(get_login_url(provider_id)).status_code == 404
    assert "socialaccount_states" not in client.session
    assert upstream.requests == []


@pytest.mark.requirement("SEC-087", "ATK-S01")
@pytest.mark.parametrize("provider_id", OAUTH2_IDS)
def test_a_callback_needs_a_state_of_its_session(
    client: Client,
    client_factory: Callable[..., Client],
    upstream: IdentityProvider,
    provider_id: str,
) -> None:
    foreign = get_state(start_login(client_factory(), get_login_url(provider_id)))
    own = get_state(start_login(client, get_login_url(provider_id)))
    kept = client.session["socialaccount_states"]
    upstream.forget()

    for states in ([], [""], ["unknown"], [foreign], [own, "x"], ["x", own], [own, own]):
        response = client.get(get_callback_url(provider_id), {"code": "c", "state": states})
        assert response.status_code == 401
        assert client.session["socialaccount_states"] == kept
    with time_machine.travel(time.time() + 601):
        response = client.get(get_callback_url(provider_id), {"code": "c", "state": own})
    assert response.status_code == 401

    assert upstream.requests == []
    assert "_auth_user_id" not in client.session


@pytest.mark.requirement("SEC-087")
@pytest.mark.parametrize("provider_id", OAUTH2_IDS)
def test_none_does_without_a_state(provider_id: str) -> None:
    provider_class: Any = registry.get_class(provider_id)

    assert provider_class.oauth2_adapter_class.supports_state is True


@pytest.mark.requirement("SEC-088")
@pytest.mark.parametrize("provider_id", OAUTH2_IDS)
def test_a_state_of_another_provider_stays_where_it_belongs(
    client: Client, upstream: IdentityProvider, provider_id: str
) -> None:
    other = next(one for one in OAUTH2_IDS if one != provider_id)
    state = get_state(start_login(client, get_login_url(other)))
    upstream.forget()

    response = client.get(get_callback_url(provider_id), {"code": "c", "state": state})

    assert response.status_code == 401
    assert state in client.session["socialaccount_states"]
    assert upstream.requests == []
