"""URLs of the dummy provider."""

from __future__ import annotations

from django.urls import path

from allauth.socialaccount.providers.dummy import views

urlpatterns = [
    path("dummy/login/", views.login, name="dummy_login"),
    path("dummy/authenticate/", views.authenticate, name="dummy_authenticate"),
]
