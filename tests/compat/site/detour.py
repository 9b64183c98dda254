"""Requests to real providers, which end up at a server on the loopback interface."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


class Detour(HTTPAdapter):
    """Goes to ``DETOUR``, whoever is asked; the ``Host`` header says who that is."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(parts._replace(scheme="http", netloc=settings.DETOUR))
        return super().send(request, *args, **kwargs)


class DetourAdapter(DefaultSocialAccountAdapter):
    """Has requests by TLS take the detour."""

    def get_requests_session(self) -> Any:
        session = super().get_requests_session()
        session.mount("https://", Detour())
        return session
