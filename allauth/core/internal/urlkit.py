"""Alias of a function of :mod:`allauth.core.internal.urls`."""

from __future__ import annotations

from allauth.core.internal.urls import script_aware_resolve

__all__ = ["script_aware_resolve"]
