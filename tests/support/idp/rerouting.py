"""Requests to real hosts, which end up at a server on the loopback interface."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from tests.support.idp.server import IdentityProvider


class _Detour(BaseAdapter):
    """Sends a request to the server, with the host it is meant for in the ``Host`` header."""

    def __init__(self, transport: BaseAdapter, server: IdentityProvider) -> None:
        super().__init__()
        self.transport = transport
        self.server = server

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        local = f"127.0.0.1:{self.server.port}"
        request.url = urlunsplit(parts._replace(scheme="http", netloc=local))
        return self.transport.send(request, *args, **kwargs)

    def close(self) -> None:
        """Leave the transport to others."""


class ReroutingAdapter(DefaultSocialAccountAdapter):
    """Has all requests to providers go to ``server``, and notes the fields of profiles."""

    server: ClassVar[IdentityProvider]
    fields: ClassVar[list[dict[str, Any]]] = []

    def get_requests_session(self) -> Any:
        """A session that knows one server only."""
        session = super().get_requests_session()
        session.mount("https://", _Detour(session.get_adapter("http://"), self.server))
        return session

    def populate_user(
        self, request: HttpRequest | None, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> Any:
        """Note what there is to fill the user from."""
        self.fields.append(dict(data))
        return super().populate_user(request, sociallogin, data)


ADAPTER = "tests.support.idp.rerouting.ReroutingAdapter"
