"""Views of both colors that a project guards with the decorators of the package."""

from __future__ import annotations

import asyncio
from typing import Any

import django
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from allauth.account.decorators import (
    reauthentication_required,
    secure_admin_login,
    verified_email_required,
)
from allauth.account.internal.decorators import login_not_required
from allauth.decorators import rate_limit

GUARDS: dict[str, Any] = {
    "verified": verified_email_required,
    "verified_elsewhere": verified_email_required(
        login_url="/elsewhere/", redirect_field_name="then"
    ),
    "reauthenticated": reauthentication_required,
    "reauthenticated_for_post": reauthentication_required(allow_get=True),
    "reauthenticated_never": reauthentication_required(enabled=False),
    "reauthenticated_on_wish": reauthentication_required(
        enabled=lambda request: "wish" in request.GET
    ),
    "reauthenticated_by_setting": reauthentication_required(app="allauth.account"),
    "limited": rate_limit(action="limited"),
    "limited_by_key": rate_limit(action="limited", key="k"),
    "staff": secure_admin_login,
}


only_get_and_post = require_http_methods(["GET", "POST"])


def plain(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """A view."""
    return HttpResponse(f"plain {request.method} {args} {kwargs}")


async def aplain(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """A view that awaits."""
    await asyncio.sleep(0)
    return HttpResponse(f"plain {request.method} {args} {kwargs}")


def _make_class(guard: Any, view: Any, name: str) -> type[View]:
    def get(self: View, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs)

    async def aget(self: View, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return await view(request, *args, **kwargs)

    handler = aget if asyncio.iscoroutinefunction(view) else get
    base = type("Guarded", (View,), {"get": handler, "post": handler, "__module__": __name__})
    return method_decorator(guard, name=name)(base)


def _route(color: str, view: Any, name: str, guard: Any) -> list[URLPattern]:
    views = {
        "function": guard(view),
        "dispatch": _make_class(guard, view, "dispatch").as_view(),
    }
    if color == "sync" or django.VERSION >= (5, 0):
        views["outside"] = never_cache(csrf_exempt(only_get_and_post(guard(view))))
        views["inside"] = guard(never_cache(csrf_exempt(only_get_and_post(view))))
    if color == "sync":
        # Django's decorator for class-based views takes handlers of its own color only.
        views["handler"] = _make_class(guard, view, "get").as_view()
        views["login"] = login_required(guard(view))
    return [
        path(f"{name}/{color}/{shape}/<int:number>/", login_not_required(shaped))
        for shape, shaped in views.items()
    ]


urlpatterns = [
    route
    for name, guard in GUARDS.items()
    for color, view in (("sync", plain), ("async", aplain))
    for route in _route(color, view, name, guard)
]
urlpatterns.append(path("plain/async/", aplain))
