"""Every URL name of the account app, whatever the settings; no view is called."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def view(request: HttpRequest, **kwargs: str) -> HttpResponse:
    raise NotImplementedError


NAMES = [
    "change_password",
    "change_phone",
    "confirm_login_code",
    "confirm_password_reset_code",
    "email",
    "email_verification_sent",
    "login",
    "logout",
    "reauthenticate",
    "reset_password",
    "set_password",
    "signup",
    "signup_by_passkey",
    "verify_phone",
]

urlpatterns = [
    *(path(f"{name}/", view, name=f"account_{name}") for name in NAMES),
    path("confirm/<path:key>/", view, name="account_confirm_email"),
]
