"""Fixtures of the provider tests: identity providers on the loopback interface, and their apps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from allauth.core.internal import http
from tests.support.idp.oidc import OIDCServer
from tests.support.idp.rerouting import ADAPTER, ReroutingAdapter
from tests.support.idp.server import IdentityProvider, Reply


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Apps are looked up in the database as well."""


@pytest.fixture(autouse=True)
def _patience(settings: Any) -> None:
    """Answers that come at all may take as long as they take on a busy machine."""
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 60


@pytest.fixture
def give_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Reply], None]:
    """Have requests for a path given up soon if the reply to them never comes.

    Requests for other paths, and those that are answered, are waited for all the same.
    """
    send = http.Session.send

    def give_up(path: str, reply: Reply) -> None:
        def send_briefly(session: Any, request: Any, **kwargs: Any) -> Any:
            if reply.is_endless and urlsplit(request.url).path == path:
                kwargs["timeout"] = 0.1
            return send(session, request, **kwargs)

        monkeypatch.setattr(http, "TOTAL_TIME_FACTOR", 1)
        monkeypatch.setattr(http.Session, "send", send_briefly)

    return give_up


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
