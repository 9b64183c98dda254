"""URLs of X, by OAuth 1.0a."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth.urls import default_urlpatterns
from allauth.socialaccount.providers.twitter.provider import TwitterProvider

urlpatterns = default_urlpatterns(TwitterProvider)
