"""URLs of GitHub."""

from __future__ import annotations

from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

urlpatterns = default_urlpatterns(GitHubProvider)
