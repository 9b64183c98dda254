"""The registry of providers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string, module_has_submodule

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from allauth.socialaccount.providers.base.provider import Provider


class ProviderRegistry:
    """A registry of the provider classes, in the order of ``INSTALLED_APPS``."""

    def __init__(self) -> None:
        self.provider_map: dict[str, type[Provider]] = {}
        self.loaded = False

    def get_class_list(self) -> list[type[Provider]]:
        """Return all provider classes."""
        return list(self.provider_map.values())

    def register(self, cls: type[Provider]) -> None:
        """Add a provider class, replacing one with the same id."""
        self.provider_map[cls.id] = cls

    def get_class(self, id: str) -> type[Provider] | None:
        """Return the provider class with this id, or ``None``."""
        return self.provider_map.get(id)

    def as_choices(self) -> Iterator[tuple[str, str | Promise]]:
        """Yield id and name of each provider class, as the choices of a form field."""
        for provider in self.provider_map.values():
            yield provider.id, provider.name

    def load(self) -> None:
        """Register the provider classes of the installed apps, unless that was done before.

        The module ``provider`` of an app lists them in ``provider_classes``. A project replaces one
        of them by ``provider_class`` in ``SOCIALACCOUNT_PROVIDERS``.
        """
        if self.loaded:
            return
        for app_config in apps.get_app_configs():
            # A module that exists but fails to import must not be mistaken for a missing one.
            if not module_has_submodule(app_config.module, "provider"):
                continue
            module = importlib.import_module(f"{app_config.name}.provider")
            for provider in getattr(module, "provider_classes", ()):
                self.register(_get_replacement(provider) or provider)
        self.loaded = True


def _get_replacement(provider: type[Provider]) -> type[Provider] | None:
    configured = getattr(settings, "SOCIALACCOUNT_PROVIDERS", {}).get(provider.id, {})
    path: str | None = configured.get("provider_class")
    return import_string(path) if path else None


registry = ProviderRegistry()
