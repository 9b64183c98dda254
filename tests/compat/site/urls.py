"""URLs of the site."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import include, path


def whoami(request: HttpRequest) -> JsonResponse:
    """Who asks, by the session."""
    return JsonResponse({"username": request.user.get_username()})


urlpatterns = [path("accounts/", include("allauth.urls")), path("whoami/", whoami)]
