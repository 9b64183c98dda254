"""Fixtures of the provider tests: identity providers on the loopback interface, and their apps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from allauth.core.internal import http
from tests.support.idp.oidc import OIDCServer
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import IdentityProvider


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Apps are looked up in the database as well."""


@pytest.fixture
def impatient(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that take their time are given up soon."""
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 0.1
    monkeypatch.setattr(http, "TOTAL_TIME_FACTOR", 1)


@pytest.fixture
def rerouted(settings: Any) -> Iterator[IdentityProvider]:
    """A server at which the requests for all hosts arrive."""
    settings.SOCIALACCOUNT_ADAPTER = ADAPTER
    with IdentityProvider() as server:
        ReroutingAdapter.server = server
        yield server


@pytest.fixture
def oidc() -> Iterator[OIDCServer]:
    """A running OpenID Connect provider."""
    with OIDCServer() as server:
        yield server


@pytest.fixture
def oidc_settings(oidc: OIDCServer, settings: Any) -> dict[str, Any]:
    """The settings of the app for that provider, whose ``provider_id`` is ``loop``; mutable."""
    app_settings: dict[str, Any] = {"server_url": oidc.url}
    app = {
        "provider_id": "loop",
        "name": "Loop",
        "client_id": oidc.client_id,
        "secret": oidc.client_secret,
        "settings": app_settings,
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    return app_settings
