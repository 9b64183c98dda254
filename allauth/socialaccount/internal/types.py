"""Types that annotations of the socialaccount app have in common."""

from __future__ import annotations

from typing import Any

CommonFields = dict[str, Any]
"""The fields that profiles have in common, such as ``email`` and ``username``, by name."""
Kwargs = dict[str, Any]
"""Keyword arguments of a call."""
Profile = dict[str, Any]
"""The data of a provider about the owner of an account, by name."""
ProviderSettings = dict[str, Any]
"""An entry of ``SOCIALACCOUNT_PROVIDERS``."""
QueryParams = dict[str, Any]
"""The parameters of a URL or of a request to a provider, by name."""
State = dict[str, Any]
"""The state of a login, which the session stores as JSON."""
States = dict[str, Any]
"""The entries of states in a session by id. A malformed session may contain anything."""
