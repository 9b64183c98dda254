"""Module attributes that look like constants but are read from the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.socialaccount import app_settings


def module_getattr(*setting_names: str, **getters: Callable[[], Any]) -> Callable[[str], Any]:
    """Return a function that serves as ``__getattr__`` (PEP 562) of a module.

    Parameters:
        setting_names: Settings of the socialaccount app, which become attributes of the same name.
        getters: Functions that return the value of further attributes, by name.
    """

    def get_attribute(name: str) -> Any:
        if name in setting_names:
            return getattr(app_settings, name)
        if name in getters:
            return getters[name]()
        raise AttributeError(name)

    return get_attribute
