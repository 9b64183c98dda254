"""Logins by providers: the rules, without pages and forms."""
