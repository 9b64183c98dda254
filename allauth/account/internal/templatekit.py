"""Alias of a module that tells by its name what it holds."""

from __future__ import annotations

from allauth.account.internal.entrance_context import get_entrance_context_data

__all__ = ["get_entrance_context_data"]
