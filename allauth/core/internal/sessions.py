"""Properties of the session store."""

from __future__ import annotations

from django.conf import settings

_SIGNED_COOKIES = "django.contrib.sessions.backends.signed_cookies"


def is_session_in_cookie() -> bool:
    """Return whether the client holds the session, and can read it."""
    return settings.SESSION_ENGINE == _SIGNED_COOKIES
