"""The middleware that every site with this package has in its stack.

It is natively synchronous and asynchronous: behind an ASGI server it stays on the event loop, and
never touches the session, the user or the database there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse

from allauth.core import context
from allauth.core.async_support import ASYNC_CAPABLE
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired


class RequestState:
    """The state of this package on ``request.allauth``, for the time of a request.

    It is empty until used, and also takes attributes of other packages. Readers must not rely on
    the class: a request may lack the attribute, or have the object of a test.

    Attributes:
        headless: Set for a request to the JSON API only; ``headless.client`` is its kind.
        pending_login: Pending login, as it was read from the session.
        social_apps: Apps of providers that are stored for the current site.
    """

    # Other packages test for the attribute with hasattr(), so it has no default.
    headless: Any
    pending_login: object = None
    social_apps: list[Any] | None = None


class AccountMiddleware:
    """The middleware that binds the request, redirects the accounts prefix, and handles exceptions.

    It follows the pattern of Django's ``MiddlewareMixin``
    (https://docs.djangoproject.com/en/stable/topics/http/middleware/#async-middleware). Before
    Django 5.0, which has no ``request.auser()``, only the synchronous mode is offered, and Django
    adapts it to an ASGI server.
    """

    sync_capable = True
    async_capable = ASYNC_CAPABLE

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = self.async_capable and iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer the request, in the mode of ``get_response``."""
        if self.is_async:
            return self.__acall__(request)
        with _bind(request):
            response: HttpResponseBase = self.get_response(request)
            if _is_bare_prefix(request, response):
                return _redirect_from_prefix(request, _is_authenticated(request))
            return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request on the event loop."""
        with _bind(request):
            response: HttpResponseBase = await self.get_response(request)
            if _is_bare_prefix(request, response):
                return _redirect_from_prefix(request, await _ais_authenticated(request))
            return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """Return the response for an exception by which a flow left the view.

        Django calls this in a thread, for synchronous and asynchronous views alike.
        """
        if isinstance(exception, ImmediateHttpResponse):
            return exception.response
        if isinstance(exception, ReauthenticationRequired):
            return _start_reauthentication(request)
        return None


def _bind(request: HttpRequest) -> AbstractContextManager[None]:
    if context.request is not request:  # otherwise the stack has this middleware twice
        request.allauth = RequestState()  # type: ignore[attr-defined]
    return context.request_context(request)


def _is_bare_prefix(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Return whether the path is the common prefix of the account pages, and has no page itself."""
    if response.status_code != 404:
        return False
    try:
        paths = [_reverse(request, "account_login"), _reverse(request, "account_email")]
    except NoReverseMatch:
        return False
    prefix = posixpath.commonpath(paths)
    return prefix != "/" and request.path == f"{prefix}/"


def _reverse(request: HttpRequest, name: str) -> str:
    return reverse(name, urlconf=getattr(request, "urlconf", None))


def _redirect_from_prefix(request: HttpRequest, is_authenticated: bool) -> HttpResponseRedirect:
    name = "account_email" if is_authenticated else "account_login"
    return HttpResponseRedirect(_reverse(request, name))


def _is_authenticated(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


async def _ais_authenticated(request: HttpRequest) -> bool:
    if hasattr(request, "auser"):
        return (await request.auser()).is_authenticated
    if not hasattr(request, "user"):
        return False
    return await sync_to_async(_is_authenticated, thread_sensitive=True)(request)


def _start_reauthentication(request: HttpRequest) -> HttpResponseBase:
    from allauth.account.adapter import get_adapter
    from allauth.account.internal.flows import reauthentication

    methods = get_adapter().get_reauthentication_methods(request.user)
    try:
        url = methods[0]["url"] if methods else _reverse(request, "account_login")
    except NoReverseMatch:  # a headless-only site has no such page
        return HttpResponse(status=401)
    return cast(HttpResponseBase, reauthentication.suspend_request(request, url))
