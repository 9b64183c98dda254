"""A second session, for answers of providers that come without the cookie of the first."""

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
    """A session that lives from a cross-site POST to the request it redirects to.

    Browsers do not send a ``SameSite`` cookie with a POST from another site.

    Parameters:
        request: The request being served.
        attribute_name: Under which attribute of the request the store is kept.
        cookie_name: The cookie that holds the key.
    """

    def __init__(self, request: HttpRequest, attribute_name: str, cookie_name: str) -> None:
        self.request = request
        self.attribute_name = attribute_name
        self.cookie_name = cookie_name

    @property
    def store(self) -> SessionBase:
        """The data, an empty store if there is no cookie."""
        store: SessionBase | None = getattr(self.request, self.attribute_name, None)
        if store is None:
            store = engine.SessionStore(self.request.COOKIES.get(self.cookie_name))
            setattr(self.request, self.attribute_name, store)
        return store

    @sensitive_variables()
    def save(self, response: HttpResponseRedirect) -> None:
        """Save the data and have ``response`` set the cookie, for the page it redirects to."""
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
