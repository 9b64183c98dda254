"""URLs of Microsoft."""

from __future__ import annotations

from allauth.socialaccount.providers.microsoft.provider import MicrosoftGraphProvider
from allauth.socialaccount.providers.oauth2.urls import default_urlpatterns

urlpatterns = default_urlpatterns(MicrosoftGraphProvider)
