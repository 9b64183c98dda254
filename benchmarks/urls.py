"""The pages of the account app, and nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def home(request: HttpRequest) -> HttpResponse:
    """Where logins lead."""
    return HttpResponse("home")


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("accounts/profile/", home),
    path("", home),
]
