"""Middleware of the tests, and how to call ours directly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin

from allauth.account.middleware import AccountMiddleware
from allauth.core import context
from allauth.core.async_support import is_on_event_loop
from tests.projects.probe_urls import open_to_all

ACCOUNT = "allauth.account.middleware.AccountMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


def respond(
    color: str, get_response: Callable[[HttpRequest], HttpResponseBase], request: HttpRequest
) -> Any:
    """Call ``AccountMiddleware`` around ``get_response`` as a stack of that color does."""
    if color == "sync":
        return AccountMiddleware(get_response)(request)

    async def aget_response(request: HttpRequest) -> HttpResponseBase:
        await asyncio.sleep(0)
        return get_response(request)

    if AccountMiddleware.async_capable:
        return async_to_sync(AccountMiddleware(aget_response))(request)
    # This is how Django takes middleware that is only synchronous into an asynchronous stack.
    return async_to_sync(sync_to_async(AccountMiddleware(async_to_sync(aget_response))))(request)


def replace_middleware(old: str, *new: str) -> list[str]:
    """The stack of the project with ``new`` where ``old`` was."""
    index = settings.MIDDLEWARE.index(old)
    return [*settings.MIDDLEWARE[:index], *new, *settings.MIDDLEWARE[index + 1 :]]


def answer_path(request: HttpRequest) -> HttpResponse:
    """A page that says where it is."""
    return HttpResponse(request.path)


def build_urlconf(*patterns: Any, **paths: str) -> ModuleType:
    """A URLconf of ``patterns`` and of a page at the path given for each name."""
    urlconf = ModuleType("tests_urlconf")
    urlconf.urlpatterns = [  # type: ignore[attr-defined]
        *patterns,
        *(path(route, open_to_all(answer_path), name=name) for name, route in paths.items()),
    ]
    return urlconf


def _before_view(action: Callable[[HttpRequest], None]) -> Callable[..., Any]:
    """Hybrid middleware that does ``action`` before the rest of the stack runs."""

    @sync_and_async_middleware
    def factory(get_response: Callable[[HttpRequest], Any]) -> Any:
        async def amiddleware(request: HttpRequest) -> Any:
            action(request)
            return await get_response(request)

        def middleware(request: HttpRequest) -> Any:
            action(request)
            return get_response(request)

        return amiddleware if iscoroutinefunction(get_response) else middleware

    return factory


class _OwnUser(AnonymousUser):
    """A user by means of the project's own, who is signed in if a header says so."""

    def __init__(self, is_authenticated: bool) -> None:
        self._is_authenticated = is_authenticated

    @property
    def is_authenticated(self) -> bool:  # type: ignore[override]
        assert not is_on_event_loop(), "request.user is for synchronous code"
        return self._is_authenticated


def _set_own_user(request: HttpRequest) -> None:
    request.user = _OwnUser("HTTP_X_USER" in request.META)


def _set_tenant_urlconf(request: HttpRequest) -> None:
    request.urlconf = settings.TENANT_URLCONF  # type: ignore[attr-defined]


def _set_namespace(request: HttpRequest) -> None:
    settings.SET_NAMESPACE(request)


set_own_user = _before_view(_set_own_user)
"""Authentication of a project's own, which gives requests no ``auser``."""

set_tenant_urlconf = _before_view(_set_tenant_urlconf)
"""Serves each request by the URLconf that the setting ``TENANT_URLCONF`` holds."""

set_namespace = _before_view(_set_namespace)
"""Does to ``request.allauth`` what the setting ``SET_NAMESPACE`` does."""


@async_only_middleware
def redirect_missing(get_response: Callable[[HttpRequest], Any]) -> Any:
    """Replaces every 404 by a redirect, whoever asks."""

    async def middleware(request: HttpRequest) -> Any:
        response = await get_response(request)
        return HttpResponseRedirect("/") if response.status_code == 404 else response

    return middleware


@async_only_middleware
def ask_for_user_and_redirect_missing(get_response: Callable[[HttpRequest], Any]) -> Any:
    """The same, except that it asks for the user first, as asynchronous middleware has to."""
    redirecting = redirect_missing(get_response)

    async def middleware(request: HttpRequest) -> Any:
        response = await redirecting(request)
        await request.auser()
        return response

    return middleware


class RecordingMiddleware(MiddlewareMixin):
    """Says in headers of the response what its hooks saw of the request."""

    def process_view(
        self, request: HttpRequest, view: Any, view_args: Any, view_kwargs: Any
    ) -> None:
        self._record(request, "X-Process-View")

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        self._record(request, "X-Response")
        for name, value in request.records.items():  # type: ignore[attr-defined]
            response[name] = value
        return response

    def _record(self, request: Any, name: str) -> None:
        bound = "bound" if context.request is request else "unbound"
        namespace = "with" if hasattr(request, "allauth") else "without"
        request.records = {
            **getattr(request, "records", {}),
            name: f"{bound} {namespace} namespace",
        }
