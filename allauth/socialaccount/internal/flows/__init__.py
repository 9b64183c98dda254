"""Flows of logins by providers, without pages and forms."""
