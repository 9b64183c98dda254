"""OpenID Connect: views."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from allauth.socialaccount.internal.provider_views import remote_view
from allauth.socialaccount.models import SocialApp, SocialToken
from allauth.socialaccount.providers.oauth2.views import (
    OAuth2Adapter,
    OAuth2CallbackView,
    OAuth2LoginView,
)
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectOAuth2Adapter

__all__ = [
    "OAuth2Adapter",
    "OAuth2CallbackView",
    "OAuth2LoginView",
    "OpenIDConnectOAuth2Adapter",
    "SocialApp",
    "SocialToken",
    "callback",
    "login",
]


@remote_view
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Redirect to a server; 404 if there is no such app."""
    adapter = OpenIDConnectOAuth2Adapter(request, provider_id)
    return OAuth2LoginView.adapter_view(adapter)(request)


@remote_view
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Complete the login after the redirect back; 404 if there is no such app."""
    adapter = OpenIDConnectOAuth2Adapter(request, provider_id)
    return OAuth2CallbackView.adapter_view(adapter)(request)
