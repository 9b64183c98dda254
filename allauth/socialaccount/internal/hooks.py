"""Access to the adapter without importing the module of the default adapter.

Forms, flows, models and providers call the adapter, and the default adapter imports them. This
module imports neither, so that there is no cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from allauth.core.internal.loading import import_callable
from allauth.socialaccount import app_settings

if TYPE_CHECKING:
    from allauth.socialaccount.adapter import DefaultSocialAccountAdapter


def get_adapter(request: HttpRequest | None = None) -> DefaultSocialAccountAdapter:
    """Return a new instance of the class that ``SOCIALACCOUNT_ADAPTER`` names."""
    adapter: DefaultSocialAccountAdapter = import_callable(app_settings.ADAPTER)(request)
    return adapter
