"""Which providers there are."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import import_string, module_has_submodule

if TYPE_CHECKING:
    from allauth.socialaccount.providers.base.provider import Provider


class ProviderRegistry:
    """The provider classes by id, in the order of ``INSTALLED_APPS``."""

    def __init__(self) -> None:
        self.provider_map: dict[str, type[Provider]] = {}
        self.loaded = False

    def get_class_list(self) -> list[type[Provider]]:
        """All provider classes."""
        return list(self.provider_map.values())

    def register(self, cls: type[Provider]) -> None:
        """Add a provider class, in the place of one with the same id."""
        self.provider_map[cls.id] = cls

    def get_class(self, id: str) -> type[Provider] | None:
        """The provider class with this id."""
        return self.provider_map.get(id)

    def as_choices(self) -> Iterator[tuple[str, Any]]:
        """Ids and names, for a form field."""
        for provider in self.provider_map.values():
            yield provider.id, provider.name

    def load(self) -> None:
        """Register, once, what the modules ``provider`` of the installed apps list.

        Such a module has a list ``provider_classes``. ``SOCIALACCOUNT_PROVIDERS`` may name a
        ``provider_class`` of the project to take the place of one of them.
        """
        if self.loaded:
            return
        for app_config in apps.get_app_configs():
            # A module that is there and fails to be imported must not be taken for a missing one.
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
