"""URLs of the project with the account app alone."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("probe/", include("tests.projects.probe_urls")),
]
