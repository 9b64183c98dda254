"""Alias of a module that tells by its name what it holds."""

from __future__ import annotations

from allauth.core.internal.urls import script_aware_resolve

__all__ = ["script_aware_resolve"]
