"""URLs of Google."""

from __future__ import annotations

from django.urls import path

from allauth.socialaccount.providers.google.provider import GoogleProvider
from allauth.socialaccount.providers.google.views import login_by_token
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

urlpatterns = [
    *default_urlpatterns(GoogleProvider),
    path("google/login/token/", login_by_token, name="google_login_by_token"),
]
