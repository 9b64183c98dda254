"""Slack has no models."""
