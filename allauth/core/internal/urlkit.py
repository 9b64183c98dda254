"""Resolving paths the way the current request sees them."""

from __future__ import annotations

from django.conf import settings
from django.urls import ResolverMatch, resolve


def script_aware_resolve(path: str) -> ResolverMatch:
    """Resolve ``path``, which may begin with ``FORCE_SCRIPT_NAME``.

    Raises ``Resolver404`` where nothing is routed.
    """
    script_name = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    if script_name and path.startswith(f"{script_name}/"):
        path = path[len(script_name) :]
    return resolve(path)
