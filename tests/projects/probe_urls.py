"""URLs of the probe views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django
from django.urls import URLPattern, path

from tests.projects import probe_views

VIEWS = [
    "sync_view",
    "async_view",
    "sync_error",
    "async_error",
    "sync_immediate",
    "async_immediate",
    "sync_reauthentication",
    "async_reauthentication",
    "sync_missing",
    "async_missing",
    "sync_stream",
    "async_stream",
    "endless_stream",
    "slow",
    "echo",
    "whoami",
]


def open_to_all(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let visitors see ``view`` behind ``LoginRequiredMiddleware`` too."""
    if django.VERSION >= (5, 1):
        from django.contrib.auth.decorators import login_not_required

        return login_not_required(view)
    return view


def _route(name: str, view: Callable[..., Any]) -> URLPattern:
    return path(f"{name}/", open_to_all(view), name=f"probe_{name}")


urlpatterns = [_route(name, getattr(probe_views, name)) for name in VIEWS]
urlpatterns.append(_route("events", probe_views.events_view))
