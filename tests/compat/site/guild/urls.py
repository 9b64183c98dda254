"""URLs of the guild."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth.urls import default_urlpatterns
from guild.provider import GuildProvider

urlpatterns = default_urlpatterns(GuildProvider)
