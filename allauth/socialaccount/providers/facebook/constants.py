"""Facebook: constants."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount import app_settings

PROVIDER_ID = "facebook"
NONCE_SESSION_KEY = "allauth_facebook_nonce"
NONCE_LENGTH = 32

_DEFAULT_VERSION = "v19.0"


def _get_version() -> str:
    return str(app_settings.PROVIDERS.get(PROVIDER_ID, {}).get("VERSION", _DEFAULT_VERSION))


def _get_api_url() -> str:
    default = f"https://graph.facebook.com/{_get_version()}"
    return str(app_settings.PROVIDERS.get(PROVIDER_ID, {}).get("GRAPH_API_URL", default))


def __getattr__(name: str) -> Any:
    """Return version or URL of the Graph API, which the settings may change at any time."""
    if name == "GRAPH_API_VERSION":
        return _get_version()
    if name == "GRAPH_API_URL":
        return _get_api_url()
    raise AttributeError(name)
