"""Limits of the app."""

from __future__ import annotations

RATE_LIMITS = {"act": "1/m/ip"}
