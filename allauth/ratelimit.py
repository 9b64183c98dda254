"""Deprecated alias of :mod:`allauth.core.ratelimit`."""

from __future__ import annotations

import warnings

from allauth.core.ratelimit import clear, consume, consume_or_429

__all__ = ["clear", "consume", "consume_or_429"]

warnings.warn("allauth.ratelimit is deprecated, use allauth.core.ratelimit", stacklevel=2)
