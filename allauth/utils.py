"""Helpers that the apps of this package, and other packages, share."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from django.forms import BaseForm
from django.utils.module_loading import import_string

from allauth.account.internal.usernames import (
    MAX_USERNAME_SUFFIX_LENGTH,
    USERNAME_SUFFIX_CHARS,
    generate_unique_username,
    generate_username_candidate,
    generate_username_candidates,
    get_username_max_length,
)
from allauth.core.internal.loading import get_form_class, import_callable
from allauth.core.internal.request_data import get_request_param
from allauth.core.internal.urls import build_absolute_uri
from allauth.core.settings import get_setting

__all__ = [
    "MAX_USERNAME_SUFFIX_LENGTH",
    "USERNAME_SUFFIX_CHARS",
    "build_absolute_uri",
    "generate_unique_username",
    "generate_username_candidate",
    "generate_username_candidates",
    "get_form_class",
    "get_request_param",
    "get_setting",
    "get_username_max_length",
    "import_attribute",
    "import_callable",
    "set_form_field_order",
]


def import_attribute(path: str) -> Any:
    """Import what the dotted ``path`` names. Deprecated: use Django's ``import_string``."""
    warnings.warn(
        "import_attribute() will go; Django's import_string() does the same",
        DeprecationWarning,
        stacklevel=2,
    )
    return import_string(path)


def set_form_field_order(form: BaseForm, field_order: Iterable[str] | None) -> None:
    """Put the fields named in ``field_order`` first; the others keep their order."""
    form.order_fields(list(field_order) if field_order is not None else None)
