"""The session for the data that Apple posts, until the browser sends its cookies again."""

from __future__ import annotations

from django.http import HttpRequest

from allauth.socialaccount.sessions import LoginSession

APPLE_SESSION_COOKIE_NAME = "apple-login-session"


def get_apple_session(request: HttpRequest) -> LoginSession:
    """Return the session with the posted data, which is empty without its cookie."""
    return LoginSession(request, "apple_login_session", APPLE_SESSION_COOKIE_NAME)
