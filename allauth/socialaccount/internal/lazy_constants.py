"""Module attributes that look like constants, and are settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.socialaccount import app_settings


def module_getattr(*setting_names: str, **getters: Callable[[], Any]) -> Callable[[str], Any]:
    """Make the ``__getattr__`` (PEP 562) of a module.

    Parameters:
        setting_names: Settings of the socialaccount app, under their own names.
        getters: What else the module has, by name.
    """

    def get_late(name: str) -> Any:
        if name in setting_names:
            return getattr(app_settings, name)
        if name in getters:
            return getters[name]()
        raise AttributeError(name)

    return get_late
