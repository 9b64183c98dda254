"""The URLs of the demo."""

from __future__ import annotations

from django.urls import include, path

from demo import views

urlpatterns = [
    path("", views.home, name="home"),
    path("async/", views.on_the_event_loop, name="on_the_event_loop"),
    path("members/", views.members, name="members"),
    path("vault/", views.vault, name="vault"),
    path("mail/", views.mail, name="mail"),
    path("accounts/", include("allauth.urls")),
]
