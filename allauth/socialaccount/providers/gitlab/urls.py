"""URLs of GitLab."""

from __future__ import annotations

from allauth.socialaccount.providers.gitlab.provider import GitLabProvider
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

urlpatterns = default_urlpatterns(GitLabProvider)
