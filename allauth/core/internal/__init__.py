"""Shared implementation, without a stable interface."""
