"""URLs of Facebook."""

from __future__ import annotations

from django.urls import path

from allauth.socialaccount.providers.facebook.provider import FacebookProvider
from allauth.socialaccount.providers.facebook.views import login_by_token
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

urlpatterns = [
    *default_urlpatterns(FacebookProvider),
    path("facebook/login/token/", login_by_token, name="facebook_login_by_token"),
]
