"""Loading of callables and classes that projects name in their settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from django.forms import BaseForm
from django.utils.module_loading import import_string

FormT = TypeVar("FormT", bound=BaseForm)


def import_callable(path_or_callable: str | Callable[..., Any]) -> Callable[..., Any]:
    """Import a callable, unless it is one already."""
    if isinstance(path_or_callable, str):
        return cast(Callable[..., Any], import_string(path_or_callable))
    return path_or_callable


def get_form_class(
    forms: Mapping[str, str | type[FormT]], form_id: str, default_form: type[FormT]
) -> type[FormT]:
    """Return the form class that a project configured under ``form_id``, or the default one."""
    form_class = forms.get(form_id, default_form)
    if isinstance(form_class, str):
        return cast(type[FormT], import_string(form_class))
    return form_class
