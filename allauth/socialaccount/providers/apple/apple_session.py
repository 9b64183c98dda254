"""What Apple posts, kept until the browser asks for the next page with its cookies."""

from __future__ import annotations

from django.http import HttpRequest

from allauth.socialaccount.sessions import LoginSession

APPLE_SESSION_COOKIE_NAME = "apple-login-session"


def get_apple_session(request: HttpRequest) -> LoginSession:
    """The session with the posted data, an empty one if there is none."""
    return LoginSession(request, "apple_login_session", APPLE_SESSION_COOKIE_NAME)
