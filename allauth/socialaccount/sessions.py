"""A second session for cross-site requests, which come without the usual session cookie."""

from __future__ import annotations

import importlib
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.views.decorators.debug import sensitive_variables

engine = importlib.import_module(settings.SESSION_ENGINE)


class LoginSession:
    """A session from a cross-site POST to the next request.

    Browsers do not send a ``SameSite`` cookie with a POST from another site. The data of such a
    request are kept here until the browser follows the redirect in the response.

    Parameters:
        request: The request being served.
        attribute_name: The attribute of the request that holds the store.
        cookie_name: The cookie that holds the session key.
    """

    def __init__(self, request: HttpRequest, attribute_name: str, cookie_name: str) -> None:
        self.request = request
        self.attribute_name = attribute_name
        self.cookie_name = cookie_name

    @property
    def store(self) -> SessionBase:
        """The session data; empty without the cookie."""
        store: SessionBase | None = getattr(self.request, self.attribute_name, None)
        if store is None:
            store = engine.SessionStore(self.request.COOKIES.get(self.cookie_name))
            setattr(self.request, self.attribute_name, store)
        return store

    @sensitive_variables()
    def save(self, response: HttpResponseRedirect) -> None:
        """Save the data, and set the cookie for the page to which ``response`` redirects."""
        patch_vary_headers(response, ("Cookie",))
        self.store.save()
        response.set_cookie(
            self.cookie_name,
            self.store.session_key or "",
            max_age=None,
            domain=settings.SESSION_COOKIE_DOMAIN,
            path=urlsplit(response.url).path,
            secure=settings.SESSION_COOKIE_SECURE or self.request.is_secure(),
            httponly=True,
            samesite=settings.SESSION_COOKIE_SAMESITE or None,
        )

    def delete(self) -> None:
        """Delete the data."""
        self.store.delete()
