"""URLs of OpenID Connect servers: each contains the ``provider_id`` of an app."""

from __future__ import annotations

from django.urls import path

from allauth.socialaccount import app_settings
from allauth.socialaccount.providers.openid_connect import views

_prefix = f"{app_settings.OPENID_CONNECT_URL_PREFIX}/".lstrip("/")

urlpatterns = [
    path(f"{_prefix}<provider_id>/login/", views.login, name="openid_connect_login"),
    path(f"{_prefix}<provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]
