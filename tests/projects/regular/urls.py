"""URLs of the project with every app."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("probe/", include("tests.projects.probe_urls")),
]

if apps.is_installed("allauth.headless"):
    urlpatterns.append(path("_allauth/", include("allauth.headless.urls")))
if apps.is_installed("allauth.idp.oidc"):
    urlpatterns.append(path("", include("allauth.idp.urls")))
