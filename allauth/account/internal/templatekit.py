"""Alias of :mod:`allauth.account.internal.entrance_context`."""

from __future__ import annotations

from allauth.account.internal.entrance_context import get_entrance_context_data

__all__ = ["get_entrance_context_data"]
