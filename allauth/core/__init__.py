"""Foundations that all apps of the package share."""
