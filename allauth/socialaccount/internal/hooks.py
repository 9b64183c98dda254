"""The adapter of the project, without the module that the default adapter is in.

Forms, flows, models and providers call the adapter, and the default adapter stands on top of
them: this module knows neither.
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
