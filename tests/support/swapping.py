"""Middleware that puts other objects in the place of ``request.session`` and ``request.user``.

A client that identifies itself by a token gets a session of its own for the time of a view. Here
that session is another object for the key of the cookie, so that browsers can be played with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import django
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth.middleware import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

SWAPPING = "tests.support.swapping.SwappingMiddleware"
_OF_USER = ["user", "auser", "_cached_user", "_acached_user"]
"""What Django's authentication keeps on a request."""


class SwappingMiddleware:
    """Swaps session and user around the view; it is to be the innermost middleware.

    The view sees another session object for the same key, and the user of that. The middleware
    saves that session and sends its cookie. What wraps it then has the former objects again, of
    which the session follows the key of the other and reads its row anew.
    """

    sync_capable = True
    async_capable = django.VERSION >= (5, 0)

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = self.async_capable and iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        if not hasattr(request, "session"):
            return self.get_response(request)
        swap = Swap(request)
        try:
            return _finish(request, self.get_response(request))
        finally:
            swap.put_back()

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        if not hasattr(request, "session"):
            return await self.get_response(request)
        swap = Swap(request)
        try:
            return await sync_to_async(_finish)(request, await self.get_response(request))
        finally:
            swap.put_back()


def swap_sessions(settings: Any) -> None:
    """Put the middleware into the stack, unless the project has it there."""
    if SWAPPING not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, SWAPPING]


class Swap:
    """Another session and its user in the place of those of a request, until it is put back."""

    def __init__(self, request: HttpRequest) -> None:
        assert not request.session.modified, "what wraps this middleware changed the session"
        self.request = request
        self.session = request.session
        self.user = {name: vars(request).pop(name) for name in _OF_USER if name in vars(request)}
        request.session = type(self.session)(self.session.session_key)
        if "user" in self.user:
            request.user = SimpleLazyObject(lambda: get_user(request))
        if "auser" in self.user:
            from django.contrib.auth.middleware import auser

            request.auser = partial(auser, request)

    def put_back(self) -> None:
        """Leave the request as it was, apart from what happened to the row of the session."""
        inner, self.request.session = self.request.session, self.session
        for name in _OF_USER:
            vars(self.request).pop(name, None)
        vars(self.request).update(self.user)
        _follow(self.session, inner.session_key)


def _follow(session: SessionBase, key: str | None) -> None:
    """Make ``session`` one that was not read yet: nothing of it is saved, no cookie goes."""
    session._session_key = key
    vars(session).pop("_session_cache", None)
    session.accessed = session.modified = False


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Save the session in place and send its cookie, as the site does with its sessions."""
    return SessionMiddleware(lambda request: response).process_response(request, response)
